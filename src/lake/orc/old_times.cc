// SPDX-License-Identifier: Apache-2.0
#include "lake/orc/old_times.h"

#include <arrow/array/data.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/bit_util.h>

#include "row/nested_type.h"

namespace sluice {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000, kMicrosPerMilli = 1000;

// `millis`: a file keeps no more of it.
bool IsBeyond(int64_t micros, bool millis) {
  if (micros >= 0 || micros % kMicrosPerSecond == 0) return false;
  return !millis || micros % kMicrosPerSecond + kMicrosPerSecond >= kMicrosPerMilli;
}

constexpr int64_t kArrowMicrosMost = INT64_MAX / 1000 - kMicrosPerSecond;

bool HasBeyond(const DataType& type, const arrow::ArrayData& cells, bool inside) {
  if (type.kind == TypeKind::kArray) {
    const NestedType& nested = NestedOf(type);
    const bool map = nested.kind == NestedKind::kMap || nested.kind == NestedKind::kMultiset;
    const auto& parts = map ? cells.child_data[0]->child_data : cells.child_data;
    for (size_t i = 0; i < nested.parts.size() && i < parts.size(); ++i) {
      if (HasBeyond(nested.parts[i].type, *parts[i], /*inside=*/true)) return true;
    }
    return false;
  }
  if (cells.type->id() != arrow::Type::TIMESTAMP) return false;
  const auto* valid = cells.buffers[0] == nullptr ? nullptr : cells.buffers[0]->data();
  const auto* micros = cells.GetValues<int64_t>(1);
  for (int64_t i = 0; i < cells.length; ++i) {
    const bool there = valid == nullptr || arrow::bit_util::GetBit(valid, cells.offset + i);
    if (!there) continue;
    if (IsBeyond(micros[i], type.precision <= 3)) return true;
    if (inside && (micros[i] > kArrowMicrosMost || micros[i] < -kArrowMicrosMost)) return true;
  }
  return false;
}

}  // namespace

const WriteColumn* ColumnBeyondOrc(const std::vector<WriteColumn>& columns, const arrow::RecordBatch& rows) {
  for (size_t i = 0; i < columns.size() && i < static_cast<size_t>(rows.num_columns()); ++i) {
    if (HasBeyond(columns[i].type, *rows.column_data(static_cast<int>(i)), /*inside=*/false)) return &columns[i];
  }
  return nullptr;
}

}  // namespace sluice
