// SPDX-License-Identifier: Apache-2.0
// RowPicker: single rows of many batches -> one batch. A row has a place: the number of its batch, and its own there;
// rows that a merger made have places of their own. One thread. Memory: the batches until Clear.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/result.h"
#include "lake/paimon/row_gather.h"
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

  // Its number.
  int64_t AddSource(std::shared_ptr<arrow::RecordBatch> batch) {
    sources_.push_back(std::move(batch));
    return static_cast<int64_t>(sources_.size()) - 1;
  }
  static int64_t Place(int64_t source, int64_t row) { return source << 32 | row; }
  static int64_t MergedPlace(int64_t row) { return kMerged - row; }
  // The rows that were made of several, by column.
  void SetMerged(std::vector<std::shared_ptr<arrow::Array>> merged) { merged_ = std::move(merged); }
  size_t sources() const { return sources_.size(); }  // batches
  void Clear();

  Result<std::shared_ptr<arrow::RecordBatch>> Take(const std::vector<int64_t>& places) const;
  // Columns whose values do not count as changed.
  void SetNotCompared(std::vector<std::string> names) { not_compared_ = std::move(names); }
  // With these kinds in place of their own. `leave_out_equal`: without the pairs -U and +U whose values are the same.
  // Null if nothing is left.
  Result<std::shared_ptr<arrow::RecordBatch>> TakeChanges(const std::vector<ChangedRow>& changes,
                                                          bool leave_out_equal) const;

 private:
  static constexpr int64_t kMerged = -2;  // of the first one; the next ones are below

  std::vector<RowRange> RangesOf(const std::vector<int64_t>& places) const;
  bool SameValues(const arrow::RecordBatch& rows, int64_t a, int64_t b) const;

  const std::vector<FileColumn> columns_;
  const size_t first_;
  std::vector<std::string> not_compared_;
  std::vector<std::shared_ptr<arrow::RecordBatch>> sources_;
  std::vector<std::shared_ptr<arrow::Array>> merged_;
};

}  // namespace sluice::paimon
