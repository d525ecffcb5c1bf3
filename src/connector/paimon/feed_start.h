// SPDX-License-Identifier: Apache-2.0
// Where the feed of a table begins, and how far it is: FeedOptions -> FeedState. Values; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/file_choice.h"
#include "lake/paimon/table.h"
#include "lake/paimon/table_changes.h"
#include "row/change_batch.h"

namespace sluice::paimon {

// Where a table begins, as `scan.mode` has it. A bounded feed gives the rows of one snapshot, or the changes between
// two, and no more.
enum class FeedStart : uint8_t {
  kLatestFull,        // the rows of the newest snapshot, then changes
  kCompactedFull,     // the same of the newest snapshot that a compaction made
  kLatest,            // changes after the newest snapshot; bounded: as kLatestFull
  kFromSnapshot,      // changes of that snapshot and after it; bounded: its rows
  kFromSnapshotFull,  // the rows of that snapshot, then changes
  kFromTimestamp,     // changes of the first snapshot of that time, and after it; bounded: the rows of that time
  kFromFileCreation,  // of the newest snapshot the rows of files that are not older, then changes
  kFromCreation,      // as kFromSnapshot if the table has snapshots of that time, else as kFromFileCreation
  kLatestDelta,       // bounded: what the newest snapshot has written
  kIncremental,       // bounded: the changes between two snapshots
};

struct FeedOptions {
  FeedStart start = FeedStart::kLatestFull;
  bool bounded = false;
  int64_t snapshot = 0;      // kFromSnapshot, kFromSnapshotFull; 0: one of the next three
  std::string tag;
  std::optional<int64_t> watermark;
  std::string version;
  int64_t timestamp_ms = 0;  // kFromTimestamp, kFromFileCreation, kFromCreation
  // kIncremental: one of these three.
  std::string between;
  std::optional<std::pair<int64_t, int64_t>> between_ms;
  std::string to_auto_tag;
  bool tags_as_snapshots = false;  // `incremental-between-tag-to-snapshot`
  ChangeScan between_scan = ChangeScan::kAuto;

  std::optional<int64_t> end_watermark;  // `scan.bounded.watermark`: ends with the last snapshot that has none above it
  int64_t delay_ms = 0;                  // `streaming.read.snapshot.delay`: younger snapshots are left for later
  bool overwrites = false;               // `streaming-read-overwrite`
  bool append_overwrites = false;        // `streaming-read-append-overwrite`
  std::string consumer;                  // `consumer-id`; empty: none
  bool ignore_consumer = false;          // where that one is does not count
  std::string branch;                    // `branch`; empty: main
  FileChoice choice;                     // `scan.partitions`, `scan.bucket`
  std::optional<int64_t> read_tag_ms;    // `scan.plan-auto-tag-for-read.time-retained`, of bounded feeds
  std::string fallback;                  // `scan.fallback-branch`, of bounded feeds; empty: as the table says
  std::string primary;                   // `scan.primary-branch`, likewise
  BeforeImage before = BeforeImage::kFull;
};

struct FeedState {
  int64_t next = 1;       // the snapshot whose changes come next
  int64_t schema_id = 0;  // of the rows that were given last
  int64_t copy = 0;       // the snapshot whose rows are given before; 0: none, or all are given
  int64_t part = 0;       // of the copy: the first part that is missing (TableScan::part)
  int64_t rows = 0;       // of the copy, given so far
  // That snapshot had a schema with new columns, which it, or the compaction behind it, may fill in rows that were
  // there: both are told by their difference.
  int64_t grown = 0;
  std::string tag;        // of the copy, whose snapshot may have expired
  int64_t since_ms = 0;   // of the copy: files that are older are left out; 0: none is
  int64_t added = 0;      // of the copy: the snapshot of the other branch whose other partitions come too; 0: none
  std::string branch;     // whose snapshots these are; empty: of that which the options name
  std::vector<PartitionSpec> greatest;  // that max_pt() was, when the table was begun
  int64_t last = 0;       // the last snapshot whose changes are wanted; 0: there is no such
  bool diff = false;      // of those changes: what differs between the two ends, at once

  int64_t needs() const { return copy > 0 ? copy : next; }  // the oldest snapshot that is to be read
};

bool IsOurs(const Snapshot& snapshot);  // made by a job of sluice
bool IsReadTag(const std::string& tag);  // made to keep what is read

// The history of the table in the folder that is read: of a bounded feed the primary branch, and where there is another
// one and the first has no snapshot that one. `branch`: FeedState's, of a feed that was begun.
Result<std::unique_ptr<Table>> OpenHistory(Env& env, const std::string& folder, const FeedOptions& options,
                                           const std::string& branch = {});
// As FeedState has it.
std::string BranchOf(const Table& read, const FeedOptions& options);

// The branch, or main, whose partitions come where a bounded feed finds none in the history that it reads; null: none.
Result<std::unique_ptr<Table>> OpenOther(Env& env, const Table& read, const FeedOptions& options);
// The options with the partitions that max_pt() means of the newest snapshot, or in `state`.
Result<FeedOptions> WithGreatest(Table& read, FeedOptions options, const std::optional<FeedState>& state);

// Of a table that is read for the first time. kNotFound names what is not there (any more).
Result<FeedState> BeginFeed(Env& env, Table& table, const FeedOptions& options);
// The changes that kIncremental and kLatestDelta want.
Result<SnapshotRange> RangeOf(Env& env, Table& table, const FeedOptions& options);

}  // namespace sluice::paimon
