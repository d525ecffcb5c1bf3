// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/merge_reader.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/builder.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>

#include <utility>

#include "base/text.h"
#include "lake/paimon/cell_order.h"
#include "lake/paimon/special_fields.h"
#include "row/arrow_status.h"
#include "row/change_batch.h"

namespace sluice::paimon {
namespace {

constexpr size_t kSystemColumns = 2;  // the first ones that a Run reads
constexpr int64_t kBatchRows = 4096;  // of the merged rows, and of each file
constexpr size_t kSourcesMax = 64;    // batches of files that one batch of merged rows is taken from

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

template <typename ArrayType>
auto At(const arrow::Array& column, int64_t row) {
  return static_cast<const ArrayType&>(column).GetView(row);
}

// A file, its rows in order: sequence number, kind, key, user's sequence, wanted columns.
class Run {
 public:
  Run(std::string path, std::unique_ptr<DataFileReader> reader) : path_(std::move(path)), reader_(std::move(reader)) {}

  // To the next row; `rows` is null at the end.
  Status Advance() {
    if (rows != nullptr && ++row < rows->num_rows()) return Ok();
    DataBatch batch;
    TRY_SET(const bool more, reader_->Next(batch));
    rows = more ? std::move(batch.rows) : nullptr;
    row = 0;
    if (rows == nullptr) return Ok();
    for (size_t i = 0; i < kSystemColumns; ++i) {
      if (rows->column(static_cast<int>(i))->null_count() == 0) continue;
      return Corrupt(Str("data file ", path_, " has no column ", rows->schema()->field(static_cast<int>(i))->name(),
                         " or NULL in it"), "the file is damaged, or was not written by Paimon for a primary key");
    }
    return Ok();
  }

  int64_t sequence() const { return At<arrow::Int64Array>(*rows->column(0), row); }
  RowKind kind() const { return static_cast<RowKind>(At<arrow::Int32Array>(*rows->column(1), row)); }
  bool retracts() const { return kind() == RowKind::kDelete || kind() == RowKind::kUpdateBefore; }

  BatchPtr rows;
  int64_t row = 0;

 private:
  std::string path_;
  std::unique_ptr<DataFileReader> reader_;
};

FileColumn ColumnOf(const Field& field) { return {field.id, field.name, field.type, false}; }

}  // namespace

Result<MergeOrder> MergeOrder::Of(const Schema& schema) {
  MergeOrder order;
  TRY_SET(order.key, SupportedFields(schema, schema.TrimmedKey()));
  std::vector<std::string> sequence;
  for (const std::string& name : Split(schema.Option("sequence.field", ""), ',')) {
    if (!Trim(name).empty()) sequence.emplace_back(Trim(name));
  }
  TRY_SET(order.sequence, SupportedFields(schema, sequence));
  for (const auto* fields : {&order.key, &order.sequence}) {
    for (const Field* field : *fields) {
      if (field->type.kind == TypeKind::kArray) return Unsupported(Str("column ", field->name, " as a key"));
    }
  }
  order.descending = Lower(schema.Option("sequence.field.sort-order", "ascending")) == "descending";
  const std::string ignore = schema.Option("ignore-delete", schema.Option("deduplicate.ignore-delete", "false"));
  order.ignore_delete = Lower(ignore) == "true";
  return order;
}

class MergeReader::Impl {
 public:
  Impl(const MergeOrder& order, bool keep_deletes)
      : key_end_(kSystemColumns + order.key.size()),
        sequence_end_(key_end_ + order.sequence.size()),
        descending_(order.descending),
        ignore_delete_(order.ignore_delete),
        keep_deletes_(keep_deletes) {}

  Status Add(Env& env, const std::string& path, const std::vector<FileColumn>& columns) {
    ReadOptions options;
    options.batch_rows = kBatchRows;
    TRY_SET(auto reader, DataFileReader::Open(env, path, columns, options));
    Run run(path, std::move(reader));
    TRY(Advance(run));
    if (run.rows != nullptr) runs_.push_back(std::move(run));
    return Ok();
  }

  Result<bool> Next(DataBatch& out) {
    sources_.clear();
    source_rows_ = 0;
    arrow::Int64Builder picked;
    ARROW_TRY(picked.Reserve(kBatchRows));
    while (picked.length() < kBatchRows && sources_.size() < kSourcesMax && !runs_.empty()) {
      TRY_SET(const int64_t at, NextKey());
      if (at >= 0) picked.UnsafeAppend(at);
    }
    if (picked.length() == 0 && !runs_.empty()) return Next(out);  // nothing but deleted rows
    if (picked.length() == 0) return false;
    TRY(Take(picked, out));
    return true;
  }

 private:
  Status Advance(Run& run) {
    do {
      TRY(run.Advance());
    } while (run.rows != nullptr && ignore_delete_ && run.retracts());
    return Ok();
  }

