// SPDX-License-Identifier: Apache-2.0
#include "connector/paimon/feed_start.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "lake/paimon/consumers.h"
#include "lake/paimon/rollback.h"
#include "lake/paimon/tags.h"
#include "lake/paimon/time_travel.h"

namespace sluice::paimon {
namespace {

constexpr const char* kReadTag = "batch-read-";  // as Java's begin

class Beginning {
 public:
  Beginning(Env& env, Table& table, const FeedOptions& options) : env_(env), table_(table), options_(options) {}

  Result<FeedState> Find() {
    TRY_SET(latest_, table_.LatestSnapshot());
    state_.schema_id = latest_ ? latest_->schema_id : table_.newest_schema().id;
    state_.next = latest_ ? latest_->id + 1 : 1;
    TRY_SET(const bool consumed, FromConsumer());
    if (!consumed) TRY(ByMode());
    TRY(KeepCopy());
    return state_;
  }

 private:
  Status KeepCopy() {
    if (!options_.read_tag_ms || !options_.bounded || state_.copy == 0 || !state_.tag.empty()) return Ok();
    state_.tag = Str(kReadTag, state_.copy, "-", env_.Uuid().substr(0, 8));
    const auto made = CreateTag(env_, table_, {state_.tag, state_.copy, options_.read_tag_ms});
    return made.ok() ? Ok() : Status(made.error());
  }

  Result<bool> FromConsumer() {
    if (options_.consumer.empty() || options_.ignore_consumer || options_.bounded) return false;
    TRY_SET(const auto next, ReadConsumer(env_, table_, options_.consumer));
    if (!next) return false;
    LogInfo(Str("table ", table_.folder(), ": consumer ", options_.consumer, " goes on with snapshot ", *next));
    TRY(ChangesFrom(*next));
    return true;
  }

  Status ByMode() {
    switch (options_.start) {
      case FeedStart::kLatestFull: return Copy(latest_);
      case FeedStart::kLatest: return options_.bounded ? Copy(latest_) : Ok();
      case FeedStart::kCompactedFull: {
        TRY_SET(const auto compacted, LastCompacted(table_));
        return Copy(compacted);
      }
      case FeedStart::kFromSnapshot:
      case FeedStart::kFromSnapshotFull: return FromSnapshot();
      case FeedStart::kFromTimestamp: {
        if (options_.bounded) {
          TRY_SET(const int64_t id, SnapshotAt(table_, options_.timestamp_ms));
          TRY_SET(Snapshot snapshot, table_.SnapshotOf(id));
          return Copy(std::move(snapshot));
        }
        TRY_SET(const int64_t first, FirstSince(table_, options_.timestamp_ms));
        return ChangesFrom(first);
      }
      case FeedStart::kFromFileCreation: return CopyNewFiles();
      case FeedStart::kFromCreation: {
        TRY_SET(const auto first, FirstBetween(table_, options_.timestamp_ms));
        return first ? RowsOrChanges(*first) : CopyNewFiles();
      }
      case FeedStart::kLatestDelta:
      case FeedStart::kIncremental: return Between();
    }
    return Ok();
  }

  Status FromSnapshot() {
    if (options_.watermark) {
      TRY_SET(Snapshot snapshot, SnapshotOfWatermark(table_, *options_.watermark));
      return Copy(std::move(snapshot));
    }
    FoundSnapshot found;
    if (!options_.version.empty()) {
      TRY_SET(found, FindVersion(env_, table_, options_.version));
    } else if (!options_.tag.empty()) {
      TRY_SET(Tag tag, ReadTag(env_, table_.history(), options_.tag));
      found = {std::move(tag.snapshot), tag.name};
    } else if (options_.start == FeedStart::kFromSnapshot) {
      return RowsOrChanges(options_.snapshot);
    } else {
      TRY_SET(found.snapshot, table_.SnapshotOf(options_.snapshot));
    }
    if (options_.start == FeedStart::kFromSnapshot && !options_.bounded) {
      if (found.tag.empty()) return ChangesFrom(found.snapshot.id);
      return Unsupported(Str("scan.version: ", found.tag, " is a tag, whose rows are read, not what follows it"),
                         "use execution.runtime-mode: BATCH, or the number of a snapshot");
    }
    TRY(Copy(std::move(found.snapshot)));
    state_.tag = found.tag;
    return Ok();
  }

  Status RowsOrChanges(int64_t id) {
    if (!options_.bounded) return ChangesFrom(id);
    TRY_SET(Snapshot snapshot, table_.SnapshotOf(id));
    return Copy(std::move(snapshot));
  }

