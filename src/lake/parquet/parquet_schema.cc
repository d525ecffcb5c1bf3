// SPDX-License-Identifier: Apache-2.0
#include "lake/parquet/parquet_schema.h"

#include <parquet/schema.h>
#include <parquet/types.h>

#include "base/text.h"
#include "lake/parquet/int96.h"
#include "row/nested_type.h"
#include "row/variant.h"

namespace sluice {
namespace {

using parquet::LogicalType;
using parquet::Repetition;
using parquet::schema::GroupNode;
using parquet::schema::NodePtr;
using parquet::schema::PrimitiveNode;

constexpr int kMaxIntegerDigits = 18;

NodePtr Leaf(const std::string& name, bool required, std::shared_ptr<const LogicalType> logical,
             parquet::Type::type physical, int id, int length = -1) {
  auto repetition = required ? Repetition::REQUIRED : Repetition::OPTIONAL;
  return PrimitiveNode::Make(name, repetition, std::move(logical), physical, length, id);
}

NodePtr DecimalNode(const WriteColumn& field) {
  auto logical = LogicalType::Decimal(field.type.precision, field.type.scale);
  auto physical = field.type.precision <= 9                   ? parquet::Type::INT32
                  : field.type.precision <= kMaxIntegerDigits ? parquet::Type::INT64
                                                              : parquet::Type::FIXED_LEN_BYTE_ARRAY;
  int length = FixedBytes(field);
  return Leaf(field.name, field.required, logical, physical, field.id, length > 0 ? length : -1);
}

Result<NodePtr> BinaryNode(const WriteColumn& field) {
  if (field.uuid) {
    return Leaf(field.name, field.required, LogicalType::UUID(), parquet::Type::FIXED_LEN_BYTE_ARRAY, field.id, 16);
  }
  if (int length = FixedBytes(field); length > 0) {
    return Leaf(field.name, field.required, LogicalType::None(), parquet::Type::FIXED_LEN_BYTE_ARRAY, field.id, length);
  }
  return Leaf(field.name, field.required, LogicalType::None(), parquet::Type::BYTE_ARRAY, field.id);
}

Result<NodePtr> ToNode(const WriteColumn& field);

// The ids of Paimon's nested parts (SpecialFields of its Java code) come of that of the nearest field and the depth.
constexpr int kPartIds = 536870911, kIdsOfPart = 1024;

WriteColumn PartOf(const WriteColumn& field, const NestedPart& part, const std::string& name, int id) {
  WriteColumn out;
  out.id = id;
  out.name = name;
  out.type = part.type;
  out.required = !part.type.nullable;
  out.style = field.style;
  return out;
}

Result<NodePtr> NestedNode(const WriteColumn& field, int owner, int depth);

// A part that is no field of its own.
Result<NodePtr> InnerNode(const WriteColumn& part, int owner, int depth) {
  return part.type.kind == TypeKind::kArray ? NestedNode(part, owner, depth) : ToNode(part);
}

// group LIST { repeated group list { element } }, group MAP { repeated group key_value { key, value } } or a group of
// its fields. `owner`: the field that `field` is, or is in; `depth`: how deep.
Result<NodePtr> NestedNode(const WriteColumn& field, int owner, int depth) {
  const NestedType& nested = NestedOf(field.type);
  const auto repetition = field.required ? Repetition::REQUIRED : Repetition::OPTIONAL;
  parquet::schema::NodeVector nodes;
  if (nested.kind == NestedKind::kRow) {
    for (const NestedPart& part : nested.parts) {
      const int id = IsVariant(field.type) ? kVariantValue - part.id : part.id;
      TRY_SET(nodes.emplace_back(), InnerNode(PartOf(field, part, part.name, id), id, 0));
    }
    return GroupNode::Make(field.name, repetition, nodes, nullptr, field.id);
  }
  const bool list = nested.kind == NestedKind::kArray;
  const int shift = kIdsOfPart * owner + depth + 1;
  for (size_t i = 0; i < nested.parts.size(); ++i) {
    const int id = list || i == 1 ? kPartIds + shift : kPartIds - shift;
    const char* name = list ? "element" : i == 0 ? "key" : "value";
    TRY_SET(nodes.emplace_back(), InnerNode(PartOf(field, nested.parts[i], name, id), owner, depth + 1));
  }
  NodePtr entries = GroupNode::Make(list ? "list" : "key_value", Repetition::REPEATED, nodes);
  return GroupNode::Make(field.name, repetition, {entries}, list ? LogicalType::List() : LogicalType::Map(), field.id);
}

// group LIST { repeated group list { element } }
Result<NodePtr> ListNode(const WriteColumn& field) {
  bool text = field.type.element == TypeKind::kString;
  if (!text && field.type.element != TypeKind::kFloat) {
    return Unsupported(Str("column ", field.name, ": a list of this element type cannot be written"));
  }
  NodePtr element = Leaf("element", field.element_required, text ? LogicalType::String() : LogicalType::None(),
                         text ? parquet::Type::BYTE_ARRAY : parquet::Type::FLOAT, field.element_id);
  NodePtr list = GroupNode::Make("list", Repetition::REPEATED, {element});
  return GroupNode::Make(field.name, field.required ? Repetition::REQUIRED : Repetition::OPTIONAL, {list},
                         LogicalType::List(), field.id);
}

Result<NodePtr> ToNode(const WriteColumn& field) {
  auto leaf = [&](std::shared_ptr<const LogicalType> logical, parquet::Type::type physical) {
    return Leaf(field.name, field.required, std::move(logical), physical, field.id);
  };
  const bool paimon = field.style == ParquetStyle::kPaimon;
  const auto unit = field.IsMillis() ? LogicalType::TimeUnit::MILLIS : LogicalType::TimeUnit::MICROS;
  switch (field.type.kind) {
    case TypeKind::kBoolean: return leaf(LogicalType::None(), parquet::Type::BOOLEAN);
    case TypeKind::kTinyInt:
      return leaf(paimon ? LogicalType::Int(8, true) : LogicalType::None(), parquet::Type::INT32);
    case TypeKind::kSmallInt:
      return leaf(paimon ? LogicalType::Int(16, true) : LogicalType::None(), parquet::Type::INT32);
    case TypeKind::kInt: return leaf(LogicalType::None(), parquet::Type::INT32);
    case TypeKind::kBigInt: return leaf(LogicalType::None(), parquet::Type::INT64);
    case TypeKind::kFloat: return leaf(LogicalType::None(), parquet::Type::FLOAT);
    case TypeKind::kDouble: return leaf(LogicalType::None(), parquet::Type::DOUBLE);
    case TypeKind::kDecimal: return DecimalNode(field);
    case TypeKind::kChar:
    case TypeKind::kVarChar:
    case TypeKind::kString: return leaf(LogicalType::String(), parquet::Type::BYTE_ARRAY);
    case TypeKind::kBinary:
    case TypeKind::kVarBinary:
    case TypeKind::kBytes: return BinaryNode(field);
    case TypeKind::kDate: return leaf(LogicalType::Date(), parquet::Type::INT32);
    case TypeKind::kTime:
      return leaf(LogicalType::Time(paimon, unit), paimon ? parquet::Type::INT32 : parquet::Type::INT64);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      if (IsInt96(field)) return leaf(LogicalType::None(), parquet::Type::INT96);
      return leaf(LogicalType::Timestamp(field.type.kind == TypeKind::kTimestampLtz, unit), parquet::Type::INT64);
    case TypeKind::kArray: return IsNested(field.type) ? NestedNode(field, field.id, 0) : ListNode(field);
  }
  return Unsupported(Str("column ", field.name, ": type ", field.type.ToString(), " cannot be written"));
}

}  // namespace

int DecimalBytes(int precision) {
  // The smallest n with 10^precision - 1 <= 2^(8n-1) - 1.
  int bytes = 1;
  __int128 limit = 1;
  for (int i = 0; i < precision; ++i) limit *= 10;
  while (bytes < 16 && ((static_cast<__int128>(1) << (8 * bytes - 1)) < limit)) ++bytes;
  return bytes;
}

int FixedBytes(const WriteColumn& field) {
  if (field.type.kind == TypeKind::kDecimal) {
    return field.type.precision > kMaxIntegerDigits ? DecimalBytes(field.type.precision) : 0;
  }
  return field.fixed_bytes;
}

Result<std::shared_ptr<GroupNode>> ToParquetSchema(const std::vector<WriteColumn>& columns,
                                                   const std::string& message_name) {
  parquet::schema::NodeVector nodes;
  nodes.reserve(columns.size());
  for (const WriteColumn& field : columns) {
    try {
      TRY_SET(NodePtr node, ToNode(field));
      nodes.push_back(std::move(node));
    } catch (const std::exception& error) {
      return Unsupported(Str("column ", field.name, ": ", error.what()));
    }
  }
  return std::static_pointer_cast<GroupNode>(GroupNode::Make(message_name, Repetition::REQUIRED, nodes));
}

}  // namespace sluice
