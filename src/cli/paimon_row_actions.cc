// SPDX-License-Identifier: Apache-2.0
// The actions on rows and files of a table: delete, rescale, rewrite_file_index, remove_unexisting_*.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "cli/paimon_action_parts.h"
#include "cli/read_filter.h"
#include "lake/paimon/index_rewrite.h"
#include "lake/paimon/lost_files.h"
#include "lake/paimon/rescale.h"
#include "lake/paimon/row_deletion.h"

namespace sluice {
namespace {

// The condition bound to the columns of a table.
Result<paimon::RowDeletion> DeletionOf(const RowCondition& parsed, const paimon::Schema& schema) {
  std::vector<LakeColumn> columns;
  std::vector<std::string> names;
  for (const paimon::Field& field : schema.fields) names.push_back(field.name);
  TRY_SET(const auto fields, paimon::SupportedFields(schema, names));
  for (const paimon::Field* field : fields) columns.push_back({field->name, field->type, field->type.ToString()});
  const auto condition = std::make_shared<RowCondition>(parsed);
  TRY(condition->Bind(columns));
  paimon::RowDeletion out;
  out.conditions = condition->Conditions();
  out.selects = [condition](const auto& rows, auto& selected) { condition->Select(rows, selected); };
  return out;
}

}  // namespace

Status DeleteAction(const ActionContext& context) {
  const std::string where = context.arguments.Get("where");
  if (Trim(where).empty()) return Invalid("--where is empty", "say which rows go; drop_partition removes partitions");
  TRY_SET(const RowCondition condition, RowCondition::Parse(where, ConditionStyle::kSql));
  TRY_SET(const std::string folder, context.Folder());
  TRY_SET(const auto done, paimon::DeleteRows(context.env, folder, [&](const paimon::Schema& schema) {
            return DeletionOf(condition, schema);
          }));
  if (done.rows == 0) {
    Say("no row is meant");
    return Ok();
  }
  Say(Str(done.rows, done.rows == 1 ? " row is" : " rows are", " deleted: snapshot ", done.snapshot));
  return FollowWithIceberg(context, context.table());
}

Status RescaleAction(const ActionContext& context) {
  paimon::RescaleRequest request;
  TRY_SET(request.buckets, context.arguments.Number("bucket_num", 1));
  const auto partitions = context.arguments.All("partition");
  if (partitions.size() > 1) return Invalid("--partition is given twice", "rescale one partition, or all");
  if (!partitions.empty()) {
    TRY_SET(request.partition, paimon::ParsePartitionSpec(partitions[0]));
  }
  if (request.buckets.value_or(1) > 32767) return Invalid("--bucket_num is above 32767");
  TRY_SET(const std::string folder, context.Folder());
  TRY_SET(const auto done, paimon::Rescale(context.env, folder, request));
  Say(Str(done.rows, " rows of ", done.partitions, " partitions are in ", done.buckets, " buckets: snapshot ",
          done.snapshot));
  if (done.option > 0 && done.option != done.buckets) {
    Say(Str("the table's option bucket is ", done.option, ": a job can write them when it is ", done.buckets, " too"));
  }
  return FollowWithIceberg(context, context.table());
}

Status RemoveUnexistingFilesAction(const ActionContext& context) {
  std::vector<paimon::PartitionSpec> partitions;
  for (const std::string& text : context.arguments.All("partition")) {
    TRY_SET(auto spec, paimon::ParsePartitionSpec(text));
    partitions.push_back(std::move(spec));
  }
  TRY_SET(const bool dry_run, context.arguments.Flag("dry_run", false));
  TRY_SET(const std::string folder, context.Folder());
  TRY_SET(const auto lost, paimon::RemoveLostFiles(context.env, folder, partitions, dry_run));
  for (const std::string& path : lost.paths) Say(path);
  const std::string what = Str(lost.paths.size(), " files with ", lost.rows, " rows are not there");
  Say(lost.paths.empty() ? "all files of the table are there"
                         : Str(what, lost.snapshot == 0 ? "" : Str("; snapshot ", lost.snapshot, " is without them")));
  return lost.snapshot == 0 ? Ok() : FollowWithIceberg(context, context.table());
}

Status RemoveUnexistingManifestsAction(const ActionContext& context) {
  TRY_SET(const std::string folder, context.Folder());
  TRY_SET(const auto lost, paimon::RemoveLostManifests(context.env, folder));
  for (const std::string& path : lost.paths) Say(path);
  Say(lost.paths.empty() ? "all manifests of the table are there"
                         : Str(lost.paths.size(), " manifests are not there; snapshot ", lost.snapshot,
                               " is without them, and has ", lost.rows, " rows less"));
  return lost.snapshot == 0 ? Ok() : FollowWithIceberg(context, context.table());
}

Status RewriteFileIndexAction(const ActionContext& context) {
  std::vector<paimon::PartitionSpec> partitions;
  for (const std::string& text : Split(context.arguments.Get("partitions"), ';')) {
    if (Trim(text).empty()) continue;
    TRY_SET(auto spec, paimon::ParsePartitionSpec(text));
    partitions.push_back(std::move(spec));
  }
  const std::string name = context.arguments.Get("identifier");
  const size_t dot = name.find('.');
  if (dot == std::string::npos || dot == 0 || dot + 1 == name.size()) {
    return Invalid(Str("--identifier ", name, " is no table"), "write --identifier database.table");
  }
  const TableId id{name.substr(0, dot), name.substr(dot + 1)};
  TRY_SET(const std::string folder, context.warehouse.TableFolder(id));
  TRY_SET(const auto done, paimon::RewriteFileIndexes(context.env, folder, partitions));
  if (done.rewritten == 0) {
    Say(Str("the ", done.files, " files have the indexes that the table's options ask for"));
    return Ok();
  }
  Say(Str("table ", id.ToString(), ": snapshot ", done.snapshot, ", ", done.rewritten, " of ", done.files,
          " files have another index"));
  return FollowWithIceberg(context, id);
}

}  // namespace sluice
