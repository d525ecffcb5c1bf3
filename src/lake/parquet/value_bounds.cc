// SPDX-License-Identifier: Apache-2.0
#include "lake/parquet/value_bounds.h"

#include <algorithm>

namespace sluice {
namespace {

using Op = ColumnCondition::Op;

// Below 0, 0, above 0; nothing: they cannot be compared.
template <typename Value>
std::optional<int> Order(const ValueBounds::Bound& bound, const Value& value) {
  if (const auto* number = std::get_if<int64_t>(&bound)) {
    const auto* wanted = std::get_if<int64_t>(&value);
    if (wanted == nullptr) return std::nullopt;
    return *number < *wanted ? -1 : *number > *wanted ? 1 : 0;
  }
  const auto* text = std::get_if<std::string>(&bound);
  const auto* wanted = std::get_if<std::string>(&value);
  if (text == nullptr || wanted == nullptr) return std::nullopt;
  return text->compare(*wanted);  // by unsigned bytes
}

}  // namespace

bool ValueBounds::MayHold(const ColumnCondition& condition) const {
  if (condition.op == Op::kIsNull) return !nulls || *nulls > 0;
  if (nulls && *nulls >= rows) return false;  // nothing else holds for NULL
  if (condition.op == Op::kIsNotNull) return true;
  const auto equals = [&](const ColumnCondition::Value& value) {
    return Order(least, value).value_or(0) <= 0 && Order(greatest, value).value_or(0) >= 0;
  };
  const auto low = Order(least, condition.value), high = Order(greatest, condition.value);
  switch (condition.op) {
    case Op::kEqual: return equals(condition.value);
    case Op::kIn: return std::any_of(condition.values.begin(), condition.values.end(), equals);
    case Op::kAtMost: return low.value_or(0) <= 0;
    case Op::kAtLeast: return high.value_or(0) >= 0;
    case Op::kNotEqual:  // texts may be cut off
    case Op::kIsNull:
    case Op::kIsNotNull: break;
  }
  return true;
}

}  // namespace sluice
