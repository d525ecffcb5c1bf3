// SPDX-License-Identifier: Apache-2.0
// ColumnCondition: what a reader asks of a column's cells. Rows for which it does not hold need not come, but may. A
// value.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

namespace sluice {

struct ColumnCondition {
  enum class Op : uint8_t { kEqual, kNotEqual, kIsNull, kIsNotNull };  // the first two do not hold for NULL

  std::string column;
  Op op = Op::kEqual;
  // Of kEqual and kNotEqual: as cells of the column's type are; a float as double. -0.0 equals 0.0, NaN itself.
  std::variant<std::monostate, int64_t, double, std::string> value = {};
};

}  // namespace sluice
