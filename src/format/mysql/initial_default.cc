// SPDX-License-Identifier: Apache-2.0
#include "format/mysql/initial_default.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "base/text.h"
#include "format/mysql/calendar.h"
#include "format/mysql/ddl_column.h"

namespace sluice::mysql {
namespace {

using Kind = InitialDefault::Kind;

// b'101' of a BIT(n) as the bytes of its width.
std::string BitBytes(const MysqlColumn& column, std::string_view literal) {
  std::string out(static_cast<size_t>((column.length + 7) / 8), '\0');
  std::string_view digits = literal.substr(2, literal.size() - 3);
  for (size_t i = 0; i < digits.size() && i / 8 < out.size(); ++i) {
    if (digits[digits.size() - 1 - i] == '1') out[out.size() - 1 - i / 8] |= static_cast<char>(1 << (i % 8));
  }
  return out;
}

// As the server stores it: FLOAT has single precision, and of (m, d) the part above the next lower whole number is
// rounded, by which a negative number can come out beside its digits.
std::string RealText(const MysqlColumn& column, const std::string& text) {
  const bool single = column.type == "float";
  if (!single && column.scale < 0) return text;
  double value = std::strtod(text.c_str(), nullptr);
  if (column.scale >= 0) {
    const double whole = std::floor(value), unit = std::pow(10, column.scale);
    value = whole + std::rint((value - whole) * unit) / unit;
  }
  char digits[64];
  std::snprintf(digits, sizeof digits, "%.17g", single ? static_cast<double>(static_cast<float>(value)) : value);
  return digits;
}

bool IsTime(const MysqlColumn& column) {
  return column.type == "date" || column.type == "datetime" || column.type == "timestamp";
}

// The default in the server's terms (CanonicalDefault) of a NOT NULL column without one. None: NULL is all we have.
std::optional<std::string> ImplicitDefault(const MysqlColumn& column) {
  if (IsTime(column)) return {};  // a zero date
  if (column.type == "time") return "00:00:00";
  if (column.type == "enum") return column.labels.empty() ? "" : column.labels.front();
  if (column.type == "uuid") return "00000000-0000-0000-0000-000000000000";
  if (column.type == "inet6") return "::";
  if (column.type == "inet4") return "0.0.0.0";
  const bool number = column.type.ends_with("int") || column.type == "decimal" || column.type == "float" ||
                      column.type == "double" || column.type == "bit" || column.type == "year";
  return number ? CanonicalDefault(column, {DefaultValue::Kind::kNumber, "0", {}}) : std::string();
}

// `micros` since 1970, not before, as the column shows it.
std::string TimeText(const MysqlColumn& column, int64_t micros) {
  const std::chrono::sys_days day{std::chrono::days(micros / kMicrosPerDay)};
  const std::chrono::year_month_day date(day);
  const auto rest = static_cast<unsigned long long>(micros % kMicrosPerDay);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u %02llu:%02llu:%02llu.%06llu", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), rest / 3'600'000'000,
                rest / 60'000'000 % 60, rest / 1'000'000 % 60, rest % 1'000'000);
  std::string out = text;
  out.resize(column.type == "date" ? 10 : column.scale > 0 ? 20 + static_cast<size_t>(column.scale) : 19);
  return out;
}

// Microseconds since 1970 of "2024-03-01 10:11:12.5", whatever its clock.
std::optional<int64_t> ParseMicros(const std::string& text) {
  CivilTime t;
  std::string padded = text;
  padded.resize(26, text.size() > 19 ? '0' : ' ');
  const bool whole = std::sscanf(padded.c_str(), "%4d-%2u-%2u %2u:%2u:%2u", &t.year, &t.month, &t.day, &t.hour,
                                 &t.minute, &t.second) == 6;
  if (!whole || (text.size() > 20 && !ParseNumber(padded.substr(20), t.micros))) return {};
  return MicrosFromCivil(t);
}

// Between UTC and the session's clock, by the offset or by the server's own tables.
std::optional<int64_t> ConvertMicros(const std::string& text, bool to_utc, const SqlContext& context) {
  if (context.utc_offset) {
    const auto micros = ParseMicros(text);
    const int64_t ahead = *context.utc_offset * int64_t{1'000'000};
    return micros ? std::optional(to_utc ? *micros - ahead : *micros + ahead) : std::nullopt;
  }
  if (!context.convert_time) return {};
  const auto converted = context.convert_time(text, to_utc);
  return converted ? ParseMicros(*converted) : std::nullopt;
}

// The literal of a TIMESTAMP is a time of the session's clock.
InitialDefault Instant(const MysqlColumn& column, const std::string& text, const SqlContext& context) {
  const auto micros = ConvertMicros(text, true, context);
  return micros ? InitialDefault{Kind::kLiteral, TimeText(column, *micros)} : InitialDefault{Kind::kComputed, {}};
}

InitialDefault Literal(const MysqlColumn& column, const Column& mapped, const std::string& text,
                       const SqlContext& context) {
  switch (mapped.type.kind) {
    case TypeKind::kBoolean: return {Kind::kLiteral, text == "0" || text == "b'0'" ? "false" : "true"};
    case TypeKind::kBinary:
    case TypeKind::kVarBinary:
    case TypeKind::kBytes: {
      std::string bytes = column.type == "bit" ? BitBytes(column, text) : text;
      if (column.type == "binary") bytes.resize(static_cast<size_t>(column.length), '\0');
      return {Kind::kLiteral, Hex(bytes)};
    }
    case TypeKind::kTime: {
      const bool within_a_day = !text.starts_with('-') && text.size() > 2 && text[2] == ':' && text < "24";
      return within_a_day ? InitialDefault{Kind::kLiteral, text} : InitialDefault{Kind::kNull, {}};
    }
    case TypeKind::kDate:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      // Zero and partial dates are NULL here (MapTable).
      if (mapped.default_value && column.type == "timestamp") return Instant(column, text, context);
      return mapped.default_value ? InitialDefault{Kind::kLiteral, text} : InitialDefault{Kind::kNull, {}};
    // FLOAT(m, d) keeps single precision, and is replicated as DOUBLE.
    case TypeKind::kDouble: return {Kind::kLiteral, RealText(column, text)};
    default: return {Kind::kLiteral, text};
  }
}

// A TIMESTAMP is an instant; a DATETIME shows the clock of the session.
InitialDefault Now(const MysqlColumn& column, const SqlContext& context) {
  if (!IsTime(column) || context.now_micros == 0) return {Kind::kComputed, {}};
  if (column.type == "timestamp") return {Kind::kLiteral, TimeText(column, context.now_micros)};
  const MysqlColumn whole{.type = "datetime", .scale = 6};
  const auto micros = ConvertMicros(TimeText(whole, context.now_micros), false, context);
  return micros ? InitialDefault{Kind::kLiteral, TimeText(column, *micros)} : InitialDefault{Kind::kComputed, {}};
}

}  // namespace

