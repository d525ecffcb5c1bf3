// SPDX-License-Identifier: Apache-2.0
#include "lake/java_text.h"

#include <arrow/util/decimal.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/text.h"
#include "row/format_value.h"
#include "row/timestamp.h"

namespace sluice {
namespace {

constexpr int64_t kMicrosOfDay = int64_t{86'400'000'000};
constexpr int64_t kExponentMax = 100'000;  // far behind every number that a column holds

bool AllDigits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

template <typename Real>
std::string RealText(Real value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  char buffer[64];
  const Real size = std::abs(value);
  const bool plain = value == 0 || (size >= Real{1e-3} && size < Real{1e7});
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific);
  std::string out(buffer, end.ptr);
  if (plain) return out.find('.') == std::string::npos ? out + ".0" : out;
  const size_t e = out.find('e');
  const int exponent = std::atoi(out.c_str() + e + 1);
  out.resize(e);
  if (out.find('.') == std::string::npos) out += ".0";
  return Str(out, "E", exponent);
}

double StringTo(const char* text, double) { return std::strtod(text, nullptr); }
float StringTo(const char* text, float) { return std::strtof(text, nullptr); }

template <typename Real>
bool ParseReal(std::string_view text, Real& out) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "NaN" || text == "Infinity") {
    using Limits = std::numeric_limits<Real>;
    out = text == "NaN" ? Limits::quiet_NaN() : negative ? -Limits::infinity() : Limits::infinity();
    return true;
  }
  if (!text.empty() && std::string_view("dDfF").find(text.back()) != std::string_view::npos) text.remove_suffix(1);
  if (text.empty() || text.find_first_not_of("0123456789.eE+-") != std::string_view::npos) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) return false;
  if (error == std::errc::result_out_of_range) out = StringTo(std::string(text).c_str(), Real{});
  if (negative) out = -out;
  return true;
}

// A cursor over the parts of a date or a time.
struct Scanner {
  std::string_view rest;

  bool Take(char c) {
    if (!rest.starts_with(c)) return false;
    rest.remove_prefix(1);
    return true;
  }
  // From `least` to `most` digits.
  bool Digits(size_t least, size_t most, int32_t& out) {
    size_t count = 0;
    while (count < most && count < rest.size() && rest[count] >= '0' && rest[count] <= '9') ++count;
    if (count < least || !ParseNumber(rest.substr(0, count), out)) return false;
    rest.remove_prefix(count);
    return true;
  }
};

bool CivilDay(int32_t year, int32_t month, int32_t day, int32_t& out) {
  if (month < 1 || month > 12 || day < 1 || day > 31) return false;
  const int64_t days = DaysFromCivil(year, month, day);
  const CivilDate back = CivilFromDays(days);
  out = static_cast<int32_t>(days);
  return back.month == month && back.day == day;
}

// Microseconds of up to nine digits behind the point; the point may stand alone.
bool Fraction(Scanner& in, int64_t& nanos) {
  if (!in.Take('.')) return true;
  size_t count = 0;
  while (count < in.rest.size() && in.rest[count] >= '0' && in.rest[count] <= '9') ++count;
  if (count > 9) return false;
  for (size_t i = 0; i < 9; ++i) nanos = nanos * 10 + (i < count ? in.rest[i] - '0' : 0);
  in.rest.remove_prefix(count);
  return true;
}

// " h:m:s" or "Th:m[:s]", each with a fraction behind the seconds.
bool Clock(Scanner& in, int64_t& nanos) {
  const bool blank = in.Take(' ');
  if (!blank && !in.Take('T')) return false;
  int32_t hour = 0, minute = 0, second = 0;
  int64_t fraction = 0;
  if (!in.Digits(1, 2, hour) || !in.Take(':') || !in.Digits(1, 2, minute)) return false;
  const bool seconds = in.Take(':');
  if (blank && !seconds) return false;
  if (seconds && (!in.Digits(1, 2, second) || !Fraction(in, fraction))) return false;
  if (hour > 23 || minute > 59 || second > 59) return false;
  nanos = ((hour * 60LL + minute) * 60 + second) * 1'000'000'000 + fraction;
  return true;
}

