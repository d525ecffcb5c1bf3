// SPDX-License-Identifier: Apache-2.0
#include "expr/column_function.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/util/decimal.h>
#include <clocale>
#include <cwctype>
#include <optional>

#include "base/text.h"
#include "expr/date_pattern.h"
#include "expr/moment.h"
#include "row/arrow_status.h"
#include "row/format_value.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

bool IsText(const DataType& type) {
  return type.kind == TypeKind::kChar || type.kind == TypeKind::kVarChar || type.kind == TypeKind::kString;
}

DataType Of(TypeKind kind) { return DataType{.kind = kind}; }

// builder.Append(each(row)) for each row that is not NULL.
template <typename Builder, typename Each>
Result<ArrayPtr> Build(const ArrayPtr& column, Builder builder, Each each) {
  ARROW_TRY(builder.Reserve(column->length()));
  for (int64_t row = 0; row < column->length(); ++row) {
    if (column->IsNull(row)) {
      ARROW_TRY(builder.AppendNull());
      continue;
    }
    TRY_SET(auto value, each(row));
    ARROW_TRY(builder.Append(value));
  }
  ARROW_TRY_SET(auto out, builder.Finish());
  return out;
}

Error WrongCount(const std::string& name, std::string_view wanted, size_t given) {
  return Invalid(Str(name, "() has ", given + 1, " arguments"), Str("write ", wanted));
}

Result<std::optional<int>> PrecisionOf(const std::string& name, const std::string* text) {
  if (text == nullptr) return std::optional<int>();
  int precision = 0;
  if (!ParseNumber(Trim(*text), precision) || !IsEpochPrecision(precision)) {
    return Invalid(Str("the precision ", *text, " of ", name, "() is not supported"),
                   "0: seconds, 3: milliseconds, 6: microseconds, 9: nanoseconds since 1970");
  }
  return std::optional<int>(precision);
}

int32_t FieldOf(char field, int64_t micros) {
  constexpr int64_t kMicrosPerDay = 86'400'000'000;
  int64_t days = micros / kMicrosPerDay, rest = micros % kMicrosPerDay;
  if (rest < 0) {
    rest += kMicrosPerDay;
    --days;
  }
  const CivilDate date = CivilFromDays(days);
  const auto second = static_cast<int32_t>(rest / 1'000'000);
  switch (field) {
    case 'y': return static_cast<int32_t>(date.year);
    case 'M': return date.month;
    case 'd': return date.day;
    case 'H': return second / 3600;
    case 'm': return second / 60 % 60;
    default: return second % 60;
  }
}

// The byte at which the `index`-th character begins; nothing if the text is shorter.
std::optional<size_t> ByteOf(std::string_view text, int64_t index) {
  size_t at = 0;
  for (; index > 0 && at < text.size(); --index) {
    ++at;
    while (at < text.size() && (static_cast<uint8_t>(text[at]) & 0xC0) == 0x80) ++at;
  }
  return index > 0 ? std::nullopt : std::optional<size_t>(at);
}

template <typename Number>
Number CutToWidth(Number value, Number width) {
  using Unsigned = std::make_unsigned_t<Number>;
  const Number rest = ((value % width) + width) % width;
  return static_cast<Number>(static_cast<Unsigned>(value) - static_cast<Unsigned>(rest));
}

