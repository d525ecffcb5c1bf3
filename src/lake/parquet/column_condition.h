// SPDX-License-Identifier: Apache-2.0
// ColumnCondition: what a reader asks of a column's cells. Rows for which it does not hold need not come, but may. A
// value.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

namespace sluice {

struct ColumnCondition {
  // All but kIsNull do not hold for NULL. kAtMost, kAtLeast: also of texts, by bytes.
  enum class Op : uint8_t { kEqual, kNotEqual, kIsNull, kIsNotNull, kAtMost, kAtLeast };

  std::string column;
  Op op = Op::kEqual;
  // Unless of NULLs: as cells of the column's type are; a float as double. -0.0 equals 0.0, NaN itself.
  std::variant<std::monostate, int64_t, double, std::string> value = {};
};

}  // namespace sluice