// The number that a text of digits is as a count of seconds (precision 0), milli-, micro- or nanoseconds.
bool EpochUnits(int64_t value, int precision, int64_t& out) {
  if (precision == 6 || precision == 9) {
    out = value;
    return true;
  }
  if (precision != 0 && precision != 3) return false;
  return !__builtin_mul_overflow(value, precision == 0 ? 1'000'000 : 1'000, &out);
}

int Whole(std::string_view text, bool& ok) {
  int32_t out = 0;
  ok = ok && AllDigits(Trim(text)) && ParseNumber(Trim(text), out);
  return out;
}

// Of digits behind the point, the third one rounded.
int MillisOf(std::string_view digits) {
  int multiplier = 100, out = 0;
  for (size_t i = 0; i < digits.size(); ++i) {
    const bool digit = digits[i] >= '0' && digits[i] <= '9';
    out += digit ? multiplier * (digits[i] - '0') : 0;
    if (multiplier < 10) {
      if (i + 1 < digits.size() && digits[i + 1] >= '5') ++out;
      break;
    }
    multiplier /= 10;
  }
  return out;
}

// The sign, the digits and the power of ten of a number's text.
bool SplitNumber(std::string_view text, bool& negative, std::string& digits, int64_t& exponent) {
  negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const size_t e = text.find_first_of("eE");
  exponent = 0;
  if (e != std::string_view::npos) {
    std::string_view power = text.substr(e + 1);
    if (power.starts_with('+')) power.remove_prefix(1);
    if (power.starts_with('+') || !ParseNumber(power, exponent)) return false;
    exponent = std::clamp(exponent, -kExponentMax, kExponentMax);
    text = text.substr(0, e);
  }
  const size_t point = text.find('.');
  digits = text.substr(0, point);
  if (point != std::string_view::npos) {
    digits += text.substr(point + 1);
    exponent -= static_cast<int64_t>(text.size() - point - 1);
  }
  if (!AllDigits(digits)) return false;
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  return true;
}

}  // namespace

std::string JavaReal(double value) { return RealText(value); }
std::string JavaReal(float value) { return RealText(value); }

size_t BytesOfCharacters(std::string_view text, int64_t characters) {
  size_t at = 0;
  for (; at < text.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
    if (begins && characters-- == 0) return at;
  }
  return at;
}

