// SPDX-License-Identifier: Apache-2.0
// TableFeed: one Paimon table as items of a source: its rows at a snapshot, then the changes of each snapshot after it,
// or one of both. What it has given is a small state that it can be opened with again. Owned by PaimonSource; one
// thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "connector/paimon/feed_start.h"
#include "io/env.h"
#include "lake/paimon/scan.h"
#include "lake/paimon/table_changes.h"
#include "pipeline/source.h"

namespace sluice::paimon {

class TableFeed {
 public:
  // `state`: where it was; none: as the options say. kNotFound names a snapshot that has expired.
  static Result<std::unique_ptr<TableFeed>> Open(Env& env, TableId id, const std::string& folder,
                                                 const FeedOptions& options, const std::optional<FeedState>& state);

  // What makes the sink's table; before the first Next.
  SchemaChange Announcement() const;
  // The next item; nothing until another snapshot comes. With `boundary` state() holds all that was given.
  Result<std::optional<SourceItem>> Next();
  bool done() const { return ended_; }  // nothing more will come
  const FeedState& state() const { return state_; }
  const TableId& id() const { return id_; }
  Result<int64_t> Newest();  // id of the newest snapshot, 0: none
  // The table keeps the snapshots from the state's on, and no tag longer than the copy needs it.
  Status Hold(const FeedState& state);
  int64_t rows_expected() const { return rows_expected_; }
  int64_t time_ms() const { return time_ms_; }  // of the snapshot that was read last

 private:
  TableFeed(Env& env, TableId id, std::unique_ptr<Table> table, const FeedOptions& options)
      : env_(env), id_(std::move(id)), table_(std::move(table)), options_(options) {}
  Status FindSchema(int64_t schema_id);
  Status FindEnd();
  Result<Snapshot> CopiedSnapshot();
  Status OpenCopy();
  Result<SourceItem> NextOfCopy();
  Result<bool> OpenSnapshot();
  Status FollowSchema(const Snapshot& snapshot);
  Status OpenChanges(const Snapshot& snapshot);
  bool IsEnd(const Snapshot& snapshot) const;
  Status OpenDifference();
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
  std::string read_tag_;             // that keeps the copy; empty: none
  std::unique_ptr<Table> fallback_;  // of the copy
  std::unique_ptr<TableScan> copy_;
  std::optional<DataBatch> ahead_;  // of the copy's next part
  std::unique_ptr<SnapshotFollower> follower_;
  std::deque<SchemaChange> steps_;        // of the snapshot that is read, before its changes
  std::unique_ptr<ChangeReader> changes_;
  int64_t reading_ = 0;  // the snapshot whose items are given; 0: none
  bool ended_ = false;
  int64_t rows_expected_ = 0, time_ms_ = 0;
};

}  // namespace sluice::paimon
