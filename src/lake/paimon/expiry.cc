// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/expiry.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/failpoint.h"
#include "base/text.h"
#include "lake/paimon/changelog_expiry.h"
#include "lake/paimon/commit.h"
#include "lake/paimon/consumers.h"
#include "lake/paimon/reach.h"
#include "lake/paimon/references.h"
#include "lake/paimon/table_options.h"

namespace sluice::paimon {
namespace {

bool HoldsPosition(const Snapshot& snapshot) {
  return std::any_of(snapshot.properties.begin(), snapshot.properties.end(),
                     [](const auto& property) { return property.first.starts_with("sluice."); });
}

class Expiry {
 public:
  Expiry(Env& env, Table& table, const ExpiryBounds* bounds) : env_(env), table_(table), bounds_(bounds) {}

  Result<Expired> Run() {
    TRY_SET(TableOptions options, TableOptions::Of(table_.newest_schema()));
    if (bounds_ == nullptr && options.write_only) return Expired();
    changelogs_stay_ = options.changelog_outlives();
    deltas_stay_ = changelogs_stay_ && options.changelog == ChangelogProducer::kNone;
    TRY(Adopt(options));
    TRY(LetConsumersGo());
    TRY_SET(references_, ReadReferences(env_, table_.folder(), !changelogs_stay_));
    TRY(Choose(options));
    if (!expired_.empty()) TRY(Expire());
    if (!changelogs_stay_) return outcome_;
    TRY_SET(outcome_.changelogs, ExpireChangelogs(env_, table_, options));
    return outcome_;
  }

  // Another process has taken the snapshot that was to be the oldest: it does the same, and is ahead.
  bool Overtaken() {
    const auto there = env_.Exists(table_.SnapshotPath(kept_.id));
    return kept_.id != 0 && there.ok() && !*there;
  }

 private:
  Status Expire() {
    TRY(Collect());
    if (changelogs_stay_) TRY(KeepChangelogs());
    for (const Snapshot& snapshot : expired_) TRY(env_.Remove(table_.SnapshotPath(snapshot.id)));
    TRY(env_.SyncFolder(table_.folder() + "/snapshot"));
    PassFailpoint("upkeep.after_snapshots");
    WriteHint(env_, table_, "EARLIEST", kept_.id);
    outcome_.snapshots = static_cast<int64_t>(expired_.size());
    Status removed = Ok();  // or the first error: the others are tried all the same
    for (const std::string& path : garbage_) {
      Status status = env_.Remove(path);
      if (!status.ok() && removed.ok()) removed = std::move(status);
    }
    return removed;
  }

  // As they are in the folder, so that nothing of other engines' is lost.
  Status KeepChangelogs() {
    const std::string folder = table_.folder() + "/changelog";
    TRY(env_.MakeFolders(folder));
    for (const Snapshot& snapshot : expired_) {
      TRY_SET(const std::string text, env_.ReadFile(table_.SnapshotPath(snapshot.id)));
      const std::string temporary = Str(folder, "/.", snapshot.id, ".", env_.Uuid(), ".tmp");  // no changelog's name
      Status written = env_.WriteFile(temporary, text);
      if (written.ok()) written = env_.Rename(temporary, table_.ChangelogPath(snapshot.id));
      if (!written.ok()) (void)env_.Remove(temporary).ok();
      TRY(std::move(written));
    }
    TRY(env_.SyncFolder(folder));
    PassFailpoint("upkeep.after_changelogs");
    WriteChangelogHint(env_, table_, "LATEST", expired_.back().id);
    return Ok();
  }

  // `consumer.expiration-time`, as Java's writers do it.
  Status LetConsumersGo() {
    const std::string key = "consumer.expiration-time";
    const std::string text = table_.newest_schema().Option(key, "");
    if (text.empty() || bounds_ != nullptr) return Ok();
    TRY_SET(const int64_t kept_ms, ParseOptionTime(key, text));
    TRY_SET(const int64_t gone, ExpireConsumers(env_, table_.folder(), env_.NowMs() - kept_ms));
    (void)gone;
    return Ok();
  }

