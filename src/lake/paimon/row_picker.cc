// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/row_picker.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/chunked_array.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>

#include "lake/paimon/special_fields.h"
#include "row/arrow_status.h"

namespace sluice::paimon {

void RowPicker::Clear() {
  sources_.clear();
  merged_.clear();
  rows_ = 0;
}

int64_t RowPicker::PlaceOf(const std::shared_ptr<arrow::RecordBatch>& batch, int64_t row) {
  for (size_t i = sources_.size(); i > 0; --i) {
    if (sources_[i - 1].first == batch) return sources_[i - 1].second + row;
  }
  sources_.emplace_back(batch, rows_);
  rows_ += batch->num_rows();
  return sources_.back().second + row;
}

Result<std::shared_ptr<arrow::Array>> RowPicker::TakeColumn(size_t column, const std::vector<int64_t>& places) const {
  arrow::ArrayVector chunks;
  for (const auto& [batch, begin] : sources_) chunks.push_back(batch->column(static_cast<int>(first_ + column)));
  if (!merged_.empty()) chunks.push_back(merged_[column]);
  if (places.empty()) {
    ARROW_TRY_SET(auto none, arrow::MakeEmptyArray(chunks[0]->type()));
    return none;
  }
  const arrow::Int64Array indices(static_cast<int64_t>(places.size()), arrow::Buffer::Wrap(places));
  const auto all = std::make_shared<arrow::ChunkedArray>(std::move(chunks));
  ARROW_TRY_SET(const auto taken, arrow::compute::Take(all, indices));
  ARROW_TRY_SET(auto joined, arrow::Concatenate(taken.chunked_array()->chunks()));
  return joined;
}

Result<std::shared_ptr<arrow::RecordBatch>> RowPicker::Take(const std::vector<int64_t>& places) const {
  std::vector<int64_t> wanted = places;
  for (int64_t& place : wanted) {
    if (place <= kMerged) place = rows_ + kMerged - place;  // behind all sources
  }
  std::vector<std::shared_ptr<arrow::Array>> columns;
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (size_t i = 0; i < columns_.size(); ++i) {
    TRY_SET(auto column, TakeColumn(i, wanted));
    fields.push_back(arrow::field(columns_[i].name, column->type()));
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), static_cast<int64_t>(places.size()),
                                  std::move(columns));
}

Result<std::shared_ptr<arrow::RecordBatch>> RowPicker::TakeChanges(const std::vector<ChangedRow>& changes,
                                                                   bool leave_out_equal) const {
  std::vector<int64_t> places;
  std::vector<RowKind> kinds;
  for (const ChangedRow& change : changes) {
    places.push_back(change.place);
    kinds.push_back(change.kind);
  }
  TRY_SET(auto rows, Take(places));
  if (leave_out_equal) {
    std::vector<int64_t> kept;
    for (int64_t row = 0; row < rows->num_rows(); ++row) {
      const bool pair = kinds[static_cast<size_t>(row)] == RowKind::kUpdateBefore;
      if (pair && SameValues(*rows, row, row + 1)) {
        ++row;
      } else {
        kept.push_back(row);
      }
    }
    if (kept.empty()) return std::shared_ptr<arrow::RecordBatch>();
    for (size_t i = 0; i < kept.size(); ++i) {
      places[i] = places[static_cast<size_t>(kept[i])];
      kinds[i] = kinds[static_cast<size_t>(kept[i])];
    }
    places.resize(kept.size());
    kinds.resize(kept.size());
    TRY_SET(rows, Take(places));
  }
  std::vector<int32_t> numbers;
  for (RowKind kind : kinds) numbers.push_back(static_cast<int32_t>(kind));
  const auto column = std::make_shared<arrow::Int32Array>(rows->num_rows(),
                                                          arrow::Buffer::FromVector(std::move(numbers)));
  for (size_t i = 0; i < columns_.size(); ++i) {
    const int at = static_cast<int>(i);
    if (columns_[i].id != kKindId) continue;
    ARROW_TRY_SET(rows, rows->SetColumn(at, rows->schema()->field(at)->WithType(arrow::int32()), column));
  }
  return rows;
}

bool RowPicker::SameValues(const arrow::RecordBatch& rows, int64_t a, int64_t b) const {
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].id == kKindId || columns_[i].id == kSequenceId) continue;
    const auto& column = *rows.column(static_cast<int>(i));
    if (!column.RangeEquals(column, a, a + 1, b)) return false;
  }
  return true;
}

}  // namespace sluice::paimon
