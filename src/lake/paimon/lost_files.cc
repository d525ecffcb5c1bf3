// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/lost_files.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "base/text.h"
#include "lake/paimon/catalog.h"
#include "lake/paimon/commit.h"
#include "lake/paimon/manifest_files.h"
#include "lake/paimon/once_writer.h"
#include "lake/paimon/table.h"

namespace sluice::paimon {
namespace {

// The entries whose data file is not there.
Result<std::vector<ManifestEntry>> LostEntries(Env& env, Table& table, const Snapshot& snapshot,
                                               const std::vector<PartitionSpec>& partitions, LostFiles& out) {
  std::optional<PartitionFilter> filter;
  if (!partitions.empty()) {
    TRY_SET(filter, PartitionFilter::Make(table.newest_schema(), partitions));
  }
  TRY_SET(const BucketFolders folders, BucketFolders::Of(table.folder(), table.newest_schema()));
  TRY_SET(auto live, table.LiveEntries(snapshot));
  std::vector<ManifestEntry> lost;
  for (ManifestEntry& entry : live) {
    if (entry.file.external_path) continue;  // not in the table's folder: that it is lost cannot be told
    if (filter) {
      TRY_SET(const bool meant, filter->Matches(entry.partition));
      if (!meant) continue;
    }
    TRY_SET(const std::string bucket, folders.Folder(entry.partition, entry.bucket));
    std::string path = Str(bucket, "/", entry.file.name);
    TRY_SET(const bool there, env.Exists(path));
    if (there) continue;
    out.paths.push_back(std::move(path));
    out.rows += entry.file.row_count;
    entry.kind = EntryKind::kDelete;
    lost.push_back(std::move(entry));
  }
  return lost;
}

// False: another writer came in between.
Result<bool> RemoveFilesOnce(Env& env, const std::string& folder, const std::vector<PartitionSpec>& partitions,
                             bool dry_run, LostFiles& out) {
  out = {};
  TRY_SET(const auto table, Table::Open(env, folder));
  TRY_SET(const auto base, table->LatestSnapshot());
  if (!base) return true;
  TRY_SET(const auto lost, LostEntries(env, *table, *base, partitions, out));
  if (lost.empty() || dry_run) return true;
  TableChange change;
  change.rewrites = true;
  TRY_SET(change.added, WriteChangedFiles(env, *table, lost));
  TRY(env.SyncFolder(folder + "/manifest"));
  const auto made = CommitChange(env, *table, change, {env.Uuid(), INT64_MAX, /*alone=*/true}, base->id);
  if (!made.ok() && made.error().code == ErrorCode::kConflict) {
    for (const ManifestFile& file : change.added.manifests) (void)env.Remove(table->ManifestPath(file.name)).ok();
    return false;
  }
  if (!made.ok()) return Error(made.error());
  out.snapshot = made->snapshot;
  return true;
}

// Those of the list that are there; adds up the rows that their entries leave.
Result<std::vector<ManifestFile>> ManifestsThere(Env& env, Table& table, const Snapshot& base, LostFiles& out) {
  TRY_SET(auto all, table.ReadManifestList(base.base_manifest_list));
  TRY_SET(const auto delta, table.ReadManifestList(base.delta_manifest_list));
  all.insert(all.end(), delta.begin(), delta.end());
  std::vector<ManifestFile> there;
  for (const ManifestFile& manifest : all) {
    const std::string path = table.ManifestPath(manifest.name);
    TRY_SET(const bool exists, env.Exists(path));
    if (exists) {
      there.push_back(manifest);
    } else {
      out.paths.push_back(path);
    }
  }
  return there;
}

Result<std::string> WriteList(Env& env, const Table& table, const std::vector<ManifestFile>& manifests,
                              std::optional<int64_t>& size) {
  const std::string bytes = EncodeManifestList(manifests, env.Random(), env.Random());
  const std::string name = Str("manifest-list-", env.Uuid(), "-0");
  size = static_cast<int64_t>(bytes.size());
  TRY(env.WriteFile(table.ManifestPath(name), bytes));
  return name;
}

// As Java's: what is left is the base of a snapshot that changes nothing more.
Result<bool> RemoveManifestsOnce(Env& env, const std::string& folder, LostFiles& out) {
  out = {};
  TRY_SET(const auto table, Table::Open(env, folder));
  TRY_SET(const auto base, table->LatestSnapshot());
  if (!base) return true;
  TRY_SET(const auto there, ManifestsThere(env, *table, *base, out));
  if (out.paths.empty()) return true;
  Snapshot next = *base;
  next.id = base->id + 1;
  next.commit_user = env.Uuid();
  next.commit_identifier = INT64_MAX;
  next.commit_kind = "OVERWRITE";
  next.time_ms = std::max(env.NowMs(), base->time_ms);
  next.changelog_manifest_list.clear();
  next.changelog_list_size.reset();
  next.changelog_record_count.reset();
  next.delta_record_count = 0;
  next.properties.clear();  // those of a job are its own snapshot's
  TRY_SET(next.base_manifest_list, WriteList(env, *table, there, next.base_list_size));
  TRY_SET(next.delta_manifest_list, WriteList(env, *table, {}, next.delta_list_size));
  TRY(env.SyncFolder(folder + "/manifest"));
  TRY_SET(const auto live, table->LiveEntries(next));
  next.total_record_count = 0;
  for (const ManifestEntry& entry : live) next.total_record_count += entry.file.row_count;
  out.rows = base->total_record_count - next.total_record_count;
  Status made = CommitterOf(folder)->CommitSnapshot(env, *table, next);
  if (!made.ok() && made.error().code == ErrorCode::kConflict) {
    for (const std::string& name : {next.base_manifest_list, next.delta_manifest_list}) {
      (void)env.Remove(table->ManifestPath(name)).ok();
    }
    return false;
  }
  TRY(std::move(made));
  WriteHint(env, *table, "LATEST", next.id);
  out.snapshot = next.id;
  return true;
}

}  // namespace

Result<LostFiles> RemoveLostFiles(Env& env, const std::string& folder, const std::vector<PartitionSpec>& partitions,
                                  bool dry_run) {
  LostFiles out;
  TRY(UntilAlone(folder, [&] { return RemoveFilesOnce(env, folder, partitions, dry_run, out); }));
  return out;
}

Result<LostFiles> RemoveLostManifests(Env& env, const std::string& folder) {
  LostFiles out;
  TRY(UntilAlone(folder, [&] { return RemoveManifestsOnce(env, folder, out); }));
  return out;
}

}  // namespace sluice::paimon
