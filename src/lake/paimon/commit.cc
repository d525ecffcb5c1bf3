// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/commit.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>
#include <utility>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/text.h"
#include "lake/paimon/catalog.h"
#include "lake/paimon/commit_files.h"
#include "lake/paimon/dynamic_buckets.h"
#include "lake/paimon/key_range.h"
#include "lake/paimon/manifest_files.h"

namespace sluice::paimon {
namespace {

constexpr int kTriesMax = 100;
constexpr const char* kAppend = "APPEND";
constexpr const char* kOverwrite = "OVERWRITE";
constexpr const char* kCompact = "COMPACT";

bool SameIndex(const IndexEntry& a, const IndexEntry& b) {
  return std::tie(a.partition, a.bucket, a.type) == std::tie(b.partition, b.bucket, b.type);
}

using FileName = std::tuple<std::string, int, std::string>;  // with its bucket

FileName NameOf(const ManifestEntry& entry) { return {entry.partition, entry.bucket, entry.file.name}; }

// With its file index: for Java a file with another one is another file.
auto FileIdentity(const ManifestEntry& entry) {
  return std::make_tuple(entry.partition, entry.bucket, entry.file.level, entry.file.name,
                         entry.file.extra_files, entry.file.embedded_index);
}

auto LevelOf(const ManifestEntry& entry) { return std::tie(entry.partition, entry.bucket, entry.file.level); }

class Commit {
 public:
  Commit(Env& env, Table& table, const TableChange& change, const CommitIdentity& identity, bool prepared)
      : env_(env), table_(table), change_(change), identity_(identity), prepared_(prepared) {}

  // `compaction`: the second snapshot of a change. False: made before, by an earlier try.
  Result<bool> Make(bool compaction, CommitOutcome& outcome, int64_t& base) {
    for (int tries = 0; tries < kTriesMax; ++tries) {
      TRY_SET(const auto latest, table_.LatestSnapshot());
      TRY_SET(const bool done, IsDone(latest, compaction));
      if (done) {
        outcome.snapshot = latest->id;
        outcome.alone = false;  // who came in between is not known
        return false;
      }
      const int64_t latest_id = latest ? latest->id : 0;
      if (latest_id != base) outcome.alone = false;
      if (identity_.alone && !compaction && latest_id != base) {
        return Conflict(Str(table_.folder(), ": another writer made snapshot ", latest_id, " meanwhile"));
      }
      CommitFiles files(env_, table_);
      Snapshot next;
      if (prepared_ && !compaction) TRY(CheckFiles());
      const auto build = [&]() -> Result<bool> {
        const bool takes_files = compaction || (change_.rewrites && !change_.truncate);
        if (takes_files && latest && (!outcome.alone || prepared_)) {
          TRY_SET(const bool fits, Fits(*latest, compaction ? change_.compacted : change_.added));
          if (!fits && !compaction) return FilesAreGone();
          if (!fits) return false;
        }
        TRY_SET(next, Build(latest, compaction, files, latest_id == base && outcome.alone));
        return true;
      };
      const auto built = build();
      if (!built.ok() && latest && IsExpired(*latest, built.error())) {
        files.Remove();
        continue;
      }
      if (!built.ok()) return Error(built.error());
      if (!*built) {
        outcome.compacted = false;
        return false;
      }
      TRY(env_.SyncFolder(table_.folder() + "/manifest"));
      PassFailpoint("paimon.after_manifest_lists");
      TRY_SET(const bool made, Link(next));
      if (made) {
        PassFailpoint("paimon.after_snapshot");
        files.RemoveReplaced();
        if (latest_id == 0) WriteHint(env_, table_, "EARLIEST", next.id);
        WriteHint(env_, table_, "LATEST", next.id);
        ++outcome.snapshots_made;
        outcome.snapshot = base = next.id;
        return true;
      }
      files.Remove();
      LogInfo(Str(table_.folder(), ": snapshot ", next.id, " was made by another writer; trying the next number"));
    }
    return Conflict(Str(table_.folder(), ": other writers made each of ", kTriesMax, " snapshots first"));
  }

