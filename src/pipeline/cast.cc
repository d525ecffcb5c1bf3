// SPDX-License-Identifier: Apache-2.0
// Casts with Arrow's builders; branches on types outside the loops over rows.
#include "pipeline/cast.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/util/decimal.h>
#include <charconv>
#include <cmath>
#include <limits>
#include <type_traits>

#include "base/check.h"
#include "base/text.h"
#include "pipeline/text_time.h"
#include "row/arrow_status.h"
#include "row/format_value.h"
#include "row/timestamp.h"

namespace sluice {
namespace {

using arrow::Decimal128;
using ArrayPtr = std::shared_ptr<arrow::Array>;

constexpr int64_t kSecondsPerDay = 86'400;
constexpr size_t kShownBytesMax = 100;  // of a value in an error

struct Range {
  int64_t least;
  int64_t most;
};
Range RangeOf(TypeKind kind) {
  switch (kind) {
    case TypeKind::kTinyInt: return {-128, 127};
    case TypeKind::kSmallInt: return {-32768, 32767};
    case TypeKind::kInt: return {std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()};
    default: return {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()};
  }
}
bool IsInteger(TypeKind kind) {
  return kind == TypeKind::kTinyInt || kind == TypeKind::kSmallInt || kind == TypeKind::kInt ||
         kind == TypeKind::kBigInt;
}

struct Job {
  const ArrayPtr& column;
  const DataType& from;
  const DataType& to;
  const CastContext& context;

