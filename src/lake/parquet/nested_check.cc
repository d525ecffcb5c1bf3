// SPDX-License-Identifier: Apache-2.0
#include "lake/parquet/nested_check.h"

#include <arrow/array.h>
#include <arrow/type.h>

#include "base/text.h"
#include "row/nested_type.h"

namespace sluice {
namespace {

bool Fits(const DataType& type, const arrow::Array& cells, int64_t row);

bool PartFits(const DataType& part, const arrow::Array& cells, int64_t row) {
  if (cells.IsNull(row)) return part.nullable;
  return part.kind != TypeKind::kArray || Fits(part, cells, row);
}

// The cell is not NULL.
bool Fits(const DataType& type, const arrow::Array& cells, int64_t row) {
  const NestedType& nested = NestedOf(type);
  if (nested.kind == NestedKind::kRow) {
    const auto& fields = static_cast<const arrow::StructArray&>(cells);
    for (size_t i = 0; i < nested.parts.size(); ++i) {
      if (!PartFits(nested.parts[i].type, *fields.field(static_cast<int>(i)), row)) return false;
    }
    return true;
  }
  const auto& list = static_cast<const arrow::ListArray&>(cells);  // a map is one too
  for (int64_t i = list.value_offset(row); i < list.value_offset(row + 1); ++i) {
    if (nested.kind == NestedKind::kArray) {
      if (!PartFits(nested.parts[0].type, *list.values(), i)) return false;
      continue;
    }
    const auto& entries = static_cast<const arrow::StructArray&>(*list.values());
    for (size_t part = 0; part < 2; ++part) {
      if (!PartFits(nested.parts[part].type, *entries.field(static_cast<int>(part)), i)) return false;
    }
  }
  return true;
}

}  // namespace

Status CheckParts(const WriteColumn& column, const arrow::Array& cells, std::span<const uint32_t> rows) {
  for (uint32_t row : rows) {
    if (cells.IsNull(row) || Fits(column.type, cells, row)) continue;
    return Invalid(Str("column ", column.name, " has a part that is required and NULL in a row"));
  }
  return Ok();
}

}  // namespace sluice
