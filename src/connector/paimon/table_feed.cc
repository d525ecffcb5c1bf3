// SPDX-License-Identifier: Apache-2.0
#include "connector/paimon/table_feed.h"

#include <arrow/array.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "lake/paimon/consumers.h"
#include "lake/paimon/evolve.h"
#include "lake/paimon/pipeline_field.h"
#include "lake/paimon/schema_steps.h"
#include "lake/paimon/tags.h"
#include "row/arrow_status.h"

namespace sluice::paimon {
namespace {

bool IsCompaction(const Snapshot& snapshot) { return snapshot.commit_kind == "COMPACT"; }

bool SameKey(const arrow::RecordBatch& rows, const std::vector<int>& key, int64_t a, int64_t b) {
  return std::all_of(key.begin(), key.end(), [&](int column) {
    return rows.column(column)->RangeEquals(*rows.column(column), a, a + 1, b);
  });
}

// Without the old rows of updates that keep their key.
Status LeaveOutOldRows(const TableSchema& schema, RowChanges& changes) {
  std::vector<int> key;
  for (const std::string& name : schema.primary_key) key.push_back(schema.Find(name));
  std::vector<int64_t> kept;
  std::vector<RowKind> kinds;
  const int64_t count = changes.rows->num_rows();
  const auto kind = [&](int64_t row) { return changes.kinds[static_cast<size_t>(row)]; };
  for (int64_t row = 0; row < count; ++row) {
    const bool pair = kind(row) == RowKind::kUpdateBefore && row + 1 < count &&
                      kind(row + 1) == RowKind::kUpdateAfter && SameKey(*changes.rows, key, row, row + 1);
    if (pair) continue;
    kept.push_back(row);
    kinds.push_back(kind(row));
  }
  if (static_cast<int64_t>(kept.size()) == count) return Ok();
  const auto left = static_cast<int64_t>(kept.size());
  const auto indices = std::make_shared<arrow::Int64Array>(left, arrow::Buffer::FromVector(std::move(kept)));
  ARROW_TRY_SET(const auto taken, arrow::compute::Take(changes.rows, indices));
  changes.rows = taken.record_batch();
  changes.kinds = std::move(kinds);
  return Ok();
}

}  // namespace

Result<std::unique_ptr<TableFeed>> TableFeed::Open(Env& env, TableId id, const std::string& folder,
                                                   const FeedOptions& given, const std::optional<FeedState>& state) {
  auto opened = OpenHistory(env, folder, given, state ? state->branch : "");
  if (!opened.ok()) return std::move(opened).error().With(Str("table ", id.ToString()));
  std::unique_ptr<Table> table = *std::move(opened);
  auto resolved = WithGreatest(*table, given, state);
  if (!resolved.ok()) return std::move(resolved).error().With(Str("table ", id.ToString()));
  const FeedOptions options = *std::move(resolved);
  TRY_SET(const auto rules, ChangeRules::Of(table->newest_schema()));
  std::unique_ptr<TableFeed> feed(new TableFeed(env, std::move(id), std::move(table), options));
  const bool tells = rules.tells_old_rows() || rules.ByDifference() || options.bounded;
  if (rules.keyed && !tells && options.before == BeforeImage::kFull && !state) {
    LogWarn(Str("table ", feed->id_.ToString(), " has no changelog: its updates come without the rows that they "
                "replace, its deletes perhaps with the key alone; changelog-producer: lookup of the table tells them"));
  }
  const auto named = [&](Status status) {
    return status.ok() ? std::move(status) : std::move(status).error().With(Str("table ", feed->id_.ToString()));
  };
  if (state) {
    feed->state_ = *state;
  } else {
    auto begun = BeginFeed(env, *feed->table_, options);
    if (!begun.ok()) return std::move(begun).error().With(Str("table ", feed->id_.ToString()));
    feed->state_ = *std::move(begun);
  }
  if (IsReadTag(feed->state_.tag)) feed->read_tag_ = feed->state_.tag;
  TRY(named(feed->FindSchema(feed->state_.schema_id)));
  TRY(named(feed->FindEnd()));
  feed->follower_ = std::make_unique<SnapshotFollower>(*feed->table_, feed->state_.next);
  return feed;
}

// Where nothing, or no more, is to be read.
Status TableFeed::FindEnd() {
  if (state_.copy > 0) return Ok();
  if (options_.bounded) {
    ended_ = state_.next > state_.last;
    return Ok();
  }
  if (!options_.end_watermark) return Ok();
  const auto before = table_->SnapshotOf(state_.next - 1);
  if (before.ok()) ended_ = IsEnd(*before);
  return before.ok() || before.error().code == ErrorCode::kNotFound ? Ok() : Status(before.error());
}

bool TableFeed::IsEnd(const Snapshot& snapshot) const {
  return options_.end_watermark && snapshot.watermark && *snapshot.watermark > *options_.end_watermark;
}

Status TableFeed::FindSchema(int64_t schema_id) {
  TRY_SET(const Schema* schema, table_->SchemaOf(schema_id));
  schema_ = std::make_shared<const Schema>(*schema);
  shape_ = std::make_shared<const TableSchema>(ToTableSchema(*schema_));
  for (const Field& field : schema_->fields) {
    if (InPipelines(field)) continue;
    LogWarn(Str("table ", id_.ToString(), ": column ", field.name, " is left out: its type is not supported"));
  }
  state_.schema_id = schema_id;
  return Ok();
}

SchemaChange TableFeed::Announcement() const {
  SchemaChange change;
  change.kind = SchemaChangeKind::kCreateTable;
  change.table = id_;
  change.schema = shape_;
  return change;
}

Result<int64_t> TableFeed::Newest() {
  TRY_SET(const auto ids, table_->SnapshotIds());
  return ids.empty() ? 0 : ids.back();
}

Status TableFeed::Hold(const FeedState& state) {
  if (state.copy == 0 && !read_tag_.empty()) TRY(DeleteTag(env_, *table_, std::exchange(read_tag_, {})));
  if (options_.consumer.empty()) return Ok();
  // Under another name while rows are copied: a job without state would go on behind them.
  const std::string copying = options_.consumer + "-copy";
  if (state.copy > 0) return RecordConsumer(env_, *table_, copying, state.copy);
  // What a compaction filled is told by the difference from the snapshot before it.
  TRY(RecordConsumer(env_, *table_, options_.consumer, state.grown > 0 ? state.grown : state.next));
  TRY_SET(const auto rules, ChangeRules::Of(*schema_));
  if (!rules.ByDifference() || state.next < 2) return ResetConsumer(env_, *table_, copying, {});
  return RecordConsumer(env_, *table_, copying, state.next - 1);  // from which the next one differs
}

ChangeBatch TableFeed::BatchOf(std::shared_ptr<arrow::RecordBatch> rows, std::vector<RowKind> kinds) const {
  ChangeBatch batch;
  batch.table = id_;
  batch.schema = shape_;
  batch.rows = arrow::RecordBatch::Make(shape_->ToArrow(), rows->num_rows(), rows->columns());
  batch.kinds = std::move(kinds);
  batch.source_ms = time_ms_;
  return batch;
}

SourceItem TableFeed::Progress() {
  SourceItem item;
  item.boundary = true;
  return item;
}

// That of a tag also if the table has it no more.
Result<Snapshot> TableFeed::CopiedSnapshot() {
  if (state_.tag.empty()) return table_->SnapshotOf(state_.copy);
  TRY_SET(Tag tag, ReadTag(env_, table_->history(), state_.tag));
  if (tag.snapshot.id == state_.copy) return std::move(tag.snapshot);
  return Invalid(Str("tag ", state_.tag, " is of snapshot ", tag.snapshot.id, " now, of ", state_.copy, " before"),
                 "begin anew with an empty state directory and sink table");
}

Status TableFeed::OpenCopy() {
  TRY_SET(const ChangeRules rules, ChangeRules::Of(*schema_));
  auto snapshot = CopiedSnapshot();
  if (!snapshot.ok()) return ReadingError(*table_, state_.copy, std::move(snapshot).error());
  std::vector<std::string> names;
  for (const Column& column : shape_->columns) names.push_back(column.name);
  ScanOptions options;
  if (!options_.bounded) options = rules.Told();  // else what readers see
  options.schema = schema_.get();
  options.created_since_ms = state_.since_ms;
  options.choice = &options_.choice;
  TRY_SET(auto scan, TableScan::OfSnapshot(env_, *table_, *snapshot, names, options));
  if (state_.added > 0) {
    TRY_SET(fallback_, OpenOther(env_, *table_, options_));
    if (fallback_ == nullptr) {
      return Invalid("the rows came of two branches before, and now of one",
                     "begin anew with an empty state directory");
    }
    TRY_SET(const Snapshot added, fallback_->SnapshotOf(state_.added));
    TRY(scan.AddMissingPartitions(*fallback_, added, &options_.choice));
  }
  copy_ = std::make_unique<TableScan>(std::move(scan));
  copy_->BeginAt(static_cast<size_t>(state_.part));
  rows_expected_ = snapshot->total_record_count;
  time_ms_ = snapshot->time_ms;
  return Ok();
}

// A batch of a part; behind its last one a boundary.
Result<SourceItem> TableFeed::NextOfCopy() {
  if (copy_ == nullptr) TRY(OpenCopy());
  DataBatch batch;
  if (ahead_) {
    batch = *std::move(ahead_);
    ahead_.reset();
  } else {
    TRY_SET(const bool more, copy_->Next(batch));
    const auto part = static_cast<int64_t>(copy_->part());
    if (!more) {
      copy_.reset();
      state_.copy = state_.part = 0;
      TRY(FindEnd());
      return Progress();
    }
    if (part != state_.part) {
      state_.part = part;
      ahead_ = std::move(batch);
      return Progress();
    }
  }
  SourceItem item;
  item.boundary = false;
  state_.rows += batch.rows->num_rows();
  ChangeBatch rows = BatchOf(std::move(batch.rows), {});
  rows.snapshot = true;
  item.payload = std::move(rows);
  return item;
}

// The changes of the schema, if the snapshot has a newer one.
Status TableFeed::FollowSchema(const Snapshot& snapshot) {
  if (snapshot.schema_id <= state_.schema_id) return Ok();
  TRY_SET(const Schema* schema, table_->SchemaOf(snapshot.schema_id));
  TRY_SET(const auto steps, SchemaSteps(id_, *schema_, *schema));
  const bool adds = std::any_of(steps.begin(), steps.end(), [](const SchemaChange& change) {
    return change.kind == SchemaChangeKind::kAddColumn;
  });
  if (adds && IsOurs(snapshot)) {
    state_.grown = snapshot.id;
    if (schema->primary_keys.empty()) {
      LogWarn(Str("table ", id_.ToString(), ": if the job that writes it fills new columns in rows that were there, "
                  "this is not followed, since the table has no primary key"));
    }
  }
  steps_.assign(steps.begin(), steps.end());
  return FindSchema(snapshot.schema_id);
}

Status TableFeed::OpenChanges(const Snapshot& snapshot) {
  ChangeRequest request;
  request.schema = schema_.get();
  for (const Column& column : shape_->columns) request.columns.push_back(column.name);
  request.scan = options_.between_scan;
  request.choice = &options_.choice;
  request.overwrites = options_.overwrites;
  request.append_overwrites = options_.append_overwrites;
  request.difference = state_.grown == snapshot.id || (state_.grown == snapshot.id - 1 && IsCompaction(snapshot));
  if (state_.grown < snapshot.id) state_.grown = 0;
  const bool told = options_.overwrites || (options_.append_overwrites && schema_->primary_keys.empty());
  if (snapshot.commit_kind == "OVERWRITE" && !told) {
    LogWarn(Str("table ", id_.ToString(), ": snapshot ", snapshot.id, " overwrites rows, which is not followed; "
                "streaming-read-overwrite: true follows it"));
  }
  TRY_SET(changes_, ReadChanges(env_, *table_, snapshot, request));
  return Ok();
}

// What differs between the two ends of the range, at once.
Status TableFeed::OpenDifference() {
  ChangeRequest request;
  request.schema = schema_.get();
  for (const Column& column : shape_->columns) request.columns.push_back(column.name);
  request.scan = ChangeScan::kDiff;
  request.choice = &options_.choice;
  TRY_SET(const SnapshotRange range, RangeOf(env_, *table_, options_));
  if (range.after + 1 != state_.next || !range.to || range.to->id != state_.last) {
    return Invalid(Str("the changes between snapshots ", state_.next - 1, " and ", state_.last, " were asked for, and "
                       "now others are"), "begin anew with an empty state directory and sink table");
  }
  TRY_SET(changes_, ReadChangesBetween(env_, *table_, range, request));
  reading_ = state_.last;
  time_ms_ = range.to->time_ms;
  return Ok();
}

Result<bool> TableFeed::OpenSnapshot() {
  if (ended_) return false;
  if (state_.diff) {
    TRY(OpenDifference());
    return true;
  }
  TRY_SET(const auto snapshot, follower_->Next());
  if (!snapshot) return false;
  ended_ = IsEnd(*snapshot);
  const bool young = options_.delay_ms > 0 && snapshot->time_ms > env_.NowMs() - options_.delay_ms;
  if (ended_ || young) {
    follower_ = std::make_unique<SnapshotFollower>(*table_, state_.next);
    return false;
  }
  reading_ = snapshot->id;
  time_ms_ = snapshot->time_ms;
  TRY(FollowSchema(*snapshot));
  TRY(OpenChanges(*snapshot));
  return true;
}

// The steps of the schema, the changes, then a boundary.
Result<SourceItem> TableFeed::NextOfChanges() {
  SourceItem item;
  item.boundary = false;
  if (!steps_.empty()) {
    item.payload = std::move(steps_.front());
    steps_.pop_front();
    return item;
  }
  RowChanges changes;
  while (changes_ != nullptr) {
    TRY_SET(const bool more, changes_->Next(changes));
    if (!more) {
      changes_.reset();
      break;
    }
    if (options_.before != BeforeImage::kFull) TRY(LeaveOutOldRows(*shape_, changes));
    if (changes.rows->num_rows() == 0) continue;
    item.payload = BatchOf(std::move(changes.rows), std::move(changes.kinds));
    return item;
  }
  state_.next = std::exchange(reading_, 0) + 1;
  TRY(FindEnd());
  return Progress();
}

Result<std::optional<SourceItem>> TableFeed::Next() {
  const auto read = [&]() -> Result<std::optional<SourceItem>> {
    if (state_.copy > 0) {
      TRY_SET(SourceItem item, NextOfCopy());
      return std::optional<SourceItem>(std::move(item));
    }
    if (reading_ == 0) {
      TRY_SET(const bool opened, OpenSnapshot());
      if (!opened) return std::optional<SourceItem>();
    }
    TRY_SET(SourceItem item, NextOfChanges());
    return std::optional<SourceItem>(std::move(item));
  };
  auto item = read();
  if (item.ok()) return item;
  const int64_t snapshot = state_.copy > 0 ? state_.copy : reading_;
  Error error = std::move(item).error();
  if (snapshot > 0) error = ReadingError(*table_, snapshot, std::move(error));
  return std::move(error).With(Str("table ", id_.ToString()));
}

}  // namespace sluice::paimon
