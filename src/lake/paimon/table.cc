// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/table.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "lake/paimon/binary_row.h"
#include "lake/paimon/partition_path.h"

namespace sluice::paimon {
namespace {

constexpr std::string_view kSchemaPrefix = "schema-";
constexpr std::string_view kSnapshotPrefix = "snapshot-";
constexpr std::string_view kDeletionVectors = "DELETION_VECTORS";
constexpr int kPostponed = -2;  // rows that a compaction will put into buckets: not yet rows of the table

// The highest number behind `prefix` in the names of a folder; -1 if there is none.
Result<int64_t> Newest(Env& env, const std::string& folder, std::string_view prefix) {
  auto names = env.List(folder);
  if (!names.ok() && names.error().code == ErrorCode::kNotFound) return int64_t{-1};
  if (!names.ok()) return std::move(names).error();
  int64_t newest = -1, number = 0;
  for (const std::string& name : *names) {
    if (name.starts_with(prefix) && ParseNumber(std::string_view(name).substr(prefix.size()), number)) {
      newest = std::max(newest, number);
    }
  }
  return newest;
}

auto Identity(const ManifestEntry& entry) {
  return std::tie(entry.partition, entry.bucket, entry.file.level, entry.file.name);
}

struct ByIdentity {
  bool operator()(const ManifestEntry* a, const ManifestEntry* b) const { return Identity(*a) < Identity(*b); }
};

}  // namespace

bool Table::IsTable(Env& env, const std::string& folder) { return env.List(folder + "/schema").ok(); }

Result<std::unique_ptr<Table>> Table::Open(Env& env, std::string folder) {
  std::unique_ptr<Table> table(new Table(env, std::move(folder)));
  TRY_SET(const int64_t newest, Newest(env, table->folder_ + "/schema", kSchemaPrefix));
  if (newest < 0) return NotFound(Str(table->folder_, " is no Paimon table: there is no file schema/schema-0"));
  TRY_SET(table->newest_, table->ReadSchema(newest));
  return table;
}

Result<Schema> Table::ReadSchema(int64_t id) {
  const std::string path = Str(folder_, "/schema/", kSchemaPrefix, id);
  TRY_SET(const std::string text, env_.ReadFile(path));
  auto schema = ParseSchema(text);
  if (!schema.ok()) return std::move(schema).error().With(path);
  return schema;
}

Result<const Schema*> Table::SchemaOf(int64_t id) {
  if (id == newest_.id) return &newest_;
  auto found = schemas_.find(id);
  if (found == schemas_.end()) {
    TRY_SET(Schema schema, ReadSchema(id));
    found = schemas_.emplace(id, std::move(schema)).first;
  }
  return &found->second;
}

Result<std::optional<Snapshot>> Table::LatestSnapshot() {
  // The hint LATEST may lag behind; the folder does not.
  TRY_SET(const int64_t newest, Newest(env_, folder_ + "/snapshot", kSnapshotPrefix));
  if (newest < 0) return std::optional<Snapshot>();
  TRY_SET(Snapshot snapshot, SnapshotOf(newest));
  return std::optional<Snapshot>(std::move(snapshot));
}

Result<Snapshot> Table::SnapshotOf(int64_t id) {
  const std::string path = Str(folder_, "/snapshot/", kSnapshotPrefix, id);
  auto text = env_.ReadFile(path);
  if (!text.ok() && text.error().code == ErrorCode::kNotFound) {
    return NotFound(Str("the table has no snapshot ", id), "expired snapshots cannot be read any more");
  }
  if (!text.ok()) return std::move(text).error();
  auto snapshot = ParseSnapshot(*text);
  if (!snapshot.ok()) return std::move(snapshot).error().With(path);
  return snapshot;
}

Status Table::AddEntries(const std::string& manifest_list, std::vector<ManifestEntry>& live) {
  const std::string list_path = Str(folder_, "/manifest/", manifest_list);
  TRY_SET(const std::string list_bytes, env_.ReadFile(list_path));
  TRY_SET(const auto manifests, DecodeManifestList(list_bytes, list_path));
  for (const ManifestFile& manifest : manifests) {
    const std::string path = Str(folder_, "/manifest/", manifest.name);
    TRY_SET(const std::string bytes, env_.ReadFile(path));
    TRY_SET(auto entries, DecodeManifest(bytes, path));
    std::move(entries.begin(), entries.end(), std::back_inserter(live));
  }
  return Ok();
}

Result<std::string> Table::BucketFolder(const ManifestEntry& entry) {
  std::vector<DataType> types;
  for (const std::string& name : newest_.partition_keys) {
    const Field* field = newest_.Find(name);
    if (field == nullptr || !field->supported) return Unsupported(Str("a table partitioned by column ", name));
    types.push_back(field->type);
  }
  TRY_SET(const BinaryRowCodec codec, BinaryRowCodec::Make(types));
  TRY_SET(const auto values, codec.Parse(entry.partition));
  PartitionPathStyle style;
  style.legacy = newest_.Option("partition.legacy-name", "true") != "false";
  style.default_name = newest_.Option("partition.default-name", style.default_name);
  return Str(folder_, "/", PartitionPath(newest_.partition_keys, types, values, style), "bucket-", entry.bucket);
}

Result<std::vector<LiveFile>> Table::LiveFiles(const Snapshot& snapshot) {
  std::vector<ManifestEntry> entries;
  TRY(AddEntries(snapshot.base_manifest_list, entries));
  TRY(AddEntries(snapshot.delta_manifest_list, entries));
  std::map<const ManifestEntry*, bool, ByIdentity> live;
  for (const ManifestEntry& entry : entries) {
    live.erase(&entry);  // so that the key is the newest entry of that file
    if (entry.kind == EntryKind::kAdd) live[&entry] = true;
  }
  std::map<std::tuple<std::string, int, std::string>, std::pair<std::string, DeletionRange>> deletions;
  if (!snapshot.index_manifest.empty()) {
    const std::string path = Str(folder_, "/manifest/", snapshot.index_manifest);
    TRY_SET(const std::string bytes, env_.ReadFile(path));
    TRY_SET(const auto indexes, DecodeIndexManifest(bytes, path));
    for (const IndexEntry& index : indexes) {
      if (index.type != kDeletionVectors) continue;
      for (const DeletionRange& range : index.deletions) {
        deletions[{index.partition, index.bucket, range.data_file}] = {Str(folder_, "/index/", index.name), range};
      }
    }
  }
  std::vector<LiveFile> out;
  for (const auto& [entry, unused] : live) {
    if (entry->bucket == kPostponed) continue;
    LiveFile file{entry->partition, entry->bucket, {}, entry->file, {}, {}};
    if (entry->file.external_path) {
      return Unsupported(Str("data file ", entry->file.name, " is outside of the table, at ",
                             *entry->file.external_path));
    }
    TRY_SET(const std::string bucket_folder, BucketFolder(*entry));
    file.path = Str(bucket_folder, "/", entry->file.name);
    auto deletion = deletions.find({entry->partition, entry->bucket, entry->file.name});
    if (deletion != deletions.end()) {
      file.index_path = deletion->second.first;
      file.deletion = deletion->second.second;
    }
    out.push_back(std::move(file));
  }
  std::stable_sort(out.begin(), out.end(), [](const LiveFile& a, const LiveFile& b) {
    return std::make_tuple(std::string_view(a.partition), a.bucket, -a.meta.level, a.meta.min_sequence) <
           std::make_tuple(std::string_view(b.partition), b.bucket, -b.meta.level, b.meta.min_sequence);
  });
  return out;
}

}  // namespace sluice::paimon