 private:
  // False if another writer got the number. It may be free again: if this process slept for so long that the others'
  // snapshots from there on have expired meanwhile.
  Result<bool> Link(const Snapshot& next) {
    const std::string path = table_.SnapshotPath(next.id);
    Status linked = CommitterOf(table_.folder())->CommitSnapshot(env_, table_, next);
    if (!linked.ok() && linked.error().code == ErrorCode::kConflict) return false;
    if (!linked.ok()) return std::move(linked).error();
    TRY_SET(const auto ids, table_.SnapshotIds());
    if (ids.empty() || next.id >= ids.front()) return true;
    TRY_SET(const bool apart, env_.Exists(path));
    if (!apart) return true;  // it was made, and has expired too
    TRY(env_.Remove(path));
    return false;
  }

  // What could not be read is of a snapshot that has expired since it was the newest.
  bool IsExpired(const Snapshot& latest, const Error& error) {
    if (error.code != ErrorCode::kNotFound) return false;
    const auto there = env_.Exists(table_.SnapshotPath(latest.id));
    return there.ok() && !*there;
  }

  // Looks back to the user's own snapshots with this identifier.
  Result<bool> IsDone(const std::optional<Snapshot>& latest, bool compaction) {
    if (!latest) return false;
    TRY_SET(const auto ids, table_.SnapshotIds());
    for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
      auto read = table_.SnapshotOf(*id);
      if (!read.ok() && read.error().code == ErrorCode::kNotFound) break;  // expired meanwhile, and all before
      TRY_SET(const Snapshot snapshot, std::move(read));
      if (snapshot.commit_user != identity_.user) continue;
      if (snapshot.commit_identifier < identity_.identifier) return false;
      TRY(CheckOwn(snapshot));
      if (snapshot.commit_identifier > identity_.identifier) return true;
      if (!compaction || snapshot.commit_kind == kCompact) return true;
    }
    return false;
  }

  // An epoch of a job has one end and is of one state directory. With others another process runs the same job: what
  // it has read is not what this one has, whose rows would be lost if they were taken to be there.
  Status CheckOwn(const Snapshot& snapshot) const {
    for (const char* name : {"state", "end"}) {
      const std::string key = Str("sluice.", identity_.user, ".", name);
      const auto ours = change_.properties.find(key);
      const auto theirs = snapshot.properties.find(key);
      if (ours == change_.properties.end()) return Ok();
      if (theirs != snapshot.properties.end() && ours->second == theirs->second) continue;
      return Invalid(Str(table_.folder(), ": snapshot ", snapshot.id, " has epoch ", snapshot.commit_identifier,
                         " of this job, and another process made it: two run the same job"),
                     "stop the other one, or give this one another pipeline name or commit.user-prefix; what this one "
                     "did not commit is read again from the position in the tables");
    }
    return Ok();
  }

  Error FilesAreGone() const {
    return Conflict(Str(table_.folder(), ": another writer took files away that this epoch fills with a default"),
                    "remove the state directory: the job then resumes from the position in its tables");
  }

  // That the rows which are committed are there.
  Status CheckFiles() {
    const auto check = [&](const std::string& path) -> Status {
      TRY_SET(const bool there, env_.Exists(path));
      if (there) return Ok();
      return Corrupt(Str("file ", path, " of the commit that is to be completed is gone"),
                     "remove the state directory: the job then resumes from the position in its tables");
    };
    TRY_SET(const BucketFolders folders, BucketFolders::Of(table_.folder(), table_.newest_schema()));
    for (const ChangedFiles* files : {&change_.added, &change_.changelog}) {
      for (const ManifestFile& manifest : files->manifests) {
        TRY(check(table_.ManifestPath(manifest.name)));
        TRY_SET(const auto entries, table_.ReadManifest(manifest.name));
        for (const ManifestEntry& entry : entries) {
          TRY_SET(const std::string folder, folders.Folder(entry.partition, entry.bucket));
          if (entry.kind != EntryKind::kAdd) continue;
          for (const std::string& name : entry.file.Names()) TRY(check(Str(folder, "/", name)));
        }
      }
    }
    for (const IndexEntry& index : change_.indexes) TRY(check(table_.IndexPath(index.name)));
    return Ok();
  }

