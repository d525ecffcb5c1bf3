// SPDX-License-Identifier: Apache-2.0
#include "lake/default_value.h"

#include <arrow/array/builder_binary.h>
#include <arrow/buffer.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include "base/text.h"

namespace sluice {
namespace {

using ScalarPtr = std::shared_ptr<arrow::Scalar>;

// Null on failure, as all of these.
ScalarPtr ParseHex(const std::string& text) {
  std::string bytes;
  if (text.size() % 2 != 0) return nullptr;
  for (size_t i = 0; i < text.size(); i += 2) {
    uint8_t value = 0;
    auto [end, error] = std::from_chars(text.data() + i, text.data() + i + 2, value, 16);
    if (error != std::errc() || end != text.data() + i + 2) return nullptr;
    bytes += static_cast<char>(value);
  }
  return std::make_shared<arrow::BinaryScalar>(arrow::Buffer::FromString(std::move(bytes)));
}

ScalarPtr ParseDecimal(const std::string& text, const arrow::DataType& type) {
  auto& decimal = static_cast<const arrow::Decimal128Type&>(type);
  arrow::Decimal128 value;
  int32_t precision = 0, scale = 0;
  if (!arrow::Decimal128::FromString(text, &value, &precision, &scale).ok()) return nullptr;
  auto rescaled = value.Rescale(scale, decimal.scale());
  if (!rescaled.ok() || !rescaled->FitsInPrecision(decimal.precision())) return nullptr;
  return std::make_shared<arrow::Decimal128Scalar>(*rescaled, arrow::decimal128(decimal.precision(), decimal.scale()));
}

// Seconds and micros of "HH:MM:SS[.ffffff]", at most 24 hours.
bool ParseTimeOfDay(std::string_view text, int64_t& micros) {
  int hour = 0, minute = 0, second = 0;
  if (text.size() < 8 || text[2] != ':' || text[5] != ':' || !ParseNumber(text.substr(0, 2), hour) ||
      !ParseNumber(text.substr(3, 2), minute) || !ParseNumber(text.substr(6, 2), second)) {
    return false;
  }
  if (hour > 23 || minute > 59 || second > 59) return false;
  int64_t fraction = 0;
  if (text.size() > 8) {
    std::string digits(text.substr(9));
    if (text[8] != '.' || digits.empty() || digits.size() > 6) return false;
    digits.resize(6, '0');
    if (!ParseNumber(digits, fraction) || fraction < 0) return false;
  }
  micros = ((hour * 60LL + minute) * 60 + second) * 1'000'000 + fraction;
  return true;
}

bool ParseDay(std::string_view text, int64_t& days) {
  auto parsed = arrow::Scalar::Parse(arrow::date32(), text);
  if (!parsed.ok()) return false;
  days = static_cast<const arrow::Date32Scalar&>(**parsed).value;
  return true;
}

ScalarPtr ParseTimestamp(std::string_view text, const std::shared_ptr<arrow::DataType>& type) {
  if (text.ends_with('Z')) text.remove_suffix(1);
  int64_t days = 0, micros = 0;
  if (text.size() < 10 || !ParseDay(text.substr(0, 10), days)) return nullptr;
  if (text.size() > 10 && ((text[10] != 'T' && text[10] != ' ') || !ParseTimeOfDay(text.substr(11), micros))) {
    return nullptr;
  }
  return std::make_shared<arrow::TimestampScalar>(days * 86'400'000'000 + micros, type);
}

// Members between commas, as MariaDB's SET; the empty text is the empty list.
ScalarPtr ParseList(const std::string& text, const arrow::DataType& type) {
  const auto& element = static_cast<const arrow::ListType&>(type).value_type();
  if (element->id() != arrow::Type::STRING) return nullptr;
  arrow::StringBuilder members;
  for (const std::string& member : text.empty() ? std::vector<std::string>() : Split(text, ',')) {
    if (!members.Append(member).ok()) return nullptr;
  }
  auto array = members.Finish();
  return array.ok() ? std::make_shared<arrow::ListScalar>(*std::move(array)) : ScalarPtr();
}

ScalarPtr Parse(const std::string& text, const std::shared_ptr<arrow::DataType>& type) {
  switch (type->id()) {
    case arrow::Type::BOOL:
      if (text == "1" || text == "true") return std::make_shared<arrow::BooleanScalar>(true);
      if (text == "0" || text == "false") return std::make_shared<arrow::BooleanScalar>(false);
      return nullptr;
    case arrow::Type::STRING: return std::make_shared<arrow::StringScalar>(text);
    case arrow::Type::BINARY: return ParseHex(text);
    case arrow::Type::DECIMAL128: return ParseDecimal(text, *type);
    case arrow::Type::TIMESTAMP: return ParseTimestamp(text, type);
    case arrow::Type::TIME64: {
      int64_t micros = 0;
      return ParseTimeOfDay(text, micros) ? std::make_shared<arrow::Time64Scalar>(micros, type) : ScalarPtr();
    }
    case arrow::Type::LIST: return ParseList(text, *type);
    default: {
      auto parsed = arrow::Scalar::Parse(type, text);
      return parsed.ok() ? *parsed : nullptr;
    }
  }
}

const char* ImplicitDefault(TypeKind kind) {
  switch (kind) {
    case TypeKind::kBoolean:
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kBigInt:
    case TypeKind::kFloat:
    case TypeKind::kDouble:
    case TypeKind::kDecimal: return "0";
    case TypeKind::kChar:
    case TypeKind::kVarChar:
    case TypeKind::kString:
    case TypeKind::kBinary:
    case TypeKind::kVarBinary:
    case TypeKind::kBytes: return "";
    default: return nullptr;
  }
}

}  // namespace

Result<ScalarPtr> ValueOfOldRows(const Column& column, const InitialDefault& initial) {
  using Kind = InitialDefault::Kind;
  std::string text;
  if (initial.kind == Kind::kComputed) {
    return Unsupported(
        Str("column ", column.name, " was added with values that the server computed for each row (a generated column, "
            "AUTO_INCREMENT, an expression, or the time at which an online schema change copied it): the log does not "
            "show those of the rows that were there"),
        "set add-column.backfill: false to leave them NULL, or copy the table anew");
  }
  if (initial.kind == Kind::kNull) return ScalarPtr();
  if (initial.kind == Kind::kLiteral) {
    text = initial.text;
  } else if (column.default_value) {
    text = *column.default_value;
  } else {
    const char* implicit = column.type.nullable ? nullptr : ImplicitDefault(column.type.kind);
    if (implicit == nullptr) return ScalarPtr();
    text = implicit;
  }
  ScalarPtr value = Parse(text, column.type.ToArrow());
  if (value == nullptr) {
    return Unsupported(Str("column ", column.name, ": the default value \"", text, "\" is no ", column.type.ToString()),
                       "give the column another default, or set add-column.backfill: false to leave old rows NULL");
  }
  return value;
}

}  // namespace sluice