  Status Adopt(TableOptions& options) {
    if (bounds_ == nullptr) return Ok();
    options.snapshots_min = bounds_->snapshots_min.value_or(options.snapshots_min);
    options.snapshots_max = bounds_->snapshots_max.value_or(options.snapshots_max);
    options.snapshot_expire_limit = bounds_->limit.value_or(options.snapshot_expire_limit);
    if (bounds_->older_than_ms) options.snapshot_time_ms = env_.NowMs() - *bounds_->older_than_ms;
    if (options.snapshots_max >= options.snapshots_min) return Ok();
    return Invalid(Str("at most ", options.snapshots_max, " snapshots are to stay, and at least ",
                       options.snapshots_min),
                   "give retain_min too, at most as large as retain_max");
  }

  // The bounds are those of Java's ExpireSnapshotsImpl.
  Status Choose(const TableOptions& options) {
    TRY_SET(const auto ids, table_.SnapshotIds());
    if (ids.size() < 2) return Ok();
    const int64_t spare = ids.back() - options.snapshots_max + 1;  // those before go at any age
    int64_t end = ids.back() - options.snapshots_min + 1;
    const bool changelogs_only = Lower(table_.newest_schema().Option("consumer.changelog-only", "false")) == "true";
    if (references_.consumed && !changelogs_only) end = std::min(end, *references_.consumed);
    const int64_t oldest_ms = env_.NowMs() - options.snapshot_time_ms;
    for (const int64_t id : ids) {
      kept_.id = id;
      TRY_SET(Snapshot snapshot, table_.SnapshotOf(id));
      const bool stays = id >= end || id == ids.back() || (id >= spare && snapshot.time_ms >= oldest_ms);
      outcome_.more = !stays && id - ids.front() >= options.snapshot_expire_limit;
      kept_ = snapshot;
      if (stays || outcome_.more) break;
      expired_.push_back(std::move(snapshot));
    }
    return HoldPositions(ids);
  }

  // Ends the range before the newest snapshot of a job: it could not tell any more what it has committed.
  Status HoldPositions(const std::vector<int64_t>& ids) {
    std::map<std::string, size_t> newest;  // of users without a newer one; places in expired_
    for (size_t i = 0; i < expired_.size(); ++i) {
      if (HoldsPosition(expired_[i])) newest[expired_[i].commit_user] = i;
    }
    for (auto id = ids.rbegin(); !newest.empty() && *id >= kept_.id; ++id) {
      TRY_SET(const Snapshot snapshot, table_.SnapshotOf(*id));
      if (HoldsPosition(snapshot)) newest.erase(snapshot.commit_user);
    }
    for (const auto& [user, place] : newest) {
      if (place >= expired_.size()) continue;
      kept_ = expired_[place];
      expired_.resize(place);
      outcome_.held_by = user;
      outcome_.more = false;
    }
    return Ok();
  }

  Status Collect() {
    Reach reach(table_);
    TRY(reach.Add(kept_, Reach::Data::kNone));
    NarrowTags(references_.tags, expired_.front().id, kept_.id);
    TRY(reach.Add(references_));
    TRY(CollectData(reach));
    for (const Snapshot& snapshot : expired_) TRY(CollectMetadata(snapshot, reach));
    return Ok();
  }

  // What a snapshot deletes was needed by those before it only.
  Status CollectData(const Reach& reach) {
    TRY_SET(const BucketFolders folders, BucketFolders::Of(table_.folder(), table_.newest_schema()));
    for (size_t i = 1; i <= expired_.size(); ++i) {
      const Snapshot& snapshot = i < expired_.size() ? expired_[i] : kept_;
      TRY_SET(const auto entries, EntriesOf(snapshot.delta_manifest_list));
      std::set<std::string> lifted;  // to another level, or with another index: one that goes and one that comes
      for (const ManifestEntry& entry : entries) {
        if (entry.kind != EntryKind::kAdd) continue;
        for (std::string& name : entry.file.Names()) lifted.insert(std::move(name));
      }
      for (const ManifestEntry& entry : entries) {
        if (entry.kind == EntryKind::kAdd) continue;
        if (deltas_stay_ && (entry.file.source != FileSource::kCompact || lifted.contains(entry.file.name))) continue;
        TRY(AddGarbage(folders, entry, reach, lifted));
      }
    }
    if (changelogs_stay_) return Ok();
    for (const Snapshot& snapshot : expired_) {
      TRY_SET(const auto entries, EntriesOf(snapshot.changelog_manifest_list));
      for (const ManifestEntry& entry : entries) {
        if (entry.kind == EntryKind::kAdd) TRY(AddGarbage(folders, entry, reach, {}));
      }
    }
    return Ok();
  }

