// SPDX-License-Identifier: Apache-2.0
// For tests: whether a snapshot of a Paimon table is what its manifests say, down to the rows of each file, and whether
// all files of its folder have a name in it.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/text.h"
#include "lake/paimon/file_check_test_util.h"
#include "lake/paimon/table.h"
#include "lake/paimon/table_options.h"
#include "lake/paimon/universal_compaction.h"
#include "lake/paimon/visible_check_test_util.h"

namespace sluice::paimon {

// Remembers the files that it has read: they never change.
class TableChecker {
 public:
  TableChecker(Env& env, std::string folder) : env_(env), folder_(std::move(folder)) {}

  // kCorrupt says what is wrong with the snapshot.
  Status CheckSnapshot(int64_t id) {
    TRY_SET(table_, Table::Open(env_, folder_));
    TRY_SET(options_, TableOptions::Of(table_->newest_schema()));
    TRY_SET(const Snapshot snapshot, table_->SnapshotOf(id));
    TRY(CheckSums(snapshot));
    TRY_SET(const auto files, table_->LiveFiles(snapshot));
    std::map<std::pair<std::string, int>, std::vector<LiveFile>> buckets;
    for (const LiveFile& file : files) {
      if (checked_.insert(file.path).second) {
        Status right = CheckFile(env_, *table_, file, hashes_[file.path]);
        if (!right.ok()) return std::move(right).error().With(file.path);
      }
      buckets[{file.partition, file.bucket}].push_back(file);
    }
    for (const auto& [bucket, live] : buckets) TRY(CheckLevels(live, snapshot.commit_kind == "COMPACT"));
    if (options_.bucket_mode != BucketMode::kPostponed) TRY(CheckVisible(env_, *table_, snapshot));
    return options_.bucket_mode == BucketMode::kDynamic ? CheckIndex(snapshot, files) : Ok();
  }

  // That each file of the table is one that a snapshot names, and the other way round.
  Status CheckNames() {
    TRY_SET(table_, Table::Open(env_, folder_));
    std::set<std::string> named;
    TRY_SET(const auto ids, table_->SnapshotIds());
    for (int64_t id : ids) {
      TRY_SET(const Snapshot snapshot, table_->SnapshotOf(id));
      for (const std::string& list :
           {snapshot.base_manifest_list, snapshot.delta_manifest_list, snapshot.changelog_manifest_list}) {
        if (!list.empty()) TRY(NamesOf(list, named));
      }
      if (!snapshot.index_manifest.empty()) named.insert(table_->ManifestPath(snapshot.index_manifest));
      TRY_SET(const auto indexes, table_->ReadIndexManifest(snapshot.index_manifest));
      for (const IndexEntry& entry : indexes) named.insert(table_->IndexPath(entry.name));
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
      const std::string path = entry.path().string(), part = path.substr(folder_.size());
      if (entry.is_directory() || part.starts_with("/schema/") || part.starts_with("/snapshot/")) continue;
      if (named.erase(path) == 0) return Corrupt(Str(path, " has no name in a snapshot"));
    }
    return named.empty() ? Ok() : Status(Corrupt(Str(*named.begin(), " is not there")));
  }

 private:
  Status NamesOf(const std::string& list, std::set<std::string>& named) {
    named.insert(table_->ManifestPath(list));
    TRY_SET(const auto manifests, table_->ReadManifestList(list));
    TRY_SET(const BucketFolders folders, BucketFolders::Of(folder_, table_->newest_schema()));
    for (const ManifestFile& manifest : manifests) {
      named.insert(table_->ManifestPath(manifest.name));
      TRY_SET(const auto entries, table_->ReadManifest(manifest.name));
      for (const ManifestEntry& entry : entries) {
        TRY_SET(const std::string folder, folders.Folder(entry.partition, entry.bucket));
        for (const std::string& name : entry.file.Names()) named.insert(Str(folder, "/", name));
      }
    }
    return Ok();
  }

  // Sums, sizes and counts of a snapshot, its lists and its manifests.
  Status CheckSums(const Snapshot& snapshot) {
    std::vector<ManifestEntry> base, delta, changelog;
    TRY(CheckList(snapshot.base_manifest_list, snapshot.base_list_size, base));
    TRY(CheckList(snapshot.delta_manifest_list, snapshot.delta_list_size, delta));
    if (!snapshot.changelog_manifest_list.empty()) {
      TRY(CheckList(snapshot.changelog_manifest_list, snapshot.changelog_list_size, changelog));
    }
    const auto rows = [](const std::vector<ManifestEntry>& entries) {
      int64_t sum = 0;
      for (const ManifestEntry& e : entries) sum += e.kind == EntryKind::kAdd ? e.file.row_count : -e.file.row_count;
      return sum;
    };
    TRY_SET(const auto live, table_->LiveEntries(snapshot));
    if (snapshot.total_record_count != rows(live)) return Corrupt(Str("total of snapshot ", snapshot.id));
    if (snapshot.delta_record_count != rows(delta)) return Corrupt(Str("delta of snapshot ", snapshot.id));
    if (snapshot.changelog_record_count.value_or(0) != rows(changelog)) return Corrupt("rows of the changelog");
    for (const ManifestEntry& entry : live) {
      if (entry.total_buckets != options_.buckets) return Corrupt(Str(entry.file.name, ": total buckets"));
    }
    std::set<std::tuple<std::string, int, int, std::string>> identities;  // a delta names none twice
    for (const ManifestEntry& e : delta) {
      if (!identities.emplace(e.partition, e.bucket, e.file.level, e.file.name).second) {
        return Corrupt(Str(e.file.name, " twice in the delta of snapshot ", snapshot.id));
      }
    }
    return Ok();
  }

