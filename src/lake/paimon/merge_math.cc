// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/merge_math.h"

#include <cstdlib>
#include <numeric>

#include "base/text.h"

namespace sluice::paimon {
namespace {

using arrow::Decimal128;
using arrow::Decimal256;
using Wide = unsigned __int128;

constexpr int kCompactDigits = 18;  // Java holds such decimals in a long, and does not look at their precision
constexpr const char* kSigns[] = {"+", "-", "*", "/"};

Error OutOfRange(Arithmetic op, const DataType& type, int64_t a, int64_t b) {
  return Invalid(Str(a, " ", kSigns[static_cast<size_t>(op)], " ", b, " is no ", type.ToString()),
                 "use a wider type for this column, or another aggregate function");
}

int64_t Highest(TypeKind kind) {
  switch (kind) {
    case TypeKind::kTinyInt: return INT8_MAX;
    case TypeKind::kSmallInt: return INT16_MAX;
    case TypeKind::kInt: return INT32_MAX;
    default: return INT64_MAX;
  }
}

Result<int64_t> Integers(Arithmetic op, const DataType& type, int64_t a, int64_t b) {
  int64_t out = 0;
  bool fits = true;
  switch (op) {
    case Arithmetic::kAdd: fits = !__builtin_add_overflow(a, b, &out); break;
    case Arithmetic::kSubtract: fits = !__builtin_sub_overflow(a, b, &out); break;
    case Arithmetic::kMultiply: fits = !__builtin_mul_overflow(a, b, &out); break;
    case Arithmetic::kDivide:
      fits = b != 0 && !(a == INT64_MIN && b == -1);
      if (fits) out = a / b;
      break;
  }
  const int64_t highest = Highest(type.kind);
  if (!fits || out > highest || out < -highest - 1) return OutOfRange(op, type, a, b);
  return out;
}

double Reals(Arithmetic op, double a, double b) {
  switch (op) {
    case Arithmetic::kAdd: return a + b;
    case Arithmetic::kSubtract: return a - b;
    case Arithmetic::kMultiply: return a * b;
    case Arithmetic::kDivide: return a / b;
  }
  return 0;
}

Decimal128 Narrow(const Decimal256& wide) {
  const auto words = wide.little_endian_array();
  return Decimal128(static_cast<int64_t>(words[1]), words[0]);
}

void SetDecimal(const Decimal256& value, const DataType& type, MergedCell& out) {
  out.SetNull();
  if (!value.FitsInPrecision(type.precision)) return;
  out.decimal = Narrow(value);
  out.computed = true;
}

Wide Magnitude(const Decimal128& value) {
  const Decimal128 positive = Decimal128::Abs(value);
  return (Wide{static_cast<uint64_t>(positive.high_bits())} << 64) | positive.low_bits();
}

// Whether a / b has an end as a decimal.
bool HasEnd(const Decimal128& a, const Decimal128& b) {
  Wide rest = Magnitude(b);
  for (Wide x = rest, y = Magnitude(a);;) {  // divided by what both have
    if (y == 0) {
      rest /= x;
      break;
    }
    const Wide remainder = x % y;
    x = y;
    y = remainder;
  }
  while (rest % 2 == 0) rest /= 2;
  while (rest % 5 == 0) rest /= 5;
  return rest == 1;
}

Status Divide(const DataType& type, const Decimal128& a, const Decimal128& b, MergedCell& out) {
  const bool zero = b == Decimal128(0);
  if (zero || !HasEnd(a, b)) {
    return Invalid(Str(a.ToString(type.scale), " / ", b.ToString(type.scale), zero ? " is no number" : " has no end"),
                   "values that product took in can be taken back only if the division ends: set "
                   "fields.<column>.ignore-retract: true");
  }
  const Decimal256 divisor(b);
  const auto parts = Decimal256(Decimal256(a).IncreaseScaleBy(type.scale)).Divide(divisor);
  if (!parts.ok()) return Invalid(parts.status().message());
  Decimal256 quotient = parts->first;
  const Decimal256 twice = Decimal256::Abs(parts->second) + Decimal256::Abs(parts->second);
  const bool negative = (a < Decimal128(0)) != (b < Decimal128(0));
  if (twice >= Decimal256::Abs(divisor)) quotient += negative ? Decimal256(-1) : Decimal256(1);
  SetDecimal(quotient, type, out);
  return Ok();
}

bool ToLong(const Decimal128& value, int64_t& out) {
  out = static_cast<int64_t>(value.low_bits());
  return value == Decimal128(out);
}

Status Decimals(Arithmetic op, const DataType& type, const Decimal128& a, const Decimal128& b, MergedCell& out) {
  if (op == Arithmetic::kDivide) return Divide(type, a, b, out);
  if (op == Arithmetic::kMultiply) {
    const Decimal256 product = Decimal256(a) * Decimal256(b);
    SetDecimal(type.scale == 0 ? product : Decimal256(product.ReduceScaleBy(type.scale, /*round=*/true)), type, out);
    return Ok();
  }
  int64_t x = 0, y = 0, sum = 0;
  if (type.precision <= kCompactDigits && ToLong(a, x) && ToLong(b, y)) {
    const bool over = op == Arithmetic::kAdd ? __builtin_add_overflow(x, y, &sum) : __builtin_sub_overflow(x, y, &sum);
    if (!over) {
      out.decimal = Decimal128(sum);
      out.computed = true;
      return Ok();
    }
  }
  Decimal256 wide(a);
  wide += Decimal256(b) * Decimal256(op == Arithmetic::kAdd ? 1 : -1);
  SetDecimal(wide, type, out);
  return Ok();
}

}  // namespace

Status Compute(Arithmetic op, const DataType& type, const MergedCell& a, const MergedCell& b, MergedCell& out) {
  if (type.kind == TypeKind::kDecimal) return Decimals(op, type, a.Decimal(), b.Decimal(), out);
  if (type.kind == TypeKind::kFloat || type.kind == TypeKind::kDouble) {
    const double result = Reals(op, a.Real(), b.Real());
    out.real = type.kind == TypeKind::kFloat ? static_cast<double>(static_cast<float>(result)) : result;
  } else {
    TRY_SET(out.integer, Integers(op, type, a.Integer(), b.Integer()));
  }
  out.computed = true;
  return Ok();
}

}  // namespace sluice::paimon