  int Compare(const Run& a, const Run& b, size_t from, size_t to) const {
    for (size_t i = from; i < to; ++i) {
      const int column = static_cast<int>(i);
      const int order = CompareCells(*a.rows->column(column), a.row, *b.rows->column(column), b.row);
      if (order != 0) return order;
    }
    return 0;
  }

  // Of two rows of the same key.
  bool Newer(const Run& a, const Run& b) const {
    for (size_t i = key_end_; i < sequence_end_; ++i) {
      const int column = static_cast<int>(i);
      const int order = CompareSequence(*a.rows->column(column), a.row, *b.rows->column(column), b.row, descending_);
      if (order != 0) return order > 0;
    }
    return a.sequence() > b.sequence();
  }

  // Passes over all rows of the lowest key: the place of its newest one in the sources, or -1 if that deletes it.
  Result<int64_t> NextKey() {
    size_t newest = 0;
    same_.assign(1, 0);
    for (size_t i = 1; i < runs_.size(); ++i) {
      const int order = Compare(runs_[i], runs_[same_[0]], kSystemColumns, key_end_);
      if (order > 0) continue;
      if (order < 0) {
        same_.assign(1, i);
        newest = i;
        continue;
      }
      same_.push_back(i);
      if (Newer(runs_[i], runs_[newest])) newest = i;
    }
    const int64_t place = runs_[newest].retracts() && !keep_deletes_ ? -1 : PlaceOf(runs_[newest]);
    bool ended = false;
    for (size_t i : same_) {
      TRY(Advance(runs_[i]));
      ended |= runs_[i].rows == nullptr;
    }
    if (ended) std::erase_if(runs_, [](const Run& run) { return run.rows == nullptr; });
    return place;
  }

  // The batch of a run's row is remembered, with the place where it begins.
  int64_t PlaceOf(const Run& run) {
    for (size_t i = sources_.size(); i > 0; --i) {
      if (sources_[i - 1].first == run.rows) return sources_[i - 1].second + run.row;
    }
    sources_.emplace_back(run.rows, source_rows_);
    source_rows_ += run.rows->num_rows();
    return sources_.back().second + run.row;
  }

  Status Take(arrow::Int64Builder& picked, DataBatch& out) {
    ARROW_TRY_SET(const auto places, picked.Finish());
    std::vector<BatchPtr> batches;
    for (const auto& [batch, begin] : sources_) batches.push_back(batch);
    ARROW_TRY_SET(const auto all, arrow::Table::FromRecordBatches(batches));
    std::vector<std::shared_ptr<arrow::Array>> columns;
    std::vector<std::shared_ptr<arrow::Field>> fields;
    for (int i = static_cast<int>(sequence_end_); i < all->num_columns(); ++i) {
      ARROW_TRY_SET(const auto taken, arrow::compute::Take(all->column(i), places));
      ARROW_TRY_SET(const auto joined, arrow::Concatenate(taken.chunked_array()->chunks()));
      columns.push_back(joined);
      fields.push_back(all->schema()->field(i));
    }
    out.rows = arrow::RecordBatch::Make(arrow::schema(fields), places->length(), std::move(columns));
    out.first_position = 0;
    out.positions.clear();
    return Ok();
  }

  const size_t key_end_, sequence_end_;  // columns of a run
  const bool descending_, ignore_delete_, keep_deletes_;
  std::vector<Run> runs_;     // that have a row
  std::vector<size_t> same_;  // runs whose row has the lowest key
  std::vector<std::pair<BatchPtr, int64_t>> sources_;
  int64_t source_rows_ = 0;
};

Result<std::unique_ptr<MergeReader>> MergeReader::Open(Env& env, const std::vector<MergeInput>& files,
                                                       const MergeOrder& order, std::vector<FileColumn> wanted,
                                                       bool keep_deletes) {
  std::vector<FileColumn> columns(kSystemColumns);
  columns[0] = {kSequenceId, kSequenceName, DataType{.kind = TypeKind::kBigInt}, false};
  columns[1] = {kKindId, kKindName, DataType{.kind = TypeKind::kInt}, false};
  for (const auto* fields : {&order.key, &order.sequence}) {
    for (const Field* field : *fields) columns.push_back(ColumnOf(*field));
  }
  columns.insert(columns.end(), wanted.begin(), wanted.end());
  auto impl = std::make_unique<Impl>(order, keep_deletes);
  for (const MergeInput& file : files) TRY(impl->Add(env, file.path, AsWritten(columns, *file.written)));
  return std::unique_ptr<MergeReader>(new MergeReader(std::move(impl)));
}

MergeReader::MergeReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MergeReader::~MergeReader() = default;
Result<bool> MergeReader::Next(DataBatch& out) { return impl_->Next(out); }

}  // namespace sluice::paimon
