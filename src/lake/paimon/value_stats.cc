// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/value_stats.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/scalar.h>

#include <algorithm>

#include "lake/paimon/binary_row.h"
#include "row/arrow_status.h"
#include "row/timestamp.h"

namespace sluice::paimon {
namespace {

bool HasCells(const Field& field) { return field.supported && field.type.kind != TypeKind::kArray; }

Result<ValueBounds::Bound> BoundOf(const DataType& type, const arrow::Scalar& scalar) {
  ValueBounds::Bound out;
  if (!scalar.is_valid) return out;
  ARROW_TRY_SET(const auto cell, arrow::MakeArrayFromScalar(scalar, 1));
  switch (cell->type_id()) {
    case arrow::Type::INT32:
    case arrow::Type::DATE32: out = int64_t{cell->data()->GetValues<int32_t>(1)[0]}; break;
    case arrow::Type::INT64:
    case arrow::Type::TIMESTAMP: out = cell->data()->GetValues<int64_t>(1)[0]; break;
    case arrow::Type::STRING: out = static_cast<const arrow::StringArray&>(*cell).GetString(0); break;
    default: break;  // not compared: TIME, which has milliseconds there, DECIMAL, BOOLEAN, bytes and real numbers
  }
  if (HasNanos(type)) out = {};  // those of ORC are milliseconds
  return out;
}

}  // namespace

std::vector<const Field*> ColumnsWithStats(const Schema& written, const DataFileMeta& file) {
  std::vector<const Field*> out;
  if (file.value_stats_columns) {
    for (const std::string& name : *file.value_stats_columns) out.push_back(written.Find(name));
  } else {
    for (const Field& field : written.fields) out.push_back(&field);
  }
  if (std::find(out.begin(), out.end(), nullptr) != out.end()) out.clear();
  if (out.size() != file.value_stats.null_counts.size()) out.clear();
  return out;
}

Result<std::map<int, ValueBounds>> ReadValueStats(const Schema& written, const DataFileMeta& file) {
  std::map<int, ValueBounds> out;
  const auto fields = ColumnsWithStats(written, file);
  std::vector<DataType> types;
  for (const Field* field : fields) {
    types.push_back(HasCells(*field) ? field->type : DataType{.kind = TypeKind::kBytes});  // NULL there
  }
  if (types.empty()) return out;
  TRY_SET(const auto codec, BinaryRowCodec::Make(types));
  TRY_SET(const auto least, codec.Parse(file.value_stats.min));
  TRY_SET(const auto greatest, codec.Parse(file.value_stats.max));
  for (size_t i = 0; i < fields.size(); ++i) {
    if (!HasCells(*fields[i])) continue;
    ValueBounds& bounds = out[fields[i]->id];
    bounds.rows = file.row_count;
    bounds.nulls = file.value_stats.null_counts[i];
    TRY_SET(bounds.least, BoundOf(types[i], *least[i]));
    TRY_SET(bounds.greatest, BoundOf(types[i], *greatest[i]));
  }
  return out;
}

}  // namespace sluice::paimon
