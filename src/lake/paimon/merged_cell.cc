// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/merged_cell.h"

#include <arrow/array.h>
#include <arrow/builder.h>

#include "row/arrow_status.h"

namespace sluice::paimon {
namespace {

template <typename BuilderType>
BuilderType& As(arrow::ArrayBuilder& builder) {
  return static_cast<BuilderType&>(builder);
}

arrow::Status Append(const MergedCell& cell, arrow::ArrayBuilder& builder) {
  if (cell.IsNull()) return builder.AppendNull();
  switch (builder.type()->id()) {
    case arrow::Type::INT32: return As<arrow::Int32Builder>(builder).Append(static_cast<int32_t>(cell.Integer()));
    case arrow::Type::INT64: return As<arrow::Int64Builder>(builder).Append(cell.Integer());
    case arrow::Type::FLOAT: return As<arrow::FloatBuilder>(builder).Append(static_cast<float>(cell.Real()));
    case arrow::Type::DOUBLE: return As<arrow::DoubleBuilder>(builder).Append(cell.Real());
    case arrow::Type::DECIMAL128: return As<arrow::Decimal128Builder>(builder).Append(cell.Decimal());
    case arrow::Type::STRING: return As<arrow::StringBuilder>(builder).Append(cell.Text());
    case arrow::Type::BINARY: return As<arrow::BinaryBuilder>(builder).Append(cell.Text());
    default: return builder.AppendArraySlice(arrow::ArraySpan(*cell.array->data()), cell.row, 1);
  }
}

}  // namespace

void MergedCell::Copy(const MergedCell& other) {
  if (this == &other) return;
  array = other.array;
  row = other.row;
  computed = other.computed;
  own = array != nullptr && array == other.own.get() ? other.own : nullptr;
  if (!computed) return;
  integer = other.integer;
  real = other.real;
  decimal = other.decimal;
  text = other.text;
}

bool MergedCell::IsNull() const { return !computed && (array == nullptr || array->IsNull(row)); }

int64_t MergedCell::Integer() const {
  if (computed) return integer;
  if (array->type_id() == arrow::Type::INT32) return array->data()->GetValues<int32_t>(1)[row];
  return array->data()->GetValues<int64_t>(1)[row];
}

double MergedCell::Real() const {
  if (computed) return real;
  if (array->type_id() == arrow::Type::FLOAT) return static_cast<double>(array->data()->GetValues<float>(1)[row]);
  return array->data()->GetValues<double>(1)[row];
}

arrow::Decimal128 MergedCell::Decimal() const {
  if (computed) return decimal;
  return arrow::Decimal128(static_cast<const arrow::Decimal128Array&>(*array).GetValue(row));
}

std::string_view MergedCell::Text() const {
  return computed ? std::string_view(text) : static_cast<const arrow::BinaryArray&>(*array).GetView(row);
}

bool MergedCell::Boolean() const { return static_cast<const arrow::BooleanArray&>(*array).Value(row); }

Status AppendCell(const MergedCell& cell, arrow::ArrayBuilder& builder) {
  return sluice::ToStatus(Append(cell, builder));
}

}  // namespace sluice::paimon