  Status AddGarbage(const BucketFolders& folders, const ManifestEntry& entry, const Reach& reach,
                    const std::set<std::string>& stays) {
    if (entry.file.external_path) return Ok();  // not in the table's folder: not ours to remove
    TRY_SET(const std::string folder, folders.Folder(entry.partition, entry.bucket));
    for (const std::string& name : entry.file.Names()) {
      if (!reach.Has(name) && !stays.contains(name)) garbage_.push_back(folder + "/" + name);
    }
    return Ok();
  }

  // Lists after what they name.
  Status CollectMetadata(const Snapshot& snapshot, const Reach& reach) {
    const auto take = [&](const std::string& name, const std::string& path) {
      if (!name.empty() && !reach.Has(name) && metadata_.insert(name).second) garbage_.push_back(path);
    };
    TRY_SET(const auto indexes, OrNone(table_.ReadIndexManifest(snapshot.index_manifest)));
    for (const IndexEntry& index : indexes) take(index.name, table_.IndexPath(index.name));
    take(snapshot.index_manifest, table_.ManifestPath(snapshot.index_manifest));
    take(snapshot.statistics, table_.folder() + "/statistics/" + snapshot.statistics);
    std::vector<std::string> lists;
    if (!deltas_stay_) lists = {snapshot.base_manifest_list, snapshot.delta_manifest_list};
    if (!changelogs_stay_) lists.push_back(snapshot.changelog_manifest_list);
    for (const std::string& list : lists) {
      if (list.empty()) continue;
      TRY_SET(const auto manifests, OrNone(table_.ReadManifestList(list)));
      for (const ManifestFile& manifest : manifests) take(manifest.name, table_.ManifestPath(manifest.name));
      take(list, table_.ManifestPath(list));
    }
    return Ok();
  }

  // Of a list that an expiry of Java may have taken before it was killed: what is not there needs not go.
  Result<std::vector<ManifestEntry>> EntriesOf(const std::string& list) {
    std::vector<ManifestEntry> out;
    if (list.empty()) return out;
    TRY_SET(const auto manifests, OrNone(table_.ReadManifestList(list)));
    for (const ManifestFile& manifest : manifests) {
      TRY_SET(auto entries, OrNone(table_.ReadManifest(manifest.name)));
      std::move(entries.begin(), entries.end(), std::back_inserter(out));
    }
    return out;
  }

  template <typename Value>
  static Result<std::vector<Value>> OrNone(Result<std::vector<Value>> read) {
    if (!read.ok() && read.error().code == ErrorCode::kNotFound) return std::vector<Value>();
    return read;
  }

  Env& env_;
  Table& table_;
  const ExpiryBounds* const bounds_;  // null: the sink's own upkeep
  bool changelogs_stay_ = false;
  bool deltas_stay_ = false;  // without changelog files the changes are in the data files
  References references_;
  std::vector<Snapshot> expired_;  // from the oldest on
  Snapshot kept_;                  // the oldest that stays; while they are chosen, the one that is looked at
  std::set<std::string> metadata_;
  std::vector<std::string> garbage_;  // paths, in the order of their removal
  Expired outcome_;
};

Result<Expired> Expire(Env& env, Table& table, const ExpiryBounds* bounds) {
  Expiry expiry(env, table, bounds);
  auto outcome = expiry.Run();
  const bool not_found = !outcome.ok() && outcome.error().code == ErrorCode::kNotFound;
  if (not_found && expiry.Overtaken()) return Expired();
  return outcome;
}

}  // namespace

Result<Expired> ExpireSnapshots(Env& env, Table& table) { return Expire(env, table, nullptr); }

Result<Expired> ExpireSnapshots(Env& env, Table& table, const ExpiryBounds& bounds) {
  return Expire(env, table, &bounds);
}

}  // namespace sluice::paimon
