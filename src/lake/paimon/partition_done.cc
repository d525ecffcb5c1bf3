// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/partition_done.h"

#include <arrow/scalar.h>

#include <memory>
#include <set>
#include <utility>

#include "base/text.h"
#include "lake/json.h"
#include "lake/paimon/partition_path.h"

namespace sluice::paimon {
namespace {

constexpr const char* kActionOption = "partition.mark-done-action";

Status CheckActions(const Schema& schema) {
  const std::string actions = schema.Option(kActionOption, "success-file");
  for (const std::string& action : Split(actions, ',')) {
    const std::string name = Lower(Trim(action));
    if (name == "success-file") continue;
    return Unsupported(Str("table option ", kActionOption, "='", actions, "': ", name, " is not supported"),
                       name == "done-partition" || name == "mark-event" ? "it needs a metastore; use success-file"
                                                                          : "use success-file");
  }
  return Ok();
}

// The folders of the partitions of the newest snapshot that are meant by the spec.
Result<std::set<std::string>> FoldersOf(Table& table, const PartitionSpec& spec) {
  std::set<std::string> out;
  TRY_SET(const PartitionFilter filter, PartitionFilter::Make(table.newest_schema(), {spec}));
  Schema schema = table.newest_schema();
  schema.options.erase("data-file.path-directory");  // Java marks where partitions are without it
  TRY_SET(const BucketFolders folders, BucketFolders::Of(table.folder(), schema));
  TRY_SET(const auto snapshot, table.LatestSnapshot());
  if (!snapshot) return out;
  TRY_SET(const auto live, table.LiveEntries(*snapshot));
  std::set<std::string> partitions;
  for (const ManifestEntry& entry : live) partitions.insert(entry.partition);
  for (const std::string& partition : partitions) {
    TRY_SET(const bool meant, filter.Matches(partition));
    if (!meant) continue;
    TRY_SET(const std::string bucket, folders.Folder(partition, 0));
    out.insert(FolderOf(bucket));
  }
  return out;
}

Result<std::string> FolderOfTexts(const Table& table, const PartitionSpec& spec) {
  const std::vector<std::string>& columns = table.newest_schema().partition_keys;
  std::vector<std::shared_ptr<arrow::Scalar>> texts;
  for (const std::string& column : columns) {
    const auto text = spec.find(column);
    if (text == spec.end()) {
      return NotFound(Str("no partition is meant, and the spec lacks ", column), "name a value for each column");
    }
    texts.push_back(std::make_shared<arrow::StringScalar>(text->second));
  }
  const std::vector<DataType> types(columns.size(), DataType{.kind = TypeKind::kString});
  std::string path = PartitionPath(columns, types, texts, {});
  path.pop_back();
  return Str(table.folder(), "/", path);
}

Status Mark(Env& env, const std::string& path) {
  int64_t created_ms = env.NowMs();
  auto there = env.ReadFile(path);
  if (there.ok()) {
    auto json = ParseJson(*there);
    if (json.ok()) {
      auto told = LongMember(*json, "creationTime");
      if (told.ok()) created_ms = *told;
    }
  } else if (there.error().code != ErrorCode::kNotFound) {
    return std::move(there).error();
  }
  TRY(env.MakeFolders(FolderOf(path)));
  return env.WriteFileDurably(path, Str("{\n  \"creationTime\" : ", created_ms, ",\n  \"modificationTime\" : ",
                                        env.NowMs(), "\n}"));
}

}  // namespace

Result<std::vector<std::string>> MarkPartitionsDone(Env& env, Table& table, const std::vector<PartitionSpec>& specs) {
  TRY(CheckActions(table.newest_schema()));
  std::set<std::string> all;
  for (const PartitionSpec& spec : specs) {
    TRY_SET(std::set<std::string> folders, FoldersOf(table, spec));
    if (folders.empty()) {
      TRY_SET(std::string folder, FolderOfTexts(table, spec));
      folders.insert(std::move(folder));
    }
    all.merge(folders);
  }
  std::vector<std::string> out;
  for (const std::string& folder : all) {
    out.push_back(folder + "/_SUCCESS");
    TRY(Mark(env, out.back()));
  }
  return out;
}

}  // namespace sluice::paimon
