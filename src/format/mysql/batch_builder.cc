// SPDX-License-Identifier: Apache-2.0
// Memory of a BatchBuilder: Arrow's own buffers, so that Finish only wraps them.
#include "format/mysql/batch_builder.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>

#include "base/check.h"
#include "row/arrow_status.h"

namespace sluice::mysql {

namespace {

constexpr int64_t kRowsMax = int64_t{1} << 26;
constexpr int64_t kDataMax = (int64_t{1} << 31) - 1;  // int32 offsets
constexpr int64_t kFirstCapacityMax = int64_t{1} << 20;
constexpr int64_t kFirstDataMax = int64_t{64} << 20;

int64_t BitmapBytes(int64_t rows) { return (rows + 7) / 8; }

// Grows a buffer, keeping what is in it; the new part is filled with `fill`. False when memory is out.
bool Resize(std::shared_ptr<arrow::ResizableBuffer>& buffer, uint8_t*& at, int64_t old_size, int64_t size, int fill) {
  if (buffer == nullptr) {
    auto made = arrow::AllocateResizableBuffer(size);
    if (!made.ok()) return false;
    buffer = std::move(*made);
    old_size = 0;
  } else if (!buffer->Resize(size, false).ok()) {
    return false;
  }
  at = buffer->mutable_data();
  if (fill >= 0) std::memset(at + old_size, fill, static_cast<size_t>(size - old_size));
  return true;
}

void SetLayout(const DataType& type, BatchBuilder::ColumnData& column) {
  switch (type.kind) {
    case TypeKind::kBoolean:
      column.width = 0;
      break;
    case TypeKind::kTinyInt: case TypeKind::kSmallInt: case TypeKind::kInt: case TypeKind::kFloat: case TypeKind::kDate:
      column.width = 4;
      break;
    case TypeKind::kBigInt: case TypeKind::kDouble: case TypeKind::kTime: case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      column.width = 8;
      break;
    case TypeKind::kDecimal:
      column.width = 16;
      break;
    case TypeKind::kChar: case TypeKind::kVarChar: case TypeKind::kString: case TypeKind::kBinary:
    case TypeKind::kVarBinary: case TypeKind::kBytes:
      column.width = 4;
      column.bytes = true;
      break;
    case TypeKind::kArray:
      column.width = 4;
      column.list = true;
      column.child = std::make_unique<BatchBuilder::ColumnData>();
      column.child->width = 4;
      column.child->bytes = type.element != TypeKind::kFloat;
      break;
  }
}

// Bytes of `rows` values, with the last offset.
int64_t ValueBytes(const BatchBuilder::ColumnData& column, int64_t rows) {
  if (column.width == 0) return BitmapBytes(rows);
  return (rows + (column.bytes || column.list ? 1 : 0)) * column.width;
}

std::shared_ptr<arrow::Buffer> Cut(const std::shared_ptr<arrow::ResizableBuffer>& buffer, int64_t size) {
  static constexpr uint8_t kNothing = 0;  // Arrow wants an address also for no bytes
  if (buffer == nullptr) return std::make_shared<arrow::Buffer>(&kNothing, 0);
  return arrow::SliceBuffer(buffer, 0, size);
}

std::shared_ptr<arrow::ArrayData> ToArray(const BatchBuilder::ColumnData& column, int64_t rows,
                                          const std::shared_ptr<arrow::DataType>& type) {
  std::vector<std::shared_ptr<arrow::Buffer>> buffers;
  buffers.push_back(column.nulls > 0 ? Cut(column.valid_buffer, BitmapBytes(rows)) : nullptr);
  buffers.push_back(Cut(column.values_buffer, ValueBytes(column, rows)));
  if (column.bytes) buffers.push_back(Cut(column.data_buffer, column.data_size));
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  if (column.list) children.push_back(ToArray(*column.child, column.child_rows, type->field(0)->type()));
  return arrow::ArrayData::Make(type, rows, std::move(buffers), std::move(children), column.nulls);
}

}  // namespace

BatchBuilder::BatchBuilder(TableId table, std::shared_ptr<const TableSchema> schema)
    : table_(std::move(table)), schema_(std::move(schema)) {
  Reset();
}
BatchBuilder::~BatchBuilder() = default;
BatchBuilder::BatchBuilder(BatchBuilder&&) noexcept = default;
BatchBuilder& BatchBuilder::operator=(BatchBuilder&&) noexcept = default;

void BatchBuilder::Reset() {
  columns_.clear();
  columns_.resize(schema_->columns.size());
  long_columns_.clear();
  row_bits_ = 8;
  for (size_t i = 0; i < columns_.size(); ++i) {
    SetLayout(schema_->columns[i].type, columns_[i]);
    columns_[i].key = schema_->IsKey(schema_->columns[i].name);
    row_bits_ += columns_[i].width == 0 ? 1 : columns_[i].width * 8;
    if (columns_[i].bytes || columns_[i].list) long_columns_.push_back(&columns_[i]);
  }
  kinds_.clear();
  rows_ = capacity_ = 0;
  only_inserts_ = true;
  failure_ = CellError::kNone;
}

int64_t BatchBuilder::bytes() const {
  int64_t sum = BitmapBytes(rows_ * row_bits_);
  for (const ColumnData* column : long_columns_) {
    sum += column->data_size;
    if (column->child != nullptr) sum += column->child_rows * 4 + column->child->data_size;
  }
  return sum;
}

bool BatchBuilder::GrowColumn(ColumnData& column, int64_t rows, int64_t capacity) {
  const int64_t old_bits = capacity_ == 0 ? 0 : BitmapBytes(capacity_);
  const bool offsets = column.bytes || column.list;
  const int64_t old_values = capacity_ == 0 ? 0 : ValueBytes(column, rows);
  if (!Resize(column.valid_buffer, column.valid, old_bits, BitmapBytes(capacity), 0xFF)) return false;
  // Bits are set one by one, and need zeros; offsets begin with 0; other values are all written.
  const int64_t old_size = column.width == 0 ? old_bits : old_values;
  const int fill = column.width == 0 ? 0 : -1;
  if (!Resize(column.values_buffer, column.values, old_size, ValueBytes(column, capacity), fill)) {
    return false;
  }
  if (offsets && capacity_ == 0) Set(column, 0, int32_t{0});
  return true;
}

bool BatchBuilder::Grow() {
  const int64_t capacity = capacity_ == 0 ? first_capacity_ : capacity_ * 2;
  bool ok = capacity <= kRowsMax;
  for (size_t i = 0; ok && i < columns_.size(); ++i) ok = GrowColumn(columns_[i], rows_, capacity);
  if (!ok) {
    Fail(CellError::kTooLarge);
    return false;
  }
  kinds_.resize(static_cast<size_t>(capacity));
  capacity_ = capacity;
  return true;
}

bool BatchBuilder::GrowData(ColumnData& column, int64_t size) {
  const int64_t needed = column.data_size + size;
  const int64_t wanted =
      std::min(std::max({needed, column.data_capacity * 2, column.data_expected, int64_t{64}}), kDataMax);
  if (needed > kDataMax || !Resize(column.data_buffer, column.data, column.data_size, wanted, -1)) {
    Fail(CellError::kTooLarge);
    return false;
  }
  column.data_capacity = wanted;
  return true;
}

bool BatchBuilder::GrowChild(ColumnData& column) {
  ColumnData& child = *column.child;
  if (column.child_rows < column.child_capacity) return true;
  const int64_t capacity = std::max<int64_t>(64, column.child_capacity * 2);
  const bool first = column.child_capacity == 0;
  if (capacity > kDataMax / 4 ||
      !Resize(child.values_buffer, child.values, 0, ValueBytes(child, capacity), -1)) {
    Fail(CellError::kTooLarge);
    return false;
  }
  if (first && child.bytes) Set(child, 0, int32_t{0});
  column.child_capacity = capacity;
  return true;
}

void BatchBuilder::SetNull(ColumnData& column, int64_t row) {
  column.valid[row >> 3] = static_cast<uint8_t>(column.valid[row >> 3] & ~(1 << (row & 7)));
  ++column.nulls;
  if (column.bytes) {
    Set(column, row + 1, static_cast<int32_t>(column.data_size));
  } else if (column.list) {
    Set(column, row + 1, static_cast<int32_t>(column.child_rows));
  } else if (column.width > 0) {
    std::memset(column.values + row * column.width, 0, column.width);
  }
}

void BatchBuilder::AddListText(ColumnData& column, std::string_view text) {
  if (!GrowChild(column)) return;
  SetBytes(*column.child, column.child_rows, text.data(), text.size());
  if (failure_ == CellError::kNone) ++column.child_rows;
}

void BatchBuilder::AddListFloat(ColumnData& column, float value) {
  if (!GrowChild(column)) return;
  Set(*column.child, column.child_rows, value);
  ++column.child_rows;
}

Result<ChangeBatch> BatchBuilder::Finish() {
  CHECK(failure_ == CellError::kNone);
  if (capacity_ == 0 && !Grow()) return Unavailable("no memory for an empty batch");
  const auto arrow_schema = schema_->ToArrow();
  std::vector<std::shared_ptr<arrow::ArrayData>> arrays;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].list && columns_[i].child_capacity == 0) GrowChild(columns_[i]);
    arrays.push_back(ToArray(columns_[i], rows_, arrow_schema->field(static_cast<int>(i))->type()));
  }
  ChangeBatch out;
  out.table = table_;
  out.schema = schema_;
  out.rows = arrow::RecordBatch::Make(arrow_schema, rows_, std::move(arrays));
  if (!only_inserts_) {
    kinds_.resize(static_cast<size_t>(rows_));
    out.kinds = std::move(kinds_);
  }
  // The next batch will be of about the same size: memory for it at once, so that nothing is copied while it grows.
  first_capacity_ = std::clamp<int64_t>(rows_ + rows_ / 8, 64, kFirstCapacityMax);
  std::vector<int64_t> sizes;
  for (size_t i = 0; i < columns_.size(); ++i) {
    sizes.push_back(columns_[i].data_size + columns_[i].data_size / 8);
    if (columns_[i].replaced.sum() == 0) continue;
    replaced_.push_back(std::move(columns_[i].replaced));
    replaced_.back().column = schema_->columns[i].name;
  }
  Reset();
  for (size_t i = 0; i < sizes.size(); ++i) {
    columns_[i].data_expected = std::clamp<int64_t>(sizes[i], 1024, kFirstDataMax);
  }
  return out;
}

}  // namespace sluice::mysql
