// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/merge_reader.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/buffer.h>
#include <arrow/chunked_array.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <span>
#include <utility>

#include "base/text.h"
#include "lake/paimon/cell_order.h"
#include "lake/paimon/row_merger.h"
#include "lake/paimon/special_fields.h"
#include "row/arrow_status.h"
#include "row/change_batch.h"

namespace sluice::paimon {
namespace {

constexpr size_t kSystemColumns = 2;  // the first ones that a Run reads
constexpr int64_t kBatchRows = 4096;  // of the merged rows, and of each file
constexpr size_t kSourcesMax = 64;    // batches of files that one batch of merged rows is taken from
constexpr int64_t kNoRow = -1;        // place of a key that gives none
constexpr int64_t kMerged = -2;       // and of the first row that was made of several; below it, the next ones

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

template <typename ArrayType>
auto At(const arrow::Array& column, int64_t row) {
  return static_cast<const ArrayType&>(column).GetView(row);
}

// A file, its rows in order: sequence number, kind, key, user's sequence, wanted columns.
class Run {
 public:
  Run(std::string path, std::unique_ptr<DataFileReader> reader, bool hides_keys)
      : hides(hides_keys), path_(std::move(path)), reader_(std::move(reader)) {}

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
    cells.clear();
    for (int i = 0; i < rows->num_columns(); ++i) cells.push_back(rows->column(i).get());
    return Ok();
  }

  int64_t sequence() const { return At<arrow::Int64Array>(*rows->column(0), row); }
  RowKind kind() const { return static_cast<RowKind>(At<arrow::Int32Array>(*rows->column(1), row)); }
  bool retracts() const { return kind() == RowKind::kDelete || kind() == RowKind::kUpdateBefore; }

  BatchPtr rows;
  std::vector<const arrow::Array*> cells;  // columns of the batch
  int64_t row = 0;
  bool hides = false;

 private:
  std::string path_;
  std::unique_ptr<DataFileReader> reader_;
};

FileColumn ColumnOf(const Field& field) { return {field.id, field.name, field.type, false}; }

}  // namespace

Result<MergeOrder> MergeOrder::Of(const Schema& schema) {
  MergeOrder order;
  order.schema = &schema;
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
  TRY_SET(order.rules, MergeRules::Of(schema));
  return order;
}

class MergeReader::Impl {
 public:
  Impl(const MergeOrder& order, std::vector<FileColumn> wanted, bool keep_deletes)
      : key_end_(kSystemColumns + order.key.size()),
        sequence_end_(key_end_ + order.sequence.size()),
        descending_(order.descending),
        engine_(order.rules.engine),
        leaves_deletes_out_(order.rules.ignore_delete && !order.rules.builds_rows()),
        keep_deletes_(keep_deletes),
        wanted_(std::move(wanted)) {}

  Status MakeMerger(const MergeRules& rules, std::span<const FileColumn> columns) {
    if (!rules.builds_rows()) return Ok();
    TRY_SET(merger_, RowMerger::Make(rules, {columns.begin(), columns.end()}, wanted_.size()));
    return Ok();
  }
  size_t key_end() const { return key_end_; }
  size_t sequence_end() const { return sequence_end_; }

  Status Add(Env& env, const MergeInput& file, const std::vector<FileColumn>& columns) {
    ReadOptions options;
    options.batch_rows = kBatchRows;
    TRY_SET(auto reader, DataFileReader::Open(env, file.path, AsWritten(columns, *file.written), options));
    Run run(file.path, std::move(reader), file.hides);
    TRY(Advance(run));
    if (run.rows != nullptr) runs_.push_back(std::move(run));
    return Ok();
  }

  Result<bool> Next(DataBatch& out) {
    sources_.clear();
    source_rows_ = 0;
    picked_.clear();
    while (picked_.size() < kBatchRows && sources_.size() < kSourcesMax && !runs_.empty()) {
      TRY_SET(const int64_t at, NextKey());
      if (at != kNoRow) picked_.push_back(at);
    }
    if (picked_.empty() && !runs_.empty()) return Next(out);  // nothing but deleted rows
    if (picked_.empty()) return false;
    TRY(Take(out));
    return true;
  }

 private:
  Status Advance(Run& run) {
    do {
      TRY(run.Advance());
    } while (run.rows != nullptr && leaves_deletes_out_ && run.retracts());
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

  // Passes over all rows of the lowest key: the place of the one that they make.
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
    TRY_SET(const int64_t place, PlaceOfSame(newest));
    bool ended = false;
    for (size_t i : same_) {
      TRY(Advance(runs_[i]));
      ended |= runs_[i].rows == nullptr;
    }
    if (ended) std::erase_if(runs_, [](const Run& run) { return run.rows == nullptr; });
    return place;
  }

