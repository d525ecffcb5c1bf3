// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/table.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "lake/paimon/catalog.h"

namespace sluice::paimon {
namespace {

constexpr std::string_view kSchemaPrefix = "schema-";
constexpr std::string_view kSnapshotPrefix = "snapshot-";
constexpr std::string_view kChangelogPrefix = "changelog-";
constexpr int kTriesMax = 10;
constexpr int kPostponed = -2;  // rows that a compaction will put into buckets: not yet rows of the table

Result<std::vector<DataType>> TypesOf(const Schema& schema, const std::vector<std::string>& columns) {
  std::vector<DataType> types;
  for (const std::string& name : columns) {
    const Field* field = schema.Find(name);
    if (field == nullptr || !field->supported) return Unsupported(Str("a table partitioned by column ", name));
    types.push_back(field->type);
  }
  return types;
}

// The numbers behind `prefix` in the names of a folder, ascending; none if there is no such folder.
Result<std::vector<int64_t>> Numbers(Env& env, const std::string& folder, std::string_view prefix) {
  std::vector<int64_t> out;
  auto names = env.List(folder);
  if (!names.ok() && names.error().code == ErrorCode::kNotFound) return out;
  if (!names.ok()) return std::move(names).error();
  int64_t number = 0;
  for (const std::string& name : *names) {
    if (name.starts_with(prefix) && ParseNumber(std::string_view(name).substr(prefix.size()), number)) {
      out.push_back(number);
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

bool Table::IsTable(Env& env, const std::string& folder) { return env.List(folder + "/schema").ok(); }

Result<std::unique_ptr<Table>> Table::Open(Env& env, std::string folder) {
  std::unique_ptr<Table> table(new Table(env, folder, folder));
  TRY(table->Refresh());
  return table;
}

Result<std::unique_ptr<Table>> Table::OpenBranch(Env& env, const std::string& folder, const std::string& branch) {
  std::unique_ptr<Table> table(new Table(env, folder, Str(folder, "/branch/branch-", branch)));
  Status found = table->Refresh();
  if (found.ok()) return table;
  if (found.error().code != ErrorCode::kNotFound) return std::move(found).error();
  return NotFound(Str("the table has no branch ", branch), "branches are in the folder branch/ of the table");
}

Status Table::Refresh() {
  TRY_SET(const auto ids, Numbers(env_, history_ + "/schema", kSchemaPrefix));
  if (ids.empty()) {
    const bool removed = !newest_.fields.empty();
    return NotFound(Str(folder_, removed ? " is no Paimon table any more" : " is no Paimon table",
                        ": there is no file schema/schema-0"),
                    removed ? "somebody removed or renamed it: put it back, and run again" : "");
  }
  if (ids.back() == newest_.id && !newest_.fields.empty()) return Ok();
  TRY_SET(newest_, ReadSchema(ids.back()));
  return Ok();
}

Result<std::vector<int64_t>> Table::ChangelogIds() {
  return Numbers(env_, history_ + "/changelog", kChangelogPrefix);
}

std::string Table::ChangelogPath(int64_t id) const { return Str(history_, "/changelog/", kChangelogPrefix, id); }
std::string Table::SnapshotPath(int64_t id) const { return Str(history_, "/snapshot/", kSnapshotPrefix, id); }
std::string Table::SchemaPath(int64_t id) const { return Str(history_, "/schema/", kSchemaPrefix, id); }

Result<std::vector<int64_t>> Table::SnapshotIds() {
  int64_t newest = TableCommitter::kFilesSay;
  if (history_ == folder_) {
    TRY_SET(newest, CommitterOf(folder_)->NewestSnapshot());
  }
  TRY_SET(auto ids, Numbers(env_, history_ + "/snapshot", kSnapshotPrefix));
  if (newest != TableCommitter::kFilesSay) {
    std::erase_if(ids, [&](int64_t id) { return id > newest; });
    if (newest > 0 && (ids.empty() || ids.back() != newest)) {
      return Unavailable(Str("the catalog says that snapshot ", newest, " is the newest one, but its file is not in ",
                             folder_, "/snapshot"), "the catalog's server must write it there");
    }
  }
  for (size_t i = ids.size(); i-- > 1;) {
    const int64_t before = ids[i] - 1;
    if (ids[i - 1] == before) continue;
    const auto place = ids.begin() + static_cast<std::ptrdiff_t>(i);
    // Of files that are made while a folder is listed some are in the list, and not always the first ones.
    TRY_SET(const bool there, env_.Exists(SnapshotPath(before)));
    if (!there) {
      ids.erase(ids.begin(), place);
      break;
    }
    ids.insert(place, before);
    ++i;
  }
  return ids;
}

Result<std::vector<DataType>> Table::PartitionTypes() const { return TypesOf(newest_, newest_.partition_keys); }

Result<Schema> Table::ReadSchema(int64_t id) {
  const std::string path = SchemaPath(id);
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
  for (int tries = 1;; ++tries) {
    TRY_SET(const auto ids, SnapshotIds());
    if (ids.empty()) return std::optional<Snapshot>();
    auto snapshot = SnapshotOf(ids.back());
    const bool expired = !snapshot.ok() && snapshot.error().code == ErrorCode::kNotFound;  // since it was listed
    if (expired && tries < kTriesMax) continue;
    if (!snapshot.ok()) return std::move(snapshot).error();
    return std::optional<Snapshot>(*std::move(snapshot));
  }
}

Result<Snapshot> Table::SnapshotOf(int64_t id) { return ReadSnapshot(SnapshotPath(id), id); }

Result<Snapshot> Table::ChangelogOf(int64_t id) { return ReadSnapshot(ChangelogPath(id), id); }

Result<Snapshot> Table::SnapshotOrChangelogOf(int64_t id) {
  auto snapshot = SnapshotOf(id);
  if (snapshot.ok() || snapshot.error().code != ErrorCode::kNotFound) return snapshot;
  auto changelog = ChangelogOf(id);  // it is there before the snapshot goes
  return !changelog.ok() && changelog.error().code == ErrorCode::kNotFound ? std::move(snapshot) : std::move(changelog);
}

Result<Snapshot> Table::ReadSnapshot(const std::string& path, int64_t id) {
  auto text = env_.ReadFile(path);
  if (!text.ok() && text.error().code == ErrorCode::kNotFound) {
    return NotFound(Str("the table has no snapshot ", id), "expired snapshots cannot be read any more");
  }
  if (!text.ok()) return std::move(text).error();
  auto snapshot = ParseSnapshot(*text);
  if (!snapshot.ok()) return std::move(snapshot).error().With(path);
  return snapshot;
}

Result<std::vector<ManifestFile>> Table::ReadManifestList(const std::string& name) {
  const std::string path = ManifestPath(name);
  TRY_SET(const std::string bytes, env_.ReadFile(path));
  return DecodeManifestList(bytes, path);
}

Result<std::vector<ManifestEntry>> Table::ReadManifest(const std::string& name) {
  const std::string path = ManifestPath(name);
  TRY_SET(const std::string bytes, env_.ReadFile(path));
  return DecodeManifest(bytes, path);
}

Result<std::vector<IndexEntry>> Table::ReadIndexManifest(const std::string& name) {
  if (name.empty()) return std::vector<IndexEntry>();
  const std::string path = ManifestPath(name);
  TRY_SET(const std::string bytes, env_.ReadFile(path));
  return DecodeIndexManifest(bytes, path);
}

Status Table::AddEntries(const std::string& manifest_list, std::vector<ManifestEntry>& entries) {
  TRY_SET(const auto manifests, ReadManifestList(manifest_list));
  for (const ManifestFile& manifest : manifests) {
    TRY_SET(auto read, ReadManifest(manifest.name));
    std::move(read.begin(), read.end(), std::back_inserter(entries));
  }
  return Ok();
}

Result<std::vector<ManifestEntry>> Table::LiveEntries(const Snapshot& snapshot) {
  std::vector<ManifestEntry> entries;
  TRY(AddEntries(snapshot.base_manifest_list, entries));
  TRY(AddEntries(snapshot.delta_manifest_list, entries));
  std::vector<ManifestEntry> live = MergeEntries(entries);
  std::erase_if(live, [](const ManifestEntry& entry) { return entry.kind == EntryKind::kDelete; });
  return live;
}

std::string BucketFolders::Root(const std::string& table_folder, const Schema& schema) {
  std::string out = table_folder;
  for (const std::string& part : Split(schema.Option("data-file.path-directory", ""), '/')) {
    if (!part.empty()) out += "/" + part;
  }
  return out;
}

Result<BucketFolders> BucketFolders::Of(const std::string& table_folder, const Schema& schema) {
  TRY_SET(auto types, TypesOf(schema, schema.partition_keys));
  TRY_SET(BinaryRowCodec codec, BinaryRowCodec::Make(types));
  BucketFolders out(Root(table_folder, schema), schema.partition_keys, std::move(types), std::move(codec));
  out.style_.legacy = schema.Option("partition.legacy-name", "true") != "false";
  out.style_.default_name = schema.Option("partition.default-name", out.style_.default_name);
  return out;
}

Result<std::string> BucketFolders::Folder(const std::string& partition, int bucket) const {
  TRY_SET(const auto values, codec_.Parse(partition));
  const std::string partition_path = PartitionPath(keys_, types_, values, style_);
  return Str(folder_, "/", partition_path, "bucket-", bucket == kPostponed ? "postpone" : Str(bucket));
}

Result<std::vector<LiveFile>> Table::LiveFiles(const Snapshot& snapshot) {
  TRY_SET(const auto entries, LiveEntries(snapshot));
  return Locate(snapshot, entries);
}

Result<std::vector<LiveFile>> Table::Locate(const Snapshot& snapshot, const std::vector<ManifestEntry>& entries) {
  std::map<std::tuple<std::string, int, std::string>, std::pair<std::string, DeletionRange>> deletions;
  TRY_SET(const auto indexes, ReadIndexManifest(snapshot.index_manifest));
  for (const IndexEntry& index : indexes) {
    if (index.type != kDeletionVectors) continue;
    for (const DeletionRange& range : index.deletions) {
      deletions[{index.partition, index.bucket, range.data_file}] = {IndexPath(index.name), range};
    }
  }
  TRY_SET(const BucketFolders folders, BucketFolders::Of(folder_, newest_));
  std::vector<LiveFile> out;
  for (const ManifestEntry& entry : entries) {
    if (entry.bucket == kPostponed) continue;
    if (entry.file.external_path) {
      return Unsupported(
          Str("data file ", entry.file.name, " is outside of the table, at ", *entry.file.external_path));
    }
    LiveFile file{entry.partition, entry.bucket, {}, entry.file, {}, {}};
    TRY_SET(const std::string bucket_folder, folders.Folder(entry.partition, entry.bucket));
    file.path = Str(bucket_folder, "/", entry.file.name);
    auto deletion = deletions.find({entry.partition, entry.bucket, entry.file.name});
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
