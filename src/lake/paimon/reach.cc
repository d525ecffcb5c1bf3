// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/reach.h"

namespace sluice::paimon {

void Reach::AddFile(const DataFileMeta& file) {
  for (const std::string& name : file.Names()) names_.insert(name);
}

// `files`: those that the list's entries add, too.
Status Reach::AddList(const std::string& name, bool files) {
  if (name.empty()) return Ok();
  names_.insert(name);
  TRY_SET(const auto manifests, table_.ReadManifestList(name));
  for (const ManifestFile& manifest : manifests) {
    names_.insert(manifest.name);
    if (!files) continue;
    TRY_SET(const auto entries, table_.ReadManifest(manifest.name));
    for (const ManifestEntry& entry : entries) {
      if (entry.kind == EntryKind::kAdd) AddFile(entry.file);
    }
  }
  return Ok();
}

Status Reach::Add(const Snapshot& snapshot, Data data) {
  TRY(AddList(snapshot.base_manifest_list, false));
  TRY(AddList(snapshot.delta_manifest_list, data == Data::kDelta));
  if (data == Data::kAll) {
    TRY_SET(const auto live, table_.LiveEntries(snapshot));
    for (const ManifestEntry& entry : live) AddFile(entry.file);
  }
  if (!snapshot.index_manifest.empty()) names_.insert(snapshot.index_manifest);
  TRY_SET(const auto indexes, table_.ReadIndexManifest(snapshot.index_manifest));
  for (const IndexEntry& index : indexes) names_.insert(index.name);
  if (!snapshot.statistics.empty()) names_.insert(snapshot.statistics);
  return Ok();
}

Status Reach::AddChangelog(const std::string& list, bool may_be_gone) {
  Status added = AddList(list, true);
  if (may_be_gone && !added.ok() && added.error().code == ErrorCode::kNotFound) return Ok();
  return added;
}

Status Reach::Add(const References& references) {
  for (const Snapshot& tag : references.tags) TRY(Add(tag, Data::kAll));
  for (const Snapshot& snapshot : references.branches) {
    TRY(Add(snapshot, Data::kAll));
    TRY(AddChangelog(snapshot.changelog_manifest_list, true));
  }
  for (const std::string& list : references.changelog_lists) TRY(AddChangelog(list, true));
  return Ok();
}

}  // namespace sluice::paimon