  Status CheckList(const std::string& name, std::optional<int64_t> size, std::vector<ManifestEntry>& entries) {
    TRY_SET(const int64_t bytes, env_.FileSize(table_->ManifestPath(name)));
    if (size != bytes) return Corrupt(Str(name, " has ", bytes, " bytes"));
    TRY_SET(const auto manifests, table_->ReadManifestList(name));
    for (const ManifestFile& manifest : manifests) {
      TRY_SET(const int64_t written, env_.FileSize(table_->ManifestPath(manifest.name)));
      TRY_SET(const auto read, table_->ReadManifest(manifest.name));
      int64_t deleted = 0;
      for (const ManifestEntry& e : read) {
        deleted += e.kind == EntryKind::kDelete;
        const bool inside = e.bucket >= *manifest.min_bucket && e.bucket <= *manifest.max_bucket &&
                            e.file.level >= *manifest.min_level && e.file.level <= *manifest.max_level &&
                            e.file.schema_id <= manifest.schema_id;
        if (!inside) return Corrupt(Str(manifest.name, ": ", e.file.name, " is beyond its bounds"));
      }
      const auto added = static_cast<int64_t>(read.size()) - deleted;
      if (manifest.size != written || manifest.added_files != added || manifest.deleted_files != deleted) {
        return Corrupt(Str(manifest.name, ": size or number of its entries"));
      }
      entries.insert(entries.end(), read.begin(), read.end());
    }
    return Ok();
  }

  // Files of one bucket: those of a level above 0 do not overlap, and there are not too many runs after a compaction.
  Status CheckLevels(const std::vector<LiveFile>& files, bool compacted) {
    if (!options_.keyed) return Ok();
    TRY_SET(const auto layout, RowLayout::Make(table_->newest_schema(), options_));
    TRY_SET(const BinaryRowCodec codec, CodecOf(layout->columns(), 0, layout->key_columns()));
    std::vector<DataFileMeta> metas;
    for (const LiveFile& a : files) {
      metas.push_back(a.meta);
      if (a.meta.level >= std::max(options_.levels, 2) || a.meta.level < 0) return Corrupt(Str(a.path, ": level"));
      TRY_SET(const CellArrays a_least, ArraysOf(codec, a.meta.min_key));
      TRY_SET(const CellArrays a_most, ArraysOf(codec, a.meta.max_key));
      for (const LiveFile& b : files) {
        if (a.path == b.path || a.meta.level != b.meta.level || a.meta.level == 0) continue;
        TRY_SET(const CellArrays b_least, ArraysOf(codec, b.meta.min_key));
        if (CompareRows(a_least, 0, b_least, 0) <= 0 && CompareRows(b_least, 0, a_most, 0) <= 0) {
          return Corrupt(Str(a.path, " and ", b.path, " overlap in level ", a.meta.level));
        }
      }
    }
    const int runs = CountRuns(metas);
    return compacted && runs > options_.stop_trigger ? Status(Corrupt(Str(runs, " runs"))) : Ok();
  }

  // Dynamic buckets: each key of a file is in its bucket's index file, and in no other bucket's.
  Status CheckIndex(const Snapshot& snapshot, const std::vector<LiveFile>& files) {
    TRY_SET(const auto entries, table_->ReadIndexManifest(snapshot.index_manifest));
    std::map<std::pair<std::string, int32_t>, int> bucket_of;
    std::set<std::pair<std::string, int>> buckets;
    for (const IndexEntry& entry : entries) {
      TRY_SET(const std::string bytes, env_.ReadFile(table_->IndexPath(entry.name)));
      const auto size = static_cast<int64_t>(bytes.size());
      if (entry.type == kDeletionVectors) continue;
      if (entry.type != kHashIndex || entry.size != size || entry.row_count * 4 != size) return Corrupt(entry.name);
      if (entry.row_count > options_.bucket_target_rows) return Corrupt(Str(entry.name, " has too many keys"));
      if (!buckets.emplace(entry.partition, entry.bucket).second) return Corrupt("two index files of a bucket");
      for (size_t i = 0; i < bytes.size(); i += 4) {
        const auto hash = static_cast<int32_t>(static_cast<uint32_t>(LoadBe(bytes.data() + i, 4)));
        if (!bucket_of.emplace(std::pair(entry.partition, hash), entry.bucket).second) return Corrupt("a key twice");
      }
    }
    for (const LiveFile& file : files) {
      for (int32_t hash : hashes_[file.path]) {
        auto found = bucket_of.find({file.partition, hash});
        if (found == bucket_of.end() || found->second != file.bucket) return Corrupt(Str(file.path, ": no index"));
      }
    }
    return Ok();
  }

  Env& env_;
  const std::string folder_;
  std::unique_ptr<Table> table_;
  TableOptions options_;
  std::set<std::string> checked_;
  std::map<std::string, std::set<int32_t>> hashes_;  // by path, of the keys: with dynamic buckets
};

}  // namespace sluice::paimon
