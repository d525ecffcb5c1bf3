// SPDX-License-Identifier: Apache-2.0
#include "cli/literal.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "base/text.h"
#include "row/format_value.h"

namespace sluice {
namespace {

constexpr int64_t kDaySeconds = 86'400;
constexpr size_t kMicrosDigits = 6, kNanosDigits = 9;  // of a second
constexpr size_t kDigitsMost = 38;  // of a number that is compared digit by digit

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The digits at the front of `rest`.
std::string_view TakeDigits(std::string_view& rest) {
  size_t count = 0;
  while (count < rest.size() && IsDigit(rest[count])) ++count;
  std::string_view digits = rest.substr(0, count);
  rest.remove_prefix(count);
  return digits;
}

bool TakeSign(std::string_view& rest, bool& negative) {
  negative = rest.starts_with('-');
  if (!negative && !rest.starts_with('+')) return false;
  rest.remove_prefix(1);
  return true;
}

bool TakeChar(std::string_view& rest, char c) {
  if (!rest.starts_with(c)) return false;
  rest.remove_prefix(1);
  return true;
}

// Exactly two digits, below `limit`.
bool TakeTwo(std::string_view& rest, int limit, int64_t& out) {
  if (rest.size() < 2 || !IsDigit(rest[0]) || !IsDigit(rest[1])) return false;
  out = (rest[0] - '0') * 10 + (rest[1] - '0');
  rest.remove_prefix(2);
  return out < limit;
}

bool TakeDate(std::string_view& rest, int64_t& days) {
  const bool negative = TakeChar(rest, '-');
  std::string_view digits = TakeDigits(rest);
  int64_t year = 0, month = 0, day = 0;
  if (digits.size() < 4 || digits.size() > 6 || !ParseNumber(digits, year)) return false;
  if (!TakeChar(rest, '-') || !TakeTwo(rest, 13, month)) return false;
  if (!TakeChar(rest, '-') || !TakeTwo(rest, 32, day)) return false;
  if (negative) year = -year;
  days = DaysFromCivil(year, static_cast<int32_t>(month), static_cast<int32_t>(day));
  const CivilDate back = CivilFromDays(days);  // no 31st of February
  return back.year == year && back.month == month && back.day == day;
}

// In units of so many digits of a second.
bool TakeTime(std::string_view& rest, size_t kept, ExactLiteral& out) {
  int64_t hour = 0, minute = 0, second = 0;
  if (!TakeTwo(rest, 24, hour) || !TakeChar(rest, ':') || !TakeTwo(rest, 60, minute)) return false;
  if (TakeChar(rest, ':') && !TakeTwo(rest, 60, second)) return false;
  std::string_view digits;
  if (TakeChar(rest, '.')) {
    digits = TakeDigits(rest);
    if (digits.empty()) return false;
  }
  out.value = hour * 3600 + minute * 60 + second;
  for (size_t i = 0; i < kept; ++i) out.value = out.value * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  const bool more = digits.size() > kept && digits.substr(kept).find_first_not_of('0') != std::string_view::npos;
  out.rest = more ? 1 : 0;
  return true;
}

// "Z", "+02", "+02:00", "-0530": seconds ahead of UTC.
bool TakeOffset(std::string_view& rest, int64_t& ahead) {
  if (TakeChar(rest, 'Z') || TakeChar(rest, 'z')) return true;
  bool negative = false;
  int64_t hours = 0, minutes = 0;
  if (!TakeSign(rest, negative) || !TakeTwo(rest, 24, hours)) return false;
  const bool colon = TakeChar(rest, ':');
  if ((colon || !rest.empty()) && !TakeTwo(rest, 60, minutes)) return false;
  ahead = (hours * 3600 + minutes * 60) * (negative ? -1 : 1);
  return true;
}

}  // namespace

bool ParseBoolean(std::string_view text, ExactLiteral& out) {
  const bool yes = text == "1" || EqualsIgnoreCase(text, "true");
  out = {yes ? 1 : 0, 0};
  return yes || text == "0" || EqualsIgnoreCase(text, "false");
}

bool ParseExact(std::string_view text, int scale, ExactLiteral& out) {
  std::string_view rest = Trim(text);
  bool negative = false;
  TakeSign(rest, negative);
  std::string digits(TakeDigits(rest));
  auto point = static_cast<int64_t>(digits.size());
  if (TakeChar(rest, '.')) digits += TakeDigits(rest);
  if (digits.empty()) return false;
  if (!rest.empty()) {
    int64_t exponent = 0;
    if (!TakeChar(rest, 'e') && !TakeChar(rest, 'E')) return false;
    if (rest.size() > 1 && rest[0] == '+' && IsDigit(rest[1])) rest.remove_prefix(1);
    if (!ParseNumber(rest, exponent) || std::abs(exponent) > 10'000) return false;
    point += exponent;
  }
  const size_t zeros = std::min(digits.find_first_not_of('0'), digits.size());
  digits.erase(0, zeros);
  point += scale - static_cast<int64_t>(zeros);  // digits before the end of the column's own
  out = {};
  if (digits.empty()) return true;
  const int away = negative ? -1 : 1;
  if (point > static_cast<int64_t>(kDigitsMost)) {
    digits.assign(kDigitsMost, '9');
    point = kDigitsMost;
    out.rest = away;
  }
  const size_t whole = point < 0 ? 0 : static_cast<size_t>(point);
  for (size_t i = 0; i < whole; ++i) out.value = out.value * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  if (digits.find_first_not_of('0', whole) != std::string::npos) out.rest = away;
  if (negative) out.value = -out.value;
  return true;
}

bool ParseReal(std::string_view text, bool single, double& out) {
  text = Trim(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  if (!ParseNumber(text, out)) return false;
  if (!single) return true;
  const auto rounded = static_cast<float>(out);
  if (std::isfinite(rounded) || !std::isfinite(out)) out = static_cast<double>(rounded);
  return true;
}

bool ParseDate(std::string_view text, ExactLiteral& out) {
  std::string_view rest = Trim(text);
  int64_t days = 0;
  if (!TakeDate(rest, days) || !rest.empty()) return false;
  out = {days, 0};
  return true;
}

bool ParseTime(std::string_view text, ExactLiteral& out) {
  std::string_view rest = Trim(text);
  return TakeTime(rest, kMicrosDigits, out) && rest.empty();
}

bool ParseTimestamp(std::string_view text, bool zoned, bool nanos, ExactLiteral& out) {
  const size_t kept = nanos ? kNanosDigits : kMicrosDigits;
  std::string_view rest = Trim(text);
  int64_t days = 0, ahead = 0;
  if (!TakeDate(rest, days)) return false;
  out = {};
  if (!rest.empty()) {
    const bool blank = TakeChar(rest, 'T') || TakeChar(rest, 't') || TakeChar(rest, ' ');
    if (!blank || !TakeTime(rest, kept, out)) return false;
    if (zoned) rest = Trim(rest);
    if (!rest.empty() && (!zoned || !TakeOffset(rest, ahead))) return false;
  }
  __int128 second = 1;
  for (size_t i = 0; i < kept; ++i) second *= 10;
  out.value += (static_cast<__int128>(days) * kDaySeconds - ahead) * second;
  return rest.empty();
}

bool ParseHex(std::string_view text, std::string& out) {
  auto digit = [](char c) {
    return IsDigit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  out.clear();
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    const int high = digit(text[i]), low = digit(text[i + 1]);
    if (high < 0 || low < 0) return false;
    out += static_cast<char>(high << 4 | low);
  }
  return text.size() % 2 == 0;
}

std::string_view LiteralExample(TypeKind kind) {
  switch (kind) {
    case TypeKind::kBoolean: return "true";
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kBigInt: return "42";
    case TypeKind::kFloat:
    case TypeKind::kDouble: return "0.5";
    case TypeKind::kDecimal: return "12.50";
    case TypeKind::kBinary:
    case TypeKind::kVarBinary:
    case TypeKind::kBytes: return "x'00ff'";
    case TypeKind::kDate: return "2024-01-31";
    case TypeKind::kTime: return "20:15:00";
    case TypeKind::kTimestamp: return "'2024-01-31 20:15:00'";
    case TypeKind::kTimestampLtz: return "'2024-01-31 20:15:00+02:00'";
    default: return "'text'";
  }
}

}  // namespace sluice