  // `newest`: of the runs in same_.
  Result<int64_t> PlaceOfSame(size_t newest) {
    if (engine_ == MergeEngine::kFirstRow) return FirstOfSame();
    if (merger_ != nullptr && same_.size() > 1) return MergeSame();
    return runs_[newest].retracts() && !keep_deletes_ ? kNoRow : PlaceOf(runs_[newest]);
  }

  Result<int64_t> FirstOfSame() {
    size_t oldest = same_[0];
    for (size_t i : same_) {
      if (runs_[i].hides) return kNoRow;
      if (runs_[i].retracts()) {
        return Invalid("files of the table have -U or -D rows, which merge-engine first-row cannot merge",
                       "set the table option ignore-delete: true");
      }
      if (Newer(runs_[oldest], runs_[i])) oldest = i;
    }
    return PlaceOf(runs_[oldest]);
  }

  Result<int64_t> MergeSame() {
    std::stable_sort(same_.begin(), same_.end(), [&](size_t a, size_t b) { return Newer(runs_[b], runs_[a]); });
    merger_->Begin();
    for (size_t i : same_) {
      const Run& run = runs_[i];
      const auto cells = std::span(run.cells).subspan(sequence_end_);
      TRY(merger_->Add(cells, run.row, run.kind(), run.sequence()));
    }
    if (merger_->kind() == RowKind::kDelete && !keep_deletes_) return kNoRow;
    TRY(merger_->Append());
    return kMerged + 1 - merger_->rows();
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

  Status Take(DataBatch& out) {
    arrow::ArrayVector merged;
    if (merger_ != nullptr && merger_->rows() > 0) {
      TRY_SET(merged, merger_->Finish());
    }
    for (int64_t& place : picked_) {
      if (place <= kMerged) place = source_rows_ + kMerged - place;  // behind all sources
    }
    const auto count = static_cast<int64_t>(picked_.size());
    const arrow::Int64Array places(count, arrow::Buffer::Wrap(picked_));
    std::vector<std::shared_ptr<arrow::Array>> columns;
    std::vector<std::shared_ptr<arrow::Field>> fields;
    for (size_t i = 0; i < wanted_.size(); ++i) {
      arrow::ArrayVector chunks;
      for (const auto& [batch, begin] : sources_) chunks.push_back(batch->column(static_cast<int>(sequence_end_ + i)));
      if (!merged.empty()) chunks.push_back(merged[i]);
      const auto all = std::make_shared<arrow::ChunkedArray>(std::move(chunks));
      ARROW_TRY_SET(const auto taken, arrow::compute::Take(all, places));
      ARROW_TRY_SET(auto joined, arrow::Concatenate(taken.chunked_array()->chunks()));
      fields.push_back(arrow::field(wanted_[i].name, joined->type()));
      columns.push_back(std::move(joined));
    }
    out.rows = arrow::RecordBatch::Make(arrow::schema(std::move(fields)), count, std::move(columns));
    out.first_position = 0;
    out.positions.clear();
    return Ok();
  }

  const size_t key_end_, sequence_end_;  // columns of a run
  const bool descending_;
  const MergeEngine engine_;
  const bool leaves_deletes_out_, keep_deletes_;
  const std::vector<FileColumn> wanted_;
  std::unique_ptr<RowMerger> merger_;  // null: rows are picked, not made
  std::vector<Run> runs_;              // that have a row
  std::vector<size_t> same_;           // runs whose row has the lowest key
  std::vector<std::pair<BatchPtr, int64_t>> sources_;
  int64_t source_rows_ = 0;
  std::vector<int64_t> picked_;  // places in the sources, then in the merger's rows
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
  std::vector<std::string> names;
  for (const FileColumn& column : wanted) names.push_back(column.name);
  columns.insert(columns.end(), wanted.begin(), wanted.end());
  TRY_SET(const auto needed, SupportedFields(*order.schema, order.rules.AlsoNeeded(names)));
  for (const Field* field : needed) columns.push_back(ColumnOf(*field));
  auto impl = std::make_unique<Impl>(order, std::move(wanted), keep_deletes);
  TRY(impl->MakeMerger(order.rules, std::span(columns).subspan(impl->sequence_end())));
  const auto key_only = std::vector(columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(impl->key_end()));
  for (const MergeInput& file : files) TRY(impl->Add(env, file, file.hides ? key_only : columns));
  return std::unique_ptr<MergeReader>(new MergeReader(std::move(impl)));
}

MergeReader::MergeReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MergeReader::~MergeReader() = default;
Result<bool> MergeReader::Next(DataBatch& out) { return impl_->Next(out); }

}  // namespace sluice::paimon
