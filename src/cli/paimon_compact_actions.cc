// SPDX-License-Identifier: Apache-2.0
// The actions compact and compact_database.
#include <optional>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/text.h"
#include "cli/paimon_action_parts.h"
#include "cli/partition_condition.h"
#include "lake/paimon/table_compaction.h"
#include "pipeline/regex.h"

namespace sluice {
namespace {

Result<paimon::CompactionRequest> RequestOf(const ActionArguments& arguments) {
  paimon::CompactionRequest request;
  const std::string strategy = Lower(Trim(arguments.Get("compact_strategy", "full")));
  if (strategy != "full" && strategy != "minor") {
    return Invalid(Str("--compact_strategy ", strategy, " must be full or minor"));
  }
  request.full = strategy == "full";
  TRY_SET(request.options, arguments.Pairs("table_conf"));
  for (const std::string& text : arguments.All("partition")) {
    TRY_SET(auto spec, paimon::ParsePartitionSpec(text));
    request.partitions.push_back(std::move(spec));
  }
  if (arguments.Has("partition_idle_time")) {
    TRY_SET(request.idle_ms, ActionTimeMs(arguments, "partition_idle_time"));
  }
  request.buckets = arguments.Get("buckets");
  if (arguments.Has("order_strategy") != arguments.Has("order_by")) {
    return Invalid("--order_strategy and --order_by belong together", "write --order_strategy zorder --order_by a,b");
  }
  if (!arguments.Has("order_by")) return request;
  if (request.idle_ms || !request.buckets.empty()) {
    return Invalid("--order_by goes with neither --partition_idle_time nor --buckets", "leave these out");
  }
  TRY_SET(request.curve, paimon::SortOrder::ParseCurve(arguments.Get("order_strategy")));
  for (const std::string& name : Split(arguments.Get("order_by"), ',')) request.order_by.emplace_back(Trim(name));
  return request;
}

Status AddWhere(const ActionContext& context, paimon::CompactionRequest& request) {
  if (!context.arguments.Has("where")) return Ok();
  if (!request.partitions.empty()) {
    return Invalid("--partition and --where cannot be used together", "keep one of them");
  }
  TRY_SET(const auto table, context.Open());
  TRY_SET(auto condition, PartitionCondition::Make(context.arguments.Get("where"), table->newest_schema()));
  request.wanted = [condition = std::move(condition)](const auto& values) { return condition.Holds(values); };
  return Ok();
}

Status Compact(const ActionContext& context, const TableId& id, const paimon::CompactionRequest& request) {
  TRY_SET(const std::string folder, context.warehouse.TableFolder(id));
  auto done = paimon::CompactTable(context.env, folder, request);
  if (!done.ok()) return std::move(done).error().With(Str("table ", id.ToString()));
  if (done->snapshot == 0) {
    Say(Str("table ", id.ToString(), ": nothing to compact"));
  } else {
    Say(Str("table ", id.ToString(), ": snapshot ", done->snapshot, ", ", done->files_before, " files became ",
            done->files_after, " in ", done->buckets, " buckets"));
  }
  return FollowWithIceberg(context, id);
}

// Java's: an expression for the whole name; `|` parts several.
class Names {
 public:
  static Result<Names> Make(const ActionArguments& arguments) {
    Names out;
    TRY_SET(out.databases_, Regex::Compile(arguments.Get("including_databases", ".*"), false));
    TRY_SET(out.tables_, Regex::Compile(arguments.Get("including_tables", ".*"), false));
    if (arguments.Has("excluding_tables")) {
      TRY_SET(out.excluded_, Regex::Compile(arguments.Get("excluding_tables"), false));
    }
    return out;
  }
  bool Has(const TableId& id) const {
    const std::string name = id.ToString();
    return databases_->Matches(id.schema) && tables_->Matches(name) && !(excluded_ && excluded_->Matches(name));
  }

 private:
  std::optional<Regex> databases_, tables_, excluded_;
};

}  // namespace

Status CompactAction(const ActionContext& context) {
  TRY_SET(auto request, RequestOf(context.arguments));
  TRY(AddWhere(context, request));
  return Compact(context, context.table(), request);
}

Status CompactDatabaseAction(const ActionContext& context) {
  const std::string mode = Lower(context.arguments.Get("mode", "divided"));
  if (mode != "divided" && mode != "combined") return Invalid(Str("--mode ", mode, " must be divided or combined"));
  TRY_SET(const auto request, RequestOf(context.arguments));
  TRY_SET(const Names names, Names::Make(context.arguments));
  TRY_SET(auto tables, context.warehouse.List());
  std::erase_if(tables, [&](const TableId& id) { return !names.Has(id); });
  if (tables.empty()) {
    return NotFound(Str("no table of ", context.warehouse.folder(), " is to be compacted"),
                    "look at --including_databases, --including_tables and --excluding_tables");
  }
  Status first = Ok();  // error; the other tables are compacted all the same
  for (const TableId& id : tables) {
    Status done = Compact(context, id, request);
    if (done.ok()) continue;
    if (first.ok()) {
      first = std::move(done);
    } else {
      LogFailure(done.error());
    }
  }
  return first;
}

}  // namespace sluice
