// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/partition_path.h"

#include <arrow/scalar.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <string_view>

#include "base/text.h"
#include "lake/java_text.h"
#include "row/format_value.h"
#include "row/timestamp.h"

namespace sluice::paimon {
namespace {

constexpr int64_t kMicrosOfDay = int64_t{86'400'000'000};
constexpr size_t kNanosDigits = 9;

void AppendEscaped(std::string_view text, std::string& out) {
  constexpr std::string_view kSpecial = "\"#%'*/:=?\\{}[]^\x7f";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && kSpecial.find(c) == std::string_view::npos) {
      out += c;
      continue;
    }
    char hex[4];
    std::snprintf(hex, sizeof hex, "%%%02X", byte);
    out += hex;
  }
}

// BigDecimal.toString of Java: with an exponent if the first digit is more than six places behind the point.
std::string ShortDecimal(const arrow::Decimal128& value, int scale) {
  std::string digits = value.ToIntegerString();
  const size_t sign = digits[0] == '-' ? 1 : 0;
  const auto count = static_cast<int>(digits.size() - sign);
  const int adjusted = count - 1 - scale;
  if (scale == 0) return digits;
  if (adjusted >= -6) {
    if (count <= scale) digits.insert(sign, static_cast<size_t>(scale - count + 1), '0');
    return digits.insert(digits.size() - static_cast<size_t>(scale), ".");
  }
  if (count > 1) digits.insert(sign + 1, ".");
  return Str(digits, "E", adjusted);
}

std::string FractionText(int64_t nanos, int digits) {
  std::string nine = Str(nanos);
  nine.insert(0, kNanosDigits - nine.size(), '0');
  return nine.substr(0, static_cast<size_t>(digits));
}

// `nanos`: of the microsecond.
std::string TimestampText(int64_t micros, int64_t nanos, int precision, bool legacy) {
  int64_t day = micros / kMicrosOfDay;
  if (micros % kMicrosOfDay < 0) --day;
  const int64_t rest = micros - day * kMicrosOfDay, fraction = rest % 1'000'000 * 1000 + nanos;
  std::string out;
  AppendDate(day, out);
  char clock[16];
  std::snprintf(clock, sizeof clock, "%c%02d:%02d:%02d", legacy ? 'T' : ' ', static_cast<int>(rest / 3'600'000'000),
                static_cast<int>(rest / 60'000'000 % 60), static_cast<int>(rest / 1'000'000 % 60));
  out += clock;
  if (!legacy) return precision == 0 ? out : Str(out, ".", FractionText(fraction, precision));
  // LocalDateTime.toString: seconds only if there are any, a fraction of three, six or nine digits.
  const int digits = fraction % 1'000'000 == 0 ? 3 : fraction % 1000 == 0 ? 6 : 9;
  if (fraction != 0) return Str(out, ".", FractionText(fraction, digits));
  if (out.ends_with(":00")) out.resize(out.size() - 3);
  return out;
}

// At least one digit of the fraction of a millisecond count.
std::string TimeText(int64_t micros) {
  char text[24];
  std::snprintf(text, sizeof text, "%02d:%02d:%02d.", static_cast<int>(micros / 3'600'000'000),
                static_cast<int>(micros / 60'000'000 % 60), static_cast<int>(micros / 1'000'000 % 60));
  std::string fraction = FractionText(micros % 1'000'000 * 1000, 3);
  while (fraction.size() > 1 && fraction.back() == '0') fraction.pop_back();
  return text + fraction;
}

template <typename ScalarType>
auto Value(const arrow::Scalar& scalar) {
  return static_cast<const ScalarType&>(scalar).value;
}

std::string ValueText(const DataType& type, const arrow::Scalar& value, bool legacy) {
  switch (type.kind) {
    case TypeKind::kBoolean: return Value<arrow::BooleanScalar>(value) ? "true" : "false";
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt: return Str(Value<arrow::Int32Scalar>(value));
    case TypeKind::kBigInt: return Str(Value<arrow::Int64Scalar>(value));
    case TypeKind::kFloat: return JavaReal(Value<arrow::FloatScalar>(value));
    case TypeKind::kDouble: return JavaReal(Value<arrow::DoubleScalar>(value));
    case TypeKind::kDecimal: return ShortDecimal(Value<arrow::Decimal128Scalar>(value), type.scale);
    case TypeKind::kDate: {
      std::string out;
      if (legacy) return Str(Value<arrow::Date32Scalar>(value));
      AppendDate(Value<arrow::Date32Scalar>(value), out);
      return out;
    }
    case TypeKind::kTime: {
      const int64_t micros = Value<arrow::Time64Scalar>(value);
      return legacy ? Str(micros / 1000) : TimeText(micros);
    }
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz: {
      const int64_t cell = Value<arrow::TimestampScalar>(value);
      if (!HasNanos(type)) return TimestampText(cell, 0, type.precision, legacy);
      const int64_t nanos = cell % 1000 + (cell % 1000 < 0 ? 1000 : 0);
      return TimestampText(MicrosOfNanos(cell), nanos, type.precision, legacy);
    }
    default: return std::string(static_cast<const arrow::BaseBinaryScalar&>(value).view());
  }
}

// As Java's Character.isWhitespace: control characters that separate, and the blanks of Unicode that may break a line.
bool IsBlank(std::string_view text) {
  constexpr std::string_view kAscii = " \t\n\v\f\r\x1c\x1d\x1e\x1f";
  constexpr std::string_view kWide[] = {"\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004",
                                        "\u2005", "\u2006", "\u2008", "\u2009", "\u200a", "\u2028",
                                        "\u2029", "\u205f", "\u3000"};
  while (!text.empty()) {
    const size_t ascii = std::min(text.find_first_not_of(kAscii), text.size());
    text.remove_prefix(ascii);
    const auto* wide = std::find_if(std::begin(kWide), std::end(kWide), [&](auto c) { return text.starts_with(c); });
    if (wide != std::end(kWide)) text.remove_prefix(wide->size());
    if (ascii == 0 && wide == std::end(kWide)) return false;
  }
  return true;
}

}  // namespace

std::vector<std::string> PartitionTexts(const std::vector<DataType>& types,
                                        const std::vector<std::shared_ptr<arrow::Scalar>>& values,
                                        const PartitionPathStyle& style) {
  std::vector<std::string> out;
  for (size_t i = 0; i < types.size(); ++i) {
    std::string text = values[i]->is_valid ? ValueText(types[i], *values[i], style.legacy) : std::string();
    out.push_back(IsBlank(text) ? style.default_name : std::move(text));
  }
  return out;
}

std::string PartitionPath(const std::vector<std::string>& columns, const std::vector<DataType>& types,
                          const std::vector<std::shared_ptr<arrow::Scalar>>& values, const PartitionPathStyle& style) {
  std::string out;
  const std::vector<std::string> texts = PartitionTexts(types, values, style);
  for (size_t i = 0; i < columns.size(); ++i) {
    AppendEscaped(columns[i], out);
    out += '=';
    AppendEscaped(texts[i], out);
    out += '/';
  }
  return out;
}

}  // namespace sluice::paimon