  // After commits of others: whether what is compacted is still there, the new files are too (a writer removes what it
  // left out), and their keys meet none in their level.
  Result<bool> Fits(const Snapshot& latest, const ChangedFiles& changed) {
    std::vector<ManifestEntry> entries;
    for (const ManifestFile& manifest : changed.manifests) {
      auto read = table_.ReadManifest(manifest.name);
      if (!read.ok() && read.error().code == ErrorCode::kNotFound) return false;
      if (!read.ok()) return std::move(read).error();
      std::move(read->begin(), read->end(), std::back_inserter(entries));
    }
    TRY_SET(auto live, table_.LiveEntries(latest));
    std::set<decltype(FileIdentity(entries[0]))> there, gone;
    for (const ManifestEntry& entry : live) there.insert(FileIdentity(entry));
    for (const ManifestEntry& entry : entries) {
      if (entry.kind == EntryKind::kDelete && !there.contains(FileIdentity(entry))) return false;
      if (entry.kind == EntryKind::kDelete) gone.insert(FileIdentity(entry));
    }
    std::erase_if(live, [&](const ManifestEntry& entry) { return gone.contains(FileIdentity(entry)); });
    TRY_SET(const bool same, VectorsFit(latest, live, entries));
    if (!same) return false;
    TRY_SET(const BucketFolders folders, BucketFolders::Of(table_.folder(), table_.newest_schema()));
    TRY_SET(const BinaryRowCodec keys, KeyRange::Codec(table_.newest_schema()));
    for (const ManifestEntry& entry : entries) {
      if (entry.kind != EntryKind::kAdd) continue;
      TRY_SET(const std::string folder, folders.Folder(entry.partition, entry.bucket));
      TRY_SET(const bool exists, env_.Exists(Str(folder, "/", entry.file.name)));
      if (!exists) return false;
      TRY_SET(const KeyRange range, KeyRange::Of(keys, entry.file));
      for (const ManifestEntry& other : live) {
        if (entry.file.level == 0 || LevelOf(other) != LevelOf(entry)) continue;
        TRY_SET(const KeyRange taken, KeyRange::Of(keys, other.file));
        if (range.Overlaps(taken)) return false;
      }
    }
    return true;
  }

  // Whether the deletion vectors are still those that ours were made from, and the data files of ours are there; and
  // no file that goes has a vector that our compaction has not seen: its rows would come back.
  Result<bool> VectorsFit(const Snapshot& latest, const std::vector<ManifestEntry>& live,
                          const std::vector<ManifestEntry>& changed) {
    std::set<FileName> there, goes;
    for (const ManifestEntry& entry : live) there.insert(NameOf(entry));
    for (const ManifestEntry& entry : changed) {
      (entry.kind == EntryKind::kAdd ? there : goes).insert(NameOf(entry));
    }
    TRY_SET(const auto indexes, table_.ReadIndexManifest(latest.index_manifest));
    std::set<std::string> seen;
    for (const NewVectors& vectors : change_.vectors) seen.insert(vectors.before);
    for (const IndexEntry& entry : indexes) {
      if (entry.type != kDeletionVectors || seen.contains(entry.name)) continue;
      for (const DeletionRange& range : entry.deletions) {
        const FileName name{entry.partition, entry.bucket, range.data_file};
        if (goes.contains(name) && !there.contains(name)) return false;
      }
    }
    for (const NewVectors& vectors : change_.vectors) {
      const IndexEntry& ours = vectors.entry;
      std::string before;
      for (const IndexEntry& entry : indexes) {
        if (!entry.deletions.empty() && IsReplaced(entry, vectors)) before = entry.name;
      }
      if (before != vectors.before) return false;
      for (const DeletionRange& range : ours.deletions) {
        if (!there.contains(FileName{ours.partition, ours.bucket, range.data_file})) return false;
      }
      if (ours.deletions.empty()) continue;
      TRY_SET(const bool exists, env_.Exists(table_.IndexPath(ours.name)));
      if (!exists) return false;
    }
    return true;
  }

