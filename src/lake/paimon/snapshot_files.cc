// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/snapshot_files.h"

#include <iterator>
#include <set>
#include <utility>

#include "base/text.h"

namespace sluice::paimon {
namespace {

Status AddFiles(const BucketFolders& folders, const std::vector<ManifestEntry>& entries,
                std::vector<std::string>& out) {
  for (const ManifestEntry& entry : entries) {
    if (entry.file.external_path) continue;  // not in the table's folder: not ours to remove
    TRY_SET(const std::string folder, folders.Folder(entry.partition, entry.bucket));
    for (const std::string& name : entry.file.Names()) out.push_back(Str(folder, "/", name));
  }
  return Ok();
}

template <typename Value>
Result<std::vector<Value>> OrNone(Result<std::vector<Value>> read) {
  if (!read.ok() && read.error().code == ErrorCode::kNotFound) return std::vector<Value>();
  return read;
}

// Not what goes to another level under the same name.
void KeepDeleted(std::vector<ManifestEntry>& entries) {
  std::set<std::string> added;
  for (const ManifestEntry& entry : entries) {
    if (entry.kind == EntryKind::kAdd) added.insert(entry.file.name);
  }
  std::erase_if(entries, [&](const ManifestEntry& entry) { return added.contains(entry.file.name); });
}

enum class Take : uint8_t { kManifests, kDeleted, kAll };

// The list, its manifests, and of their files those; what of it is there.
Status AddList(Table& table, const std::string& list, Take take, std::vector<std::string>& out) {
  if (list.empty()) return Ok();
  TRY_SET(const auto manifests, OrNone(table.ReadManifestList(list)));
  std::vector<ManifestEntry> entries;
  for (const ManifestFile& manifest : manifests) {
    out.push_back(table.ManifestPath(manifest.name));
    if (take == Take::kManifests) continue;
    TRY_SET(auto read, OrNone(table.ReadManifest(manifest.name)));
    std::move(read.begin(), read.end(), std::back_inserter(entries));
  }
  out.push_back(table.ManifestPath(list));
  if (take == Take::kDeleted) KeepDeleted(entries);
  TRY_SET(const BucketFolders folders, BucketFolders::Of(table.folder(), table.newest_schema()));
  return AddFiles(folders, entries, out);
}

Result<std::vector<std::string>> ListedBy(Table& table, const Snapshot& changelog, Take of_delta) {
  std::vector<std::string> out;
  TRY(AddList(table, changelog.changelog_manifest_list, Take::kAll, out));
  TRY(AddList(table, changelog.delta_manifest_list, of_delta, out));
  TRY(AddList(table, changelog.base_manifest_list, Take::kManifests, out));
  return out;
}

}  // namespace

Result<std::vector<std::string>> FilesOf(Table& table, const Snapshot& snapshot) {
  std::vector<std::string> out;
  TRY_SET(const BucketFolders folders, BucketFolders::Of(table.folder(), table.newest_schema()));
  TRY_SET(const auto live, table.LiveEntries(snapshot));
  TRY(AddFiles(folders, live, out));
  TRY_SET(const auto indexes, table.ReadIndexManifest(snapshot.index_manifest));
  for (const IndexEntry& index : indexes) out.push_back(table.IndexPath(index.name));
  if (!snapshot.index_manifest.empty()) out.push_back(table.ManifestPath(snapshot.index_manifest));
  if (!snapshot.statistics.empty()) out.push_back(table.folder() + "/statistics/" + snapshot.statistics);
  for (const std::string& list : {snapshot.base_manifest_list, snapshot.delta_manifest_list}) {
    TRY_SET(const auto manifests, table.ReadManifestList(list));
    for (const ManifestFile& manifest : manifests) out.push_back(table.ManifestPath(manifest.name));
    out.push_back(table.ManifestPath(list));
  }
  return out;
}

Result<std::vector<std::string>> ChangelogFilesOf(Table& table, const Snapshot& snapshot) {
  return ListedBy(table, snapshot, Take::kAll);
}

Result<std::vector<std::string>> FilesGoneWith(Table& table, const Snapshot& changelog) {
  return ListedBy(table, changelog, Take::kDeleted);
}

}  // namespace sluice::paimon
