// SPDX-License-Identifier: Apache-2.0
#include "lake/parquet/promote.h"

#include <arrow/array.h>
#include <arrow/compute/api.h>
#include <arrow/type.h>

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;

bool WidensDecimal(const arrow::DataType& from, const arrow::DataType& to) {
  if (from.id() != arrow::Type::DECIMAL128 || to.id() != arrow::Type::DECIMAL128) return false;
  auto& a = static_cast<const arrow::Decimal128Type&>(from);
  auto& b = static_cast<const arrow::Decimal128Type&>(to);
  return a.scale() == b.scale() && a.precision() <= b.precision();
}

bool IsText(arrow::Type::type id) {
  return id == arrow::Type::STRING || id == arrow::Type::LARGE_STRING || id == arrow::Type::STRING_VIEW;
}

bool IsBytes(arrow::Type::type id) {
  return id == arrow::Type::BINARY || id == arrow::Type::LARGE_BINARY || id == arrow::Type::BINARY_VIEW;
}

// Milliseconds or microseconds, with a zone or without one.
bool SameClock(const arrow::DataType& from, const arrow::DataType& to) {
  if (from.id() != arrow::Type::TIMESTAMP || to.id() != arrow::Type::TIMESTAMP) return false;
  auto& a = static_cast<const arrow::TimestampType&>(from);
  auto& b = static_cast<const arrow::TimestampType&>(to);
  return a.unit() != arrow::TimeUnit::NANO && a.timezone().empty() == b.timezone().empty();
}

bool IsWholeNumber(arrow::Type::type id) {
  return id == arrow::Type::INT8 || id == arrow::Type::INT16 || id == arrow::Type::INT32 || id == arrow::Type::INT64;
}

// The beginning of the day.
bool IsDateOfClock(const arrow::DataType& from, const arrow::DataType& to) {
  return from.id() == arrow::Type::DATE32 && static_cast<const arrow::TimestampType&>(to).timezone().empty();
}

bool CanCast(const arrow::DataType& from, const arrow::DataType& to) {
  if (from.id() == arrow::Type::DICTIONARY) {
    const auto& values = *static_cast<const arrow::DictionaryType&>(from).value_type();
    return values.Equals(to) || CanCast(values, to);
  }
  switch (to.id()) {
    case arrow::Type::INT32: return from.id() == arrow::Type::INT8 || from.id() == arrow::Type::INT16;
    case arrow::Type::INT64:
      return from.id() == arrow::Type::INT32 || from.id() == arrow::Type::INT16 || from.id() == arrow::Type::INT8;
    case arrow::Type::TIME64: return from.id() == arrow::Type::TIME32;  // of milliseconds
    case arrow::Type::TIMESTAMP: return SameClock(from, to) || IsDateOfClock(from, to);
    case arrow::Type::DOUBLE: return from.id() == arrow::Type::FLOAT;
    case arrow::Type::BINARY: return from.id() == arrow::Type::FIXED_SIZE_BINARY || IsBytes(from.id());  // fixed, uuid
    case arrow::Type::STRING:  // bytes: without the STRING annotation; numbers: of a column that was altered in Paimon
      return IsText(from.id()) || IsBytes(from.id()) || IsWholeNumber(from.id());
    default: return false;
  }
}

bool IsList(const arrow::DataType& type) {
  return type.id() == arrow::Type::LIST || type.id() == arrow::Type::LARGE_LIST;
}

}  // namespace

bool CanPromote(const arrow::DataType& from, const arrow::DataType& to) {
  if (IsList(from) && IsList(to)) return CanPromote(*from.field(0)->type(), *to.field(0)->type());
  return from.Equals(to) || WidensDecimal(from, to) || CanCast(from, to);
}

arrow::Result<ArrayPtr> Promote(const ArrayPtr& array, const TypePtr& to) {
  if (array->type()->Equals(*to)) return array;
  if (CanCast(*array->type(), *to)) return arrow::compute::Cast(*array, to);
  if (array->type_id() == arrow::Type::LARGE_LIST) {
    ARROW_ASSIGN_OR_RAISE(auto list, arrow::compute::Cast(*array, arrow::list(array->type()->field(0))));
    return Promote(list, to);
  }
  auto data = array->data()->Copy();
  data->type = to;
  if (to->id() == arrow::Type::LIST) {
    ARROW_ASSIGN_OR_RAISE(auto child, Promote(arrow::MakeArray(data->child_data[0]), to->field(0)->type()));
    data->child_data[0] = child->data();
  }
  return arrow::MakeArray(data);
}

Error FromFileFormat(const arrow::Status& status) {
  if (status.IsNotImplemented()) return Unsupported(status.message());
  if (status.IsOutOfMemory()) return Unavailable(status.message(), "give the process more memory");
  return Corrupt(status.message());
}

}  // namespace sluice