  Result<Snapshot> Build(const std::optional<Snapshot>& latest, bool compaction, CommitFiles& files, bool alone) {
    const bool overwrites = change_.overwrites() && !compaction;
    const ChangedFiles& changed = compaction ? change_.compacted : change_.added;
    Snapshot next;
    next.id = latest ? latest->id + 1 : 1;
    next.schema_id = table_.newest_schema().id;
    next.commit_user = identity_.user;
    next.commit_identifier = identity_.identifier;
    next.commit_kind = compaction ? kCompact : overwrites ? kOverwrite : kAppend;
    next.time_ms = env_.NowMs();
    next.properties = change_.properties;
    next.watermark = change_.watermark;
    TRY_SET(const TableOptions options, TableOptions::Of(table_.newest_schema()));
    std::vector<ManifestFile> base, delta = changed.manifests;
    if (options.by_snapshot && !compaction && !delta.empty()) {
      TRY_SET(delta, files.Number(next.id, delta));
    }
    next.delta_record_count = changed.rows;
    if (latest) {
      TRY_SET(base, table_.ReadManifestList(latest->base_manifest_list));
      TRY_SET(const auto added, table_.ReadManifestList(latest->delta_manifest_list));
      base.insert(base.end(), added.begin(), added.end());
      next.total_record_count = latest->total_record_count;
      if (latest->watermark) next.watermark = std::max(*latest->watermark, next.watermark.value_or(INT64_MIN));
      next.next_row_id = latest->next_row_id;
      next.statistics = latest->statistics;
      next.index_manifest = change_.truncate && !compaction ? std::string() : latest->index_manifest;
      next.time_ms = std::max(next.time_ms, latest->time_ms);
    }
    if (overwrites && latest) {
      TRY_SET(auto live, table_.LiveEntries(*latest));
      std::erase_if(live, [&](const ManifestEntry& entry) {
        return !change_.Overwrites(entry.partition) || (change_.keeps_postponed && entry.bucket < 0);
      });
      for (ManifestEntry& entry : live) {
        entry.kind = EntryKind::kDelete;
        next.delta_record_count -= entry.file.row_count;
      }
      TRY_SET(const auto removed, WriteManifests(env_, table_, live));
      files.Own(removed);
      delta.insert(delta.begin(), removed.begin(), removed.end());
    }
    next.total_record_count += next.delta_record_count;
    std::set<std::string> before;
    for (const ManifestFile& manifest : base) before.insert(manifest.name);
    TRY_SET(base, MergeManifests(env_, table_, options, std::move(base)));
    for (const ManifestFile& manifest : base) {
      if (!before.contains(manifest.name)) files.Own({manifest});
    }
    TRY_SET(next.base_manifest_list, files.WriteList(base, next.base_list_size));
    TRY_SET(next.delta_manifest_list, files.WriteList(delta, next.delta_list_size));
    const ChangedFiles& changelog = compaction ? change_.compacted_changelog : change_.changelog;
    if (!changelog.empty()) {
      TRY_SET(next.changelog_manifest_list, files.WriteList(changelog.manifests, next.changelog_list_size));
      next.changelog_record_count = changelog.rows;
    }
    TRY(ChangeIndexes(compaction, next, files, alone));
    return next;
  }

  // With a key a bucket has one index file of deletion vectors; without, the others of the bucket stay.
  bool IsReplaced(const IndexEntry& old, const NewVectors& vectors) const {
    const bool keyed = !table_.newest_schema().primary_keys.empty();
    return SameIndex(old, vectors.entry) && (keyed || old.name == vectors.before);
  }

  // Of dynamic buckets ours was made without the keys that another writer has put into the bucket meanwhile: their next
  // rows would come into another one.
  Status TakeInKeys(const std::vector<IndexEntry>& indexes, std::vector<IndexEntry>& entries, CommitFiles& files) {
    for (IndexEntry& ours : entries) {
      for (const IndexEntry& theirs : indexes) {
        if (ours.type != kHashIndex || !SameIndex(theirs, ours) || theirs.name == ours.name) continue;
        TRY_SET(const std::string own, env_.ReadFile(table_.IndexPath(ours.name)));
        TRY_SET(const std::string other, env_.ReadFile(table_.IndexPath(theirs.name)));
        TRY_SET(const DynamicBuckets both, DynamicBuckets::OfBoth(other, own));
        if (both.keys(0) == ours.row_count) continue;
        ours.row_count = both.keys(0);
        TRY_SET(ours, files.WriteIndex(std::move(ours), both.IndexFile(0)));
      }
    }
    return Ok();
  }

  // `alone`: no other writer has committed since ours began.
  Status ChangeIndexes(bool compaction, Snapshot& next, CommitFiles& files, bool alone) {
    std::vector<IndexEntry> entries;
    std::vector<NewVectors> vectors;
    if (!compaction) entries = change_.indexes;
    if (compaction || change_.rewrites) vectors = change_.vectors;
    const bool drops = !compaction && !change_.dropped.empty() && !next.index_manifest.empty();
    if (entries.empty() && vectors.empty() && !drops) return Ok();
    TRY_SET(auto indexes, table_.ReadIndexManifest(next.index_manifest));
    std::erase_if(indexes, [&](const IndexEntry& old) { return !compaction && change_.Overwrites(old.partition); });
    if (!alone) TRY(TakeInKeys(indexes, entries, files));
    std::erase_if(indexes, [&](const IndexEntry& old) {
      const auto same = [&](const IndexEntry& entry) { return SameIndex(old, entry); };
      return std::any_of(entries.begin(), entries.end(), same) ||
             std::any_of(vectors.begin(), vectors.end(),
                         [&](const NewVectors& each) { return IsReplaced(old, each); });
    });
    for (const NewVectors& each : vectors) entries.push_back(each.entry);
    for (IndexEntry& entry : entries) {
      if (entry.type == kDeletionVectors && entry.deletions.empty()) continue;  // the bucket has none any more
      indexes.push_back(std::move(entry));
    }
    TRY_SET(next.index_manifest, files.WriteIndexManifest(indexes));
    return Ok();
  }

