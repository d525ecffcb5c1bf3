// SPDX-License-Identifier: Apache-2.0
// Schema changes, epochs and commits of TableWriter.
#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "lake/catalog/catalog.h"
#include "lake/parquet/data_reader.h"
#include "lake/default_value.h"
#include "lake/iceberg/rebase.h"
#include "lake/iceberg/table_writer.h"
#include "lake/iceberg/table_writer_parts.h"
#include "row/arrow_status.h"

namespace sluice::iceberg {
namespace {

constexpr char kCommentProperty[] = "comment";

SchemaChange AlterTo(const TableId& table, const Column& column) {
  SchemaChange change;
  change.kind = SchemaChangeKind::kAlterColumn;
  change.table = table;
  change.name = column.name;
  change.column = column;
  return change;
}

}  // namespace

// Rows that were in the table before this job came: the initial copy may hold the same keys.
void TableWriter::LookForForeignRows() {
  const TableMetadata& metadata = table_->metadata();
  std::string flag = Str("sluice.", options_.writer, ".upsert-snapshot");
  if (metadata.property(flag) == "true") {
    upsert_snapshot_ = true;
    return;
  }
  if (metadata.current_snapshot() != nullptr && metadata.property(EpochProperty(options_.writer)).empty()) {
    upsert_snapshot_ = true;
  }
  if (upsert_snapshot_) set_properties_[flag] = "true";
}

Status TableWriter::EvolveTo(Schema next, int last_column_id) {
  TRY(Flush());
  schema_ = std::move(next);
  last_column_id_ = last_column_id;
  schema_changed_ = true;
  binding_.reset();
  partitioner_.reset();
  return Ok();
}

// The table is empty, but it has its history and may be partitioned: a column keeps its field id where its type can
// stay or widen. All others get new ones, also under an old name.
Status TableWriter::Replace(const TableSchema& wanted) {
  Schema next = FromTableSchema(wanted, last_column_id_ + 1);
  const int last = std::max(last_column_id_, next.HighestId());
  for (Field& field : next.fields) {
    const Field* old = schema_.Find(field.name);
    if (old == nullptr || !CanPromote(old->iceberg_type, field.iceberg_type)) continue;
    std::replace(next.identifier_field_ids.begin(), next.identifier_field_ids.end(), field.id, old->id);
    field.id = old->id;
    field.element_id = old->element_id;
  }
  for (const PartitionField& part : table_->metadata().default_spec().fields) {
    const Field* old = schema_.FindId(part.source_id);
    if (part.transform == "void" || old == nullptr || next.FindId(old->id) != nullptr) continue;
    if (const Field* other = next.Find(old->name)) {
      return Unsupported(Str("table ", Name(), " is partitioned by column ", old->name, " ", old->iceberg_type,
                             ", which is ", other->iceberg_type, " in the new table of that name"),
                         "drop the Iceberg table, so that it is made anew, or route the source table to another one");
    }
    next.fields.push_back(*old);  // NULL in new rows
    next.fields.back().required = false;
    next.fields.back().type.nullable = true;
  }
  LogInfo(Str("table ", Name(), " was made again at the source: it gets the columns of the new table"));
  if (!next.SameFields(schema_)) TRY(EvolveTo(std::move(next), last));
  if (table_->metadata().property(kCommentProperty) != wanted.comment) {
    set_properties_[kCommentProperty] = wanted.comment;
  }
  set_properties_[DroppedProperty(options_.writer)] = "false";
  properties_changed_ = true;
  dropped_ = false;
  return SetKey(wanted.primary_key);
}

Status TableWriter::CheckTaken(const std::string& column) const {
  const TableMetadata& metadata = table_->metadata();
  const std::string ours = SchemaProperty(options_.writer);
  const int64_t schema_id = metadata.NumberProperty(ours, -1);
  if (schema_id < 0 || schema_id == metadata.current_schema_id()) return Ok();
  auto schema = metadata.schema(static_cast<int>(schema_id));
  if (!schema.ok()) return Ok();  // another writer has cleaned it away
  const Field* field = schema->Find(column);
  if (field == nullptr) return Ok();
  const Field* now = schema_.FindId(field->id);
  std::string what = now == nullptr ? std::string("dropped") : Str("renamed to ", now->name);
  return Unsupported(
      Str("table ", Name(), ": column ", column, ", which the source has, was ", what, " by another writer"),
      Str(now == nullptr ? "remove the table, so that it is copied again"
                         : Str("rename ", now->name, " back to ", column, " with that engine"),
          "; or remove the table property ", ours, ": the column is then added anew, and is NULL in old rows"));
}

// Columns of a table that a process of this job made and nobody wrote to: what the source has no longer goes.
Status TableWriter::DropUnused(const TableSchema& wanted, Schema& next, int& last) const {
  const TableMetadata& metadata = table_->metadata();
  const bool own = metadata.NumberProperty(SchemaProperty(options_.writer), -1) == metadata.current_schema_id();
  if (!own || !metadata.snapshots().empty()) return Ok();
  for (const Field& field : Schema(next).fields) {
    SchemaChange drop;
    drop.kind = SchemaChangeKind::kDropColumn;
    drop.table = table_->id();
    drop.name = field.name;
    const bool key = std::find(key_.begin(), key_.end(), field.name) != key_.end();
    if (key || wanted.Find(field.name) >= 0 || !CheckSpec(drop).ok()) continue;
    TRY_SET(next, Evolve(next, drop, last));
  }
  return Ok();
}

Status TableWriter::Adopt(const TableSchema& wanted) {
  CHECK(!finished_);
  if (dropped_) return Replace(wanted);
  Schema next = schema_;
  int last = last_column_id_;
  TRY(DropUnused(wanted, next, last));
  std::string previous;
  for (const Column& column : wanted.columns) {
    const std::string after = std::exchange(previous, column.name);
    const Field* field = next.Find(column.name);
    if (field == nullptr) {
      TRY(CheckTaken(column.name));
      SchemaChange add;
      add.kind = SchemaChangeKind::kAddColumn;
      add.table = table_->id();
      add.column = column;
      add.place = after.empty() ? ColumnPlace::kFirst : ColumnPlace::kAfter;  // where the source has it
      add.after = after;
      TRY_SET(next, Evolve(next, add, last));
      continue;
    }
    std::string type = ToIcebergType(column.type);
    bool widen = field->iceberg_type != type && CanPromote(field->iceberg_type, type);
    if (!widen && !CanPromote(type, field->iceberg_type)) {
      return Invalid(Str("table ", Name(), ": column ", column.name, " is ", field->iceberg_type, " in the table and ",
                         column.type.ToString(), " in the source"),
                     "write to another table (route), or change the type of the column in the source or in the table");
    }
    bool relax = field->required && column.type.nullable && !wanted.IsKey(column.name);
    if (!widen && !relax) continue;
    Column target = column;
    if (!widen) {
      target.type = field->type;
      target.type.nullable = true;
    }
    target.comment = column.comment.empty() ? field->doc : column.comment;
    TRY_SET(next, Evolve(next, AlterTo(table_->id(), target), last));
  }
  for (const Field& field : Schema(next).fields) {  // stays, and is NULL in new rows
    if (!field.required || wanted.Find(field.name) >= 0) continue;
    Column optional{field.name, field.type, field.doc, std::nullopt};
    optional.type.nullable = true;
    TRY_SET(next, Evolve(next, AlterTo(table_->id(), optional), last));
  }
  if (!next.SameFields(schema_)) TRY(EvolveTo(std::move(next), last));
  return wanted.primary_key == key_ ? Ok() : SetKey(wanted.primary_key);
}

// Columns that the table is partitioned by stay.
Status TableWriter::CheckSpec(const SchemaChange& change) const {
  if (change.kind != SchemaChangeKind::kDropColumn) return Ok();
  const Field* field = schema_.Find(change.name);
  for (const PartitionField& part : table_->metadata().default_spec().fields) {
    if (field != nullptr && part.source_id == field->id && part.transform != "void") {
      return Unsupported(Str("table ", Name(), " is partitioned by column ", change.name, ", which cannot be dropped"),
                         "keep the column, or exclude drop.column in sink.exclude.schema.changes");
    }
  }
  return Ok();
}

Status TableWriter::Change(const SchemaChange& change) {
  CHECK(!finished_);
  TRY(TakeInCommits());
  switch (change.kind) {
    case SchemaChangeKind::kCreateTable: return Adopt(*change.schema);
    case SchemaChangeKind::kTruncateTable: return Truncate();
    case SchemaChangeKind::kDropTable:
      LogWarn(Str("table ", Name(),
                  " was dropped at the source: its rows are removed, the empty table and its history stay"));
      set_properties_[DroppedProperty(options_.writer)] = "true";
      properties_changed_ = true;
      dropped_ = true;
      return Truncate();
    case SchemaChangeKind::kAlterComment:
      if (table_->metadata().property(kCommentProperty) == change.schema->comment) return Ok();
      set_properties_[kCommentProperty] = change.schema->comment;
      properties_changed_ = true;
      return Ok();
    default: break;
  }
  TRY(CheckSpec(change));
  int last = last_column_id_;
  TRY_SET(Schema next, Evolve(schema_, change, last));
  std::shared_ptr<arrow::Scalar> old_value;
  const bool fills = change.kind == SchemaChangeKind::kAddColumn && change.initial.kind != InitialDefault::Kind::kNull;
  if (fills && options_.backfill) {
    TRY_SET(bool rows, HasRows());
    if (rows) {
      TRY_SET(old_value, ValueOfOldRows(change.column, change.initial));
    }
  }
  if (!next.SameFields(schema_)) TRY(EvolveTo(std::move(next), last));
  if (change.kind == SchemaChangeKind::kRenameColumn) {  // the same field: the index stays
    std::replace(key_.begin(), key_.end(), change.name, change.column.name);
  }
  return old_value == nullptr ? Ok() : Backfill(change.column.name, old_value);
}

// Closes the open files: their rows count too.
Result<bool> TableWriter::HasRows() {
  TRY(Flush());
  TRY(files_.Load());
  const auto count = static_cast<uint32_t>(files_.size());
  for (uint32_t ordinal = 0; ordinal < count; ++ordinal) {
    if (!files_.at(ordinal).live) continue;
    TRY(files_.LoadDeletes(ordinal));
    const TrackedFile& file = files_.at(ordinal);
    if (file.deletes.count() < file.data.record_count) return true;
  }
  return false;
}

Status TableWriter::Truncate() {
  TRY(Flush());
  TRY(files_.Load());
  files_.RemoveAll();
  if (index_) index_->Clear();
  rows_changed_ = true;
  return Ok();
}

// v2 tables have no default for rows of old files, so the files are written again with the value in them.
Status TableWriter::Backfill(const std::string& column, const std::shared_ptr<arrow::Scalar>& value) {
  Schema stored;
  int at = 0;
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (const Field& field : schema_.fields) {
    if (field.name == column) {
      at = static_cast<int>(fields.size());
    } else {
      stored.fields.push_back(field);
    }
    fields.push_back(arrow::field(field.name, field.type.ToArrow()));
  }
  auto schema = arrow::schema(std::move(fields));
  std::vector<uint32_t> all;
  int64_t rows = 0;
  for (uint32_t ordinal : files_.LiveOrdinals()) {  // not those that this loop adds
    TRY(files_.LoadDeletes(ordinal));
    const TrackedFile& file = files_.at(ordinal);
    TRY_SET(auto path, LocalPath(file.data.path));
    ReadOptions options;
    options.deletes = &file.deletes;
    TRY_SET(auto reader, DataFileReader::Open(env_, path, FileColumns(stored), options));
    for (DataBatch batch;;) {
      TRY_SET(bool more, reader->Next(batch));
      if (!more) break;
      ARROW_TRY_SET(auto constant, arrow::MakeArrayFromScalar(*value, batch.rows->num_rows()));
      auto columns = batch.rows->columns();
      columns.insert(columns.begin() + at, std::move(constant));
      all.resize(static_cast<size_t>(batch.rows->num_rows()));
      std::iota(all.begin(), all.end(), 0u);
      rows += batch.rows->num_rows();
      auto whole = arrow::RecordBatch::Make(schema, batch.rows->num_rows(), std::move(columns));
      TRY(AppendRows(*whole, all, nullptr));
    }
    files_.Remove(ordinal);
    rows_changed_ = true;
  }
  index_.reset();  // every row has a new place
  LogInfo(Str("table ", Name(), ": column ", column, " filled with its default in ", rows, " rows"));
  return Ok();
}

bool TableWriter::dirty() const { return rows_changed_ || schema_changed_ || properties_changed_; }

Result<TableChange> TableWriter::Finish(const EpochStamp& epoch) {
  CHECK(!finished_);
  TRY(Flush());
  TableChange change;
  TRY(files_.Finish(folder_, location_, change));
  if (!change.added_deletes.empty()) folders_touched_.insert("");
  for (const std::string& part : folders_touched_) TRY(env_.SyncFolder(folder_ + part));
  folders_touched_.clear();
  for (const DataFile& file : change.added_deletes) stats_.bytes_written += file.size;
  if (schema_changed_) {
    change.schema = schema_;
    change.last_column_id = last_column_id_;
  }
  std::string prefix = Str("sluice.", options_.writer, ".");
  // Snapshots pile up until they expire, so their summaries get the short position only.
  change.summary = {{prefix + "epoch", Str(epoch.epoch)}, {prefix + "position", epoch.position}};
  change.set_properties = set_properties_;
  for (auto& [key, value] : change.summary) change.set_properties[key] = value;
  change.set_properties[prefix + "end"] = epoch.end;
  change.set_properties[SchemaProperty(options_.writer)] = Str(table_->metadata().current_schema_id());
  change.set_properties[prefix + "state"] = epoch.state_id;
  finished_ = true;
  return change;
}

Status TableWriter::Commit(const TableChange& change, int64_t epoch) {
  CHECK(finished_);
  TRY_SET(int64_t committed, CommitOrRebase(env_, *table_, change, {options_.writer, epoch}, base_snapshot_));
  const Snapshot* current = table_->metadata().current_snapshot();
  std::optional<int64_t> before = current == nullptr ? std::nullopt : std::optional(current->id);
  if (change.touches_files() && current != nullptr && current->id == committed) before = current->parent_id;
  const bool alone = before == base_snapshot_;
  if (!alone) LogInfo(Str("table ", Name(), ": another writer has committed; the key index is built anew"));
  if (!alone) index_.reset();
  files_.Committed(change, alone && index_.has_value());
  base_snapshot_ = current == nullptr ? std::nullopt : std::optional(current->id);
  TRY_SET(schema_, table_->metadata().current_schema());
  last_column_id_ = table_->metadata().last_column_id();
  binding_.reset();  // columns and partitions may be other ones
  partitioner_.reset();
  finished_ = rows_changed_ = schema_changed_ = properties_changed_ = false;
  set_properties_.clear();
  return Ok();
}

}  // namespace sluice::iceberg
