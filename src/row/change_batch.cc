// SPDX-License-Identifier: Apache-2.0
// Sizes of a ChangeBatch, names of row kinds.
#include "row/change_batch.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>

namespace sluice {
namespace {

// Bytes that the rows of an array refer to. A slice counts only its own part.
int64_t ArrayBytes(const arrow::ArrayData& data) {
  int64_t bytes = data.buffers.empty() || data.buffers[0] == nullptr ? 0 : (data.length + 7) / 8;
  switch (data.type->id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY: {
      bytes += data.length * static_cast<int64_t>(sizeof(int32_t));
      if (data.length > 0 && data.buffers[1] != nullptr) {
        const int32_t* offsets = data.GetValues<int32_t>(1);
        bytes += offsets[data.length] - offsets[0];
      }
      return bytes;
    }
    case arrow::Type::LIST: {
      bytes += data.length * static_cast<int64_t>(sizeof(int32_t));
      for (const auto& child : data.child_data) bytes += ArrayBytes(*child);
      return bytes;
    }
    default: return bytes + (data.length * data.type->bit_width() + 7) / 8;
  }
}

}  // namespace

const char* RowKindName(RowKind kind) {
  static constexpr const char* kNames[] = {"+I", "-U", "+U", "-D"};
  return kNames[static_cast<size_t>(kind)];
}

int64_t ChangeBatch::row_count() const { return rows == nullptr ? 0 : rows->num_rows(); }

int64_t ChangeBatch::bytes() const {
  int64_t total = static_cast<int64_t>(kinds.size());
  if (rows == nullptr) return total;
  for (int i = 0; i < rows->num_columns(); ++i) total += ArrayBytes(*rows->column_data(i));
  return total;
}

}  // namespace sluice
