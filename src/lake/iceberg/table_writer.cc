// SPDX-License-Identifier: Apache-2.0
// The row path of TableWriter; table_writer_epoch.cc has schema changes and epochs.
#include "lake/iceberg/table_writer.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "lake/catalog/catalog.h"
#include "lake/parquet/data_reader.h"
#include "lake/iceberg/table_writer_parts.h"
#include "row/arrow_status.h"

namespace sluice::iceberg {
namespace {

constexpr int64_t kTargetBytes = 128 << 20;  // write.target-file-size-bytes, default
constexpr int64_t kRowGroupBytes =
    32 << 20;  // unless the table's property says otherwise: bounds an open file's memory
constexpr int64_t kFileRowsMax = 1 << 30;
constexpr size_t kFoldersRememberedMax = 10'000;
constexpr size_t kOpenFilesMax = 64;  // of one table: partitions written at the same time

std::shared_ptr<arrow::RecordBatch> Project(const arrow::RecordBatch& rows, const std::vector<int>& source,
                                            const std::vector<std::shared_ptr<arrow::DataType>>& types,
                                            std::vector<std::shared_ptr<arrow::Array>> absent) {
  std::vector<std::shared_ptr<arrow::Array>> columns(source.size());
  std::vector<std::shared_ptr<arrow::Field>> fields(source.size());
  for (size_t i = 0; i < source.size(); ++i) {
    columns[i] = source[i] >= 0 ? rows.column(source[i]) : std::move(absent[i]);
    fields[i] = arrow::field(Str("c", i), source[i] >= 0 ? columns[i]->type() : types[i]);
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows.num_rows(), std::move(columns));
}

}  // namespace

TableWriter::TableWriter(Env& env, std::unique_ptr<Table> table, TableWriterOptions options)
    : env_(env), table_(std::move(table)), options_(std::move(options)), files_(env_, *table_) {}

TableWriter::~TableWriter() {
  if (finished_) return;  // whether these files are committed is not known here
  for (auto& open : open_) (void)env_.Remove(open->path).ok();
  files_.DiscardEpoch();
}

Result<std::unique_ptr<TableWriter>> TableWriter::Make(Env& env, std::unique_ptr<Table> table,
                                                       TableWriterOptions options) {
  std::unique_ptr<TableWriter> writer(new TableWriter(env, std::move(table), std::move(options)));
  TRY(writer->ReadTable());
  writer->seed_ = env.Random();
  writer->LookForForeignRows();
  writer->dropped_ = writer->table_->metadata().property(DroppedProperty(writer->options_.writer)) == "true";
  return writer;
}

Status TableWriter::ReadTable() {
  const TableMetadata& metadata = table_->metadata();
  if (metadata.format_version() != 2) {
    return Unsupported(
        Str("table ", Name(), " has format version ", metadata.format_version(), ", and sluice writes version 2"),
        metadata.format_version() < 2 ? "set the table property format-version to 2 with another engine"
                                      : "write to another table");
  }
  TRY_SET(schema_, metadata.current_schema());
  last_column_id_ = metadata.last_column_id();
  location_ = metadata.property("write.data.path", metadata.location() + "/data");
  TRY_SET(folder_, LocalPath(location_));
  location_ += '/';
  folder_ += '/';
  target_bytes_ = std::max<int64_t>(1 << 16, metadata.NumberProperty("write.target-file-size-bytes", kTargetBytes));
  const Snapshot* current = metadata.current_snapshot();
  base_snapshot_ = current == nullptr ? std::nullopt : std::optional(current->id);
  return Ok();
}

// Rows are then found where they are, and written in the columns and partitions that the table has now.
Status TableWriter::TakeInCommits() {
  if (dirty()) return Ok();
  const MetadataVersion before{table_->version().version, table_->version().file, {}};
  TRY(table_->Refresh());
  if (table_->version().version == before.version && table_->version().file == before.file) return Ok();
  const auto rows_of = base_snapshot_;
  TRY(ReadTable());
  binding_.reset();
  partitioner_.reset();
  if (base_snapshot_ == rows_of) return Ok();
  LogInfo(Str("table ", Name(), ": another writer has committed; the key index is built anew"));
  index_.reset();
  files_.Forget();
  return Ok();
}

Status TableWriter::Bind(const std::shared_ptr<const TableSchema>& schema) {
  if (binding_ && binding_->schema == schema) return Ok();
  if (binding_ && *binding_->schema == *schema) {
    binding_->schema = schema;
    return Ok();
  }
  if (schema->primary_key != key_) TRY(SetKey(schema->primary_key));
  auto binding = std::make_unique<Binding>();
  binding->schema = schema;
  binding->identity = schema->columns.size() == schema_.fields.size();
  size_t used = 0;
  for (const Field& field : schema_.fields) {
    int column = schema->Find(field.name);
    if (column < 0 && field.required) {
      return Invalid(Str("table ", Name(), ": column ", field.name, " is required, and the source has no such column"),
                     "make the column optional in the table");
    }
    used += column >= 0;
    binding->identity = binding->identity && column == static_cast<int>(binding->source.size());
    binding->source.push_back(column);
    binding->types.push_back(field.type.ToArrow());
  }
  if (used != schema->columns.size()) {
    for (const Column& column : schema->columns) {
      if (schema_.Find(column.name) == nullptr) {
        TRY(CheckTaken(column.name));
        return Invalid(Str("table ", Name(), " has no column ", column.name),
                       "this is a bug: a schema change was lost");
      }
    }
  }
  for (const std::string& name : key_) binding->key_columns.push_back(schema->Find(name));
  binding_ = std::move(binding);
  return Ok();
}

// The columns' names may be new ones of the same fields (rename): then the index stays.
Status TableWriter::SetKey(const std::vector<std::string>& columns) {
  key_ = columns;
  binding_.reset();
  std::vector<std::shared_ptr<arrow::DataType>> types;
  for (const std::string& name : columns) {
    const Field* field = schema_.Find(name);
    if (field == nullptr) return Invalid(Str("table ", Name(), " has no column ", name, ", which is part of the key"));
    types.push_back(field->type.ToArrow());
  }
  index_.reset();
  hasher_.reset();
  if (columns.empty()) return Ok();
  auto hasher = KeyHasher::Make(types, seed_);
  if (!hasher.ok()) {
    return std::move(hasher).error().With(Str("table ", Name(), ": key (", Join(columns, ", "), ")"));
  }
  hasher_ = *std::move(hasher);
  return Ok();
}

Status TableWriter::Write(const ChangeBatch& batch) {
  CHECK(!finished_);
  if (batch.row_count() == 0) return Ok();
  TRY(TakeInCommits());
  TRY(Bind(batch.schema));
  std::shared_ptr<arrow::RecordBatch> rows = batch.rows;
  if (!binding_->identity) {
    std::vector<std::shared_ptr<arrow::Array>> absent(binding_->source.size());
    for (size_t i = 0; i < absent.size(); ++i) {
      if (binding_->source[i] >= 0) continue;
      ARROW_TRY_SET(absent[i], arrow::MakeArrayOfNull(binding_->types[i], rows->num_rows()));
    }
    rows = Project(*rows, binding_->source, binding_->types, std::move(absent));
  }
  Count(batch);
  return key_.empty() ? WriteKeyless(batch, *rows) : WriteKeyed(batch, *rows);
}

void TableWriter::Count(const ChangeBatch& batch) {
  if (batch.kinds.empty()) {
    stats_.inserted += batch.row_count();
    return;
  }
  int64_t counts[4] = {};
  for (RowKind kind : batch.kinds) ++counts[static_cast<size_t>(kind)];
  stats_.inserted += counts[0];
  stats_.updated += counts[2];
  stats_.deleted += counts[3];
}

Status TableWriter::WriteKeyless(const ChangeBatch& batch, const arrow::RecordBatch& rows) {
  chosen_.clear();
  for (uint32_t row = 0; row < static_cast<uint32_t>(rows.num_rows()); ++row) {
    RowKind kind = batch.kind(row);
    if (kind == RowKind::kInsert || kind == RowKind::kUpdateAfter) {
      chosen_.push_back(row);
    } else if (kind == RowKind::kDelete && !warned_keyless_delete_) {
      warned_keyless_delete_ = true;
      LogWarn(Str("table ", Name(),
                  " has no primary key: updates are appended as new rows and deletes are left out; give "
                  "the source table a primary key to have both"));
    }
  }
  return AppendRows(rows, chosen_, nullptr);
}

Status TableWriter::WriteKeyed(const ChangeBatch& batch, const arrow::RecordBatch& rows) {
  if (batch.snapshot && !index_ && !upsert_snapshot_) {
    chosen_.resize(static_cast<size_t>(rows.num_rows()));
    std::iota(chosen_.begin(), chosen_.end(), 0u);
    return AppendRows(rows, chosen_, nullptr);
  }
  TRY(EnsureIndex());
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (int column : binding_->key_columns) columns.push_back(batch.rows->column(column));
  auto hashed = hasher_->Hash(columns, keys_);
  if (!hashed.ok()) return std::move(hashed).error().With(Str("table ", Name(), ": key (", Join(key_, ", "), ")"));
  collapser_.Collapse(keys_, batch.kinds, changes_);
  chosen_.clear();
  for (size_t i = 0; i < changes_.rows.size(); ++i) {
    if (!changes_.erase[i]) chosen_.push_back(changes_.rows[i]);
  }
  before_.resize(chosen_.size());
  TRY(AppendRows(rows, chosen_, before_.data()));
  now_.assign(changes_.rows.size(), RowLocation{});
  size_t next = 0;
  for (size_t i = 0; i < changes_.rows.size(); ++i) {
    if (!changes_.erase[i]) now_[i] = before_[next++];
  }
  return ApplyKeys(changes_, now_);
}

Status TableWriter::ApplyKeys(const CollapsedRows& changes, const std::vector<RowLocation>& now) {
  before_.resize(now.size());
  index_->Apply(changes.keys.data(), now.data(), before_.data(), now.size());
  for (size_t i = 0; i < before_.size(); ++i) {
    if (before_[i].file != kNoFile) {
      files_.Delete(before_[i].file, before_[i].position);
      rows_changed_ = true;
    } else if (changes.erase[i]) {
      ++stats_.unknown_deletes;
    }
  }
  return Ok();
}

// Files that are open now are closed: their keys are read back like all others.
Status TableWriter::EnsureIndex() {
  if (index_) return Ok();
  TRY(Flush());
  TRY(files_.Load());
  Schema key_fields;
  for (const std::string& name : key_) {
    const Field* field = schema_.Find(name);
    CHECK(field != nullptr);
    key_fields.fields.push_back(*field);
  }
  index_.emplace(hasher_->exact());
  index_->Reserve(static_cast<size_t>(files_.live_rows()));
  int64_t started = env_.MonotonicMs();
  for (uint32_t ordinal : files_.LiveOrdinals()) {
    auto status = IndexFile(ordinal, key_fields);
    if (!status.ok()) {
      index_.reset();
      return std::move(status).error().With(Str("table ", Name(), ": reading keys of ", files_.at(ordinal).data.path));
    }
  }
  if (int64_t took = env_.MonotonicMs() - started; took > 1000) {
    LogInfo(Str("table ", Name(), ": index of ", index_->size(), " keys built in ", took, " ms"));
  }
  return Ok();
}

Status TableWriter::IndexFile(uint32_t ordinal, const Schema& key_fields) {
  TRY(files_.LoadDeletes(ordinal));
  const TrackedFile& file = files_.at(ordinal);
  TRY_SET(auto path, LocalPath(file.data.path));
  ReadOptions options;
  options.deletes = &file.deletes;
  TRY_SET(auto reader, DataFileReader::Open(env_, path, FileColumns(key_fields), options));
  DataBatch batch;
  std::vector<RowLocation> now, before;
  std::vector<KeyHash> keys;
  while (true) {
    TRY_SET(bool more, reader->Next(batch));
    if (!more) return Ok();
    TRY(hasher_->Hash(batch.rows->columns(), keys));
    now.resize(keys.size());
    before.resize(keys.size());
    for (size_t i = 0; i < keys.size(); ++i) {
      now[i] = {ordinal, static_cast<uint32_t>(batch.position(static_cast<int64_t>(i)))};
    }
    index_->Apply(keys.data(), now.data(), before.data(), keys.size());
    for (auto& location : before) {
      if (location.file == kNoFile || warned_duplicates_) continue;
      warned_duplicates_ = true;
      LogWarn(Str("table ", Name(), " holds several rows with the same key (", Join(key_, ", "),
                  "): a change reaches only one of them"));
    }
  }
}

Status TableWriter::AppendRows(const arrow::RecordBatch& rows, const std::vector<uint32_t>& chosen,
                               RowLocation* where) {
  if (chosen.empty()) return Ok();
  rows_changed_ = true;
  const PartitionSpec& spec = table_->metadata().default_spec();
  if (!spec.partitioned()) return AppendTo(rows, chosen, {}, where);
  if (!partitioner_) {
    TRY_SET(auto made, RowPartitioner::Make(spec, schema_));
    partitioner_ = std::make_unique<RowPartitioner>(std::move(made));
  }
  TRY_SET(auto parts, partitioner_->Split(rows, chosen));
  std::vector<RowLocation> places;
  for (auto& part : parts) {
    places.resize(part.rows.size());
    TRY(AppendTo(rows, part.rows, std::move(part.partition), where == nullptr ? nullptr : places.data()));
    if (where == nullptr) continue;
    for (size_t i = 0; i < places.size(); ++i) where[part.index[i]] = places[i];
  }
  return Ok();
}

Status TableWriter::AppendTo(const arrow::RecordBatch& rows, std::span<const uint32_t> chosen,
                             std::vector<PartitionValue> partition, RowLocation* where) {
  TRY_SET(size_t at, FileFor(std::move(partition)));
  OpenFile& file = *open_[at];
  file.used = ++uses_;
  auto first = static_cast<uint32_t>(file.writer->position());
  Status appended = static_cast<int64_t>(chosen.size()) == rows.num_rows() ? file.writer->Append(rows)
                                                                           : file.writer->Append(rows, chosen);
  if (!appended.ok()) return std::move(appended).error().With(Str("table ", Name()));
  for (size_t i = 0; where != nullptr && i < chosen.size(); ++i) {
    where[i] = {file.ordinal, first + static_cast<uint32_t>(i)};
  }
  if (file.writer->bytes() >= target_bytes_ || file.writer->position() >= kFileRowsMax) return CloseFile(at);
  return Ok();
}

Result<size_t> TableWriter::FileFor(std::vector<PartitionValue> partition) {
  for (size_t i = 0; i < open_.size(); ++i) {
    if (open_[i]->partition == partition) return i;
  }
  if (open_.size() >= kOpenFilesMax) {
    auto oldest = std::min_element(open_.begin(), open_.end(), [](auto& a, auto& b) { return a->used < b->used; });
    TRY(CloseFile(static_cast<size_t>(oldest - open_.begin())));
  }
  std::string part = PartitionPath(table_->metadata().default_spec(), schema_, partition);
  if (!part.empty()) part += '/';
  if (folders_made_.size() > kFoldersRememberedMax) folders_made_.clear();
  if (folders_made_.insert(part).second) TRY(env_.MakeFolders(folder_ + part));
  folders_touched_.insert(part);
  auto& properties = table_->metadata().properties();
  TRY_SET(WriteOptions options, WriteOptions::FromProperties(properties, schema_));
  if (!properties.contains("write.parquet.row-group-size-bytes")) options.row_group_bytes = kRowGroupBytes;
  options.sync = options_.sync;
  options.helper = options_.helper;
  auto file = std::make_unique<OpenFile>();
  std::string name = Str(part, env_.Uuid(), ".parquet");
  file->path = folder_ + name;
  file->partition = std::move(partition);
  file->buffer_bytes_max = options.row_group_bytes;
  TRY_SET(file->writer, DataFileWriter::Open(env_, file->path, schema_, std::move(options), location_ + name));
  file->ordinal = files_.Add();
  open_.push_back(std::move(file));
  return open_.size() - 1;
}

Status TableWriter::CloseFile(size_t index) {
  std::unique_ptr<OpenFile> file = std::move(open_[index]);
  open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(index));
  auto closed = file->writer->Close();
  if (!closed.ok()) {
    (void)env_.Remove(file->path).ok();
    return std::move(closed).error().With(Str("table ", Name()));
  }
  DataFile data = *std::move(closed);
  data.spec_id = table_->metadata().default_spec().spec_id;
  data.partition = std::move(file->partition);
  stats_.bytes_written += data.size;
  files_.Close(file->ordinal, std::move(data));
  return Ok();
}

Status TableWriter::Flush() {
  while (!open_.empty()) TRY(CloseFile(open_.size() - 1));
  return Ok();
}

int64_t TableWriter::buffered_bytes() const {
  int64_t sum = 0;
  for (auto& file : open_) sum += std::min(file->writer->bytes(), file->buffer_bytes_max);
  return sum;
}

}  // namespace sluice::iceberg