  // The error for a row that does not fit, or nothing if it becomes NULL.
  Status Misfit(int64_t row) const {
    if (context.tolerant) return Ok();
    std::string text;
    AppendText(*column, row, text);
    if (text.size() > kShownBytesMax) text = text.substr(0, kShownBytesMax) + "…";
    return Invalid(Str(context.column, ": the value \"", JsonEscape(text), "\" (", from.ToString(), ") does not fit ",
                       to.ToString()),
                   "route the table to a sink table whose column has that type, or set schema.change.behavior: "
                   "try_evolve, which writes NULL into a nullable column for a value that does not fit");
  }
};

// Runs `convert(row, value&) -> bool` over all rows that are not NULL.
template <typename Builder, typename Value, typename Convert>
Result<ArrayPtr> Each(const Job& job, Builder& builder, Convert convert) {
  const arrow::Array& in = *job.column;
  ARROW_TRY(builder.Reserve(in.length()));
  Value value{};
  for (int64_t row = 0; row < in.length(); ++row) {
    if (in.IsNull(row)) {
      builder.UnsafeAppendNull();
    } else if (convert(row, value)) {
      builder.UnsafeAppend(value);
    } else {
      TRY(job.Misfit(row));
      builder.UnsafeAppendNull();
    }
  }
  ArrayPtr out;
  ARROW_TRY(builder.Finish(&out));
  return out;
}

Result<ArrayPtr> AllMisfit(const Job& job) {
  for (int64_t row = 0; row < job.column->length(); ++row) {
    if (!job.column->IsNull(row)) TRY(job.Misfit(row));
  }
  ARROW_TRY_SET(ArrayPtr nulls, arrow::MakeArrayOfNull(job.to.ToArrow(), job.column->length()));
  return nulls;
}

Result<ArrayPtr> ToText(const Job& job) {
  arrow::StringBuilder builder;
  std::string text;
  for (int64_t row = 0; row < job.column->length(); ++row) {
    text.clear();
    if (AppendText(*job.column, row, text)) {
      ARROW_TRY(builder.Append(text));
    } else {
      ARROW_TRY(builder.AppendNull());
    }
  }
  ArrayPtr out;
  ARROW_TRY(builder.Finish(&out));
  return out;
}

// Only the type changes, e.g. of timestamp[us] to timestamp[us, UTC].
ArrayPtr Retype(const Job& job) {
  auto data = job.column->data()->Copy();
  data->type = job.to.ToArrow();
  return arrow::MakeArray(data);
}

Result<ArrayPtr> DateToTimestamp(const Job& job) {
  const auto& in = static_cast<const arrow::Date32Array&>(*job.column);
  const int64_t day = kSecondsPerDay * UnitsPerSecond(job.to);
  arrow::TimestampBuilder builder(job.to.ToArrow(), arrow::default_memory_pool());
  return Each<arrow::TimestampBuilder, int64_t>(job, builder, [&](int64_t row, int64_t& out) {
    return !__builtin_mul_overflow(static_cast<int64_t>(in.Value(row)), day, &out);
  });
}

// Midnights only.
Result<ArrayPtr> TimestampToDate(const Job& job) {
  const auto& in = static_cast<const arrow::TimestampArray&>(*job.column);
  const int64_t day = kSecondsPerDay * UnitsPerSecond(job.from);
  arrow::Date32Builder builder;
  return Each<arrow::Date32Builder, int32_t>(job, builder, [&](int64_t row, int32_t& out) {
    out = static_cast<int32_t>(in.Value(row) / day);
    return in.Value(row) % day == 0;
  });
}

// Nanoseconds are cut off.
Result<ArrayPtr> TimestampToTimestamp(const Job& job) {
  if (HasNanos(job.from) == HasNanos(job.to)) return Retype(job);
  const auto& in = static_cast<const arrow::TimestampArray&>(*job.column);
  arrow::TimestampBuilder builder(job.to.ToArrow(), arrow::default_memory_pool());
  return Each<arrow::TimestampBuilder, int64_t>(job, builder, [&](int64_t row, int64_t& out) {
    return ConvertUnits(job.from, job.to, in.Value(row), out);
  });
}

bool ToDecimal(const Decimal128& value, int32_t scale, const DataType& to, Decimal128& out) {
  if (value == Decimal128(0)) {
    out = value;
    return true;
  }
  if (scale == to.scale) {
    out = value;
  } else {
    auto rescaled = value.Rescale(scale, to.scale);
    if (!rescaled.ok()) return false;
    out = *rescaled;
  }
  return out.FitsInPrecision(to.precision);
}

// From a number, by a function that gives the value of a row.
template <typename Get>
Result<ArrayPtr> FromInteger(const Job& job, Get get) {
  Range range = RangeOf(job.to.kind);
  switch (job.to.kind) {
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt: {
      arrow::Int32Builder builder;
      return Each<arrow::Int32Builder, int32_t>(job, builder, [&](int64_t row, int32_t& out) {
        int64_t value = get(row);
        out = static_cast<int32_t>(value);
        return value >= range.least && value <= range.most;
      });
    }
    case TypeKind::kBigInt: {
      arrow::Int64Builder builder;
      return Each<arrow::Int64Builder, int64_t>(job, builder, [&](int64_t row, int64_t& out) {
        out = get(row);
        return true;
      });
    }
    case TypeKind::kFloat: {
      arrow::FloatBuilder builder;
      return Each<arrow::FloatBuilder, float>(job, builder, [&](int64_t row, float& out) {
        out = static_cast<float>(get(row));
        return true;
      });
    }
    case TypeKind::kDouble: {
      arrow::DoubleBuilder builder;
      return Each<arrow::DoubleBuilder, double>(job, builder, [&](int64_t row, double& out) {
        out = static_cast<double>(get(row));
        return true;
      });
    }
    case TypeKind::kDecimal: {
      arrow::Decimal128Builder builder(job.to.ToArrow());
      return Each<arrow::Decimal128Builder, Decimal128>(
          job, builder, [&](int64_t row, Decimal128& out) { return ToDecimal(Decimal128(get(row)), 0, job.to, out); });
    }
    case TypeKind::kBoolean: {
      arrow::BooleanBuilder builder;
      return Each<arrow::BooleanBuilder, bool>(job, builder, [&](int64_t row, bool& out) {
        int64_t value = get(row);
        out = value == 1;
        return value == 0 || value == 1;
      });
    }
    default: return AllMisfit(job);
  }
}

// Whole numbers in range only; nothing is rounded.
bool RealToInteger(double value, Range range, int64_t& out) {
  constexpr double kTwo63 = 9223372036854775808.0;
  if (!(value >= -kTwo63 && value < kTwo63) || std::trunc(value) != value) return false;
  out = static_cast<int64_t>(value);
  return out >= range.least && out <= range.most;
}

// The decimal text of the number, if the scale holds all of it.
bool RealToDecimal(double value, const Job& job, Decimal128& out) {
  char text[32];
  char* end = text;
  if (job.from.kind == TypeKind::kFloat) {
    end = std::to_chars(text, text + sizeof(text), static_cast<float>(value)).ptr;
  } else {
    end = std::to_chars(text, text + sizeof(text), value).ptr;
  }
  Decimal128 read;
  int32_t precision = 0, scale = 0;
  if (!Decimal128::FromString(std::string_view(text, end), &read, &precision, &scale).ok()) return false;
  return ToDecimal(read, scale, job.to, out);
}

template <typename Get>
Result<ArrayPtr> FromReal(const Job& job, Get get) {
  if (job.to.kind == TypeKind::kDouble) {
    arrow::DoubleBuilder builder;
    return Each<arrow::DoubleBuilder, double>(job, builder, [&](int64_t row, double& out) {
      out = get(row);
      return true;
    });
  }
  if (job.to.kind == TypeKind::kFloat) {
    arrow::FloatBuilder builder;
    return Each<arrow::FloatBuilder, float>(job, builder, [&](int64_t row, float& out) {
      out = static_cast<float>(get(row));
      return static_cast<double>(out) == get(row) || std::isnan(get(row));
    });
  }
  if (job.to.kind == TypeKind::kDecimal) {
    arrow::Decimal128Builder builder(job.to.ToArrow());
    return Each<arrow::Decimal128Builder, Decimal128>(
        job, builder, [&](int64_t row, Decimal128& out) { return RealToDecimal(get(row), job, out); });
  }
  if (!IsInteger(job.to.kind)) return AllMisfit(job);
  Range range = RangeOf(job.to.kind);
  if (job.to.kind == TypeKind::kBigInt) {
    arrow::Int64Builder builder;
    return Each<arrow::Int64Builder, int64_t>(
        job, builder, [&](int64_t row, int64_t& out) { return RealToInteger(get(row), range, out); });
  }
  arrow::Int32Builder builder;
  return Each<arrow::Int32Builder, int32_t>(job, builder, [&](int64_t row, int32_t& out) {
    int64_t wide = 0;
    bool fits = RealToInteger(get(row), range, wide);
    out = static_cast<int32_t>(wide);
    return fits;
  });
}

// A decimal without fraction as an integer.
bool DecimalToInteger(const Decimal128& value, int32_t scale, Range range, int64_t& out) {
  auto whole = scale == 0 ? arrow::Result<Decimal128>(value) : value.Rescale(scale, 0);
  if (!whole.ok()) return false;
  auto number = whole->ToInteger<int64_t>();
  if (!number.ok()) return false;
  out = *number;
  return out >= range.least && out <= range.most;
}

Result<ArrayPtr> FromDecimal(const Job& job) {
  const auto& in = static_cast<const arrow::Decimal128Array&>(*job.column);
  auto get = [&](int64_t row) { return Decimal128(in.GetValue(row)); };
  if (job.to.kind == TypeKind::kDecimal) {
    arrow::Decimal128Builder builder(job.to.ToArrow());
    return Each<arrow::Decimal128Builder, Decimal128>(
        job, builder, [&](int64_t row, Decimal128& out) { return ToDecimal(get(row), job.from.scale, job.to, out); });
  }
  if (job.to.kind == TypeKind::kDouble) {
    arrow::DoubleBuilder builder;
    return Each<arrow::DoubleBuilder, double>(job, builder, [&](int64_t row, double& out) {
      out = get(row).ToDouble(job.from.scale);
      return true;
    });
  }
  if (job.to.kind == TypeKind::kFloat) {
    arrow::FloatBuilder builder;
    return Each<arrow::FloatBuilder, float>(job, builder, [&](int64_t row, float& out) {
      out = get(row).ToFloat(job.from.scale);
      return true;
    });
  }
  if (!IsInteger(job.to.kind)) return AllMisfit(job);
  Range range = RangeOf(job.to.kind);
  if (job.to.kind == TypeKind::kBigInt) {
    arrow::Int64Builder builder;
    return Each<arrow::Int64Builder, int64_t>(job, builder, [&](int64_t row, int64_t& out) {
      return DecimalToInteger(get(row), job.from.scale, range, out);
    });
  }
  arrow::Int32Builder builder;
  return Each<arrow::Int32Builder, int32_t>(job, builder, [&](int64_t row, int32_t& out) {
    int64_t wide = 0;
    bool fits = DecimalToInteger(get(row), job.from.scale, range, wide);
    out = static_cast<int32_t>(wide);
    return fits;
  });
}

// A number as a server prints it: -12.30, no exponent, no leading zeros that a number would lose.
bool IsPlainNumber(std::string_view text, bool fraction) {
  if (text.starts_with('-')) text.remove_prefix(1);
  size_t dot = fraction ? text.find('.') : std::string_view::npos;
  std::string_view whole = text.substr(0, dot);
  auto digits = [](std::string_view part) {
    return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (!digits(whole) || (whole.size() > 1 && whole[0] == '0')) return false;
  return dot == std::string_view::npos || digits(text.substr(dot + 1));
}

bool TextToDecimal(std::string_view text, const DataType& to, Decimal128& out) {
  Decimal128 read;
  int32_t precision = 0, scale = 0;
  return IsPlainNumber(text, true) && Decimal128::FromString(text, &read, &precision, &scale).ok() &&
         ToDecimal(read, scale, to, out);
}

template <typename Value, typename Builder>
Result<ArrayPtr> ParseEach(const Job& job, Builder builder, bool (*parse)(std::string_view, const Job&, Value&)) {
  const auto& in = static_cast<const arrow::StringArray&>(*job.column);
  return Each<Builder, Value>(job, builder,
                              [&](int64_t row, Value& out) { return parse(in.GetView(row), job, out); });
}

// Text whose column had another type before: the sink keeps that type where it cannot change it.
Result<ArrayPtr> FromText(const Job& job) {
  using Text = std::string_view;
  arrow::MemoryPool* pool = arrow::default_memory_pool();
  if (IsInteger(job.to.kind) && job.to.kind != TypeKind::kBigInt) {
    return ParseEach<int32_t>(job, arrow::Int32Builder(), [](Text text, const Job& of, int32_t& out) {
      Range range = RangeOf(of.to.kind);
      return IsPlainNumber(text, false) && ParseNumber(text, out) && out >= range.least && out <= range.most;
    });
  }
  switch (job.to.kind) {
    case TypeKind::kBigInt:
      return ParseEach<int64_t>(job, arrow::Int64Builder(), [](Text text, const Job&, int64_t& out) {
        return IsPlainNumber(text, false) && ParseNumber(text, out);
      });
    case TypeKind::kDecimal:
      return ParseEach<Decimal128>(
          job, arrow::Decimal128Builder(job.to.ToArrow()),
          [](Text text, const Job& of, Decimal128& out) { return TextToDecimal(text, of.to, out); });
    case TypeKind::kFloat:
      return ParseEach<float>(job, arrow::FloatBuilder(),
                              [](Text text, const Job&, float& out) { return ParseNumber(text, out); });
    case TypeKind::kDouble:
      return ParseEach<double>(job, arrow::DoubleBuilder(),
                               [](Text text, const Job&, double& out) { return ParseNumber(text, out); });
    case TypeKind::kBoolean:
      return ParseEach<bool>(job, arrow::BooleanBuilder(), [](Text text, const Job&, bool& out) {
        out = text == "1" || text == "true";
        return out || text == "0" || text == "false";
      });
    case TypeKind::kDate:
      return ParseEach<int32_t>(job, arrow::Date32Builder(),
                                [](Text text, const Job&, int32_t& out) { return TextToDays(text, out); });
    case TypeKind::kTime:
      return ParseEach<int64_t>(job, arrow::Time64Builder(job.to.ToArrow(), pool),
                                [](Text text, const Job&, int64_t& out) { return TextToTime(text, out); });
    case TypeKind::kTimestamp:
      return ParseEach<int64_t>(job, arrow::TimestampBuilder(job.to.ToArrow(), pool),
                                [](Text text, const Job& of, int64_t& out) {
                                  return TextToTimestamp(text, of.to, out);
                                });
    default: return AllMisfit(job);
  }
}

bool IsText(TypeKind kind) {
  return kind == TypeKind::kChar || kind == TypeKind::kVarChar || kind == TypeKind::kString;
}
bool IsBytes(TypeKind kind) {
  return kind == TypeKind::kBinary || kind == TypeKind::kVarBinary || kind == TypeKind::kBytes;
}

}  // namespace

bool SameRepresentation(const DataType& from, const DataType& to) {
  if (from.SameIgnoringNull(to)) return true;
  if (IsInteger(from.kind) && IsInteger(to.kind)) {
    return from.kind != TypeKind::kBigInt && to.kind != TypeKind::kBigInt &&
           RangeOf(from.kind).most <= RangeOf(to.kind).most;
  }
  if (IsText(from.kind)) return IsText(to.kind);
  if (IsBytes(from.kind)) return IsBytes(to.kind);
  if (HasNanos(from) != HasNanos(to)) return false;
  return from.kind == to.kind && from.kind != TypeKind::kDecimal && from.kind != TypeKind::kArray;
}

Result<ArrayPtr> CastColumn(const ArrayPtr& column, const DataType& from, const DataType& to,
                            const CastContext& context) {
  if (SameRepresentation(from, to)) return column;
  Job job{column, from, to, context};
  if (IsText(to.kind)) return ToText(job);
  switch (from.kind) {
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt: {
      const auto& in = static_cast<const arrow::Int32Array&>(*column);
      return FromInteger(job, [&](int64_t row) { return static_cast<int64_t>(in.Value(row)); });
    }
    case TypeKind::kBigInt: {
      const auto& in = static_cast<const arrow::Int64Array&>(*column);
      return FromInteger(job, [&](int64_t row) { return in.Value(row); });
    }
    case TypeKind::kFloat: {
      const auto& in = static_cast<const arrow::FloatArray&>(*column);
      return FromReal(job, [&](int64_t row) { return static_cast<double>(in.Value(row)); });
    }
    case TypeKind::kDouble: {
      const auto& in = static_cast<const arrow::DoubleArray&>(*column);
      return FromReal(job, [&](int64_t row) { return in.Value(row); });
    }
    case TypeKind::kDecimal: return FromDecimal(job);
    case TypeKind::kDate:
      if (to.kind == TypeKind::kTimestamp || to.kind == TypeKind::kTimestampLtz) return DateToTimestamp(job);
      return AllMisfit(job);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      if (to.kind == from.kind) return TimestampToTimestamp(job);
      if (from.kind == TypeKind::kTimestampLtz) return AllMisfit(job);
      if (to.kind == TypeKind::kDate) return TimestampToDate(job);
      return to.kind == TypeKind::kTimestampLtz ? TimestampToTimestamp(job) : AllMisfit(job);
    case TypeKind::kBoolean: {
      const auto& in = static_cast<const arrow::BooleanArray&>(*column);
      return FromInteger(job, [&](int64_t row) { return static_cast<int64_t>(in.Value(row)); });
    }
    case TypeKind::kChar:
    case TypeKind::kVarChar:
    case TypeKind::kString: return IsBytes(to.kind) ? Result<ArrayPtr>(Retype(job)) : FromText(job);
    default: return AllMisfit(job);
  }
}

}  // namespace sluice
