// SPDX-License-Identifier: Apache-2.0
#include "lake/parquet/promote.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/compute/api.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include <utility>
#include <vector>

#include "base/text.h"
#include "row/shredded_variant.h"
#include "row/timestamp.h"
#include "row/variant.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;

constexpr int kNoPart = -1;

bool WidensDecimal(const arrow::DataType& from, const arrow::DataType& to) {
  if (from.id() != arrow::Type::DECIMAL128 || to.id() != arrow::Type::DECIMAL128) return false;
  auto& a = static_cast<const arrow::Decimal128Type&>(from);
  auto& b = static_cast<const arrow::Decimal128Type&>(to);
  return a.scale() <= b.scale() && a.precision() - a.scale() <= b.precision() - b.scale();
}

bool ChangesScale(const arrow::DataType& from, const arrow::DataType& to) {
  return WidensDecimal(from, to) && static_cast<const arrow::Decimal128Type&>(from).scale() !=
                                        static_cast<const arrow::Decimal128Type&>(to).scale();
}

bool IsText(arrow::Type::type id) {
  return id == arrow::Type::STRING || id == arrow::Type::LARGE_STRING || id == arrow::Type::STRING_VIEW;
}

bool IsBytes(arrow::Type::type id) {
  return id == arrow::Type::BINARY || id == arrow::Type::LARGE_BINARY || id == arrow::Type::BINARY_VIEW;
}

// Of any unit, with a zone or without one; nanoseconds, which INT96 has without one, stay what they are.
bool SameClock(const arrow::DataType& from, const arrow::DataType& to) {
  if (from.id() != arrow::Type::TIMESTAMP || to.id() != arrow::Type::TIMESTAMP) return false;
  auto& a = static_cast<const arrow::TimestampType&>(from);
  auto& b = static_cast<const arrow::TimestampType&>(to);
  const bool same_zone = a.timezone().empty() == b.timezone().empty();
  if (HasNanos(a)) return HasNanos(b) && (same_zone || a.timezone().empty());
  return same_zone;
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

bool HasParts(const arrow::DataType& type) {
  return type.id() == arrow::Type::LIST || type.id() == arrow::Type::MAP || type.id() == arrow::Type::STRUCT;
}

int IdOf(const arrow::Field& field) {
  int id = kNoPart;
  if (field.metadata() == nullptr) return id;
  const auto text = field.metadata()->Get("PARQUET:field_id");
  return text.ok() && ParseNumber(*text, id) ? id : kNoPart;
}

// The field of a row in the file that the field of the table is: by its id where the file has ids, else by its name.
int PartOf(const arrow::DataType& from, const arrow::Field& wanted) {
  bool ids = false;
  for (const auto& field : from.fields()) ids |= IdOf(*field) != kNoPart;
  ids &= IdOf(wanted) != kNoPart;
  for (int i = 0; i < from.num_fields(); ++i) {
    const bool same = ids ? IdOf(*from.field(i)) == IdOf(wanted) : from.field(i)->name() == wanted.name();
    if (same) return i;
  }
  return kNoPart;
}

// A file without ids whose row lacks a field and has another one instead may have it under its former name.
bool CanPromoteRow(const arrow::DataType& from, const arrow::DataType& to) {
  int found = 0;
  bool ids = false;
  for (const auto& field : to.fields()) {
    const int part = PartOf(from, *field);
    if (part == kNoPart) continue;
    ++found;
    ids |= IdOf(*from.field(part)) != kNoPart;
    if (!CanPromote(*from.field(part)->type(), *field->type())) return false;
  }
  return ids ? true : found > 0 && (found == to.num_fields() || found == from.num_fields());
}

arrow::Status PromoteRow(arrow::ArrayData& data, const arrow::DataType& from, const arrow::DataType& to) {
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  for (const auto& field : to.fields()) {
    const int part = PartOf(from, *field);
    ArrayPtr child;
    if (part == kNoPart) {
      ARROW_ASSIGN_OR_RAISE(child, arrow::MakeArrayOfNull(field->type(), data.offset + data.length));
    } else {
      ARROW_ASSIGN_OR_RAISE(child, Promote(arrow::MakeArray(data.child_data[static_cast<size_t>(part)]),
                                           field->type()));
    }
    children.push_back(child->data());
  }
  data.child_data = std::move(children);
  return arrow::Status::OK();
}

}  // namespace

bool CanPromote(const arrow::DataType& from, const arrow::DataType& to) {
  if (IsVariant(to) && IsShreddedVariant(from)) return true;
  if (IsVariant(to) && from.num_fields() != to.num_fields()) return false;
  if (to.id() == arrow::Type::STRUCT) return from.id() == arrow::Type::STRUCT && CanPromoteRow(from, to);
  if (to.id() == arrow::Type::MAP && from.id() == arrow::Type::MAP) {
    const auto& a = static_cast<const arrow::MapType&>(from);
    const auto& b = static_cast<const arrow::MapType&>(to);
    return CanPromote(*a.key_type(), *b.key_type()) && CanPromote(*a.item_type(), *b.item_type());
  }
  if (IsList(from) && IsList(to)) return CanPromote(*from.field(0)->type(), *to.field(0)->type());
  return from.Equals(to) || WidensDecimal(from, to) || CanCast(from, to);
}

arrow::Result<ArrayPtr> Promote(const ArrayPtr& array, const TypePtr& to) {
  if (!HasParts(*to) && array->type()->Equals(*to)) return array;
  if (IsVariant(*to) && IsShreddedVariant(*array->type())) return JoinVariants(*array, to);
  if (CanCast(*array->type(), *to) || ChangesScale(*array->type(), *to)) return arrow::compute::Cast(*array, to);
  if (array->type_id() == arrow::Type::LARGE_LIST) {
    ARROW_ASSIGN_OR_RAISE(auto list, arrow::compute::Cast(*array, arrow::list(array->type()->field(0))));
    return Promote(list, to);
  }
  auto data = array->data()->Copy();
  data->type = to;
  if (to->id() == arrow::Type::LIST) {
    ARROW_ASSIGN_OR_RAISE(auto child, Promote(arrow::MakeArray(data->child_data[0]), to->field(0)->type()));
    data->child_data[0] = child->data();
  } else if (to->id() == arrow::Type::MAP) {
    auto entries = data->child_data[0]->Copy();
    const auto& map = static_cast<const arrow::MapType&>(*to);
    for (size_t i = 0; i < 2; ++i) {
      ARROW_ASSIGN_OR_RAISE(auto child, Promote(arrow::MakeArray(entries->child_data[i]),
                                                i == 0 ? map.key_type() : map.item_type()));
      entries->child_data[i] = child->data();
    }
    entries->type = map.value_type();
    data->child_data[0] = std::move(entries);
  } else if (to->id() == arrow::Type::STRUCT) {
    ARROW_RETURN_NOT_OK(PromoteRow(*data, *array->type(), *to));
  }
  return arrow::MakeArray(data);
}

Error FromFileFormat(const arrow::Status& status) {
  if (status.IsNotImplemented()) return Unsupported(status.message());
  if (status.IsOutOfMemory()) return Unavailable(status.message(), "give the process more memory");
  return Corrupt(status.message());
}

}  // namespace sluice
