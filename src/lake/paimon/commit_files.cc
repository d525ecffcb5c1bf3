// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/commit_files.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.h"
#include "lake/paimon/manifest_files.h"
#include "lake/paimon/snapshot_order.h"

namespace sluice::paimon {

Result<std::string> CommitFiles::WriteList(const std::vector<ManifestFile>& manifests, std::optional<int64_t>& size) {
  const std::string bytes = EncodeManifestList(manifests, env_.Random(), env_.Random());
  size = static_cast<int64_t>(bytes.size());
  return Write("manifest-list-", bytes);
}

Result<std::string> CommitFiles::WriteIndexManifest(const std::vector<IndexEntry>& entries) {
  return Write("index-manifest-", EncodeIndexManifest(entries, env_.Random(), env_.Random()));
}

Result<std::vector<ManifestFile>> CommitFiles::Number(int64_t snapshot, const std::vector<ManifestFile>& manifests) {
  std::vector<ManifestEntry> entries;
  for (const ManifestFile& manifest : manifests) {
    TRY_SET(auto read, table_.ReadManifest(manifest.name));
    std::move(read.begin(), read.end(), std::back_inserter(entries));
    replaced_.push_back(table_.ManifestPath(manifest.name));
  }
  NumberNewFiles(snapshot, entries);
  TRY_SET(auto written, WriteManifests(env_, table_, entries));
  Own(written);
  return written;
}

Result<IndexEntry> CommitFiles::WriteIndex(IndexEntry before, const std::string& bytes) {
  replaced_.push_back(table_.IndexPath(before.name));
  before.name = Str("index-", env_.Uuid(), "-0");
  before.size = static_cast<int64_t>(bytes.size());
  paths_.push_back(table_.IndexPath(before.name));
  TRY(env_.WriteFile(paths_.back(), bytes));
  TRY(env_.SyncFolder(table_.folder() + "/index"));
  return before;
}

void CommitFiles::Own(const std::vector<ManifestFile>& manifests) {
  for (const ManifestFile& manifest : manifests) paths_.push_back(table_.ManifestPath(manifest.name));
}

void CommitFiles::Remove() {
  for (const std::string& path : paths_) (void)env_.Remove(path).ok();
}

void CommitFiles::RemoveReplaced() {
  for (const std::string& path : replaced_) (void)env_.Remove(path).ok();
}

Result<std::string> CommitFiles::Write(const char* prefix, const std::string& bytes) {
  const std::string name = Str(prefix, env_.Uuid(), "-0");
  paths_.push_back(table_.ManifestPath(name));
  TRY(env_.WriteFile(paths_.back(), bytes));
  return name;
}

}  // namespace sluice::paimon
