// SPDX-License-Identifier: Apache-2.0
#include "lake/stored_cast.h"

#include <arrow/util/decimal.h>

#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/text.h"
#include "lake/cast_cells.h"
#include "row/arrow_status.h"
#include "row/format_value.h"

namespace sluice {
namespace {

using arrow::Decimal128;
constexpr size_t kShownBytesMax = 100;  // of a value in an error

bool IsBytes(TypeKind kind) { return kind >= TypeKind::kBinary && kind <= TypeKind::kBytes; }
bool IsInstant(TypeKind kind) { return kind == TypeKind::kTimestamp || kind == TypeKind::kTimestampLtz; }
bool IsNumber(TypeKind kind) { return kind >= TypeKind::kTinyInt && kind <= TypeKind::kDecimal; }

Cell If(bool good) { return good ? Cell::kValue : Cell::kNone; }

Cell CellOf(DecimalFit fit) {
  if (fit == DecimalFit::kNoNumber) return Cell::kNone;
  return fit == DecimalFit::kFits ? Cell::kValue : Cell::kNull;
}

bool Fits(Decimal128 value, int32_t scale, const DataType& to, Decimal128& out) {
  if (scale > to.scale) value = Decimal128(value.ReduceScaleBy(scale - to.scale, /*round=*/true));
  if (scale < to.scale && value != Decimal128(0)) {
    const auto more = value.Rescale(scale, to.scale);
    if (!more.ok()) return false;
    value = *more;
  }
  out = value;
  return out.FitsInPrecision(to.precision);
}

template <typename Get>
Result<CellArray> FromInteger(const CastJob& job, Get get) {  // get(row) -> int64
  if (IsInteger(job.to.kind)) {
    return MakeIntegers(job, [&](int64_t row, int64_t& out) {
      out = get(row);
      return Cell::kValue;
    });
  }
  switch (job.to.kind) {
    case TypeKind::kFloat:
      return MakeCells<float, arrow::FloatBuilder>(job, [&](int64_t row, float& out) {
        out = static_cast<float>(get(row));
        return Cell::kValue;
      });
    case TypeKind::kDouble:
      return MakeCells<double, arrow::DoubleBuilder>(job, [&](int64_t row, double& out) {
        out = static_cast<double>(get(row));
        return Cell::kValue;
      });
    case TypeKind::kDecimal:
      return MakeCells<Decimal128, arrow::Decimal128Builder>(job, [&](int64_t row, Decimal128& out) {
        return Fits(Decimal128(get(row)), 0, job.to, out) ? Cell::kValue : Cell::kNull;
      });
    case TypeKind::kBoolean:
      return MakeCells<bool, arrow::BooleanBuilder>(job, [&](int64_t row, bool& out) {
        out = get(row) != 0;
        return Cell::kValue;
      });
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:  // seconds since 1970
      return MakeMicros(job, [&](int64_t row, int64_t& out) {
        return __builtin_mul_overflow(get(row), int64_t{1'000'000}, &out) ? Cell::kNone : Cell::kValue;
      });
    default: return MakeTexts(job, [&](int64_t row, std::string& out) { out += Str(get(row)); });
  }
}

// As Java's (int) and (long) do.
template <typename Whole>
Whole Saturated(double value) {
  if (std::isnan(value)) return 0;
  constexpr double kLeast = static_cast<double>(std::numeric_limits<Whole>::min());
  if (value <= kLeast) return std::numeric_limits<Whole>::min();
  return value >= -kLeast ? std::numeric_limits<Whole>::max() : static_cast<Whole>(value);
}

template <typename Real>
Result<CellArray> FromReal(const CastJob& job) {
  const Real* values = job.in.data()->GetValues<Real>(1);
  if (IsInteger(job.to.kind)) {
    return MakeIntegers(job, [&](int64_t row, int64_t& out) {
      out = job.to.kind == TypeKind::kBigInt ? Saturated<int64_t>(values[row]) : Saturated<int32_t>(values[row]);
      return Cell::kValue;
    });
  }
  switch (job.to.kind) {
    case TypeKind::kFloat:
      return MakeCells<float, arrow::FloatBuilder>(job, [&](int64_t row, float& out) {
        out = static_cast<float>(values[row]);
        return Cell::kValue;
      });
    case TypeKind::kDouble:
      return MakeCells<double, arrow::DoubleBuilder>(job, [&](int64_t row, double& out) {
        out = static_cast<double>(values[row]);
        return Cell::kValue;
      });
    case TypeKind::kDecimal:  // of the digits that the number is shown with
      return MakeCells<Decimal128, arrow::Decimal128Builder>(job, [&](int64_t row, Decimal128& out) {
        return CellOf(JavaDecimal(JavaReal(static_cast<double>(values[row])), job.to, out));
      });
    default: return MakeTexts(job, [&](int64_t row, std::string& out) { out += JavaReal(values[row]); });
  }
}

double DoubleOf(const Decimal128& value, const DataType& type) {
  constexpr int8_t kCompact = 18;  // Java holds it as a long then
  if (type.precision <= kCompact) {
    return static_cast<double>(static_cast<int64_t>(value.low_bits())) / std::pow(10.0, type.scale);
  }
  double out = 0;
  JavaParseReal(value.ToString(type.scale), out);
  return out;
}

Result<CellArray> FromDecimal(const CastJob& job) {
  const auto& in = static_cast<const arrow::Decimal128Array&>(job.in);
  const auto get = [&](int64_t row) { return Decimal128(in.GetValue(row)); };
  if (IsInteger(job.to.kind)) {
    return MakeIntegers(job, [&](int64_t row, int64_t& out) {
      const Decimal128 whole(get(row).ReduceScaleBy(job.from.scale, /*round=*/false));
      out = static_cast<int64_t>(whole.low_bits());
      return Cell::kValue;
    });
  }
  switch (job.to.kind) {
    case TypeKind::kFloat:
      return MakeCells<float, arrow::FloatBuilder>(job, [&](int64_t row, float& out) {
        out = static_cast<float>(DoubleOf(get(row), job.from));
        return Cell::kValue;
      });
    case TypeKind::kDouble:
      return MakeCells<double, arrow::DoubleBuilder>(job, [&](int64_t row, double& out) {
        out = DoubleOf(get(row), job.from);
        return Cell::kValue;
      });
    case TypeKind::kDecimal:
      return MakeCells<Decimal128, arrow::Decimal128Builder>(job, [&](int64_t row, Decimal128& out) {
        return Fits(get(row), job.from.scale, job.to, out) ? Cell::kValue : Cell::kNull;
      });
    default: return MakeTexts(job, [&](int64_t row, std::string& out) { AppendText(in, row, out); });
  }
}

Result<CellArray> ToBytes(const CastJob& job) {
  const auto& in = static_cast<const arrow::BinaryArray&>(job.in);  // of texts, too
  return MakeCells<std::string, arrow::BinaryBuilder>(job, [&](int64_t row, std::string& out) {
    out = in.GetView(row);
    const auto length = static_cast<size_t>(job.to.length);
    if (job.to.kind == TypeKind::kBinary) out.resize(length, '\0');
    if (job.to.kind == TypeKind::kVarBinary && out.size() > length) out.resize(length);
    return Cell::kValue;
  });
}

struct Range {
  int64_t least;
  int64_t most;
};

Range RangeOf(TypeKind kind) {
  switch (kind) {
    case TypeKind::kTinyInt: return {INT8_MIN, INT8_MAX};
    case TypeKind::kSmallInt: return {INT16_MIN, INT16_MAX};
    case TypeKind::kInt: return {INT32_MIN, INT32_MAX};
    default: return {INT64_MIN, INT64_MAX};
  }
}

Result<CellArray> FromText(const CastJob& job) {
  const auto& in = static_cast<const arrow::BinaryArray&>(job.in);
  if (IsText(job.to.kind)) {
    return MakeTexts(job, [&](int64_t row, std::string& out) { out += in.GetView(row); });
  }
  if (IsInteger(job.to.kind)) {
    const Range range = RangeOf(job.to.kind);
    return MakeIntegers(job, [&](int64_t row, int64_t& out) {
      return If(JavaWhole(in.GetView(row), range.least, range.most, out));
    });
  }
  switch (job.to.kind) {
    case TypeKind::kBoolean:
      return MakeCells<bool, arrow::BooleanBuilder>(job, [&](int64_t row, bool& out) {
        return If(JavaBoolean(in.GetView(row), out));
      });
    case TypeKind::kFloat:
      return MakeCells<float, arrow::FloatBuilder>(job, [&](int64_t row, float& out) {
        return If(JavaParseReal(in.GetView(row), out));
      });
    case TypeKind::kDouble:
      return MakeCells<double, arrow::DoubleBuilder>(job, [&](int64_t row, double& out) {
        return If(JavaParseReal(in.GetView(row), out));
      });
    case TypeKind::kDecimal:
      return MakeCells<Decimal128, arrow::Decimal128Builder>(job, [&](int64_t row, Decimal128& out) {
        return CellOf(JavaDecimal(in.GetView(row), job.to, out));
      });
    case TypeKind::kDate:
      return MakeCells<int32_t, arrow::Date32Builder>(job, [&](int64_t row, int32_t& out) {
        return If(JavaDate(in.GetView(row), out));
      });
    case TypeKind::kTime:
      return MakeMicros(job, [&](int64_t row, int64_t& out) {
        const bool good = JavaTime(in.GetView(row), out);
        out *= 1000;
        return If(good);
      });
    default:
      return MakeCells<int64_t, arrow::TimestampBuilder>(
          job, [&](int64_t row, int64_t& out) { return If(JavaTimestamp(in.GetView(row), job.to, out)); });
  }
}

Result<CellArray> FromBoolean(const CastJob& job) {
  const auto& in = static_cast<const arrow::BooleanArray&>(job.in);
  if (!IsText(job.to.kind)) return FromInteger(job, [&](int64_t row) { return int64_t{in.Value(row)}; });
  return MakeTexts(job, [&](int64_t row, std::string& out) { out += in.Value(row) ? "true" : "false"; });
}

// The kinds of one type of Paimon: a STRING is a VARCHAR, a BYTES a VARBINARY.
TypeKind RootOf(TypeKind kind) {
  if (kind == TypeKind::kString) return TypeKind::kVarChar;
  return kind == TypeKind::kBytes ? TypeKind::kVarBinary : kind;
}

bool IsPlainWidening(const DataType& from, const DataType& to) {
  if (to.kind == TypeKind::kString) return IsText(from.kind);
  if (to.kind == TypeKind::kBytes) return IsBytes(from.kind);
  if (IsInteger(from.kind) && IsInteger(to.kind)) return from.kind < to.kind && to.kind != TypeKind::kBigInt;
  const bool same_units = HasNanos(from) == HasNanos(to);
  return IsInstant(from.kind) && from.kind == to.kind && from.precision <= to.precision && same_units;
}

}  // namespace

Error NoValue(const CastJob& job, int64_t row) {
  std::string text;
  AppendText(job.in, row, text);
  if (text.size() > kShownBytesMax) text = text.substr(0, kShownBytesMax) + "…";
  return Unsupported(Str("the old value \"", JsonEscape(text), "\" (", job.from.ToString(), ") cannot be read as ",
                         job.to.ToString()),
                     "change the column's type back, as no engine can read the value");
}

Error FromBuilder(const arrow::Status& status) { return FromArrow(status); }

bool CanCastStored(const DataType& from, const DataType& to) {
  const TypeKind a = from.kind, b = to.kind;
  switch (b) {
    case TypeKind::kBoolean: return IsInteger(a) || IsText(a);
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt: return IsNumber(a) || a == TypeKind::kBoolean || IsText(a);
    case TypeKind::kInt:
    case TypeKind::kBigInt: return IsNumber(a) || a == TypeKind::kBoolean || IsText(a) || IsInstant(a);
    case TypeKind::kFloat:
    case TypeKind::kDouble:
    case TypeKind::kDecimal: return IsNumber(a) || a == TypeKind::kBoolean || IsText(a);
    case TypeKind::kChar:
    case TypeKind::kVarChar: return IsNumber(a) || a == TypeKind::kBoolean || IsText(a) || IsBytes(a);
    case TypeKind::kString: return a != TypeKind::kArray;
    case TypeKind::kBinary:
    case TypeKind::kVarBinary:
    case TypeKind::kBytes: return IsText(a) || IsBytes(a);
    case TypeKind::kDate: return IsInstant(a) || IsText(a);
    case TypeKind::kTime: return IsInstant(a) || IsText(a);  // none from a TIME of another precision
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return IsInstant(a) || IsText(a) || a == TypeKind::kDate || a == TypeKind::kTime || a == TypeKind::kInt ||
             a == TypeKind::kBigInt;
    case TypeKind::kArray: return false;
  }
  return false;
}

bool IsImplicitCast(const DataType& from, const DataType& to) {
  const TypeKind a = RootOf(from.kind), b = RootOf(to.kind);
  if (a == b) return true;
  switch (b) {
    case TypeKind::kVarChar: return a == TypeKind::kChar;
    case TypeKind::kVarBinary: return a == TypeKind::kBinary;
    case TypeKind::kDecimal:
    case TypeKind::kDouble: return IsNumber(a);
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kBigInt: return IsInteger(a) && a < b;
    case TypeKind::kFloat: return IsInteger(a) || a == TypeKind::kDecimal;
    case TypeKind::kDate:
    case TypeKind::kTime: return a == TypeKind::kTimestamp;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz: return IsInstant(a);
    default: return false;
  }
}

Result<CellArray> CastStored(const CellArray& values, const DataType& from, const DataType& to) {
  CHECK(CanCastStored(from, to));
  if (IsPlainWidening(from, to)) return values;
  const CastJob job{*values, from, to};
  if (IsBytes(to.kind)) return ToBytes(job);
  switch (from.kind) {
    case TypeKind::kBoolean: return FromBoolean(job);
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt: {
      const int32_t* numbers = values->data()->GetValues<int32_t>(1);
      return FromInteger(job, [numbers](int64_t row) { return int64_t{numbers[row]}; });
    }
    case TypeKind::kBigInt: {
      const int64_t* numbers = values->data()->GetValues<int64_t>(1);
      return FromInteger(job, [numbers](int64_t row) { return numbers[row]; });
    }
    case TypeKind::kFloat: return FromReal<float>(job);
    case TypeKind::kDouble: return FromReal<double>(job);
    case TypeKind::kDecimal: return FromDecimal(job);
    case TypeKind::kDate:
    case TypeKind::kTime:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz: return CastMoments(job);
    default: break;  // texts and bytes
  }
  if (IsBytes(from.kind)) {  // the bytes as they are: not cut, not filled up
    DataType whole = to;
    whole.kind = TypeKind::kString;
    return FromText(CastJob{*values, from, whole});
  }
  return FromText(job);
}

}  // namespace sluice
