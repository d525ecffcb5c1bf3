// SPDX-License-Identifier: Apache-2.0
// The row path of TableWriter, up to the rows that wait; table_writer_flush.cc writes them, table_writer_epoch.cc has
// schema changes and epochs.
#include "lake/paimon/table_writer.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "lake/paimon/buffer_merge.h"
#include "lake/paimon/pipeline_field.h"
#include "lake/paimon/table_writer_parts.h"
#include "row/arrow_status.h"

namespace sluice::paimon {
namespace {

constexpr int64_t kBufferedRowsMax = 1 << 30;  // then the rows that wait are written, as with too many bytes

}  // namespace

TableWriter::TableWriter(Env& env, std::unique_ptr<Table> table, TableWriterOptions options)
    : env_(env),
      table_(std::move(table)),
      options_(std::move(options)),
      prefix_(Str("sluice.", options_.user, ".")) {}

TableWriter::~TableWriter() {
  if (finished_) return;  // whether these files are committed is not known here
  for (const ManifestEntry& entry : added_) RemoveFile({entry.partition, entry.bucket}, entry.file);
  for (const ManifestEntry& entry : changelog_) RemoveFile({entry.partition, entry.bucket}, entry.file);
  RemoveCompacted();
}

Result<std::unique_ptr<TableWriter>> TableWriter::Make(Env& env, std::unique_ptr<Table> table,
                                                       TableWriterOptions options) {
  std::unique_ptr<TableWriter> writer(new TableWriter(env, std::move(table), std::move(options)));
  TRY(writer->Load(writer->table_->newest_schema()));
  TRY_SET(const auto own, LatestOfUser(*writer->table_, writer->options_.user));
  if (own) {
    auto dropped = own->properties.find(writer->prefix_ + "dropped");
    writer->dropped_ = dropped != own->properties.end() && dropped->second == "true";
  }
  return writer;
}

Status TableWriter::Load(const Schema& schema) {
  Schema own = schema;
  for (const auto& [key, value] : options_.overrides) own.options[key] = value;
  auto fit = [&]() -> Status {
    TRY_SET(table_options_, TableOptions::Of(own));
    for (const Field& field : own.fields) {
      if (InPipelines(field) || (options_.once_on && field.supported)) continue;
      return Unsupported(Str("column ", field.name, " is of type ", field.type_json, ", which no pipeline writes"),
                         "write to another table (route)");
    }
    TRY_SET(layout_, RowLayout::Make(own, table_options_));
    TRY_SET(folders_, BucketFolders::Of(table_->folder(), own));
    if (router_ != nullptr) return router_->Bind(own, table_options_);
    TRY_SET(router_, RowRouter::Make(env_, own, table_options_));
    return Ok();
  };
  Status fits = fit();
  if (!fits.ok()) return std::move(fits).error().With(Str("table ", options_.name));
  schema_ = std::move(own);
  binding_.reset();
  return Ok();
}

Status TableWriter::TakeInCommits() {
  const bool evolved = dirty();  // since the last commit
  if (evolved && !stale_) return Ok();
  TRY_SET(const auto ids, table_->SnapshotIds());
  const int64_t newest = ids.empty() ? 0 : ids.back();
  if (options_.once_on && newest != *options_.once_on) {
    return Conflict(Str("table ", options_.name, ": another writer made snapshot ", newest, " meanwhile"));
  }
  const int64_t schema_before = table_->newest_schema().id;
  TRY(table_->Refresh());
  if (!evolved && table_->newest_schema().id != schema_before) TRY(Load(table_->newest_schema()));
  if (newest == base_ && !stale_) return Ok();
  if (!stale_) LogInfo(Str("table ", options_.name, ": another writer has committed; its files are taken in"));
  base_ = newest;
  Status loaded = Reload();
  if (loaded.ok()) return loaded;
  return Overtaken(std::move(loaded).error());
}

// The error of a file that is gone, as the conflict that it is if another writer has replaced and expired it.
Error TableWriter::Overtaken(Error error) {
  if (error.code != ErrorCode::kNotFound) return error;
  const auto ids = table_->SnapshotIds();
  if (ids.ok() && !ids->empty() && ids->back() != base_) error.code = ErrorCode::kConflict;
  return error;
}

Status TableWriter::Reload() {
  buckets_.clear();
  next_sequence_ = 0;
  router_.reset();  // it knows the index of another snapshot
  TRY_SET(router_, RowRouter::Make(env_, schema_, table_options_));
  if (!options_.overwritten.empty()) router_->Truncate();
  if (base_ > 0 && options_.overwritten.empty()) {
    TRY_SET(const Snapshot snapshot, table_->SnapshotOf(base_));
    TRY_SET(auto entries, table_->LiveEntries(snapshot));
    if (table_options_.deletion_vectors) {
      TRY_SET(const auto files, table_->Locate(snapshot, entries));
      for (const LiveFile& file : files) {
        TRY((buckets_[{file.partition, file.bucket}].deletions.Load(env_, file, !table_options_.keyed)));
      }
    }
    for (ManifestEntry& entry : entries) {
      if (table_options_.bucket_mode == BucketMode::kFixed && entry.total_buckets != table_options_.buckets) {
        return Unsupported(Str("table ", options_.name, " has ", table_options_.buckets, " buckets, but files of ",
                               entry.total_buckets),
                           "sluice paimon rescale gives its partitions the buckets of the option");
      }
      next_sequence_ = std::max(next_sequence_, entry.file.max_sequence + 1);
      Bucket& bucket = buckets_[{entry.partition, entry.bucket}];
      // Left there by another writer.
      bucket.touched |= table_options_.keyed && table_options_.looks_up() && entry.file.level == 0;
      bucket.files.push_back(std::move(entry.file));
    }
  }
  stale_ = false;
  return Ok();
}

Status TableWriter::Bind(const std::shared_ptr<const TableSchema>& schema) {
  if (binding_ && (binding_->schema == schema || *binding_->schema == *schema)) {
    binding_->schema = schema;
    return Ok();
  }
  auto binding = std::make_unique<Binding>();
  binding->schema = schema;
  size_t used = 0;
  for (const Field& field : schema_.fields) {
    const int column = schema->Find(field.name);
    if (column < 0 && !field.type.nullable) {
      return Invalid(Str("table ", options_.name, ": column ", field.name,
                         " is NOT NULL, and the source has no such column"),
                     "make the column nullable in the table");
    }
    used += column >= 0;
    binding->source.push_back(column);
    binding->types.push_back(field.type.ToArrow());
  }
  for (const Column& column : schema->columns) {
    if (used == schema->columns.size() || schema_.Find(column.name) != nullptr) continue;
    return Invalid(Str("table ", options_.name, " has no column ", column.name,
                       " of its source: another program has dropped or renamed it"),
                   "rename it back in the table, or start the job again: it adds the column anew, and rows that were "
                   "there have NULL in it");
  }
  binding_ = std::move(binding);
  return Ok();
}

Status TableWriter::Write(const ChangeBatch& batch) {
  CHECK(!finished_);
  if (batch.row_count() == 0) return Ok();
  TRY(TakeInCommits());
  TRY(Bind(batch.schema));
  Pending pending;
  pending.rows = batch.row_count();
  pending.bytes = batch.bytes();
  pending.part = batch.part;
  pending.copied = batch.snapshot;
  pending.kinds = batch.kinds;
  for (size_t i = 0; i < binding_->source.size(); ++i) {
    const int source = binding_->source[i];
    std::shared_ptr<arrow::Array> column;
    if (source < 0) {
      ARROW_TRY_SET(column, arrow::MakeArrayOfNull(binding_->types[i], pending.rows));
    } else {
      column = batch.rows->column(source);
    }
    if (!column->type()->Equals(*binding_->types[i])) {
      ARROW_TRY_SET(column, arrow::compute::Cast(*column, binding_->types[i]));
    }
    pending.columns.push_back(std::move(column));
  }
  Status taken = SetKinds(pending);
  if (!taken.ok()) return std::move(taken).error().With(Str("table ", options_.name));
  TRY(router_->Route(*table_, pending.columns, pending.rows, pending.buckets));
  Count(batch);
  buffered_bytes_ += pending.bytes;
  pending_.push_back(std::move(pending));
  int64_t rows = 0;
  for (const Pending& waiting : pending_) rows += waiting.rows;
  return buffered_bytes_ >= most_buffered_bytes() || rows >= kBufferedRowsMax ? Flush() : Ok();
}

Status TableWriter::SetKinds(Pending& pending) const {
  if (!table_options_.keyed) return Ok();
  const std::string told = schema_.Option("rowkind.field", "");
  if (!told.empty()) {
    TRY_SET(pending.kinds, KindsOf(*ColumnsOf({told}, pending.columns)[0]));
  }
  if (pending.kinds.empty()) return Ok();
  const Columns key = ColumnsOf(schema_.primary_keys, pending.columns);
  return TakeKinds(table_options_.merge, key, pending.kinds, !told.empty());
}

// Those of the table's columns that have these names.
Columns TableWriter::ColumnsOf(const std::vector<std::string>& names, const Columns& columns) const {
  Columns out;
  for (const std::string& name : names) {
    out.push_back(columns[static_cast<size_t>(schema_.Find(name) - schema_.fields.data())]);
  }
  return out;
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

Result<RowFileOptions> TableWriter::FilesOf(const BucketId& id, Bucket& bucket) {
  TRY_SET(std::string folder, folders_->Folder(id.partition, id.bucket));
  RowFileOptions files = RowFileOptions::Of(table_options_, std::move(folder));
  Status made = bucket.folder_made ? Ok() : env_.MakeFolders(files.folder);
  if (!made.ok()) return std::move(made).error().With(Str("table ", options_.name, ": folder of a bucket"));
  bucket.folder_made = true;
  folders_touched_.insert(files.folder);
  files.parquet.sync = options_.sync;
  files.parquet.helper = options_.helper;
  if (table_options_.bucket_mode == BucketMode::kPostponed) files.index = {};  // no reader looks for rows there
  return files;
}

ManifestEntry TableWriter::EntryOf(const BucketId& id, EntryKind kind, DataFileMeta file) const {
  ManifestEntry entry;
  entry.kind = kind;
  entry.partition = id.partition;
  entry.bucket = id.bucket;
  entry.total_buckets = table_options_.buckets;
  entry.file = std::move(file);
  return entry;
}

void TableWriter::RemoveFile(const BucketId& id, const DataFileMeta& file) {
  const auto folder = folders_->Folder(id.partition, id.bucket);
  if (!folder.ok()) return;
  for (const std::string& name : file.Names()) (void)env_.Remove(Str(*folder, "/", name)).ok();
}

}  // namespace sluice::paimon
