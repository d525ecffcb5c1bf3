// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/type_change.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "lake/paimon/table_options.h"
#include "lake/stored_cast.h"

namespace sluice::paimon {
namespace {

constexpr int8_t kExactDigits = 15;  // of a DECIMAL that each is a DOUBLE of its own

// The kinds of a family, each wider than the one before.
constexpr std::array kIntegers = {TypeKind::kTinyInt, TypeKind::kSmallInt, TypeKind::kInt, TypeKind::kBigInt};
constexpr std::array kReals = {TypeKind::kFloat, TypeKind::kDouble};
constexpr std::array kTexts = {TypeKind::kChar, TypeKind::kVarChar, TypeKind::kString};
constexpr std::array kBinaries = {TypeKind::kBinary, TypeKind::kVarBinary, TypeKind::kBytes};

template <size_t kCount>
int Place(const std::array<TypeKind, kCount>& family, TypeKind kind) {
  auto found = std::find(family.begin(), family.end(), kind);
  return found == family.end() ? -1 : static_cast<int>(found - family.begin());
}

template <size_t kCount>
bool WidensIn(const std::array<TypeKind, kCount>& family, const DataType& from, const DataType& to) {
  const int a = Place(family, from.kind), b = Place(family, to.kind);
  if (a < 0 || b < a) return false;
  const bool has_length = b + 1 < static_cast<int>(kCount);
  return !has_length || from.length <= to.length;
}

bool IsInteger(const DataType& type) { return Place(kIntegers, type.kind) >= 0; }
bool IsText(const DataType& type) { return Place(kTexts, type.kind) >= 0; }

bool IntegerConverts(const DataType& from, const DataType& to) {
  switch (to.kind) {
    case TypeKind::kBoolean:
    case TypeKind::kDouble:
    case TypeKind::kDecimal:
    case TypeKind::kVarChar:
    case TypeKind::kString: return true;
    case TypeKind::kFloat: return from.kind != TypeKind::kBigInt;  // which the server rounds twice
    default: return false;
  }
}

bool DecimalConverts(const DataType& from, const DataType& to) {
  switch (to.kind) {
    case TypeKind::kDecimal:
    case TypeKind::kVarChar:
    case TypeKind::kString: return true;
    case TypeKind::kDouble: return from.precision <= kExactDigits;
    default: return IsInteger(to) && from.scale == 0;  // the server rounds, Paimon cuts
  }
}

// Before the point; of a DOUBLE more than any.
int WholeDigits(const DataType& type) {
  constexpr std::array kDigits = {3, 5, 10, 19};
  if (type.kind == TypeKind::kDecimal) return type.precision - type.scale;
  return IsInteger(type) ? kDigits[static_cast<size_t>(Place(kIntegers, type.kind))] : 400;
}

// A cast of Paimon's that gives NULL where a number does not fit, or that it knows only for a nullable STRING.
bool MayBeNull(const DataType& from, const DataType& to) {
  if (to.kind == TypeKind::kDecimal) {
    const int carry = from.kind == TypeKind::kDecimal && to.scale < from.scale ? 1 : 0;  // 9.9 becomes 10
    return WholeDigits(from) + carry > WholeDigits(to);
  }
  return to.kind == TypeKind::kString && from.kind >= TypeKind::kDate && from.kind <= TypeKind::kTimestampLtz;
}

}  // namespace

bool CanWiden(const DataType& from, const DataType& to) {
  if (from.SameIgnoringNull(to)) return true;
  if (from.kind == TypeKind::kDecimal && to.kind == TypeKind::kDecimal) {
    return from.scale <= to.scale && from.precision - from.scale <= to.precision - to.scale;
  }
  const bool clock = from.kind == TypeKind::kTimestamp || from.kind == TypeKind::kTimestampLtz;
  if (clock && from.kind == to.kind) return from.precision <= to.precision;
  return (IsInteger(from) && Place(kIntegers, to.kind) >= Place(kIntegers, from.kind)) ||
         (Place(kReals, from.kind) >= 0 && Place(kReals, to.kind) >= Place(kReals, from.kind)) ||
         WidensIn(kTexts, from, to) || WidensIn(kBinaries, from, to);
}

bool Holds(const DataType& column, const DataType& values) {
  return CanWiden(values, column) || (column.kind == TypeKind::kTime && values.kind == TypeKind::kTime);
}

bool ConvertsAlike(const DataType& from, const DataType& to) {
  if (IsText(from) && IsText(to)) return to.kind != TypeKind::kChar;
  if (IsInteger(from)) return IntegerConverts(from, to);
  switch (from.kind) {
    case TypeKind::kDecimal: return DecimalConverts(from, to);
    case TypeKind::kBoolean: return IsInteger(to);
    case TypeKind::kDouble: return to.kind == TypeKind::kDecimal;
    case TypeKind::kDate: return to.kind == TypeKind::kTimestamp || to.kind == TypeKind::kString;
    case TypeKind::kTime: return to.kind == TypeKind::kString && from.precision == 0;
    default: return false;
  }
}

TypeStep StepTo(const DataType& column, DataType& wanted, bool any_text) {
  if (column.SameIgnoringNull(wanted)) return TypeStep::kStays;
  const bool rounds = column.kind == TypeKind::kDecimal && wanted.kind == TypeKind::kDecimal &&
                      wanted.scale < column.scale;
  const bool narrows = !rounds && Holds(column, wanted);
  if (narrows) {
    const bool nullable = wanted.nullable;
    wanted = column;
    wanted.nullable = nullable;
    return TypeStep::kStays;
  }
  if (wanted.kind == TypeKind::kChar && IsText(column)) wanted.kind = TypeKind::kVarChar;
  if (CanWiden(column, wanted)) return TypeStep::kWidens;
  const bool shows = any_text && IsText(wanted) && wanted.kind != TypeKind::kChar && CanCastStored(column, wanted);
  if (!shows && !ConvertsAlike(column, wanted)) return TypeStep::kRefused;
  wanted.nullable = wanted.nullable || MayBeNull(column, wanted);
  return TypeStep::kConverts;
}

Status CheckConverts(const Schema& before, const Schema& after, const Field& field) {
  const Field* old = before.FindId(field.id);
  const std::string what = Str("column ", field.name, " cannot become ", field.type.ToString(), " from ",
                               old->type.ToString());
  if (Lower(before.Option("disable-explicit-type-casting", "false")) == "true" &&
      !IsImplicitCast(old->type, field.type)) {
    return Unsupported(Str(what, ": the table's option disable-explicit-type-casting is true"),
                       "set it to false, or change the type back in the source");
  }
  const auto options = TableOptions::Of(after);  // aggregate functions and file indexes take some types only
  if (!options.ok()) return Unsupported(Str(what, ": ", options.error().message), "change the type back in the source");
  return Ok();
}

}  // namespace sluice::paimon