int64_t CharactersOf(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

bool JavaWhole(std::string_view text, int64_t least, int64_t most, int64_t& out) {
  const bool negative = text.starts_with('-');
  const bool sign = negative || text.starts_with('+');
  const std::string_view digits = text.substr(sign ? 1 : 0);
  if (digits.empty()) return false;
  const size_t point = digits.find('.');
  const std::string_view whole = digits.substr(0, point);
  const std::string_view behind = point == std::string_view::npos ? "" : digits.substr(point + 1);
  if ((!whole.empty() && !AllDigits(whole)) || (!behind.empty() && !AllDigits(behind))) return false;
  out = 0;
  if (!whole.empty() && !ParseNumber(Str(negative ? "-" : "", whole), out)) return false;
  return out >= least && out <= most;
}

bool JavaBoolean(std::string_view text, bool& out) {
  constexpr std::array<std::string_view, 5> kTrue = {"t", "true", "y", "yes", "1"};
  constexpr std::array<std::string_view, 5> kFalse = {"f", "false", "n", "no", "0"};
  const std::string lower = Lower(text);
  out = std::find(kTrue.begin(), kTrue.end(), lower) != kTrue.end();
  return out || std::find(kFalse.begin(), kFalse.end(), lower) != kFalse.end();
}

bool JavaParseReal(std::string_view text, double& out) { return ParseReal(text, out); }
bool JavaParseReal(std::string_view text, float& out) { return ParseReal(text, out); }

bool JavaDate(std::string_view text, int32_t& out) {
  if (AllDigits(text)) return ParseNumber(text, out);
  const size_t blank = text.find(' ');
  if (blank != std::string_view::npos && blank > 0) text = text.substr(0, blank);
  const std::vector<std::string> parts = Split(text, '-');
  if (parts.size() > 3) return false;
  bool ok = true;
  const int year = Whole(parts[0], ok);
  const int month = parts.size() > 1 ? Whole(parts[1], ok) : 1;
  const int day = parts.size() > 2 ? Whole(parts[2], ok) : 1;
  return ok && year <= 9999 && CivilDay(year, month, day, out);
}

bool JavaTime(std::string_view text, int64_t& out) {
  if (AllDigits(text)) return JavaWhole(text, INT32_MIN, INT32_MAX, out);
  bool ok = true;
  size_t end = text.find_first_of('-');
  int sign = -1, zone_hour = 0, zone_minute = 0;
  if (end == std::string_view::npos) {
    end = text.find('+');
    sign = 1;
  }
  if (end != std::string_view::npos) {
    const std::string_view zone = text.substr(end + 1);
    const size_t colon = zone.find(':');
    zone_hour = Whole(zone.substr(0, colon), ok);
    if (colon != std::string_view::npos) zone_minute = Whole(zone.substr(colon + 1), ok);
    text = text.substr(0, end);
  }
  const std::vector<std::string> parts = Split(text, ':');
  if (parts.size() > 3) return false;
  const int hour = Whole(parts[0], ok);
  const int minute = parts.size() > 1 ? Whole(parts[1], ok) : 0;
  int second = 0, millis = 0;
  if (parts.size() > 2) {
    const size_t point = parts[2].find('.');
    second = Whole(std::string_view(parts[2]).substr(0, point), ok);
    if (point != std::string::npos) millis = MillisOf(Trim(std::string_view(parts[2]).substr(point + 1)));
  }
  out = ((hour + sign * zone_hour) * 60LL + minute + sign * zone_minute) * 60'000 + second * 1000LL + millis;
  return ok;
}

bool JavaTimestamp(std::string_view text, const DataType& type, int64_t& out) {
  if (AllDigits(text) && type.kind == TypeKind::kTimestamp) {
    int64_t value = 0;
    return ParseNumber(text, value) && EpochUnits(value, type.precision, out);
  }
  Scanner in{text};
  int32_t year = 0, month = 0, day = 0, days = 0;
  if (!in.Digits(4, 4, year) || !in.Take('-') || !in.Digits(1, 2, month) || !in.Take('-') || !in.Digits(1, 2, day) ||
      !CivilDay(year, month, day, days)) {
    return false;
  }
  int64_t nanos = 0;
  if (!in.rest.empty() && !Clock(in, nanos)) return false;
  if (!in.rest.empty()) return false;
  int64_t unit = 1;
  for (int i = type.precision; i < 9; ++i) unit *= 10;
  nanos -= nanos % unit;
  out = days * kMicrosOfDay + nanos / 1000;
  return !HasNanos(type) || NanosOf(out, nanos % 1000, out);
}

DecimalFit JavaDecimal(std::string_view text, const DataType& type, arrow::Decimal128& out) {
  bool negative = false;
  std::string digits;
  int64_t exponent = 0;
  if (!SplitNumber(text, negative, digits, exponent)) return DecimalFit::kNoNumber;
  // How many of the digits stand before the place where the unscaled value ends.
  const int64_t kept = static_cast<int64_t>(digits.size()) + exponent + type.scale;
  out = arrow::Decimal128(0);
  if (digits.empty() || kept < 0) return DecimalFit::kFits;
  if (kept > 38) return DecimalFit::kTooLarge;
  const auto count = static_cast<size_t>(kept);
  const bool up = count < digits.size() && digits[count] >= '5';
  digits.resize(count, '0');
  if (!digits.empty()) {
    auto parsed = arrow::Decimal128::FromString(digits);
    if (!parsed.ok()) return DecimalFit::kTooLarge;
    out = *parsed;
  }
  if (up) out += arrow::Decimal128(1);
  if (!out.FitsInPrecision(type.precision)) return DecimalFit::kTooLarge;
  if (negative) out.Negate();
  return DecimalFit::kFits;
}

}  // namespace sluice