std::string_view TrimControl(std::string_view text) {
  auto is_space = [](char c) { return static_cast<uint8_t>(c) <= ' '; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

uint32_t TakeCodePoint(std::string_view text, size_t& at) {
  const auto first = static_cast<uint8_t>(text[at++]);
  const int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
  uint32_t code = more == 0 ? first : first & (0x3Fu >> more);
  for (int i = 0; i < more && at < text.size(); ++i) code = code << 6 | (static_cast<uint8_t>(text[at++]) & 0x3F);
  return code;
}

void AppendCodePoint(uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  const int more = code >= 0x10000 ? 3 : code >= 0x800 ? 2 : 1;
  out += static_cast<char>((0xF0u << (3 - more) & 0xFF) | (code >> (6 * more)));
  for (int i = more - 1; i >= 0; --i) out += static_cast<char>(0x80 | (code >> (6 * i) & 0x3F));
}

// Letters of all alphabets, one for one.
std::string WithCase(std::string_view text, bool upper) {
  static const locale_t kUnicode = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  std::string out;
  for (size_t at = 0; at < text.size();) {
    auto code = static_cast<wint_t>(TakeCodePoint(text, at));
    if (kUnicode != nullptr) {
      code = upper ? ::towupper_l(code, kUnicode) : ::towlower_l(code, kUnicode);
    } else if (code < 0x80) {
      code = static_cast<wint_t>(upper ? std::toupper(static_cast<int>(code)) : std::tolower(static_cast<int>(code)));
    }
    AppendCodePoint(static_cast<uint32_t>(code), out);
  }
  return out;
}

}  // namespace

const std::vector<std::string>& ColumnFunction::Names() {
  static const std::vector<std::string> kNames = {"year",        "month",     "day",      "hour",  "minute", "second",
                                                  "date_format", "substring", "truncate", "upper", "lower",  "trim"};
  return kNames;
}

Result<ColumnFunction> ColumnFunction::Make(const std::string& name, const DataType& input,
                                            const std::vector<std::string>& arguments) {
  if (name == "substring") return MakeSubstring(input, arguments);
  if (name == "truncate") return MakeTruncate(input, arguments);
  if (name == "upper" || name == "lower" || name == "trim") return MakeText(name, input, arguments);
  return MakeTemporal(name, input, arguments);
}

Result<ColumnFunction> ColumnFunction::MakeTemporal(const std::string& name, const DataType& input,
                                                    const std::vector<std::string>& arguments) {
  const bool format = name == "date_format";
  const size_t least = format ? 1 : 0;
  if (arguments.size() < least || arguments.size() > least + 1) {
    return WrongCount(name, format ? "date_format(column, pattern[, precision])" : Str(name, "(column[, precision])"),
                      arguments.size());
  }
  TRY_SET(const auto precision, PrecisionOf(name, arguments.size() > least ? &arguments.back() : nullptr));
  TRY_SET(const MomentReader read, MakeMomentReader(input, precision));
  if (format) {
    TRY_SET(const DatePattern pattern, DatePattern::Compile(arguments[0]));
    return ColumnFunction(Of(TypeKind::kString), [read, pattern](const ArrayPtr& column) {
      return Build(column, arrow::StringBuilder(), [&](int64_t row) -> Result<std::string> {
        TRY_SET(const int64_t micros, read(*column, row));
        std::string text;
        pattern.Append(micros, text);
        return text;
      });
    });
  }
  const char field = name == "month" ? 'M' : name == "minute" ? 'm' : name == "hour" ? 'H' : name[0];
  return ColumnFunction(Of(TypeKind::kInt), [read, field](const ArrayPtr& column) {
    return Build(column, arrow::Int32Builder(), [&](int64_t row) -> Result<int32_t> {
      TRY_SET(const int64_t micros, read(*column, row));
      return FieldOf(field, micros);
    });
  });
}

Result<ColumnFunction> ColumnFunction::MakeSubstring(const DataType& input, const std::vector<std::string>& arguments) {
  const char* form = "substring(column, begin[, end]), of which begin is 0 or more and end greater";
  if (arguments.empty() || arguments.size() > 2) return WrongCount("substring", form, arguments.size());
  int32_t begin = 0, end = INT32_MAX;
  const bool good = ParseNumber(Trim(arguments[0]), begin) && begin >= 0 &&
                    (arguments.size() == 1 || (ParseNumber(Trim(arguments[1]), end) && end > begin));
  if (!good) return Invalid(Str("substring() cannot take (", Join(arguments, ", "), ")"), Str("write ", form));
  const bool moment = input.kind == TypeKind::kTimestamp || input.kind == TypeKind::kTimestampLtz ||
                      input.kind == TypeKind::kTime || input.kind == TypeKind::kArray;
  if (moment) return Unsupported(Str("substring() of a column of type ", input.ToString()), "use date_format");
  const bool to_end = arguments.size() == 1;
  return ColumnFunction(Of(TypeKind::kString), [begin, end, to_end](const ArrayPtr& column) {
    return Build(column, arrow::StringBuilder(), [&](int64_t row) -> Result<std::string> {
      std::string text;
      AppendText(*column, row, text);
      const auto first = ByteOf(text, begin);
      const auto last = to_end ? std::optional<size_t>(text.size()) : ByteOf(text, end);
      if (!first || !last) {
        return Invalid(Str("the value \"", JsonEscape(text.substr(0, 100)), "\" is too short for substring(",
                           Str(begin), to_end ? "" : Str(", ", end), ")"));
      }
      return text.substr(*first, *last - *first);
    });
  });
}

Result<ColumnFunction> ColumnFunction::MakeTruncate(const DataType& input, const std::vector<std::string>& arguments) {
  int32_t width = 0;
  if (arguments.size() != 1) return WrongCount("truncate", "truncate(column, width)", arguments.size());
  if (!ParseNumber(Trim(arguments[0]), width) || width < 1) {
    return Invalid(Str("the width ", arguments[0], " of truncate() is no number above 0"));
  }
  if (IsText(input)) {
    return ColumnFunction(input, [width](const ArrayPtr& column) {
      return Build(column, arrow::StringBuilder(), [&](int64_t row) -> Result<std::string> {
        const std::string_view text = static_cast<const arrow::StringArray&>(*column).GetView(row);
        return std::string(text.substr(0, ByteOf(text, width).value_or(text.size())));
      });
    });
  }
  switch (input.kind) {
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
      return ColumnFunction(input, [width](const ArrayPtr& column) {
        return Build(column, arrow::Int32Builder(), [&](int64_t row) -> Result<int32_t> {
          const int32_t value = static_cast<const arrow::Int32Array&>(*column).Value(row);
          return static_cast<int32_t>(CutToWidth<int64_t>(value, width));
        });
      });
    case TypeKind::kBigInt:
      return ColumnFunction(input, [width](const ArrayPtr& column) {
        return Build(column, arrow::Int64Builder(), [&](int64_t row) -> Result<int64_t> {
          return CutToWidth<int64_t>(static_cast<const arrow::Int64Array&>(*column).Value(row), width);
        });
      });
    case TypeKind::kDecimal:
      return ColumnFunction(input, [width](const ArrayPtr& column) {
        return Build(column, arrow::Decimal128Builder(column->type()), [&](int64_t row) -> Result<arrow::Decimal128> {
          const arrow::Decimal128 value(static_cast<const arrow::Decimal128Array&>(*column).GetValue(row));
          const arrow::Decimal128 unit(width);
          return arrow::Decimal128(value - ((value % unit) + unit) % unit);
        });
      });
    default: return Invalid(Str("truncate() cannot take a column of type ", input.ToString()));
  }
}

Result<ColumnFunction> ColumnFunction::MakeText(const std::string& name, const DataType& input,
                                                const std::vector<std::string>& arguments) {
  if (!arguments.empty()) return WrongCount(name, Str(name, "(column)"), arguments.size());
  if (!IsText(input)) return Invalid(Str(name, "() needs a text, not a column of type ", input.ToString()));
  const char what = name[0];
  return ColumnFunction(Of(TypeKind::kString), [what](const ArrayPtr& column) {
    return Build(column, arrow::StringBuilder(), [&](int64_t row) -> Result<std::string> {
      const std::string_view text = static_cast<const arrow::StringArray&>(*column).GetView(row);
      return what == 't' ? std::string(TrimControl(text)) : WithCase(text, what == 'u');
    });
  });
}

}  // namespace sluice
