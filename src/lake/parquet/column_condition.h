// SPDX-License-Identifier: Apache-2.0
// ColumnCondition: what a reader asks of a column's cells. Rows for which it does not hold need not come, but may. A
// value.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace sluice {

struct ColumnCondition {
  // All but kIsNull do not hold for NULL. kAtMost, kAtLeast: also of texts, by bytes.
  enum class Op : uint8_t { kEqual, kNotEqual, kIsNull, kIsNotNull, kAtMost, kAtLeast, kIn };
  // As cells of the column's type are; a float as double. -0.0 equals 0.0, NaN itself.
  using Value = std::variant<std::monostate, int64_t, double, std::string>;

  std::string column;
  Op op = Op::kEqual;
  Value value = {};                 // unless of NULLs or of kIn
  std::vector<Value> values = {};   // of kIn: it equals one of these
};

}  // namespace sluice
