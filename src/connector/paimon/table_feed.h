// SPDX-License-Identifier: Apache-2.0
// TableFeed: one Paimon table as items of a source: its rows at a snapshot, then the changes of each snapshot after it.
// What it has given is a small state that it can be opened with again. Owned by PaimonSource; one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/scan.h"
#include "lake/paimon/table_changes.h"
#include "pipeline/source.h"

namespace sluice::paimon {

// Where a table begins.
enum class FeedStart : uint8_t {
  kLatestFull,        // the rows of the newest snapshot, then changes
  kLatest,            // changes after the newest snapshot
  kFromSnapshot,      // changes of that snapshot and after it
  kFromSnapshotFull,  // the rows of that snapshot, then changes
  kFromTimestamp,     // changes of the first snapshot of that time, and after it
};

struct FeedOptions {
  FeedStart start = FeedStart::kLatestFull;
  int64_t snapshot = 0;      // kFromSnapshot, kFromSnapshotFull
  int64_t timestamp_ms = 0;  // kFromTimestamp
  bool overwrites = false;   // `streaming-read-overwrite`
  std::string consumer;      // `consumer-id`; empty: none
  bool ignore_consumer = false;  // where that one is does not count
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

  int64_t needs() const { return copy > 0 ? copy : next; }  // the oldest snapshot that is to be read
};

class TableFeed {
 public:
  // `state`: where it was; none: as the options say. kNotFound names a snapshot that has expired.
  static Result<std::unique_ptr<TableFeed>> Open(Env& env, TableId id, const std::string& folder,
                                                 const FeedOptions& options, const std::optional<FeedState>& state);

  // What makes the sink's table; before the first Next.
  SchemaChange Announcement() const;
  // The next item; nothing until another snapshot comes. With `boundary` state() holds all that was given.
  Result<std::optional<SourceItem>> Next();
  const FeedState& state() const { return state_; }
  const TableId& id() const { return id_; }
  Result<int64_t> Newest();  // id of the newest snapshot, 0: none
  // The table keeps the snapshots from the state's on.
  Status Hold(const FeedState& state);
  int64_t rows_expected() const { return rows_expected_; }
  int64_t time_ms() const { return time_ms_; }  // of the snapshot that was read last

 private:
  TableFeed(Env& env, TableId id, std::unique_ptr<Table> table, const FeedOptions& options)
      : env_(env), id_(std::move(id)), table_(std::move(table)), options_(options) {}
  Status Begin();
  Status BeginCopy(const Snapshot& snapshot);
  Status FindBeginning();
  Status FindSchema(int64_t schema_id);
  Status OpenCopy();
  Result<SourceItem> NextOfCopy();
  Result<bool> OpenSnapshot();
  Status FollowSchema(const Snapshot& snapshot);
  Status OpenChanges(const Snapshot& snapshot);
  Result<SourceItem> NextOfChanges();
  SourceItem Progress();  // a boundary
  ChangeBatch BatchOf(std::shared_ptr<arrow::RecordBatch> rows, std::vector<RowKind> kinds) const;

  Env& env_;
  const TableId id_;
  std::unique_ptr<Table> table_;
  const FeedOptions options_;
  FeedState state_;
  std::shared_ptr<const Schema> schema_;      // of state_.schema_id
  std::shared_ptr<const TableSchema> shape_;  // the same
  std::unique_ptr<TableScan> copy_;
  std::optional<DataBatch> ahead_;  // of the copy's next part
  std::unique_ptr<SnapshotFollower> follower_;
  std::deque<SchemaChange> steps_;        // of the snapshot that is read, before its changes
  std::unique_ptr<ChangeReader> changes_;
  int64_t reading_ = 0;  // the snapshot whose items are given; 0: none
  int64_t rows_expected_ = 0, time_ms_ = 0;
};

}  // namespace sluice::paimon