  Env& env_;
  Table& table_;
  const TableChange& change_;
  const CommitIdentity& identity_;
  const bool prepared_;
};

// Versions that an earlier try made are the same to the letter.
Status MakeSchemas(Env& env, Table& table, const TableChange& change) {
  for (const std::string& text : change.schemas) {
    TRY_SET(const Schema schema, ParseSchema(text));
    const std::string path = table.SchemaPath(schema.id);
    Status linked = CommitterOf(table.folder())->CommitSchema(env, table, schema, text);
    if (linked.ok()) {
      PassFailpoint("paimon.after_schema");
      continue;
    }
    if (linked.error().code != ErrorCode::kConflict) return linked;
    TRY_SET(const std::string there, env.ReadFile(path));
    if (there == text) continue;
    return Conflict(Str(path, " was made by another writer while this job changed the schema too"),
                    "remove the state directory: the job then resumes from the position in its tables");
  }
  if (change.schemas.empty()) return Ok();
  TRY(table.Refresh());
  return CommitterOf(table.folder())->OnSchema(env, table, table.newest_schema());
}

}  // namespace

Status CreateTable(Env& env, const std::string& folder, const Schema& schema) {
  for (const char* sub : {"/schema", "/snapshot", "/manifest"}) TRY(env.MakeFolders(folder + sub));
  Status linked = env.WriteNewFile(Str(folder, "/schema/schema-", schema.id), schema.ToJson());
  if (!linked.ok() && linked.error().code == ErrorCode::kConflict) return Conflict(Str(folder, " is a table already"));
  return linked;
}

Result<CommitOutcome> CommitChange(Env& env, Table& table, const TableChange& change, const CommitIdentity& identity,
                                   int64_t base, bool prepared) {
  for (const char* sub : {"/snapshot", "/manifest"}) TRY(env.MakeFolders(table.folder() + sub));
  TRY(table.Refresh());
  TRY(MakeSchemas(env, table, change));
  CommitOutcome outcome;
  Commit commit(env, table, change, identity, prepared);
  TRY_SET(const bool appended, commit.Make(false, outcome, base));
  (void)appended;
  if (change.compacted.empty()) return outcome;
  PassFailpoint("paimon.between_snapshots");
  TRY_SET(const bool compacted, commit.Make(true, outcome, base));
  (void)compacted;
  return outcome;
}

Result<CommitOutcome> CommitCompaction(Env& env, Table& table, const TableChange& change,
                                       const CommitIdentity& identity, int64_t base) {
  CommitOutcome outcome;
  TRY_SET(const bool made, Commit(env, table, change, identity, /*prepared=*/false).Make(true, outcome, base));
  (void)made;
  return outcome;
}

Result<std::optional<Snapshot>> LatestOfUser(Table& table, const std::string& user) {
  TRY_SET(const auto ids, table.SnapshotIds());
  for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
    auto snapshot = table.SnapshotOf(*id);
    if (!snapshot.ok() && snapshot.error().code == ErrorCode::kNotFound) break;  // expired meanwhile, and all before
    if (!snapshot.ok()) return std::move(snapshot).error();
    if (snapshot->commit_user == user) return std::optional<Snapshot>(*std::move(snapshot));
  }
  return std::optional<Snapshot>();
}

void WriteHint(Env& env, const Table& table, const char* name, int64_t id) {
  const std::string path = Str(table.history(), "/snapshot/", name);
  Status status = env.WriteFileDurably(path, Str(id));
  if (!status.ok()) LogWarn(Str(path, " could not be written: ", status.error().message));
}

Status SyncTable(Env& env, const Table& table) {
  for (const char* sub : {"/schema", "/snapshot"}) {
    Status synced = env.SyncFolder(table.folder() + sub);
    if (!synced.ok() && synced.error().code != ErrorCode::kNotFound) return synced;
  }
  return Ok();
}

}  // namespace sluice::paimon
