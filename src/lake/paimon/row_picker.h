// SPDX-License-Identifier: Apache-2.0
// RowPicker: single rows of many batches -> one batch. A row has a place: its batch's begin among all that were named,
// and its number there; rows that a merger made have places of their own. One thread. Memory: the batches until Clear.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/result.h"
#include "lake/parquet/file_column.h"
#include "row/change_batch.h"

namespace arrow {
class Array;
}

namespace sluice::paimon {

struct ChangedRow {
  int64_t place = 0;
  RowKind kind = RowKind::kInsert;
};

class RowPicker {
 public:
  // `columns`: of the result; in the batches they stand from `first` on.
  RowPicker(std::vector<FileColumn> columns, size_t first) : columns_(std::move(columns)), first_(first) {}

  int64_t PlaceOf(const std::shared_ptr<arrow::RecordBatch>& batch, int64_t row);
  static int64_t MergedPlace(int64_t row) { return kMerged - row; }
  // The rows that were made of several, by column.
  void SetMerged(std::vector<std::shared_ptr<arrow::Array>> merged) { merged_ = std::move(merged); }
  size_t sources() const { return sources_.size(); }  // batches
  void Clear();

  Result<std::shared_ptr<arrow::RecordBatch>> Take(const std::vector<int64_t>& places) const;
  // With these kinds in place of their own. `leave_out_equal`: without the pairs -U and +U whose values are the same.
  // Null if nothing is left.
  Result<std::shared_ptr<arrow::RecordBatch>> TakeChanges(const std::vector<ChangedRow>& changes,
                                                          bool leave_out_equal) const;

 private:
  static constexpr int64_t kMerged = -2;  // of the first one; the next ones are below

  Result<std::shared_ptr<arrow::Array>> TakeColumn(size_t column, const std::vector<int64_t>& places) const;
  bool SameValues(const arrow::RecordBatch& rows, int64_t a, int64_t b) const;

  const std::vector<FileColumn> columns_;
  const size_t first_;
  std::vector<std::pair<std::shared_ptr<arrow::RecordBatch>, int64_t>> sources_;  // and where each begins
  int64_t rows_ = 0;                                                            // of the sources
  std::vector<std::shared_ptr<arrow::Array>> merged_;
};

}  // namespace sluice::paimon
