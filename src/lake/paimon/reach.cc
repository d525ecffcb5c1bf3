// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/reach.h"

#include <utility>

#include "base/text.h"

namespace sluice::paimon {
namespace {

Status OrNothing(Status added) {
  return !added.ok() && added.error().code == ErrorCode::kNotFound ? Ok() : std::move(added);
}

}  // namespace

void Reach::AddFile(const DataFileMeta& file) {
  for (const std::string& name : file.Names()) names_.insert(name);
}

// `files`: of which of its entries the files, too.
Status Reach::AddList(const std::string& name, Files files) {
  if (name.empty()) return Ok();
  names_.insert(name);
  TRY_SET(const auto manifests, table_.ReadManifestList(name));
  for (const ManifestFile& manifest : manifests) {
    names_.insert(manifest.name);
    if (files == Files::kNone) continue;
    TRY_SET(const auto entries, table_.ReadManifest(manifest.name));
    for (const ManifestEntry& entry : entries) {
      const bool changed = files == Files::kChanged && entry.file.source != FileSource::kCompact;
      if (changed || (files == Files::kAdded && entry.kind == EntryKind::kAdd)) AddFile(entry.file);
    }
  }
  return Ok();
}

Status Reach::Add(const Snapshot& snapshot, Data data) {
  TRY(AddList(snapshot.base_manifest_list, Files::kNone));
  TRY(AddList(snapshot.delta_manifest_list, data == Data::kDelta ? Files::kAdded : Files::kNone));
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
  Status added = AddList(list, Files::kAdded);
  return may_be_gone ? OrNothing(std::move(added)) : std::move(added);
}

Status Reach::AddDelta(const std::string& list) { return OrNothing(AddList(list, Files::kChanged)); }

Status Reach::AddManifests(const std::string& list) { return OrNothing(AddList(list, Files::kNone)); }

bool Reach::told() const { return Lower(table_.newest_schema().Option("changelog-producer", "none")) != "none"; }

Status Reach::Add(const References& references) {
  for (const Snapshot& tag : references.tags) TRY(Add(tag, Data::kAll));
  for (const Snapshot& snapshot : references.branches) {
    TRY(Add(snapshot, Data::kAll));
    TRY(AddChangelog(snapshot.changelog_manifest_list, true));
  }
  for (const Snapshot& changelog : references.changelogs) {
    TRY(AddChangelog(changelog.changelog_manifest_list, true));
    if (told()) continue;
    TRY(AddDelta(changelog.delta_manifest_list));
    TRY(AddManifests(changelog.base_manifest_list));
  }
  return Ok();
}

}  // namespace sluice::paimon
