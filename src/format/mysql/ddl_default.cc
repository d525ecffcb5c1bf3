// SPDX-License-Identifier: Apache-2.0
// The literal of a DEFAULT in canonical form, as the server stores it.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include "base/text.h"
#include "format/mysql/charset.h"
#include "format/mysql/ddl_column.h"

namespace sluice::mysql {
namespace {

using Kind = DefaultValue::Kind;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsOneOf(std::string_view type, std::initializer_list<std::string_view> types) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

// "-12.345e1" to `scale` digits after the point, half away from zero; none if it is no number of sane size.
std::optional<std::string> RoundDecimal(std::string_view text, int64_t scale) {
  scale = std::clamp<int64_t>(scale, 0, 60);
  text = Trim(text);
  bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::string digits;
  int64_t point = 0, exponent = 0;
  bool after_point = false;
  size_t i = 0;
  for (; i < text.size() && (IsDigit(text[i]) || (text[i] == '.' && !after_point)); ++i) {
    if (text[i] == '.')
      after_point = true;
    else
      digits += text[i], point += after_point ? 0 : 1;
  }
  if (digits.empty()) return {};
  if (i < text.size()) {
    if (text[i] != 'e' && text[i] != 'E') return {};
    std::string_view power = text.substr(i + 1);
    if (power.starts_with('+')) power.remove_prefix(1);
    if (!ParseNumber(power, exponent) || exponent > 400 || exponent < -400) return {};
  }
  point += exponent;
  if (point < 0) {
    digits.insert(0, static_cast<size_t>(-point), '0');
    point = 0;
  }
  size_t keep = static_cast<size_t>(point + scale);
  bool up = keep < digits.size() && digits[keep] >= '5';
  digits.resize(keep, '0');
  for (size_t at = keep; up && at > 0; --at) {
    up = digits[at - 1] == '9';
    digits[at - 1] = up ? '0' : static_cast<char>(digits[at - 1] + 1);
  }
  if (up) digits.insert(0, 1, '1'), ++point;
  std::string whole = digits.substr(0, static_cast<size_t>(point));
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
  if (whole.empty()) whole = "0";
  std::string out = scale > 0 ? Str(whole, ".", digits.substr(static_cast<size_t>(point))) : whole;
  bool zero = out.find_first_of("123456789") == std::string::npos;
  return negative && !zero ? "-" + out : out;
}

std::optional<std::string> FloatText(const MysqlColumn& column, std::string_view text) {
  if (column.scale >= 0) return RoundDecimal(text, column.scale);
  std::string copy(Trim(text));
  char* end = nullptr;
  double value = std::strtod(copy.c_str(), &end);
  if (end == copy.c_str()) return {};
  if (value == 0) return "0";
  char buffer[64];
  auto stop = column.type == "float" ? std::to_chars(buffer, buffer + sizeof buffer, static_cast<float>(value)).ptr
                                     : std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return std::string(buffer, stop);
}

// b'0101' and x'05' as an unsigned number; none beyond 64 bits.
std::optional<uint64_t> BitsValue(const DefaultValue& value) {
  uint64_t out = 0;
  int width = value.kind == Kind::kBits ? 1 : 8;
  for (char c : value.text) {
    if (out >> (64 - width) != 0) return {};
    out = out << width | (width == 1 ? static_cast<uint64_t>(c - '0') : static_cast<unsigned char>(c));
  }
  return out;
}

// The bytes of b'01000001'.
std::string BitsBytes(std::string_view bits) {
  std::string out((bits.size() + 7) / 8, '\0');
  for (size_t i = 0; i < bits.size(); ++i) {
    if (bits[bits.size() - 1 - i] == '1') out[out.size() - 1 - i / 8] |= static_cast<char>(1 << (i % 8));
  }
  return out;
}

std::string BitLiteral(uint64_t value) {
  std::string digits;
  for (; value > 0; value >>= 1) digits.insert(0, 1, value & 1 ? '1' : '0');
  return Str("b'", digits.empty() ? "0" : digits, "'");
}

// Numbers in a text of date and time, and the text after the point of the last one.
struct TimeParts {
  std::vector<std::string> numbers;
  std::string fraction;
  bool negative = false;
  bool days = false;  // "1 2:3:4"
};

TimeParts SplitTime(std::string_view text) {
  TimeParts out;
  text = Trim(text);
  if (text.starts_with('-')) out.negative = true, text.remove_prefix(1);
  if (size_t blank = text.find(' '); blank != std::string_view::npos) {
    out.days = text.substr(0, blank).find_first_not_of("0123456789") == std::string_view::npos;
  }
  for (size_t i = 0; i < text.size();) {
    if (!IsDigit(text[i])) {
      bool fraction = text[i] == '.' && out.numbers.size() != 1 && out.numbers.size() != 2;
      bool short_fraction = text[i] == '.' && text.find_first_not_of("0123456789", i + 1) == std::string_view::npos;
      ++i;
      if (!fraction && !short_fraction) continue;
      while (i < text.size() && IsDigit(text[i])) out.fraction += text[i++];
      break;
    }
    size_t start = i;
    while (i < text.size() && IsDigit(text[i])) ++i;
    out.numbers.emplace_back(text.substr(start, i - start));
  }
  return out;
}

std::string Pad(std::string_view digits, size_t width) {
  return digits.size() >= width ? std::string(digits) : std::string(width - digits.size(), '0').append(digits);
}

std::string Fraction(const MysqlColumn& column, std::string fraction) {
  if (column.scale <= 0) return {};
  fraction.resize(static_cast<size_t>(std::min<int64_t>(column.scale, 6)), '0');
  return "." + fraction;
}

std::string FullYear(const std::string& year) {
  if (year.size() > 2) return Pad(year, 4);
  return (Pad(year, 2) < "70" ? "20" : "19") + Pad(year, 2);
}

std::optional<std::string> DateText(const MysqlColumn& column, const std::string& text) {
  TimeParts parts = SplitTime(text);
  std::vector<std::string>& n = parts.numbers;
  if (n.size() == 1) {  // 20200102030405, 200102; 0
    std::string digits = n[0] == "0" ? std::string(8, '0') : n[0];
    if (digits.size() == 5 || digits.size() == 7 || digits.size() == 11 || digits.size() == 13)
      digits.insert(0, 1, '0');
    size_t year = digits.size() == 8 || digits.size() == 14 ? 4 : 2;
    if (digits.size() < year + 4) return {};
    n = {digits.substr(0, year)};
    for (size_t i = year; i < digits.size(); i += 2) n.push_back(digits.substr(i, 2));
  } else if (n.size() > 3 && n.size() < 6 && text.find_first_of(" T") != std::string::npos) {
    n.resize(6, "0");
  }
  if (n.size() < 3) return {};
  n.resize(6, "0");
  std::string date = Str(FullYear(n[0]), "-", Pad(n[1], 2), "-", Pad(n[2], 2));
  if (column.type == "date") return date;
  return Str(date, " ", Pad(n[3], 2), ":", Pad(n[4], 2), ":", Pad(n[5], 2), Fraction(column, parts.fraction));
}

std::optional<std::string> TimeText(const MysqlColumn& column, const std::string& text) {
  TimeParts parts = SplitTime(text);
  std::vector<std::string>& n = parts.numbers;
  if (n.size() == 6) n.erase(n.begin(), n.begin() + 3);  // of a date and time
  if (n.empty() || n.size() > 4) return {};
  int64_t days = 0;
  if (parts.days && ParseNumber(n[0], days)) n.erase(n.begin());
  if (n.size() == 1 && !parts.days) {  // [[HH]MM]SS
    std::string digits = Pad(n[0], 6);
    n = {digits.substr(0, digits.size() - 4), digits.substr(digits.size() - 4, 2), digits.substr(digits.size() - 2)};
  }
  n.resize(3, "0");
  int64_t hours = 0;
  if (days > 34 || !ParseNumber(n[0], hours)) return {};
  hours += days * 24;
  return Str(parts.negative ? "-" : "", Pad(Str(hours), 2), ":", Pad(n[1], 2), ":", Pad(n[2], 2),
             Fraction(column, parts.fraction));
}

std::optional<std::string> YearText(const MysqlColumn& column, const DefaultValue& value, std::string_view text) {
  int64_t year = 0;
  auto whole = RoundDecimal(text, 0);
  if (!whole || !ParseNumber(*whole, year)) return {};
  bool zero = year == 0 && (value.kind == Kind::kNumber || Trim(text).size() >= 3);
  if (!zero && year < 70)
    year += 2000;
  else if (!zero && year < 100)
    year += 1900;
  std::string out = Pad(Str(year), 4);
  return column.length == 2 ? out.substr(2) : out;
}

// The label as it was defined.
std::optional<std::string> Label(const MysqlColumn& column, std::string_view text) {
  for (const std::string& label : column.labels) {
    if (label == text) return label;
  }
  for (const std::string& label : column.labels) {
    if (EqualsIgnoreCase(label, text)) return label;
  }
  return {};
}

std::string SetText(const MysqlColumn& column, const std::string& text) {
  std::vector<std::string> given = Split(text, ','), out;
  for (const std::string& label : column.labels) {
    bool there =
        std::any_of(given.begin(), given.end(), [&](const std::string& one) { return Label(column, one) == label; });
    if (there) out.push_back(label);
  }
  return Join(out, ",");
}

std::string WithoutTrailingBlanks(std::string text) {
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

// A number as text: 007 is 7, 1.50 stays, 1e3 is 1000.
std::string NumberAsText(const std::string& text) {
  if (text.find_first_of("eE") != std::string::npos) {
    MysqlColumn number;
    number.type = "double";
    return FloatText(number, text).value_or(text);
  }
  size_t point = text.find('.');
  return RoundDecimal(text, point == std::string::npos ? 0 : static_cast<int64_t>(text.size() - point - 1))
      .value_or(text);
}

std::optional<std::string> TextOf(const MysqlColumn& column, const DefaultValue& value) {
  if (value.kind == Kind::kNumber) return NumberAsText(value.text);
  std::string text = value.kind == Kind::kBits ? BitsBytes(value.text) : value.text;
  bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  std::string charset = !value.charset.empty()      ? NormalCharset(value.charset)
                        : value.kind == Kind::kText ? std::string("utf8mb4")
                                                    : column.charset;
  bool wide = charset == "ucs2" || charset.starts_with("utf16") || charset == "utf32";
  if ((!ascii || (wide && value.kind != Kind::kText)) && !charset.starts_with("utf8") && charset != "binary") {
    const Charset* found = FindCharset(charset);
    std::string utf8;
    if (found == nullptr || !ToUtf8(*found, text, utf8)) return {};
    text = std::move(utf8);
  }
  if (!IsUtf8(text)) return {};
  return text;
}

}  // namespace

std::optional<std::string> CanonicalDefault(const MysqlColumn& column, const DefaultValue& value) {
  const bool literal = value.kind != Kind::kNone && value.kind != Kind::kNull && value.kind != Kind::kNow &&
                       value.kind != Kind::kExpression;
  if (!literal) return {};
  const std::string& type = column.type;
  bool integer = IsOneOf(type, {"tinyint", "smallint", "mediumint", "int", "bigint"});
  bool number = integer || IsOneOf(type, {"decimal", "float", "double", "bit", "year"});
  std::string text = value.text;
  if (number && (value.kind == Kind::kBytes || value.kind == Kind::kBits)) {
    auto bits = BitsValue(value);
    if (!bits) return {};
    if (type == "bit") return BitLiteral(*bits);
    text = Str(*bits);
  }
  if (type == "bit") {
    uint64_t bits = 0;
    if (value.kind == Kind::kText) return BitLiteral(BitsValue({Kind::kBytes, text, {}}).value_or(0));
    return ParseNumber(text, bits) ? std::optional(BitLiteral(bits)) : std::nullopt;
  }
  if (integer) return RoundDecimal(text, 0);
  if (type == "decimal") return RoundDecimal(text, column.scale);
  if (type == "float" || type == "double") return FloatText(column, text);
  if (type == "year") return YearText(column, value, text);
  if (type == "date" || type == "datetime" || type == "timestamp") return DateText(column, text);
  if (type == "time") return TimeText(column, text);
  auto out = TextOf(column, value);
  if (!out) return {};
  if (type == "enum") return Label(column, WithoutTrailingBlanks(*out));
  if (type == "set") return SetText(column, *out);
  if (type == "char") return WithoutTrailingBlanks(*out);
  if (type == "uuid" || type == "inet6") return Lower(*out);
  return out;
}

}  // namespace sluice::mysql
