// SPDX-License-Identifier: Apache-2.0
#include "lake/orc/old_times.h"

#include <arrow/array/data.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/bit_util.h>

#include "row/nested_type.h"
#include "row/timestamp.h"

namespace sluice {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;

// In so many units of a second. `millis`: a file keeps no more of it.
bool IsBeyond(int64_t time, int64_t second, bool millis) {
  if (time >= 0 || time % second == 0) return false;
  return !millis || time % second + second >= second / 1000;
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
  const auto* times = cells.GetValues<int64_t>(1);
  const bool nanos = HasNanos(type);
  for (int64_t i = 0; i < cells.length; ++i) {
    const bool there = valid == nullptr || arrow::bit_util::GetBit(valid, cells.offset + i);
    if (!there) continue;
    if (IsBeyond(times[i], UnitsPerSecond(type), type.precision <= 3)) return true;
    if (inside && !nanos && (times[i] > kArrowMicrosMost || times[i] < -kArrowMicrosMost)) return true;
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
