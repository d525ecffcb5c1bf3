// SPDX-License-Identifier: Apache-2.0
// The actions compact and compact_database.
#include <optional>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/text.h"
#include "cli/paimon_action_parts.h"
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
  return request;
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
  TRY_SET(const auto request, RequestOf(context.arguments));
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