  // Its schema, if it is there; an error by name if it has expired.
  Status ChangesFrom(int64_t id) {
    state_.next = id;
    SnapshotFollower follower(table_, id);
    TRY_SET(const auto first, follower.Next());
    if (first) state_.schema_id = first->schema_id;
    return Ok();
  }

  Status Copy(const std::optional<Snapshot>& snapshot) {
    if (!snapshot) return CheckNoFallback();
    state_.copy = snapshot->id;
    state_.next = snapshot->id + 1;
    state_.schema_id = snapshot->schema_id;
    const auto before = table_.SnapshotOf(snapshot->id - 1);
    if (before.ok() && before->schema_id < snapshot->schema_id && IsOurs(*snapshot)) state_.grown = snapshot->id;
    return AddFallback(*snapshot);
  }

  // A copy is that of a snapshot.
  Status CheckNoFallback() const {
    const std::string name = FallbackOf(table_.newest_schema(), options_);
    if (name.empty()) return Ok();
    return Unsupported(Str("the table has no snapshot, and its fallback branch is ", name),
                       Str("read that with branch: ", name));
  }

  Status AddFallback(const Snapshot& copied) {
    const std::string name = FallbackOf(table_.newest_schema(), options_);
    if (name.empty()) return Ok();
    TRY_SET(const auto branch, Table::OpenBranch(env_, table_.folder(), name));
    std::optional<int64_t> time_ms;
    if (copied.id != latest_->id) time_ms = copied.time_ms;
    TRY_SET(const auto snapshot, NewestUpTo(*branch, time_ms));
    if (snapshot) state_.added = snapshot->id;
    return Ok();
  }

  Status CopyNewFiles() {
    TRY(Copy(latest_));
    if (state_.copy > 0) state_.since_ms = options_.timestamp_ms;
    return Ok();
  }

  Status Between() {
    TRY_SET(const SnapshotRange range, RangeOf(env_, table_, options_));
    state_.next = range.after + 1;
    state_.last = range.to ? range.to->id : range.after;
    if (!range.to) return Ok();
    const ChangeScan scan = options_.between_scan;
    state_.schema_id = range.to->schema_id;
    state_.diff = scan == ChangeScan::kDiff || (scan == ChangeScan::kAuto && range.tags);
    if (state_.diff) return Ok();
    TRY_SET(const Snapshot first, table_.SnapshotOrChangelogOf(state_.next));
    state_.schema_id = first.schema_id;
    return Ok();
  }

  Env& env_;
  Table& table_;
  const FeedOptions& options_;
  std::optional<Snapshot> latest_;
  FeedState state_;
};

}  // namespace

bool IsOurs(const Snapshot& snapshot) {
  return std::any_of(snapshot.properties.begin(), snapshot.properties.end(),
                     [](const auto& property) { return property.first.starts_with("sluice."); });
}

bool IsReadTag(const std::string& tag) { return tag.starts_with(kReadTag); }

Result<std::unique_ptr<Table>> OpenHistory(Env& env, const std::string& folder, const FeedOptions& options) {
  const bool main = options.branch.empty() || options.branch == "main";
  TRY_SET(auto table, main ? Table::Open(env, folder) : Table::OpenBranch(env, folder, options.branch));
  TRY(options.choice.Check(table->newest_schema()));
  const std::string primary = table->newest_schema().Option("scan.primary-branch", "");
  if (options.bounded && options.branch.empty() && !primary.empty()) {
    return Unsupported(Str("the table has scan.primary-branch=", primary, ", whose partitions come before its own"),
                       Str("read one of the two: branch: ", primary, ", or branch: main"));
  }
  return table;
}

std::string FallbackOf(const Schema& schema, const FeedOptions& options) {
  if (!options.bounded || !options.branch.empty()) return {};
  return options.fallback.empty() ? schema.Option("scan.fallback-branch", "") : options.fallback;
}

Result<FeedState> BeginFeed(Env& env, Table& table, const FeedOptions& options) {
  return Beginning(env, table, options).Find();
}

Result<SnapshotRange> RangeOf(Env& env, Table& table, const FeedOptions& options) {
  if (options.start == FeedStart::kLatestDelta) {
    TRY_SET(const auto latest, table.LatestSnapshot());
    SnapshotRange range;
    if (latest) range.after = latest->id - 1;
    range.to = latest;
    return range;
  }
  if (!options.to_auto_tag.empty()) return FindAutoTagRange(env, table, options.to_auto_tag);
  if (options.between_ms) return FindTimeRange(table, options.between_ms->first, options.between_ms->second);
  return FindRange(env, table, options.between, options.tags_as_snapshots);
}

}  // namespace sluice::paimon
