// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/snapshot_files.h"

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
  std::vector<std::string> out;
  if (snapshot.changelog_manifest_list.empty()) return out;
  TRY_SET(const BucketFolders folders, BucketFolders::Of(table.folder(), table.newest_schema()));
  TRY_SET(const auto manifests, table.ReadManifestList(snapshot.changelog_manifest_list));
  for (const ManifestFile& manifest : manifests) {
    TRY_SET(const auto entries, table.ReadManifest(manifest.name));
    TRY(AddFiles(folders, entries, out));
    out.push_back(table.ManifestPath(manifest.name));
  }
  out.push_back(table.ManifestPath(snapshot.changelog_manifest_list));
  return out;
}

}  // namespace sluice::paimon
