// SPDX-License-Identifier: Apache-2.0
#include "lake/iceberg/expiry.h"

#include <algorithm>
#include <climits>

#include "base/text.h"
#include "lake/catalog/uri.h"
#include "lake/iceberg/commit.h"

namespace sluice::iceberg {
namespace {

constexpr int64_t kMaxAgeMs = 5LL * 24 * 3600 * 1000;  // Java's default
constexpr size_t kHashesMax = 2'000'000;               // kept for later calls: 16 MB

}  // namespace

void TableExpiry::KeepBranch(const SnapshotRef& ref, bool main, std::set<int64_t>& kept) {
  const TableMetadata& metadata = table_.metadata();
  int64_t max_age = ref.max_snapshot_age_ms.value_or(
      metadata.NumberProperty("history.expire.max-snapshot-age-ms", kMaxAgeMs));
  int64_t least = std::max<int64_t>(1, ref.min_snapshots_to_keep.value_or(
                                           metadata.NumberProperty("history.expire.min-snapshots-to-keep", 1)));
  int64_t most = main ? metadata.NumberProperty(std::string(kMaxSnapshotsProperty), INT64_MAX) : INT64_MAX;
  const int64_t oldest = table_.env_.NowMs() - std::max<int64_t>(max_age, 0);
  std::map<int64_t, const Snapshot*> by_id;
  for (const Snapshot& snapshot : metadata.snapshots()) by_id[snapshot.id] = &snapshot;
  int64_t count = 0;
  for (auto it = by_id.find(ref.snapshot_id); it != by_id.end();) {
    const Snapshot& snapshot = *it->second;
    if (count >= least && (snapshot.timestamp_ms < oldest || count >= most)) return;
    kept.insert(snapshot.id);
    by_id.erase(it);  // a cycle in damaged metadata ends
    ++count;
    it = snapshot.parent_id ? by_id.find(*snapshot.parent_id) : by_id.end();
  }
}

void TableExpiry::Choose() {
  const TableMetadata& metadata = table_.metadata();
  std::set<int64_t> kept;
  const int64_t now = table_.env_.NowMs();
  const int64_t ref_age = metadata.NumberProperty("history.expire.max-ref-age-ms", INT64_MAX);
  for (const auto& [name, ref] : metadata.refs()) {
    const Snapshot* snapshot = metadata.snapshot(ref.snapshot_id);
    if (name != "main" && snapshot != nullptr && now - snapshot->timestamp_ms > ref.max_ref_age_ms.value_or(ref_age)) {
      old_refs_.push_back(name);
      continue;
    }
    if (ref.tag) {
      kept.insert(ref.snapshot_id);
    } else {
      KeepBranch(ref, name == "main", kept);
    }
  }
  // What no ref reaches stays until it is old.
  std::set<int64_t> reachable;
  for (const auto& [name, ref] : metadata.refs()) {
    const Snapshot* at = metadata.snapshot(ref.snapshot_id);
    while (at != nullptr && reachable.insert(at->id).second)
      at = at->parent_id ? metadata.snapshot(*at->parent_id) : nullptr;
  }
  const int64_t oldest =
      now - std::max<int64_t>(metadata.NumberProperty("history.expire.max-snapshot-age-ms", kMaxAgeMs), 0);
  for (const Snapshot& snapshot : metadata.snapshots()) {
    bool keep = kept.contains(snapshot.id) || (!reachable.contains(snapshot.id) && snapshot.timestamp_ms >= oldest);
    (keep ? kept_ : expired_).push_back(snapshot.id);
  }
}

Result<std::map<std::string, ManifestFile>> TableExpiry::Manifests(const std::vector<int64_t>& snapshots) {
  std::map<std::string, ManifestFile> out;
  for (int64_t id : snapshots) {
    TRY_SET(auto manifests, table_.ReadManifests(*table_.metadata().snapshot(id)));
    for (ManifestFile& manifest : manifests) out.emplace(manifest.path, std::move(manifest));
  }
  return out;
}

// What only expired snapshots reach.
Result<TableExpiry::Garbage> TableExpiry::Collect() {
  Garbage out;
  TRY_SET(auto kept, Manifests(kept_));
  TRY_SET(auto expired, Manifests(expired_));
  for (int64_t id : expired_) {
    const std::string& list = table_.metadata().snapshot(id)->manifest_list;
    if (!list.empty()) out.lists.push_back(list);
  }
  std::set<std::string> candidates;
  for (const auto& [path, manifest] : expired) {
    if (kept.contains(path)) continue;
    out.manifests.push_back(path);
    TRY_SET(auto entries, table_.ReadEntries(manifest));
    for (const ManifestEntry& entry : entries) candidates.insert(entry.file.path);
  }
  if (candidates.empty()) return out;
  std::vector<uint64_t> live;
  for (const auto& [path, manifest] : kept) {
    TRY_SET(const auto* hashes, table_.LivePathHashes(manifest));
    live.insert(live.end(), hashes->begin(), hashes->end());
  }
  std::sort(live.begin(), live.end());
  for (const std::string& path : candidates) {
    // Equal hashes of two paths keep a file too many, never one too few.
    if (!std::binary_search(live.begin(), live.end(), HashPath(path))) out.files.push_back(path);
  }
  size_t remembered = 0;
  std::erase_if(table_.path_hashes_, [&](const auto& item) { return !kept.contains(item.first); });
  for (const auto& item : table_.path_hashes_) remembered += item.second.size();
  if (remembered > kHashesMax) table_.path_hashes_.clear();
  return out;
}

Result<int64_t> TableExpiry::Run() {
  if (table_.catalog_ == nullptr || table_.metadata().format_version() < 2) return 0;
  if (!table_.metadata().FlagProperty("gc.enabled", true)) return 0;
  Choose();
  // In batches: an expiry is a commit of its own.
  if (expired_.empty() || expired_.size() < table_.metadata().snapshots().size() / 10) return 0;
  TRY_SET(const Garbage garbage, Collect());
  TRY_SET(const bool taken, Take(garbage));
  return taken ? static_cast<int64_t>(expired_.size()) : 0;
}

void TableExpiry::ChooseTags(const std::map<std::string, int64_t>& tags) {
  const auto& refs = table_.metadata().refs();
  for (const auto& [name, ref] : refs) {
    if (ref.tag && !tags.contains(name)) old_refs_.push_back(name);
  }
  for (const auto& [name, id] : tags) {
    const auto found = refs.find(name);
    if (table_.metadata().snapshot(id) == nullptr || (found != refs.end() && !found->second.tag)) continue;
    if (found == refs.end() || found->second.snapshot_id != id) new_tags_[name] = id;
  }
}

Result<bool> TableExpiry::Run(const std::vector<int64_t>& snapshots, const std::map<std::string, int64_t>& tags,
                              const std::string& own_folder) {
  ChooseTags(tags);
  const Snapshot* current = table_.metadata().current_snapshot();
  for (const Snapshot& snapshot : table_.metadata().snapshots()) {
    const bool wanted = std::find(snapshots.begin(), snapshots.end(), snapshot.id) != snapshots.end();
    (wanted && &snapshot != current ? expired_ : kept_).push_back(snapshot.id);
  }
  if (expired_.empty() && old_refs_.empty() && new_tags_.empty()) return false;
  TRY_SET(Garbage garbage, Collect());
  std::erase_if(garbage.files, [&](const std::string& uri) {
    const auto path = PathOfUri(uri);
    return !path.ok() || !path->starts_with(own_folder + "/");
  });
  return Take(garbage);
}

Result<bool> TableExpiry::Take(const Garbage& garbage) {
  MetadataBuilder builder(table_.metadata(), table_.version_.file);
  for (const std::string& name : old_refs_) builder.RemoveRef(name);
  for (const auto& [name, id] : new_tags_) builder.SetTag(name, id);
  builder.RemoveSnapshots(expired_);
  TRY_SET(auto next, builder.Build(table_.env_.NowMs()));
  auto version = table_.catalog_->Commit(table_.id_, table_.version_, next.ToJson());
  if (!version.ok()) {
    if (version.error().code != ErrorCode::kConflict && version.error().code != ErrorCode::kUnknownOutcome) {
      return std::move(version).error();
    }
    TRY(table_.Refresh());  // next time; files that an expiry of unknown outcome left are orphans, never lost data
    return false;
  }
  version->json.clear();
  table_.version_ = *std::move(version);
  table_.metadata_ = std::move(next);
  for (const auto* uris : {&garbage.files, &garbage.manifests, &garbage.lists}) table_.RemoveFiles(*uris);
  table_.RemoveOldVersions(builder.trimmed());
  return true;
}

}  // namespace sluice::iceberg
