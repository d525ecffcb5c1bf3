// SPDX-License-Identifier: Apache-2.0
// BatchBuilder: collects decoded rows of one table as Arrow columns. RowPlan and TextPlan fill it; every column gets
// exactly one value a row. Owned by one thread. Memory grows by doubling and is given away by Finish, not copied.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "row/change_batch.h"

namespace arrow {
class ResizableBuffer;
}

namespace sluice::mysql {

// Values of a column that its type at the sink cannot hold, by what became of them.
struct ReplacedValues {
  std::string column;
  int64_t zero_dates = 0;    // zero and partial dates, became NULL
  int64_t time_range = 0;    // TIME below 00:00:00 or from 24:00:00 on, became NULL
  int64_t invalid_text = 0;  // values with bytes that became U+FFFD
  int64_t bad_geometry = 0;  // not simple 2-D geometry, became NULL

  int64_t sum() const { return zero_dates + time_range + invalid_text + bad_geometry; }
};

enum class CellError : uint8_t {
  kNone, kZeroDateInKey, kTimeInKey, kInvalidTextInKey, kTooLarge, kMalformed, kUnsignedRange,
};

class BatchBuilder {
 public:
  BatchBuilder(TableId table, std::shared_ptr<const TableSchema> schema);
  ~BatchBuilder();
  BatchBuilder(BatchBuilder&&) noexcept;
  BatchBuilder& operator=(BatchBuilder&&) noexcept;

  int64_t rows() const { return rows_; }
  int64_t bytes() const;  // of the values collected
  // The rows since the last Finish (or none: a batch of 0 rows); the builder is empty afterwards. The caller sets
  // `snapshot` and `source_ms`.
  Result<ChangeBatch> Finish();
  // Of the columns that had any, since the last call; to be asked after Finish.
  std::vector<ReplacedValues> TakeReplaced() { return std::exchange(replaced_, {}); }
  const TableSchema& schema() const { return *schema_; }

  // For the decoders of this folder only.

  // Values of fixed width, or int32 offsets; pointers are valid until the next BeginRow.
  struct ColumnData {
    uint8_t* values = nullptr;
    uint8_t* valid = nullptr;  // bitmap, preset to 1
    uint8_t* data = nullptr;   // bytes of texts
    int64_t data_size = 0;
    int64_t data_capacity = 0;
    int64_t data_expected = 1024;  // first allocation
    int64_t nulls = 0;
    uint8_t width = 0;  // bytes of a value; 0 = bits
    bool bytes = false; // values are offsets into data
    bool list = false;  // values are offsets into the child
    bool key = false;
    int64_t child_rows = 0;
    int64_t child_capacity = 0;
    ReplacedValues replaced;
    std::unique_ptr<ColumnData> child;
    std::shared_ptr<arrow::ResizableBuffer> values_buffer, valid_buffer, data_buffer;
  };
  ColumnData& column(size_t index) { return columns_[index]; }
  // Index of the new row; memory for all fixed parts is there. -1: out of memory, see failure().
  int64_t BeginRow() {
    if (rows_ == capacity_ && !Grow()) return -1;
    return rows_;
  }
  void EndRow(RowKind kind) {
    kinds_[static_cast<size_t>(rows_)] = kind;
    only_inserts_ &= kind == RowKind::kInsert;
    ++rows_;
  }
  // The same for `count` rows.
  int64_t BeginRows(int64_t count) {
    while (rows_ + count > capacity_) {
      if (!Grow()) return -1;
    }
    return rows_;
  }
  void EndRows(const RowKind* kinds, int64_t count) {
    std::copy(kinds, kinds + count, kinds_.begin() + rows_);
    only_inserts_ = only_inserts_ && std::all_of(kinds, kinds + count, [](RowKind k) { return k == RowKind::kInsert; });
    rows_ += count;
  }
  template <typename T>
  static void Set(ColumnData& column, int64_t row, T value) {
    std::memcpy(column.values + row * static_cast<int64_t>(sizeof value), &value, sizeof value);
  }
  static void SetBit(ColumnData& column, int64_t row, bool value) {
    if (value) column.values[row >> 3] = static_cast<uint8_t>(column.values[row >> 3] | 1 << (row & 7));
  }
  void SetNull(ColumnData& column, int64_t row);
  // Room for `size` more bytes of text, or null (failure() is set); then Commit with what was used.
  uint8_t* ReserveBytes(ColumnData& column, int64_t size) {
    // Also for an empty text in a column that has no memory yet: null means failure.
    if ((column.data == nullptr || column.data_size + size > column.data_capacity) && !GrowData(column, size))
      return nullptr;
    return column.data + column.data_size;
  }
  static void CommitBytes(ColumnData& column, int64_t row, int64_t size) {
    column.data_size += size;
    Set(column, row + 1, static_cast<int32_t>(column.data_size));
  }
  void SetBytes(ColumnData& column, int64_t row, const void* from, size_t size) {
    uint8_t* to = ReserveBytes(column, static_cast<int64_t>(size));
    if (to == nullptr) return;
    if (size > 0) std::memcpy(to, from, size);
    CommitBytes(column, row, static_cast<int64_t>(size));
  }
  // Lists: one element after the other, then EndList.
  void AddListText(ColumnData& column, std::string_view text);
  void AddListFloat(ColumnData& column, float value);
  static void EndList(ColumnData& column, int64_t row) {
    Set(column, row + 1, static_cast<int32_t>(column.child_rows));
  }

  void Fail(CellError error) {
    if (failure_ == CellError::kNone) failure_ = error;
  }
  CellError failure() const { return failure_; }
  void ClearFailure() { failure_ = CellError::kNone; }
  std::string& scratch() { return scratch_; }
  std::string& scratch2() { return scratch2_; }

 private:
  bool Grow();
  bool GrowColumn(ColumnData& column, int64_t rows, int64_t capacity);
  bool GrowData(ColumnData& column, int64_t size);
  bool GrowChild(ColumnData& column);
  void Reset();

  TableId table_;
  std::shared_ptr<const TableSchema> schema_;
  std::vector<ColumnData> columns_;
  std::vector<const ColumnData*> long_columns_;  // those with more than a value of fixed width
  int64_t row_bits_ = 0;                         // of the values of fixed width, offsets and kind of a row
  std::vector<RowKind> kinds_;
  bool only_inserts_ = true;
  int64_t rows_ = 0;
  int64_t capacity_ = 0;
  int64_t first_capacity_ = 64;
  CellError failure_ = CellError::kNone;
  std::vector<ReplacedValues> replaced_;
  std::string scratch_, scratch2_;
};

}  // namespace sluice::mysql
