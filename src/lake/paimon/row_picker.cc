// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/row_picker.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>

#include <algorithm>

#include "lake/paimon/special_fields.h"
#include "row/arrow_status.h"

namespace sluice::paimon {

void RowPicker::Clear() {
  sources_.clear();
  merged_.clear();
}

// The merged rows stand behind all sources.
std::vector<RowRange> RowPicker::RangesOf(const std::vector<int64_t>& places) const {
  std::vector<RowRange> ranges;
  ranges.reserve(places.size());
  int64_t next = -1;  // the place that the last range would go on with
  for (int64_t place : places) {
    if (place <= kMerged) place = Place(static_cast<int64_t>(sources_.size()), kMerged - place);
    if (place == next) {
      ++ranges.back().count;
    } else {
      ranges.push_back({static_cast<uint32_t>(place >> 32), static_cast<uint32_t>(place), 1});
    }
    next = place + 1;
  }
  return ranges;
}

Result<std::shared_ptr<arrow::RecordBatch>> RowPicker::Take(const std::vector<int64_t>& places) const {
  const std::vector<RowRange> ranges = RangesOf(places);
  std::vector<std::shared_ptr<arrow::Array>> columns;
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (size_t i = 0; i < columns_.size(); ++i) {
    arrow::ArrayVector parts;
    for (const auto& batch : sources_) parts.push_back(batch->column(static_cast<int>(first_ + i)));
    if (!merged_.empty()) parts.push_back(merged_[i]);
    TRY_SET(auto column, GatherRows(parts, ranges));
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
    if (std::find(not_compared_.begin(), not_compared_.end(), columns_[i].name) != not_compared_.end()) continue;
    const auto& column = *rows.column(static_cast<int>(i));
    if (!column.RangeEquals(column, a, a + 1, b)) return false;
  }
  return true;
}

}  // namespace sluice::paimon