std::optional<int> UtcOffset(std::string_view time_zone) {
  if (EqualsIgnoreCase(time_zone, "UTC")) return 0;
  int hours = 0, minutes = 0;
  const size_t colon = time_zone.find(':');
  if (colon == std::string_view::npos || colon < 2 || (time_zone[0] != '+' && time_zone[0] != '-')) return {};
  if (!ParseNumber(time_zone.substr(1, colon - 1), hours) || !ParseNumber(time_zone.substr(colon + 1), minutes)) {
    return {};
  }
  const int seconds = (hours * 60 + minutes) * 60;
  return time_zone[0] == '-' ? -seconds : seconds;
}

InitialDefault InitialDefaultOf(const ColumnDefinition& definition, const MysqlColumn& column, const Column& mapped,
                                const SqlContext& context) {
  const DefaultValue& value = definition.default_value;
  if (definition.generated || definition.auto_increment || definition.type == "serial") return {Kind::kComputed, {}};
  if (value.kind == DefaultValue::Kind::kNow) return Now(column, context);
  if (value.kind == DefaultValue::Kind::kExpression) return {Kind::kComputed, {}};
  if (value.kind == DefaultValue::Kind::kNone || value.kind == DefaultValue::Kind::kNull) {
    if (column.nullable) return {Kind::kNull, {}};
    std::optional<std::string> implicit = ImplicitDefault(column);
    return implicit ? Literal(column, mapped, *implicit, context) : InitialDefault{Kind::kNull, {}};
  }
  std::optional<std::string> text = column.default_value;
  if (value.kind == DefaultValue::Kind::kBytes && column.charset == "binary") text = value.text;
  return text ? Literal(column, mapped, *text, context) : InitialDefault{Kind::kComputed, {}};
}

}  // namespace sluice::mysql
