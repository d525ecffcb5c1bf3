// SPDX-License-Identifier: Apache-2.0
// Names, Arrow types and the merging lattice of DataType.
#include "row/type.h"

#include <arrow/type.h>
#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "row/nested_type.h"
#include "row/timestamp.h"

namespace sluice {
namespace {

constexpr int kDecimalPrecisionMax = 38;
constexpr int8_t kTimePrecisionMax = 6, kTimestampPrecisionMax = 9;

struct KindName {
  TypeKind kind;
  std::string_view name;
};
constexpr std::array<KindName, 19> kKindNames = {{
    {TypeKind::kBoolean, "BOOLEAN"},     {TypeKind::kTinyInt, "TINYINT"},
    {TypeKind::kSmallInt, "SMALLINT"},   {TypeKind::kInt, "INT"},
    {TypeKind::kBigInt, "BIGINT"},       {TypeKind::kFloat, "FLOAT"},
    {TypeKind::kDouble, "DOUBLE"},       {TypeKind::kDecimal, "DECIMAL"},
    {TypeKind::kChar, "CHAR"},           {TypeKind::kVarChar, "VARCHAR"},
    {TypeKind::kString, "STRING"},       {TypeKind::kBinary, "BINARY"},
    {TypeKind::kVarBinary, "VARBINARY"}, {TypeKind::kBytes, "BYTES"},
    {TypeKind::kDate, "DATE"},           {TypeKind::kTime, "TIME"},
    {TypeKind::kTimestamp, "TIMESTAMP"}, {TypeKind::kTimestampLtz, "TIMESTAMP_LTZ"},
    {TypeKind::kArray, "ARRAY"},
}};

std::string_view KindText(TypeKind kind) {
  for (const KindName& entry : kKindNames) {
    if (entry.kind == kind) return entry.name;
  }
  CHECK(false);
}

bool HasLength(TypeKind kind) {
  return kind == TypeKind::kChar || kind == TypeKind::kVarChar || kind == TypeKind::kBinary ||
         kind == TypeKind::kVarBinary;
}
bool HasTimePrecision(TypeKind kind) {
  return kind == TypeKind::kTime || kind == TypeKind::kTimestamp || kind == TypeKind::kTimestampLtz;
}
// Place of a type in DATE -> TIMESTAMP -> TIMESTAMP_LTZ; 0 = not in it.
int TemporalRank(TypeKind kind) {
  switch (kind) {
    case TypeKind::kDate: return 1;
    case TypeKind::kTimestamp: return 2;
    case TypeKind::kTimestampLtz: return 3;
    default: return 0;
  }
}
// Decimal digits of an integer type; 0 = not an integer.
int IntegerDigits(TypeKind kind) {
  switch (kind) {
    case TypeKind::kTinyInt: return 3;
    case TypeKind::kSmallInt: return 5;
    case TypeKind::kInt: return 10;
    case TypeKind::kBigInt: return 19;
    default: return 0;
  }
}
bool IsNumber(TypeKind kind) {
  return IntegerDigits(kind) > 0 || kind == TypeKind::kFloat || kind == TypeKind::kDouble || kind == TypeKind::kDecimal;
}

DataType Of(TypeKind kind) {
  DataType type;
  type.kind = kind;
  return type;
}

DataType MergeDecimal(int precision, int scale) {
  if (precision > kDecimalPrecisionMax) return Of(TypeKind::kString);
  DataType type = Of(TypeKind::kDecimal);
  type.precision = static_cast<int8_t>(precision);
  type.scale = static_cast<int8_t>(scale);
  return type;
}

DataType MergeNumbers(const DataType& a, const DataType& b) {
  bool approximate = a.kind == TypeKind::kDouble || b.kind == TypeKind::kDouble || a.kind == TypeKind::kFloat ||
                     b.kind == TypeKind::kFloat;
  // As Flink CDC's mergeDecimalType: a DECIMAL with a FLOAT or DOUBLE keeps its digits only as text.
  if (approximate && (a.kind == TypeKind::kDecimal || b.kind == TypeKind::kDecimal)) return Of(TypeKind::kString);
  if (a.kind == TypeKind::kDouble || b.kind == TypeKind::kDouble) return Of(TypeKind::kDouble);
  if (a.kind == TypeKind::kFloat || b.kind == TypeKind::kFloat) {
    TypeKind other = a.kind == TypeKind::kFloat ? b.kind : a.kind;
    bool exact = other == TypeKind::kFloat || other == TypeKind::kTinyInt || other == TypeKind::kSmallInt;
    return Of(exact ? TypeKind::kFloat : TypeKind::kDouble);
  }
  int digits_a = IntegerDigits(a.kind);
  int digits_b = IntegerDigits(b.kind);
  if (digits_a > 0 && digits_b > 0) return Of(digits_a > digits_b ? a.kind : b.kind);
  if (digits_a > 0) return MergeDecimal(std::max<int>(b.precision, b.scale + digits_a), b.scale);
  if (digits_b > 0) return MergeDecimal(std::max<int>(a.precision, a.scale + digits_b), a.scale);
  int scale = std::max(a.scale, b.scale);
  return MergeDecimal(std::max(a.precision - a.scale, b.precision - b.scale) + scale, scale);
}

DataType MergeTemporal(const DataType& a, const DataType& b) {
  DataType merged = Of(TemporalRank(a.kind) > TemporalRank(b.kind) ? a.kind : b.kind);
  bool date = a.kind == TypeKind::kDate || b.kind == TypeKind::kDate;
  merged.precision = std::max({a.precision, b.precision, date ? kMicrosDigits : int8_t{0}});  // MariaDB's finest
  return merged;
}

DataType MergeIgnoringNull(const DataType& a, const DataType& b) {
  if (a.SameIgnoringNull(b)) return a;
  if (IsNumber(a.kind) && IsNumber(b.kind)) return MergeNumbers(a, b);
  if (TemporalRank(a.kind) > 0 && TemporalRank(b.kind) > 0) return MergeTemporal(a, b);
  return Of(TypeKind::kString);
}

Error BadType(std::string_view text) {
  return Corrupt(Str("unknown column type \"", text, "\""), "it was written by another version of sluice");
}

// The numbers in "(10, 2)" at the end of a name; empty if there are none.
bool TakeNumbers(std::string_view& text, std::vector<int32_t>& out) {
  size_t open = text.find('(');
  if (open == std::string_view::npos) return true;
  if (text.back() != ')') return false;
  for (const std::string& part : Split(text.substr(open + 1, text.size() - open - 2), ',')) {
    int32_t number = 0;
    if (!ParseNumber(Trim(part), number) || number < 0) return false;
    out.push_back(number);
  }
  text = text.substr(0, open);
  return true;
}

// Puts the numbers where the kind wants them; false if they do not fit it.
bool SetNumbers(DataType& type, const std::vector<int32_t>& numbers) {
  if (HasLength(type.kind)) {
    if (numbers.size() != 1) return false;
    type.length = numbers[0];
    return true;
  }
  if (HasTimePrecision(type.kind)) {
    const int most = type.kind == TypeKind::kTime ? kTimePrecisionMax : kTimestampPrecisionMax;
    if (numbers.size() != 1 || numbers[0] > most) return false;
    type.precision = static_cast<int8_t>(numbers[0]);
    return true;
  }
  if (type.kind == TypeKind::kDecimal) {
    if (numbers.size() != 2 || numbers[0] < 1 || numbers[0] > kDecimalPrecisionMax || numbers[1] > numbers[0]) {
      return false;
    }
    type.precision = static_cast<int8_t>(numbers[0]);
    type.scale = static_cast<int8_t>(numbers[1]);
    return true;
  }
  return numbers.empty();
}

}  // namespace

bool DataType::SameIgnoringNull(const DataType& other) const {
  DataType copy = other;
  copy.nullable = nullable;
  return *this == copy;
}

std::string DataType::ToString() const {
  std::string out(KindText(kind));
  if (HasLength(kind)) {
    out += Str("(", length, ")");
  } else if (kind == TypeKind::kDecimal) {
    out += Str("(", int{precision}, ", ", int{scale}, ")");
  } else if (HasTimePrecision(kind)) {
    out += Str("(", int{precision}, ")");
  } else if (IsNested(*this)) {
    out = NestedText(NestedOf(*this));
  } else if (kind == TypeKind::kArray) {
    out += Str("<", KindText(element), ">");
  }
  return nullable ? out : out + " NOT NULL";
}

std::shared_ptr<arrow::DataType> DataType::ToArrow() const {
  switch (kind) {
    case TypeKind::kBoolean: return arrow::boolean();
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt: return arrow::int32();
    case TypeKind::kBigInt: return arrow::int64();
    case TypeKind::kFloat: return arrow::float32();
    case TypeKind::kDouble: return arrow::float64();
    case TypeKind::kDecimal: return arrow::decimal128(precision, scale);
    case TypeKind::kChar:
    case TypeKind::kVarChar:
    case TypeKind::kString: return arrow::utf8();
    case TypeKind::kBinary:
    case TypeKind::kVarBinary:
    case TypeKind::kBytes: return arrow::binary();
    case TypeKind::kDate: return arrow::date32();
    case TypeKind::kTime: return arrow::time64(arrow::TimeUnit::MICRO);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return arrow::timestamp(HasNanos(*this) ? arrow::TimeUnit::NANO : arrow::TimeUnit::MICRO,
                              kind == TypeKind::kTimestamp ? "" : "UTC");
    case TypeKind::kArray:
      if (IsNested(*this)) return NestedOf(*this).arrow;
      return arrow::list(element == TypeKind::kFloat ? arrow::float32() : arrow::utf8());
  }
  CHECK(false);
}

Result<DataType> ParseDataType(std::string_view text) {
  constexpr std::string_view kNotNull = " NOT NULL";
  std::string_view name = text;
  DataType type;
  if (name.ends_with(kNotNull)) {
    type.nullable = false;
    name.remove_suffix(kNotNull.size());
  }
  if (name == "ARRAY<STRING>" || name == "ARRAY<FLOAT>") {
    type.kind = TypeKind::kArray;
    type.element = name == "ARRAY<FLOAT>" ? TypeKind::kFloat : TypeKind::kString;
    return type;
  }
  std::vector<int32_t> numbers;
  if (name.empty() || !TakeNumbers(name, numbers)) return BadType(text);
  for (const KindName& entry : kKindNames) {
    if (entry.name != name || entry.kind == TypeKind::kArray) continue;
    type.kind = entry.kind;
    if (!SetNumbers(type, numbers)) return BadType(text);
    return type;
  }
  return BadType(text);
}

DataType WidestCommonType(const DataType& a, const DataType& b) {
  DataType merged = MergeIgnoringNull(a, b);
  merged.nullable = a.nullable || b.nullable;
  return merged;
}

}  // namespace sluice
