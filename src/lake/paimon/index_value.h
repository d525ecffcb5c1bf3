// SPDX-License-Identifier: Apache-2.0
// The values of a column as file indexes have them: numbers of 1 to 8 bytes, or bytes (Paimon's FastHash and
// BitmapTypeVisitor). Pure functions; any thread.
#pragma once

#include <arrow/array.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>

#include "base/bytes.h"
#include "base/check.h"
#include "row/timestamp.h"
#include "row/type.h"

namespace sluice::paimon {

inline bool IsBytes(TypeKind kind) { return kind >= TypeKind::kChar && kind <= TypeKind::kBytes; }

// Its cells have microseconds, its index milliseconds.
inline bool IsIndexedByMilliseconds(const DataType& type) {
  const bool moment = type.kind == TypeKind::kTimestamp || type.kind == TypeKind::kTimestampLtz;
  return type.kind == TypeKind::kTime || (moment && type.precision <= 3);
}

// Of a cell, in the units of indexes: of nanoseconds microseconds, so that unequal cells may be one.
inline int64_t IndexNumber(const DataType& type, int64_t cell) {
  if (HasNanos(type)) return MicrosOfNanos(cell);
  if (!IsIndexedByMilliseconds(type)) return cell;
  return cell / 1000 - (cell % 1000 < 0 ? 1 : 0);
}

// The bits of a real number; all NaN are one.
inline int64_t IndexNumber(float value) {
  return std::bit_cast<int32_t>(std::isnan(value) ? std::numeric_limits<float>::quiet_NaN() : value);
}
inline int64_t IndexNumber(double value) {
  return std::bit_cast<int64_t>(std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value);
}

// take(valid, number) of each row_at(0 … count - 1), or of a type of bytes take(valid, bytes). The column
// has cells of that type, which is no ARRAY and no DECIMAL of more than 18 digits.
template <typename RowAt, typename Take>
void VisitIndexed(const DataType& type, const arrow::Array& column, int64_t count, RowAt row_at, Take take) {
  const auto visit = [&](const auto& cells, auto&& value_of) {
    for (int64_t i = 0; i < count; ++i) {
      const int64_t row = row_at(i);
      if (cells.IsNull(row)) {
        take(false, decltype(value_of(row)){});
      } else {
        take(true, value_of(row));
      }
    }
  };
  const auto visit_numbers = [&](const auto& cells) {
    visit(cells, [&](int64_t row) { return IndexNumber(type, static_cast<int64_t>(cells.Value(row))); });
  };
  const auto visit_reals = [&](const auto& cells) {
    visit(cells, [&](int64_t row) { return IndexNumber(cells.Value(row)); });
  };
  switch (column.type_id()) {
    case arrow::Type::BOOL: return visit_numbers(static_cast<const arrow::BooleanArray&>(column));
    case arrow::Type::INT32: return visit_numbers(static_cast<const arrow::Int32Array&>(column));
    case arrow::Type::DATE32: return visit_numbers(static_cast<const arrow::Date32Array&>(column));
    case arrow::Type::INT64: return visit_numbers(static_cast<const arrow::Int64Array&>(column));
    case arrow::Type::TIME64: return visit_numbers(static_cast<const arrow::Time64Array&>(column));
    case arrow::Type::TIMESTAMP: return visit_numbers(static_cast<const arrow::TimestampArray&>(column));
    case arrow::Type::FLOAT: return visit_reals(static_cast<const arrow::FloatArray&>(column));
    case arrow::Type::DOUBLE: return visit_reals(static_cast<const arrow::DoubleArray&>(column));
    case arrow::Type::DECIMAL128: {
      const auto& cells = static_cast<const arrow::Decimal128Array&>(column);
      return visit(cells, [&](int64_t row) { return static_cast<int64_t>(LoadLe<uint64_t>(cells.GetValue(row))); });
    }
    case arrow::Type::STRING:
    case arrow::Type::BINARY: {
      const auto& cells = static_cast<const arrow::BinaryArray&>(column);
      return visit(cells, [&](int64_t row) { return std::string_view(cells.GetView(row)); });
    }
    default: CHECK(false);
  }
}

}  // namespace sluice::paimon
