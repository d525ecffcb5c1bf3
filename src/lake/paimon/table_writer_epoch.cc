// SPDX-License-Identifier: Apache-2.0
// Schema changes, epochs and commits of TableWriter.
#include <arrow/scalar.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/text.h"
#include "lake/default_value.h"
#include "lake/paimon/evolve.h"
#include "lake/paimon/manifest_files.h"
#include "lake/paimon/pipeline_field.h"
#include "lake/paimon/table_writer.h"
#include "lake/paimon/table_writer_parts.h"
#include "lake/paimon/type_change.h"

namespace sluice::paimon {
namespace {

SchemaChange AlterTo(const Column& column) {
  SchemaChange change;
  change.kind = SchemaChangeKind::kAlterColumn;
  change.name = column.name;
  change.column = column;
  return change;
}

bool SameShape(const Schema& a, const Schema& b) {
  return a.fields == b.fields && a.comment == b.comment && a.primary_keys == b.primary_keys;
}

}  // namespace

// A version of its own for each change that files may be written with.
Status TableWriter::EvolveTo(Schema next) {
  if (options_.may_become) {
    Status may = options_.may_become(schema_, next);
    if (!may.ok()) return std::move(may).error().With(Str("table ", options_.name));
  }
  TRY(FlushAll());
  if (newest_schema_used_ || new_schemas_.empty()) {
    ++next.id;
    new_schemas_.emplace_back();
  }
  next.time_ms = env_.NowMs();
  new_schemas_.back() = next.ToJson();
  schemas_of_epoch_[next.id] = next;
  newest_schema_used_ = false;
  return Load(next);
}

Status TableWriter::Adopt(const TableSchema& wanted) {
  CHECK(!finished_);
  source_key_ = wanted.primary_key;
  if (dropped_) return Replace(wanted);
  Schema next = schema_;
  std::string previous;
  for (const Column& column : wanted.columns) {
    const std::string after = std::exchange(previous, column.name);
    const Field* field = next.Find(column.name);
    SchemaChange change;
    if (field == nullptr) {
      change.kind = SchemaChangeKind::kAddColumn;
      change.column = column;
      change.place = after.empty() ? ColumnPlace::kFirst : ColumnPlace::kAfter;  // where the source has it
      change.after = after;
    } else {
      TRY_SET(change, TakeColumn(*field, column));
    }
    auto evolved = Evolve(next, change);
    if (!evolved.ok()) return std::move(evolved).error().With(Str("table ", options_.name));
    next = *std::move(evolved);
  }
  for (const Field& field : Schema(next).fields) {  // stays, and is NULL in new rows
    if (field.type.nullable || wanted.Find(field.name) >= 0) continue;
    Column optional{field.name, field.type, field.description, std::nullopt};
    optional.type.nullable = true;
    TRY_SET(next, Evolve(next, AlterTo(optional)));
  }
  std::vector<std::string> plain = wanted.primary_key, key = wanted.primary_key;
  for (const std::string& name : next.partition_keys) {
    if (!key.empty() && std::find(key.begin(), key.end(), name) == key.end()) key.push_back(name);
  }
  std::vector<std::string> have = next.primary_keys;
  std::sort(plain.begin(), plain.end());
  std::sort(key.begin(), key.end());
  std::sort(have.begin(), have.end());
  // Without its partitions' columns, which dynamic buckets cannot have: their index knows keys of one partition.
  const bool apart = have == plain && table_options_.bucket_mode != BucketMode::kDynamic;
  if (key != have && !apart) {
    return Invalid(Str("table ", options_.name, " has the primary key (", Join(next.primary_keys, ", "),
                       "), and the source (", Join(wanted.primary_key, ", "), ")"),
                   "write to another table (route), or drop the Paimon table and let it be copied again");
  }
  return SameShape(next, schema_) ? Ok() : EvolveTo(std::move(next));
}

// A column that is there takes the values of the source's.
Result<SchemaChange> TableWriter::TakeColumn(const Field& field, const Column& column) const {
  if (!InPipelines(field)) {
    return Unsupported(Str("table ", options_.name, ": column ", column.name, " is of type ", field.type_json));
  }
  const bool widens = !Holds(field.type, column.type) && CanWiden(field.type, column.type);
  if (!widens && !Holds(field.type, column.type)) {
    return Invalid(Str("table ", options_.name, ": column ", column.name, " is ", field.type.ToString(),
                       " in the table and ", column.type.ToString(), " in the source"),
                   "write to another table (route), or change the column's type in the source or in the table");
  }
  Column target = column;
  if (!widens) target.type = field.type;
  target.type.nullable = field.type.nullable || column.type.nullable;
  if (target.comment.empty()) target.comment = field.description;
  return AlterTo(target);
}

// The table is empty, but it has its history: a column keeps its id where its type can stay or widen.
Status TableWriter::Replace(const TableSchema& wanted) {
  TRY_SET(Schema next, FromTableSchema(wanted, schema_.partition_keys, schema_.options));
  if (schema_.primary_keys == wanted.primary_key) next.primary_keys = wanted.primary_key;
  if (next.primary_keys != schema_.primary_keys) {
    return Unsupported(Str("table ", options_.name, " was made again at the source with another primary key"),
                       "drop the Paimon table, so that it is made anew, or route the source table to another one");
  }
  int highest = schema_.highest_field_id;
  for (Field& field : next.fields) {
    const Field* old = schema_.Find(field.name);
    const bool keeps = old != nullptr && old->supported && CanWiden(old->type, field.type);
    const bool key = std::find(next.primary_keys.begin(), next.primary_keys.end(), field.name) !=
                     next.primary_keys.end();
    if (key && (old == nullptr || !old->type.SameIgnoringNull(field.type))) {
      return Unsupported(Str("table ", options_.name, " was made again at the source with another type of column ",
                             field.name, ", which is part of the key"),
                         "drop the Paimon table, so that it is made anew, or route the source table to another one");
    }
    field.id = keeps ? old->id : ++highest;
  }
  next.highest_field_id = highest;
  next.id = schema_.id;
  LogInfo(Str("table ", options_.name, " was made again at the source: it gets the columns of the new table"));
  dropped_ = false;
  properties_changed_ = true;
  return SameShape(next, schema_) ? Ok() : EvolveTo(std::move(next));
}

Status TableWriter::Change(const SchemaChange& change) {
  CHECK(!finished_);
  TRY(TakeInCommits());
  switch (change.kind) {
    case SchemaChangeKind::kCreateTable: return Adopt(*change.schema);
    case SchemaChangeKind::kTruncateTable: return Truncate();
    case SchemaChangeKind::kDropTable:
      LogWarn(Str("table ", options_.name,
                  " was dropped at the source: its rows are removed, the empty table and its history stay"));
      dropped_ = true;
      return Truncate();
    default: break;
  }
  const bool adds = change.kind == SchemaChangeKind::kAddColumn;
  if (const Field* there = adds && options_.take_columns ? schema_.Find(change.column.name) : nullptr) {
    TRY_SET(SchemaChange alter, TakeColumn(*there, change.column));
    alter.table = change.table;
    return Change(alter);
  }
  TRY_SET(Schema next, Evolve(schema_, change, options_.take_columns));
  if (SameShape(next, schema_)) return Ok();
  if (change.kind == SchemaChangeKind::kRenameColumn) {
    std::replace(source_key_.begin(), source_key_.end(), change.name, change.column.name);
  }
  const bool fills = adds && change.initial.kind != InitialDefault::Kind::kNull;
  std::shared_ptr<arrow::Scalar> value;
  if (fills && options_.backfill) {
    TRY(FlushAll());
    if (HasRows()) {
      const bool postponed = table_options_.bucket_mode == BucketMode::kPostponed;
      if (postponed || table_options_.by_snapshot) {
        return Unsupported(Str("table ", options_.name, ": the default of the new column ", change.column.name,
                               " cannot be filled into rows ",
                               postponed ? "with postponed buckets" : "that sequence.snapshot-ordering orders"),
                           "set add-column.backfill: false, and old rows show NULL in it");
      }
      TRY_SET(value, ValueOfOldRows(change.column, change.initial));
    }
  }
  if (change.kind == SchemaChangeKind::kAlterColumn) WarnOfFlag(next, change.name);
  TRY(EvolveTo(std::move(next)));
  return value == nullptr ? Ok() : Backfill(change.column.name, value);
}

// A BOOLEAN of a TINYINT(1) does not tell a 2 from a 1.
void TableWriter::WarnOfFlag(const Schema& next, const std::string& name) const {
  const Field* before = schema_.Find(name);
  const Field* after = next.Find(name);
  if (before->type.kind != TypeKind::kBoolean || after->type.kind == TypeKind::kBoolean) return;
  LogWarn(Str("table ", options_.name, ": column ", name, " was BOOLEAN and becomes ", after->type.ToString(),
              ": what was neither 0 nor 1 in old rows shows 1 until its row is written again"));
}

bool TableWriter::HasRows() const {
  return std::any_of(buckets_.begin(), buckets_.end(), [](const auto& bucket) { return !bucket.second.files.empty(); });
}

Status TableWriter::Truncate() {
  pending_.clear();
  buffered_bytes_ = 0;
  for (const ManifestEntry& entry : added_) RemoveFile({entry.partition, entry.bucket}, entry.file);
  RemoveCompacted();
  added_.clear();
  for (auto& [id, bucket] : buckets_) {
    bucket.files.clear();
    bucket.deletions = {};
  }
  credit_.Clear();
  router_->Truncate();
  truncated_ = true;
  return Ok();
}

bool TableWriter::dirty() const {
  return !options_.overwritten.empty() || !pending_.empty() || !added_.empty() || !changelog_.empty() ||
         !compacted_.empty() || truncated_ || properties_changed_ || !new_schemas_.empty();
}

Result<TableChange> TableWriter::Finish(const EpochStamp& epoch) {
  CHECK(!finished_);
  if (stale_ && !options_.overwritten.empty()) TRY(TakeInCommits());  // there were no rows
  TRY(FlushAll());
  if (table_options_.by_snapshot) TRY(OrderBySnapshot());
  TRY(CompactBuckets());
  for (const std::string& folder : folders_touched_) TRY(env_.SyncFolder(folder));
  folders_touched_.clear();
  PassFailpoint("paimon.after_data_files");
  TableChange change;
  change.schemas = new_schemas_;
  change.truncate = truncated_;
  change.dropped = options_.overwritten;
  change.keeps_postponed = options_.keeps_postponed;
  change.rewrites = filled_;
  TRY_SET(change.indexes, router_->WriteIndexes(*table_));
  TRY_SET(change.vectors, WriteVectors());
  PassFailpoint("paimon.after_indexes");
  if (filled_) {
    TRY_SET(change.added, WriteChangedFiles(env_, *table_, AddedAndFilled()));
    changelog_.insert(changelog_.end(), compacted_changelog_.begin(), compacted_changelog_.end());
    compacted_changelog_.clear();
  } else {
    TRY_SET(change.added, WriteChangedFiles(env_, *table_, added_));
    TRY_SET(change.compacted, WriteChangedFiles(env_, *table_, compacted_));
    TRY_SET(change.compacted_changelog, WriteChangedFiles(env_, *table_, compacted_changelog_));
  }
  TRY_SET(change.changelog, WriteChangedFiles(env_, *table_, changelog_));
  TRY(env_.SyncFolder(table_->folder() + "/manifest"));
  finished_ = true;
  if (options_.clock_watermarks) change.watermark = env_.NowMs() - 1;  // what comes later is not older
  if (options_.once_on) return change;
  change.properties = {{prefix_ + "epoch", Str(epoch.epoch)},
                       {prefix_ + "position", epoch.position},
                       {prefix_ + "end", epoch.end},
                       {prefix_ + "state", epoch.state_id}};
  if (source_key_ != schema_.primary_keys) change.properties[prefix_ + "key"] = SourceKeyText(source_key_);
  if (dropped_) change.properties[prefix_ + "dropped"] = "true";
  return change;
}

// A change that no snapshot will ever have.
void TableWriter::Discard(const TableChange& change) {
  for (const ChangedFiles* files : {&change.added, &change.changelog, &change.compacted, &change.compacted_changelog}) {
    for (const ManifestFile& file : files->manifests) (void)env_.Remove(table_->ManifestPath(file.name)).ok();
  }
  for (const NewVectors& file : change.vectors) {
    if (!file.entry.name.empty()) (void)env_.Remove(table_->IndexPath(file.entry.name)).ok();
  }
  for (const IndexEntry& index : change.indexes) (void)env_.Remove(table_->IndexPath(index.name)).ok();
  finished_ = false;  // the destructor removes the data files
}

Result<int64_t> TableWriter::Commit(const TableChange& change, int64_t epoch) {
  CHECK(finished_);
  const CommitIdentity identity{options_.user, epoch, options_.once_on.has_value()};
  const auto committed = CommitChange(env_, *table_, change, identity, base_);
  if (!committed.ok()) {
    if (options_.once_on && committed.error().code == ErrorCode::kConflict) Discard(change);
    return Error(committed.error());
  }
  const CommitOutcome outcome = *committed;
  if (!outcome.compacted) {
    LogInfo(Str("table ", options_.name, ": another writer compacted the same files; ours are left out"));
    for (const ChangedFiles* files : {&change.compacted, &change.compacted_changelog}) {
      for (const ManifestFile& file : files->manifests) (void)env_.Remove(table_->ManifestPath(file.name)).ok();
    }
    for (const NewVectors& file : change.vectors) {
      if (!file.entry.name.empty()) (void)env_.Remove(table_->IndexPath(file.entry.name)).ok();
    }
    RemoveCompacted();
  }
  if (table_options_.by_snapshot && !options_.once_on) NumberNew(outcome.snapshot);
  stale_ = !outcome.alone || !outcome.compacted;
  base_ = outcome.snapshot;
  added_.clear();
  changelog_.clear();
  compacted_.clear();
  compacted_changelog_.clear();
  rewritten_.clear();
  new_schemas_.clear();
  schemas_of_epoch_.clear();
  newest_schema_used_ = true;
  finished_ = truncated_ = filled_ = properties_changed_ = false;
  if (table_->newest_schema().id != schema_.id) TRY(Load(table_->newest_schema()));
  return outcome.snapshots_made;
}

}  // namespace sluice::paimon
