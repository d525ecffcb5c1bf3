// SPDX-License-Identifier: Apache-2.0
#include "row/format_value.h"

#include <arrow/array.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <charconv>
#include <cmath>
#include <string_view>

#include "base/text.h"
#include "row/variant.h"

namespace sluice {
namespace {

constexpr int64_t kDaySeconds = 86'400;

int64_t FloorDivide(int64_t value, int64_t by) { return value / by - (value % by < 0 ? 1 : 0); }

template <typename T>
void AppendNumber(T value, std::string& out) {
  char buffer[40];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  out.append(buffer, static_cast<size_t>(end - buffer));
}

template <typename T>
void AppendReal(T value, bool json, std::string& out) {
  if (std::isfinite(value)) return AppendNumber(value, out);
  if (json) out += '"';
  out += std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
  if (json) out += '"';
}

void AppendPadded(int64_t value, int width, std::string& out) {
  char digits[24];
  auto length = std::to_chars(digits, digits + sizeof digits, value).ptr - digits;
  for (auto i = length; i < width; ++i) out += '0';
  out.append(digits, static_cast<size_t>(length));
}

// hh:mm:ss and the fraction, which has `digits` digits, without trailing zeros.
void AppendClock(int64_t seconds, int64_t fraction, int digits, std::string& out) {
  AppendPadded(seconds / 3600, 2, out);
  out += ':';
  AppendPadded(seconds / 60 % 60, 2, out);
  out += ':';
  AppendPadded(seconds % 60, 2, out);
  if (fraction == 0) return;
  out += '.';
  AppendPadded(fraction, digits, out);
  while (out.back() == '0') out.pop_back();
}

struct UnitScale {
  int64_t per_second;
  int digits;
};

UnitScale ScaleOf(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND: return {1, 0};
    case arrow::TimeUnit::MILLI: return {1'000, 3};
    case arrow::TimeUnit::MICRO: return {1'000'000, 6};
    case arrow::TimeUnit::NANO: return {1'000'000'000, 9};
  }
  return {1, 0};
}

void AppendClockUnits(int64_t value, UnitScale scale, std::string& out) {
  int64_t seconds = FloorDivide(value, scale.per_second);
  AppendClock(seconds, value - seconds * scale.per_second, scale.digits, out);
}

void AppendInstant(int64_t value, UnitScale scale, bool zoned, std::string& out) {
  int64_t seconds = FloorDivide(value, scale.per_second);
  int64_t days = FloorDivide(seconds, kDaySeconds);
  AppendDate(days, out);
  out += 'T';
  AppendClock(seconds - days * kDaySeconds, value - seconds * scale.per_second, scale.digits, out);
  if (zoned) out += 'Z';
}

void AppendQuoted(std::string_view text, std::string& out) {
  out += '"';
  out += JsonEscape(text);
  out += '"';
}

void AppendList(const arrow::Array& values, int64_t from, int64_t count, std::string& out) {
  out += '[';
  for (int64_t i = 0; i < count; ++i) {
    if (i > 0) out += ',';
    AppendJson(values, from + i, out);
  }
  out += ']';
}

void AppendStruct(const arrow::StructArray& column, int64_t row, std::string& out) {
  if (IsVariant(*column.type())) {
    const auto value = column.field(0), metadata = column.field(1);
    if (AppendVariant(static_cast<const arrow::BinaryArray&>(*value).GetView(row),
                      static_cast<const arrow::BinaryArray&>(*metadata).GetView(row), out)) return;
  }
  out += '{';
  for (int i = 0; i < column.num_fields(); ++i) {
    if (i > 0) out += ',';
    AppendQuoted(column.struct_type()->field(i)->name(), out);
    out += ':';
    AppendJson(*column.field(i), row, out);
  }
  out += '}';
}

void AppendMap(const arrow::MapArray& column, int64_t row, std::string& out) {
  out += '[';
  for (int64_t i = column.value_offset(row); i < column.value_offset(row + 1); ++i) {
    if (i > column.value_offset(row)) out += ',';
    out += '[';
    AppendJson(*column.keys(), i, out);
    out += ',';
    AppendJson(*column.items(), i, out);
    out += ']';
  }
  out += ']';
}

template <typename ArrayType>
const ArrayType& As(const arrow::Array& column) {
  return static_cast<const ArrayType&>(column);
}

// Types whose text and JSON are alike; false for all others.
bool AppendPlain(const arrow::Array& column, int64_t row, bool json, std::string& out) {
  switch (column.type_id()) {
    case arrow::Type::NA: out += json ? "null" : ""; return true;
    case arrow::Type::BOOL: out += As<arrow::BooleanArray>(column).Value(row) ? "true" : "false"; return true;
    case arrow::Type::INT8: AppendNumber(As<arrow::Int8Array>(column).Value(row), out); return true;
    case arrow::Type::INT16: AppendNumber(As<arrow::Int16Array>(column).Value(row), out); return true;
    case arrow::Type::INT32: AppendNumber(As<arrow::Int32Array>(column).Value(row), out); return true;
    case arrow::Type::INT64: AppendNumber(As<arrow::Int64Array>(column).Value(row), out); return true;
    case arrow::Type::UINT64: AppendNumber(As<arrow::UInt64Array>(column).Value(row), out); return true;
    case arrow::Type::FLOAT: AppendReal(As<arrow::FloatArray>(column).Value(row), json, out); return true;
    case arrow::Type::DOUBLE: AppendReal(As<arrow::DoubleArray>(column).Value(row), json, out); return true;
    case arrow::Type::LIST: {
      auto& list = As<arrow::ListArray>(column);
      AppendList(*list.values(), list.value_offset(row), list.value_length(row), out);
      return true;
    }
    case arrow::Type::STRUCT: AppendStruct(As<arrow::StructArray>(column), row, out); return true;
    case arrow::Type::MAP: AppendMap(As<arrow::MapArray>(column), row, out); return true;
    default: return false;
  }
}

// Never with an exponent, as Arrow's own text may be.
void AppendDecimal(const arrow::Decimal128Array& column, int64_t row, std::string& out) {
  auto scale = static_cast<size_t>(static_cast<const arrow::Decimal128Type&>(*column.type()).scale());
  std::string digits = arrow::Decimal128(column.GetValue(row)).ToIntegerString();
  size_t sign = digits[0] == '-' ? 1 : 0;
  if (digits.size() - sign <= scale) digits.insert(sign, scale + 1 - (digits.size() - sign), '0');
  if (scale > 0) digits.insert(digits.size() - scale, 1, '.');
  out += digits;
}

// Types whose JSON is their text in quotes.
void AppendBare(const arrow::Array& column, int64_t row, std::string& out) {
  switch (column.type_id()) {
    case arrow::Type::DECIMAL128: return AppendDecimal(As<arrow::Decimal128Array>(column), row, out);
    case arrow::Type::BINARY: {
      std::string_view bytes = As<arrow::BinaryArray>(column).GetView(row);
      return AppendHex(bytes.data(), bytes.size(), out);
    }
    case arrow::Type::FIXED_SIZE_BINARY: {
      std::string_view bytes = As<arrow::FixedSizeBinaryArray>(column).GetView(row);
      return AppendHex(bytes.data(), bytes.size(), out);
    }
    case arrow::Type::DATE32: return AppendDate(As<arrow::Date32Array>(column).Value(row), out);
    case arrow::Type::TIME64: {
      auto& type = static_cast<const arrow::Time64Type&>(*column.type());
      return AppendClockUnits(As<arrow::Time64Array>(column).Value(row), ScaleOf(type.unit()), out);
    }
    case arrow::Type::TIMESTAMP: {
      auto& type = static_cast<const arrow::TimestampType&>(*column.type());
      int64_t value = As<arrow::TimestampArray>(column).Value(row);
      return AppendInstant(value, ScaleOf(type.unit()), !type.timezone().empty(), out);
    }
    default: {  // types that sluice does not make
      auto scalar = column.GetScalar(row);
      out += scalar.ok() ? (*scalar)->ToString() : "?";
    }
  }
}

}  // namespace

bool AppendText(const arrow::Array& column, int64_t row, std::string& out) {
  if (column.IsNull(row)) return false;
  if (column.type_id() == arrow::Type::STRING) {
    out += As<arrow::StringArray>(column).GetView(row);
  } else if (!AppendPlain(column, row, /*json=*/false, out)) {
    AppendBare(column, row, out);
  }
  return true;
}

void AppendJson(const arrow::Array& column, int64_t row, std::string& out) {
  if (column.IsNull(row)) {
    out += "null";
  } else if (column.type_id() == arrow::Type::STRING) {
    AppendQuoted(As<arrow::StringArray>(column).GetView(row), out);
  } else if (!AppendPlain(column, row, /*json=*/true, out)) {
    out += '"';
    AppendBare(column, row, out);
    out += '"';
  }
}

void AppendDate(int64_t days, std::string& out) {
  CivilDate date = CivilFromDays(days);
  if (date.year < 0) out += '-';
  AppendPadded(date.year < 0 ? -date.year : date.year, 4, out);
  out += '-';
  AppendPadded(date.month, 2, out);
  out += '-';
  AppendPadded(date.day, 2, out);
}

void AppendTime(int64_t micros, std::string& out) { AppendClockUnits(micros, {1'000'000, 6}, out); }

void AppendTimestamp(int64_t micros, bool zoned, std::string& out) {
  AppendInstant(micros, {1'000'000, 6}, zoned, out);
}

void AppendHex(const void* bytes, size_t count, std::string& out) {
  static constexpr char kHex[] = "0123456789abcdef";
  auto* p = static_cast<const uint8_t*>(bytes);
  size_t at = out.size();
  out.resize(at + 2 * count);
  for (size_t i = 0; i < count; ++i) {
    out[at + 2 * i] = kHex[p[i] >> 4];
    out[at + 2 * i + 1] = kHex[p[i] & 15];
  }
}

// Eras of 400 years that begin in March (Howard Hinnant, chrono-compatible date algorithms).
CivilDate CivilFromDays(int64_t days) {
  int64_t z = days + 719'468;
  int64_t era = FloorDivide(z, 146'097);
  int64_t day_of_era = z - era * 146'097;
  int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t shifted_month = (5 * day_of_year + 2) / 153;
  auto day = static_cast<int32_t>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  auto month = static_cast<int32_t>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

int64_t DaysFromCivil(int64_t year, int32_t month, int32_t day) {
  year -= month <= 2 ? 1 : 0;
  int64_t era = FloorDivide(year, 400);
  int64_t year_of_era = year - era * 400;
  int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

}  // namespace sluice
