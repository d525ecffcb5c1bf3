// SPDX-License-Identifier: Apache-2.0
#include "pipeline/schema_follow.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/text.h"

namespace sluice {
namespace {

constexpr std::array kIntegers = {TypeKind::kTinyInt, TypeKind::kSmallInt, TypeKind::kInt, TypeKind::kBigInt};
constexpr std::array kReals = {TypeKind::kFloat, TypeKind::kDouble};
constexpr std::array kTexts = {TypeKind::kChar, TypeKind::kVarChar, TypeKind::kString};
constexpr std::array kBytes = {TypeKind::kBinary, TypeKind::kVarBinary, TypeKind::kBytes};

template <size_t kCount>
int Place(const std::array<TypeKind, kCount>& family, TypeKind kind) {
  auto found = std::find(family.begin(), family.end(), kind);
  return found == family.end() ? -1 : static_cast<int>(found - family.begin());
}

template <size_t kCount>
bool BothIn(const std::array<TypeKind, kCount>& family, const DataType& a, const DataType& b) {
  return Place(family, a.kind) >= 0 && Place(family, b.kind) >= 0;
}

TypeStep TakeIf(bool wider) { return wider ? TypeStep::kTake : TypeStep::kKeep; }

int64_t LengthOf(const DataType& type) {
  const bool unbounded = type.kind == TypeKind::kString || type.kind == TypeKind::kBytes;
  return unbounded ? std::numeric_limits<int32_t>::max() : type.length;
}

bool IsText(const DataType& type) { return Place(kTexts, type.kind) >= 0; }

// The type of a column that takes in `source`: of the wider kind and length of both.
DataType Taken(const DataType& sink, const DataType& source) {
  if (sink.kind == TypeKind::kDecimal && source.kind == TypeKind::kDecimal) return WidestCommonType(sink, source);
  const bool lengths = BothIn(kTexts, sink, source) || BothIn(kBytes, sink, source);
  DataType out = source;
  if (lengths && out.kind < sink.kind) out.kind = sink.kind;  // CHAR does not take the place of VARCHAR
  return out;
}

Error CannotFollow(const Column& column, const DataType& source) {
  return Invalid(Str("column ", column.name, " cannot become ", source.ToString(), " from ", column.type.ToString()),
                 "change the type back in the source, or give the table a sink table of its own");
}

}  // namespace

TypeStep StepTo(const DataType& sink, const DataType& source, const TableShape& shape) {
  if (sink.SameIgnoringNull(source)) return TypeStep::kKeep;
  if (BothIn(kTexts, sink, source) || BothIn(kBytes, sink, source)) {
    const bool holds = LengthOf(sink) > LengthOf(source) || Taken(sink, source).SameIgnoringNull(sink);
    return TakeIf(!holds);
  }
  if (IsText(source) && shape.Has(TypeRule::kAllowNonStringToString)) return TypeStep::kTake;
  if (BothIn(kIntegers, sink, source)) return TakeIf(Place(kIntegers, sink.kind) < Place(kIntegers, source.kind));
  if (BothIn(kReals, sink, source)) return TakeIf(Place(kReals, sink.kind) < Place(kReals, source.kind));
  if (sink.kind != source.kind) return TypeStep::kRefuse;
  switch (sink.kind) {
    case TypeKind::kDecimal: return TakeIf(source.precision > sink.precision || source.scale > sink.scale);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
    case TypeKind::kTime: return TakeIf(sink.precision < source.precision);
    default: return TypeStep::kRefuse;
  }
}

Result<TableSchema> FollowSource(const TableSchema& table, const TableSchema& source, const TableShape& shape) {
  TableSchema out = table;
  for (const Column& column : source.columns) {
    const int at = out.Find(column.name);
    if (at < 0) {
      Column added = column;
      added.type.nullable = true;  // the rows that are there have NULL in it
      out.columns.push_back(std::move(added));
      continue;
    }
    Column& own = out.columns[static_cast<size_t>(at)];
    const auto& partitions = shape.partition_keys;  // part of the key at the sink
    const bool partition = std::find(partitions.begin(), partitions.end(), own.name) != partitions.end();
    const bool either = own.type.nullable || (column.type.nullable && !partition);
    const bool nullable = either && !out.IsKey(own.name);
    const bool fixed = own.type.kind == TypeKind::kDecimal && shape.Has(TypeRule::kDecimalNoChange);
    const TypeStep step = fixed ? TypeStep::kKeep : StepTo(own.type, column.type, shape);
    if (step == TypeStep::kRefuse) return CannotFollow(own, column.type);
    if (step == TypeStep::kTake) {
      const DataType taken = Taken(own.type, column.type);
      if (own.type.kind == TypeKind::kDecimal && column.type.kind == TypeKind::kDecimal &&
          taken.kind != TypeKind::kDecimal) {
        return CannotFollow(own, column.type);
      }
      own.type = taken;
    }
    own.type.nullable = nullable;
    if (!column.comment.empty()) own.comment = column.comment;
  }
  for (Column& column : out.columns) {
    if (source.Find(column.name) < 0 && !out.IsKey(column.name)) column.type.nullable = true;
  }
  if (!source.comment.empty()) out.comment = source.comment;
  return out;
}

}  // namespace sluice
