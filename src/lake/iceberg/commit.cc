// SPDX-License-Identifier: Apache-2.0
#include "lake/iceberg/commit.h"

#include <algorithm>
#include <climits>

#include "base/check.h"
#include "base/failpoint.h"
#include "base/text.h"
#include "lake/catalog/uri.h"

namespace sluice::iceberg {
namespace {

constexpr int64_t kTargetSizeBytes = 8 << 20;
constexpr size_t kRememberedManifestsMax = 2000;

// Java's defaults: 4 retries, 100 ms to 60 s between them.
void BackOff(Env& env, const TableMetadata& metadata, int attempt) {
  int64_t least = std::clamp<int64_t>(metadata.NumberProperty("commit.retry.min-wait-ms", 100), 0, 60'000);
  int64_t most = metadata.NumberProperty("commit.retry.max-wait-ms", 60'000);
  int64_t wait = std::min(most, least << std::min(attempt - 1, 20));
  env.Wait(std::clamp<int64_t>(wait, 0, 60'000), nullptr);
}

ManifestEntry Existing(ManifestEntry entry) {
  entry.status = EntryStatus::kExisting;
  return entry;
}

}  // namespace

int64_t TableCommit::CurrentId() const {
  const Snapshot* current = table_.metadata().current_snapshot();
  return current == nullptr ? 0 : current->id;
}

bool TableCommit::IsThere() const {
  return table_.IsDone(guard_) || (snapshot_id_ != 0 && table_.metadata().snapshot(snapshot_id_) != nullptr);
}

void TableCommit::RemoveWritten() {
  for (const std::string& path : written_) (void)table_.env_.Remove(path).ok();
  written_.clear();
}

Result<int64_t> TableCommit::Run() {
  if (table_.catalog_ == nullptr) return Invalid(Str("table ", table_.id_.ToString(), " was opened for reading only"));
  if (table_.metadata().format_version() != (change_.vectors ? 3 : 2)) {
    return Unsupported(
        Str("table ", table_.id_.ToString(), " has format-version ", table_.metadata().format_version(),
            ": only 2 can be written so far"),
        "upgrade a v1 table (ALTER TABLE … SET TBLPROPERTIES ('format-version'='2')), or choose another table");
  }
  const int64_t retries = table_.metadata().NumberProperty("commit.retry.num-retries", 4);
  for (attempt_ = 1;; ++attempt_) {
    if (IsThere()) return CurrentId();
    bool retry = false;
    Status tried = Try(retry);
    if (tried.ok()) return CurrentId();
    const ErrorCode code = tried.error().code;
    if (code == ErrorCode::kUnknownOutcome) {
      if (!table_.Refresh().ok()) return std::move(tried).error();  // nothing is deleted
      if (IsThere()) {
        if (!table_.catalog_->Sync(table_.id_).ok()) return std::move(tried).error();
        return CurrentId();
      }
      // Read back and not there: it did not happen.
      retry = true;
    }
    RemoveWritten();
    if (!retry) return std::move(tried).error();
    if (attempt_ > retries) {
      return std::move(tried).error().With(
          Str("table ", table_.id_.ToString(), ": commit gave up after ", attempt_, " tries"));
    }
    BackOff(table_.env_, table_.metadata(), attempt_);
    TRY(table_.Refresh());
  }
}

Status TableCommit::Try(bool& retry) {
  uuid_ = table_.env_.Uuid();
  manifests_written_ = 0;
  removed_.clear();
  listed_.clear();
  std::vector<std::string> trimmed;
  TRY_SET(TableMetadata next, NextMetadata(trimmed));
  auto version = table_.catalog_->Commit(table_.id_, table_.version_, next.ToJson());
  if (!version.ok()) {
    retry = version.error().code == ErrorCode::kConflict;
    return std::move(version).error();
  }
  written_.clear();
  version->json.clear();
  table_.version_ = *std::move(version);
  table_.metadata_ = std::move(next);
  CleanUp(trimmed);
  return Ok();
}

// The base with the change's schema: built once more to know which id that gets. Another writer's columns must not be
// lost, nor two columns get one id.
Result<TableMetadata> TableCommit::WithSchema(Properties& set) const {
  const TableMetadata& base = table_.metadata();
  auto made_on = set.find(SchemaProperty(guard_.writer));
  if (made_on != set.end() && made_on->second != Str(base.current_schema_id())) {
    std::string name = table_.id_.ToString();
    return Unsupported(Str("table ", name, ": another writer has changed the columns at the same time"),
                       "remove the state directory: the job then resumes from the position in its tables");
  }
  MetadataBuilder builder(base, {});
  builder.SetSchema(*change_.schema, change_.last_column_id);
  TRY_SET(auto with_schema, builder.Build(base.last_updated_ms()));
  if (made_on != set.end()) made_on->second = Str(with_schema.current_schema_id());
  return with_schema;
}

Result<TableMetadata> TableCommit::NextMetadata(std::vector<std::string>& trimmed) {
  const TableMetadata& base = table_.metadata();
  MetadataBuilder builder(base, table_.version_.file);
  Properties set = change_.set_properties;
  if (!guard_.writer.empty()) set[EpochProperty(guard_.writer)] = Str(guard_.epoch);
  written_as_ = base;
  if (change_.schema) {
    TRY_SET(written_as_, WithSchema(set));
    builder.SetSchema(*change_.schema, change_.last_column_id);
  }
  builder.SetProperties(set, change_.remove_properties);
  if (change_.touches_files() || change_.snapshot_id != 0) {
    do {
      if (snapshot_id_ == 0) snapshot_id_ = static_cast<int64_t>(table_.env_.Random() & INT64_MAX);
      if (base.snapshot(snapshot_id_) != nullptr) snapshot_id_ = 0;  // never one of the change's: IsThere saw it
    } while (snapshot_id_ == 0);
    sequence_number_ = base.last_sequence_number() + 1;
    Snapshot snapshot;
    TRY_SET(snapshot.manifest_list, WriteSnapshot(snapshot));
    snapshot.schema_id = written_as_->current_schema_id();
    builder.AddSnapshot(snapshot);
  }
  TRY_SET(auto next, builder.Build(table_.env_.NowMs()));
  trimmed = builder.trimmed();
  return next;
}

Result<std::string> TableCommit::WriteSnapshot(Snapshot& snapshot) {
  Groups groups;
  TRY(Plan(groups));
  TRY_SET(auto manifests, WriteGroups(groups));
  PassFailpoint("iceberg.after_manifests");
  for (ManifestFile& manifest : manifests) {
    listed_.push_back(manifest.path);
    if (manifest.added_snapshot_id == snapshot_id_) manifest.sequence_number = sequence_number_;
  }
  const Snapshot* current = table_.metadata().current_snapshot();
  snapshot.id = snapshot_id_;
  if (current != nullptr) snapshot.parent_id = current->id;
  snapshot.sequence_number = sequence_number_;
  snapshot.summary = Summary();
  if (change_.vectors) GiveRowIds(manifests, snapshot);
  Env& env = table_.env_;
  std::string list = EncodeManifestList(manifests, snapshot, table_.metadata().format_version(),
                                        {env.Random(), env.Random()});
  std::string uri =
      Str(table_.metadata().location(), "/metadata/snap-", snapshot_id_, "-", attempt_, "-", uuid_, ".avro");
  TRY(WriteFile(uri, list));
  PassFailpoint("iceberg.after_manifest_list");
  return uri;
}

// Spec: "Row Lineage". Rows of a manifest that was rewritten take ids once more, which are then in no file.
void TableCommit::GiveRowIds(std::vector<ManifestFile>& manifests, Snapshot& snapshot) const {
  snapshot.first_row_id = table_.metadata().next_row_id();
  snapshot.added_rows = 0;
  for (ManifestFile& manifest : manifests) {
    if (manifest.deletes || manifest.first_row_id) continue;
    manifest.first_row_id = *snapshot.first_row_id + *snapshot.added_rows;
    *snapshot.added_rows += manifest.live_rows();
  }
}

// Which manifests stay as they are, and the entries of the ones to write.
Status TableCommit::Plan(Groups& groups) {
  auto add = [&](const std::vector<DataFile>& files, bool deletes) {
    for (const DataFile& file : files) {
      CHECK(deletes == (file.content != FileContent::kData));
      ManifestEntry entry;
      entry.snapshot_id = snapshot_id_;
      entry.file = file;
      groups[{deletes, file.spec_id}].fresh.push_back(std::move(entry));
    }
  };
  add(change_.added_data, false);
  add(change_.added_deletes, true);
  std::vector<ManifestFile> manifests;
  if (const Snapshot* current = table_.metadata().current_snapshot()) {
    TRY_SET(manifests, table_.ReadManifests(*current));
  }
  std::set<std::string> left_data(change_.removed_data.begin(), change_.removed_data.end());
  std::set<std::string> left_deletes(change_.removed_deletes.begin(), change_.removed_deletes.end());
  for (const ManifestFile& manifest : manifests) {
    if (!manifest.has_live_files()) continue;
    Group& group = groups[{manifest.deletes, manifest.spec_id}];
    TRY(Filter(manifest, group, manifest.deletes ? left_deletes : left_data));
  }
  for (const auto* left : {&left_data, &left_deletes}) {
    if (left->empty()) continue;
    return Conflict(Str("table ", table_.id_.ToString(), ": file ", *left->begin(),
                        " is not live any more: another writer has removed it"),
                    "run only one writer of this table, or let it plan again on the new snapshot");
  }
  return CheckAdded(manifests);
}

// Entries of a manifest that loses a file join the fresh ones; any other manifest is kept.
Status TableCommit::Filter(const ManifestFile& manifest, Group& group, std::set<std::string>& left) {
  bool touched = false;
  if (!left.empty()) {
    TRY_SET(const auto* hashes, table_.LivePathHashes(manifest));
    touched = std::any_of(left.begin(), left.end(), [&, hashes = hashes](const std::string& path) {
      return std::binary_search(hashes->begin(), hashes->end(), HashPath(path));
    });
  }
  if (!touched) {
    group.untouched.push_back(manifest);
    return Ok();
  }
  TRY_SET(auto entries, table_.ReadEntries(manifest));
  for (ManifestEntry& entry : entries) {
    if (entry.status == EntryStatus::kDeleted) continue;
    if (left.erase(entry.file.path) > 0) {
      entry.status = EntryStatus::kDeleted;
      entry.snapshot_id = snapshot_id_;
      removed_.push_back(entry.file);
      group.fresh.push_back(std::move(entry));
    } else {
      group.fresh.push_back(Existing(std::move(entry)));
    }
  }
  return Ok();
}

// Added files must be new, and what added deletes refer to must be live after this change.
Status TableCommit::CheckAdded(const std::vector<ManifestFile>& manifests) {
  std::set<std::string> referenced;
  std::set<std::string> removed(change_.removed_data.begin(), change_.removed_data.end());
  for (const DataFile& file : change_.added_deletes) {
    if (std::string path = file.DeletesOf(); !path.empty()) referenced.insert(std::move(path));
  }
  for (const DataFile& file : change_.added_data) referenced.erase(file.path);
  for (const std::string& path : referenced) {
    if (removed.contains(path)) return Invalid(Str("deletes of ", path, ", which the same commit removes"));
  }
  for (const ManifestFile& manifest : manifests) {
    if (!manifest.has_live_files()) continue;
    TRY_SET(const auto* hashes, table_.LivePathHashes(manifest));
    auto has = [hashes = hashes](const std::string& path) {
      return std::binary_search(hashes->begin(), hashes->end(), HashPath(path));
    };
    if (!manifest.deletes) std::erase_if(referenced, has);
    for (const DataFile& file : manifest.deletes ? change_.added_deletes : change_.added_data) {
      if (has(file.path))
        return Invalid(Str("table ", table_.id_.ToString(), ": file ", file.path, " is in it already"));
    }
  }
  if (referenced.empty()) return Ok();
  return Conflict(Str("table ", table_.id_.ToString(), ": file ", *referenced.begin(),
                      ", whose rows this commit deletes, is not live any more: another writer has replaced it"),
                  "run only one writer of this table, or let it plan again on the new snapshot");
}

Result<std::vector<ManifestFile>> TableCommit::WriteGroups(Groups& groups) {
  std::vector<ManifestFile> out;
  for (auto& [key, group] : groups) {
    const auto [deletes, spec_id] = key;
    std::vector<ManifestFile> files;
    if (!group.fresh.empty()) TRY(WriteManifest(deletes, spec_id, std::move(group.fresh), files));
    const bool has_fresh = !files.empty();
    files.insert(files.end(), std::make_move_iterator(group.untouched.begin()),
                 std::make_move_iterator(group.untouched.end()));
    TRY(Merge(deletes, spec_id, has_fresh, files));
    out.insert(out.end(), std::make_move_iterator(files.begin()), std::make_move_iterator(files.end()));
  }
  return out;
}

// As Java's ManifestMergeManager: bins of the target size from the oldest on; the newest bin waits until it has enough.
Status TableCommit::Merge(bool deletes, int spec_id, bool has_fresh, std::vector<ManifestFile>& files) {
  const TableMetadata& metadata = table_.metadata();
  if (!has_fresh || !metadata.FlagProperty("commit.manifest-merge.enabled", true)) return Ok();
  const int64_t target = metadata.NumberProperty("commit.manifest.target-size-bytes", kTargetSizeBytes);
  const auto enough = static_cast<size_t>(
      std::max<int64_t>(2, metadata.NumberProperty("commit.manifest.min-count-to-merge", 100)));
  std::vector<std::vector<ManifestFile>> bins;  // oldest first
  int64_t bin_size = 0;
  for (auto it = files.rbegin(); it != files.rend(); ++it) {
    if (bins.empty() || bin_size + it->length > target) {
      bins.emplace_back();
      bin_size = 0;
    }
    bin_size += it->length;
    bins.back().insert(bins.back().begin(), *it);
  }
  std::vector<ManifestFile> out;
  for (size_t i = bins.size(); i-- > 0;) {
    auto& bin = bins[i];
    const bool newest = i + 1 == bins.size();
    if (bin.size() < 2 || (newest && bin.size() < enough)) {
      out.insert(out.end(), bin.begin(), bin.end());
      continue;
    }
    std::vector<ManifestEntry> merged;
    for (const ManifestFile& file : bin) {
      ManifestFile source = file;
      if (source.added_snapshot_id == snapshot_id_) source.sequence_number = sequence_number_;
      TRY_SET(auto entries, table_.ReadEntries(source));
      for (ManifestEntry& entry : entries) {
        const bool ours = entry.snapshot_id == snapshot_id_;
        if (entry.status == EntryStatus::kDeleted && !ours) continue;
        if (entry.status == EntryStatus::kAdded && !ours) entry.status = EntryStatus::kExisting;
        if (entry.status == EntryStatus::kAdded) entry.sequence_number = entry.file_sequence_number = std::nullopt;
        merged.push_back(std::move(entry));
      }
      if (source.added_snapshot_id == snapshot_id_) Unwrite(source.path);
    }
    TRY(WriteManifest(deletes, spec_id, std::move(merged), out));
  }
  files = std::move(out);
  return Ok();
}

Status TableCommit::WriteManifest(bool deletes, int spec_id, std::vector<ManifestEntry> entries,
                                  std::vector<ManifestFile>& out) {
  const TableMetadata& metadata = *written_as_;
  const PartitionSpec* spec = metadata.spec(spec_id);
  if (spec == nullptr) {
    return Invalid(Str("table ", table_.id_.ToString(), ": partition spec ", spec_id, " does not exist"));
  }
  Env& env = table_.env_;
  TRY_SET(auto encoded, EncodeManifest(entries, metadata, *spec, deletes, {env.Random(), env.Random()}));
  encoded.file.path = Str(metadata.location(), "/metadata/", uuid_, "-m", manifests_written_++, ".avro");
  encoded.file.added_snapshot_id = snapshot_id_;
  TRY(WriteFile(encoded.file.path, encoded.bytes));
  table_.RememberPaths(encoded.file.path, entries);
  out.push_back(std::move(encoded.file));
  return Ok();
}

Status TableCommit::WriteFile(const std::string& uri, std::string_view bytes) {
  TRY_SET(std::string path, PathOfUri(uri));
  written_.push_back(path);
  return table_.env_.WriteFile(path, bytes);
}

// Takes back a manifest of this try that went into a merged one.
void TableCommit::Unwrite(const std::string& uri) {
  auto path = PathOfUri(uri);
  if (!path.ok() || !table_.env_.Remove(*path).ok()) return;
  std::erase(written_, *path);
  table_.path_hashes_.erase(uri);
}

void TableCommit::CleanUp(const std::vector<std::string>& trimmed) {
  if (table_.path_hashes_.size() > kRememberedManifestsMax) {
    std::set<std::string> listed(listed_.begin(), listed_.end());
    std::erase_if(table_.path_hashes_, [&](const auto& item) { return !listed.contains(item.first); });
  }
  table_.RemoveOldVersions(trimmed);
}

}  // namespace sluice::iceberg
