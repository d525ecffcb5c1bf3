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

constexpr const char* kMain = "main";

// Beside main, of a bounded feed.
struct OtherBranch {
  std::string name;    // empty: there is none
  bool first = false;  // its partitions come before those of main
};

// As Java: a fallback branch goes before a primary one.
OtherBranch OtherOf(const Schema& main, const FeedOptions& options) {
  if (!options.fallback.empty()) return {options.fallback, false};
  if (!options.primary.empty()) return {options.primary, true};
  const std::string fallback(Trim(main.Option("scan.fallback-branch", "")));
  if (!fallback.empty()) return {fallback, false};
  return {std::string(Trim(main.Option("scan.primary-branch", ""))), true};
}

// Of two histories: a snapshot, a tag or a range is of the table's, which is not the one that is read then.
Status CheckMoment(const std::string& primary, const FeedOptions& options) {
  const FeedStart start = options.start;
  if (start == FeedStart::kLatestFull || start == FeedStart::kLatest || start == FeedStart::kFromTimestamp) return Ok();
  return Unsupported(Str("the table has scan.primary-branch=", primary, ", which goes with the newest rows and those ",
                         "of a time only"), Str("read one of the two: branch: ", primary, ", or branch: main"));
}

std::string NameOf(const Table& table) {
  const std::string& history = table.history();
  const size_t name = history.rfind("/branch-");
  return history == table.folder() ? kMain : history.substr(name + std::string_view("/branch-").size());
}

Result<std::unique_ptr<Table>> OpenBranchOrMain(Env& env, const std::string& folder, const std::string& branch) {
  return branch.empty() || branch == kMain ? Table::Open(env, folder) : Table::OpenBranch(env, folder, branch);
}

class Beginning {
 public:
  Beginning(Env& env, Table& table, const FeedOptions& options) : env_(env), table_(table), options_(options) {}

  Result<FeedState> Find() {
    TRY_SET(latest_, table_.LatestSnapshot());
    state_.schema_id = latest_ ? latest_->schema_id : table_.newest_schema().id;
    state_.next = latest_ ? latest_->id + 1 : 1;
    state_.branch = BranchOf(table_, options_);
    if (options_.choice.greatest) state_.greatest = options_.choice.partitions;
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
    if (!snapshot) return Ok();
    state_.copy = snapshot->id;
    state_.next = snapshot->id + 1;
    state_.schema_id = snapshot->schema_id;
    const auto before = table_.SnapshotOf(snapshot->id - 1);
    if (before.ok() && before->schema_id < snapshot->schema_id && IsOurs(*snapshot)) state_.grown = snapshot->id;
    return AddFallback(*snapshot);
  }

  Status AddFallback(const Snapshot& copied) {
    TRY_SET(const auto branch, OpenOther(env_, table_, options_));
    if (branch == nullptr) return Ok();
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

Result<std::unique_ptr<Table>> OpenHistory(Env& env, const std::string& folder, const FeedOptions& options,
                                           const std::string& branch) {
  const auto open = [&]() -> Result<std::unique_ptr<Table>> {
    if (!branch.empty()) return OpenBranchOrMain(env, folder, branch);
    if (!options.bounded || !options.branch.empty()) return OpenBranchOrMain(env, folder, options.branch);
    TRY_SET(auto main, Table::Open(env, folder));
    const OtherBranch other = OtherOf(main->newest_schema(), options);
    if (other.name.empty()) return main;
    TRY_SET(auto branched, Table::OpenBranch(env, folder, other.name));
    if (other.first) TRY(CheckMoment(other.name, options));
    if (other.first) std::swap(main, branched);
    if (!CheckMoment(other.name, options).ok()) return main;
    TRY_SET(const auto latest, main->LatestSnapshot());
    if (latest) return main;
    TRY_SET(const auto instead, branched->LatestSnapshot());
    return instead ? std::move(branched) : std::move(main);
  };
  TRY_SET(auto table, open());
  TRY(options.choice.Check(table->newest_schema()));
  return table;
}

std::string BranchOf(const Table& read, const FeedOptions& options) {
  const std::string name = NameOf(read);
  return name == (options.branch.empty() ? kMain : options.branch) ? "" : name;
}

Result<std::unique_ptr<Table>> OpenOther(Env& env, const Table& read, const FeedOptions& options) {
  if (!options.bounded || !options.branch.empty()) return std::unique_ptr<Table>();
  if (NameOf(read) != kMain) return Table::Open(env, read.folder());
  const OtherBranch other = OtherOf(read.newest_schema(), options);
  if (other.name.empty() || other.first) return std::unique_ptr<Table>();
  return Table::OpenBranch(env, read.folder(), other.name);
}

Result<FeedOptions> WithGreatest(Table& read, FeedOptions options, const std::optional<FeedState>& state) {
  if (!options.choice.greatest) return options;
  if (state) {
    options.choice.partitions = state->greatest;
    return options;
  }
  TRY_SET(const auto latest, read.LatestSnapshot());
  if (latest) TRY(options.choice.FindGreatest(read, *latest));
  return options;
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
