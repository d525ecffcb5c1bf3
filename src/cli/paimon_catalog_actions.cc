// SPDX-License-Identifier: Apache-2.0
// The actions on many tables of a catalog: copy_files, clone, repair.
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "cli/lake_places.h"
#include "cli/paimon_action_parts.h"
#include "cli/partition_condition.h"
#include "lake/mirror/iceberg_mirror.h"
#include "lake/paimon/table_copy.h"
#include "lake/paimon/warehouse.h"

namespace sluice {
namespace {

using CopyPair = std::pair<TableId, TableId>;  // from, to

Result<std::unique_ptr<paimon::Catalog>> TargetOf(const ActionContext& context) {
  TRY_SET(auto options, context.arguments.Pairs("target_catalog_conf"));
  const std::string warehouse = context.arguments.Get("target_warehouse");
  if (!warehouse.empty()) options.emplace("warehouse", warehouse);  // that of the options goes first, as in Java
  TRY_SET(const auto source, context.CatalogOptions());
  return OpenTargetCatalog(context.env, std::move(options), source);
}

// As Java has them: a table needs the names of its copy, a database that of the database, all tables keep theirs.
Status CheckTargetNames(const ActionArguments& arguments) {
  const bool database = arguments.Has("database"), table = arguments.Has("table");
  if (table && !database) return Invalid("--table needs --database");
  if (database != arguments.Has("target_database")) {
    return database ? Invalid("--target_database is missing", "it is needed with --database")
                    : Invalid("--target_database needs --database", "without it all tables keep their names");
  }
  if (table == arguments.Has("target_table")) return Ok();
  return table ? Invalid("--target_table is missing", "it is needed with --table")
               : Invalid("--target_table needs --table", "without it tables keep their names");
}

std::set<std::string> NamesOf(const ActionArguments& arguments, const std::string& key) {
  std::set<std::string> out;
  for (const std::string& name : Split(arguments.Get(key), ',')) {
    if (!Trim(name).empty()) out.emplace(Trim(name));
  }
  return out;
}

Result<std::vector<CopyPair>> PairsOf(const ActionContext& context) {
  const ActionArguments& arguments = context.arguments;
  TRY(CheckTargetNames(arguments));
  const auto included = NamesOf(arguments, "included_tables"), excluded = NamesOf(arguments, "excluded_tables");
  std::vector<CopyPair> out;
  if (arguments.Has("table")) {
    if (!included.empty() || !excluded.empty()) {
      return Invalid("--included_tables and --excluded_tables do not go with --table", "leave them out");
    }
    TRY_SET(const bool there, context.warehouse.Exists(context.table()));
    if (!there) return NotFound(Str("the catalog has no table ", context.table().ToString()));
    out.emplace_back(context.table(), TableId{arguments.Get("target_database"), arguments.Get("target_table")});
    return out;
  }
  TRY_SET(const auto tables, context.warehouse.List());
  for (const TableId& id : tables) {
    if (arguments.Has("database") && id.schema != arguments.Get("database")) continue;
    if (excluded.contains(id.ToString()) || (!included.empty() && !included.contains(id.ToString()))) continue;
    out.emplace_back(id, TableId{arguments.Get("target_database", id.schema), id.table});
  }
  if (out.empty()) return NotFound("the catalog has no such table", "look at --database and --included_tables");
  return out;
}

// Each in turn; the first error, named, ends it: what was copied stays.
template <typename Copy>
Status CopyEach(const ActionContext& context, Copy copy) {
  TRY_SET(const auto pairs, PairsOf(context));
  TRY_SET(const auto target, TargetOf(context));
  for (const auto& [from, to] : pairs) {
    TRY_SET(const std::string folder, context.warehouse.TableFolder(from));
    Result<paimon::TableCopy> done = copy(from, folder, *target, to);
    if (!done.ok()) return std::move(done).error().With(Str("table ", from.ToString()));
    if (done->snapshot == 0) continue;
    TRY_SET(const auto table, target->Open(context.env, to));
    Status followed = mirror::FollowOnce(context.env, *table);
    if (followed.ok()) continue;
    return std::move(followed).error().With(Str("table ", to.ToString(), " is there, but not its Iceberg metadata"));
  }
  return Ok();
}

Result<paimon::TableCopy> CloneOne(const ActionContext& context, const paimon::CloneRequest& common,
                                   const TableId& from, const std::string& folder, paimon::Catalog& target,
                                   const TableId& to) {
  paimon::CloneRequest request = common;
  if (context.arguments.Has("where")) {
    TRY_SET(const auto table, paimon::Table::Open(context.env, folder));
    TRY_SET(auto condition, PartitionCondition::Make(context.arguments.Get("where"), table->newest_schema()));
    request.wanted = [condition = std::move(condition)](const auto& values) { return condition.Holds(values); };
  }
  TRY_SET(const auto done, paimon::CloneTable(context.env, folder, target, to, request));
  const std::string what = Str("table ", from.ToString(), " to ", to.ToString(), ": ");
  if (done.snapshot > 0) {
    Say(Str(what, done.rows, " rows, snapshot ", done.snapshot));
  } else {
    Say(Str(what, done.made ? "made, without rows" : "is there, nothing was written"));
  }
  return done;
}

Status RepairOne(const ActionContext& context, const TableId& id) {
  const auto done = context.warehouse.Repair(id);
  if (!done.ok()) return Error(done.error()).With(Str("table ", id.ToString()));
  Say(Str("table ", id.ToString(), *done == paimon::Catalog::Repaired::kEntered   ? " is entered into the catalog"
                                   : *done == paimon::Catalog::Repaired::kUpdated ? ": its entry is up to date again"
                                                                                  : " is as its files say"));
  return Ok();
}

Status RepairDatabase(const ActionContext& context, const std::string& database) {
  TRY_SET(const auto tables, context.warehouse.ListFiles(database));
  for (const TableId& id : tables) TRY(RepairOne(context, id));
  if (tables.empty()) Say(Str("database ", database, " has no files of tables"));
  return Ok();
}

}  // namespace

Status CopyFilesAction(const ActionContext& context) {
  return CopyEach(context, [&](const TableId& from, const std::string& folder, paimon::Catalog& target,
                               const TableId& to) -> Result<paimon::TableCopy> {
    TRY_SET(const auto done, paimon::CopyTable(context.env, folder, target, to));
    Say(Str("table ", from.ToString(), " to ", to.ToString(), ": ",
            done.snapshot > 0 ? Str("snapshot ", done.snapshot, ", ", done.files, " files, ", done.bytes, " bytes")
                              : "it has no snapshot"));
    return done;
  });
}

Status CloneAction(const ActionContext& context) {
  const ActionArguments& arguments = context.arguments;
  const std::string from = Lower(arguments.Get("clone_from", "hive"));  // as in Java
  if (from != "paimon") {
    return Unsupported(Str("--clone_from ", from, " is not supported: sluice takes over no tables of Hive"),
                       "write --clone_from paimon, or run it with Flink");
  }
  paimon::CloneRequest request;
  request.file_format = Lower(arguments.Get("prefer_file_format"));
  const std::set<std::string> formats = {"", "parquet", "orc", "avro"};
  if (!formats.contains(request.file_format)) {
    return Invalid(Str("--prefer_file_format ", request.file_format, " must be parquet, orc or avro"));
  }
  TRY_SET(request.options, arguments.Pairs("target_table_conf"));
  TRY_SET(request.meta_only, arguments.Flag("meta_only", false));
  TRY_SET(request.if_exists, arguments.Flag("clone_if_exists", true));
  return CopyEach(context, [&](const TableId& id, const std::string& folder, paimon::Catalog& target,
                               const TableId& to) { return CloneOne(context, request, id, folder, target, to); });
}

Status RepairAction(const ActionContext& context) {
  const std::string identifier = context.arguments.Get("identifier");
  if (Trim(identifier).empty()) {
    const auto possible = context.warehouse.ListFiles("default");
    if (!possible.ok()) return Error(possible.error());
    TRY_SET(const auto warehouse, paimon::Warehouse::Make(context.env, context.warehouse.folder()));
    TRY_SET(const auto databases, warehouse.Databases());
    for (const std::string& database : databases) TRY(RepairDatabase(context, database));
    return Ok();
  }
  for (const std::string& name : Split(identifier, ',')) {
    const auto parts = Split(Trim(name), '.');
    if (parts.size() > 2 || parts.empty() || Trim(parts[0]).empty()) {
      return Invalid(Str("--identifier ", Trim(name), " is neither a database nor a table"),
                     "write --identifier database.table,database");
    }
    TRY(parts.size() == 1 ? RepairDatabase(context, parts[0]) : RepairOne(context, {parts[0], parts[1]}));
  }
  return Ok();
}

}  // namespace sluice
