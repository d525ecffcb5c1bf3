// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/cell_order.h"

#include <arrow/array.h>
#include <arrow/util/decimal.h>

#include <cmath>

#include "base/check.h"

namespace sluice::paimon {
namespace {

int Order(auto a, auto b) { return a < b ? -1 : a > b ? 1 : 0; }

// As Java's Float.compare: -0.0 is below 0.0, NaN above all.
template <typename Real>
int OrderReal(Real a, Real b) {
  if (std::isnan(a) || std::isnan(b)) return Order(std::isnan(a), std::isnan(b));
  if (a == b) return Order(std::signbit(b), std::signbit(a));
  return Order(a, b);
}

template <typename ArrayType>
auto At(const arrow::Array& column, int64_t row) {
  return static_cast<const ArrayType&>(column).GetView(row);
}

}  // namespace

int CompareCells(const arrow::Array& a, int64_t row_a, const arrow::Array& b, int64_t row_b) {
  if (a.IsNull(row_a) || b.IsNull(row_b)) return Order(!a.IsNull(row_a), !b.IsNull(row_b));
  switch (a.type_id()) {
    case arrow::Type::BOOL: return Order(At<arrow::BooleanArray>(a, row_a), At<arrow::BooleanArray>(b, row_b));
    case arrow::Type::INT32:
    case arrow::Type::DATE32: {
      const auto* values_a = a.data()->GetValues<int32_t>(1);
      return Order(values_a[row_a], b.data()->GetValues<int32_t>(1)[row_b]);
    }
    case arrow::Type::INT64:
    case arrow::Type::TIME64:
    case arrow::Type::TIMESTAMP: {
      const auto* values_a = a.data()->GetValues<int64_t>(1);
      return Order(values_a[row_a], b.data()->GetValues<int64_t>(1)[row_b]);
    }
    case arrow::Type::FLOAT: return OrderReal(At<arrow::FloatArray>(a, row_a), At<arrow::FloatArray>(b, row_b));
    case arrow::Type::DOUBLE: return OrderReal(At<arrow::DoubleArray>(a, row_a), At<arrow::DoubleArray>(b, row_b));
    case arrow::Type::DECIMAL128: {
      const arrow::Decimal128 left(reinterpret_cast<const uint8_t*>(At<arrow::Decimal128Array>(a, row_a).data()));
      return Order(left, arrow::Decimal128(
                             reinterpret_cast<const uint8_t*>(At<arrow::Decimal128Array>(b, row_b).data())));
    }
    case arrow::Type::STRING:
    case arrow::Type::BINARY: return Order(At<arrow::BinaryArray>(a, row_a), At<arrow::BinaryArray>(b, row_b));
    default: CHECK(false);
  }
  return 0;
}

int CompareSequence(const arrow::Array& a, int64_t row_a, const arrow::Array& b, int64_t row_b, bool descending) {
  const int order = CompareCells(a, row_a, b, row_b);
  return descending && !a.IsNull(row_a) && !b.IsNull(row_b) ? -order : order;
}

}  // namespace sluice::paimon
