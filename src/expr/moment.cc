// SPDX-License-Identifier: Apache-2.0
#include "expr/moment.h"

#include <arrow/array.h>

#include "base/text.h"
#include "row/format_value.h"
#include "row/timestamp.h"

namespace sluice {
namespace {

constexpr int64_t kMicrosPerDay = 86'400'000'000;
constexpr int64_t kMicrosPerSecond = 1'000'000;

// Exactly `digits` digits at `at`, not above `most`.
bool TakeNumber(std::string_view text, size_t& at, size_t digits, int32_t most, int32_t& out) {
  if (text.size() < at + digits || !ParseNumber(text.substr(at, digits), out) || out < 0 || out > most) return false;
  at += digits;
  return true;
}

bool TakeChar(std::string_view text, size_t& at, std::string_view any) {
  if (at >= text.size() || any.find(text[at]) == std::string_view::npos) return false;
  ++at;
  return true;
}

// ".123456789": what is below a microsecond is cut.
bool TakeFraction(std::string_view text, size_t& at, int64_t& micros) {
  micros = 0;
  if (at == text.size()) return true;
  if (!TakeChar(text, at, ".") || at == text.size() || text.size() - at > 9) return false;
  for (int64_t unit = kMicrosPerSecond / 10; at < text.size(); ++at, unit /= 10) {
    if (text[at] < '0' || text[at] > '9') return false;
    micros += (text[at] - '0') * unit;
  }
  return true;
}

int64_t FromEpoch(int64_t value, int precision) {
  if (precision == 0) return static_cast<int64_t>(static_cast<uint64_t>(value) * kMicrosPerSecond);
  if (precision == 3) return static_cast<int64_t>(static_cast<uint64_t>(value) * 1000);
  return precision == 6 ? value : value / 1000;
}

Error NoMoment(std::string_view text, std::string_view what) {
  return Invalid(Str("the value \"", JsonEscape(text.substr(0, 100)), "\" is no ", what));
}

Result<int64_t> FromText(const arrow::Array& column, int64_t row, std::optional<int> precision) {
  const std::string_view text = Trim(static_cast<const arrow::StringArray&>(column).GetView(row));
  int64_t value = 0;
  if (precision) {
    if (!ParseNumber(text, value)) return NoMoment(text, "number since 1970");
    return FromEpoch(value, *precision);
  }
  if (!ParseMoment(text, value)) return NoMoment(text, "date or time such as 2024-01-31 20:15:00");
  return value;
}

}  // namespace

bool IsEpochPrecision(int precision) {
  return precision == 0 || precision == 3 || precision == 6 || precision == 9;
}

bool ParseMoment(std::string_view text, int64_t& micros) {
  size_t at = 0;
  int32_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  int64_t fraction = 0;
  const bool date = TakeNumber(text, at, 4, 9999, year) && TakeChar(text, at, "-") &&
                    TakeNumber(text, at, 2, 12, month) && TakeChar(text, at, "-") && TakeNumber(text, at, 2, 31, day);
  if (!date || month == 0 || day == 0) return false;
  const int64_t days = DaysFromCivil(year, month, day);
  const CivilDate civil = CivilFromDays(days);
  if (civil.month != month || civil.day != day) return false;  // 30 February
  if (at < text.size()) {
    const bool time = TakeChar(text, at, " T") && TakeNumber(text, at, 2, 23, hour) && TakeChar(text, at, ":") &&
                      TakeNumber(text, at, 2, 59, minute);
    if (!time) return false;
    if (at < text.size() && !(TakeChar(text, at, ":") && TakeNumber(text, at, 2, 59, second))) return false;
    if (!TakeFraction(text, at, fraction)) return false;
  }
  micros = days * kMicrosPerDay + (int64_t{hour} * 3600 + minute * 60 + second) * kMicrosPerSecond + fraction;
  return true;
}

Result<MomentReader> MakeMomentReader(const DataType& type, std::optional<int> precision) {
  const int unit = precision.value_or(0);
  switch (type.kind) {
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
      return MomentReader([unit](const arrow::Array& column, int64_t row) -> Result<int64_t> {
        return FromEpoch(static_cast<const arrow::Int32Array&>(column).Value(row), unit);
      });
    case TypeKind::kBigInt:
      return MomentReader([unit](const arrow::Array& column, int64_t row) -> Result<int64_t> {
        return FromEpoch(static_cast<const arrow::Int64Array&>(column).Value(row), unit);
      });
    case TypeKind::kDate:
      return MomentReader([](const arrow::Array& column, int64_t row) -> Result<int64_t> {
        return static_cast<const arrow::Date32Array&>(column).Value(row) * kMicrosPerDay;
      });
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return MomentReader([nanos = HasNanos(type)](const arrow::Array& column, int64_t row) -> Result<int64_t> {
        const int64_t value = static_cast<const arrow::TimestampArray&>(column).Value(row);
        return nanos ? MicrosOfNanos(value) : value;
      });
    case TypeKind::kChar:
    case TypeKind::kVarChar:
    case TypeKind::kString:
      return MomentReader(
          [precision](const arrow::Array& column, int64_t row) { return FromText(column, row, precision); });
    default: break;
  }
  return Invalid(Str("a column of type ", type.ToString(), " holds no date or time"),
                 "use a column of type DATE, DATETIME, TIMESTAMP, an integer or a text");
}

}  // namespace sluice
