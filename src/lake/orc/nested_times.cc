// SPDX-License-Identifier: Apache-2.0
#include "lake/orc/nested_times.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/type.h>

#include <utility>

#include "row/nested_type.h"
#include "row/timestamp.h"

namespace sluice {
namespace {

// Of a column of the table the part that the file's `i`-th one is; null: none, or it has no type of a part.
const DataType* PartOf(const DataType* wanted, const arrow::DataType& stored, int i) {
  if (wanted == nullptr || wanted->kind != TypeKind::kArray) return nullptr;
  const NestedType& nested = NestedOf(*wanted);
  const bool row = stored.id() == arrow::Type::STRUCT;
  if (row != (nested.kind == NestedKind::kRow)) return nullptr;
  for (size_t part = 0; part < nested.parts.size(); ++part) {
    const bool same = row ? nested.parts[part].name == stored.field(i)->name() : static_cast<int>(part) == i;
    if (same) return &nested.parts[part].type;
  }
  return nullptr;
}

}  // namespace

OrcNestedTimes::OrcNestedTimes(const OrcFile& file, size_t place, const TypePtr& stored, const DataType& wanted)
    : file_(file) {
  if (place >= file.columns().size()) return;
  type_ = TypeOf(stored, &wanted, file.columns()[place]);
  if (leaves_.empty() && !times_) type_ = nullptr;
}

OrcNestedTimes::TypePtr OrcNestedTimes::TypeOf(const TypePtr& stored, const DataType* wanted, int id) {
  switch (stored->id()) {
    case arrow::Type::INT32:
      if (wanted == nullptr || wanted->kind != TypeKind::kTime) return stored;
      times_ = true;
      return arrow::time32(arrow::TimeUnit::MILLI);
    case arrow::Type::TIMESTAMP: {
      const std::string& zone = static_cast<const arrow::TimestampType&>(*stored).timezone();
      const bool nanos = wanted != nullptr && HasNanos(*wanted);
      leaves_.push_back({id, {!zone.empty(), nanos}});
      return arrow::timestamp(nanos ? arrow::TimeUnit::NANO : arrow::TimeUnit::MICRO, zone);
    }
    case arrow::Type::LIST:
    case arrow::Type::MAP:
    case arrow::Type::STRUCT: break;
    default: return stored;
  }
  const bool map = stored->id() == arrow::Type::MAP;
  const arrow::FieldVector& parts = map ? stored->field(0)->type()->fields() : stored->fields();
  const arrow::DataType& holder = map ? *stored->field(0)->type() : *stored;
  const std::vector<int> ids = file_.PartsOf(id);
  arrow::FieldVector fields;
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto number = static_cast<int>(i);
    const DataType* part = PartOf(wanted, map ? *stored : holder, number);
    fields.push_back(parts[i]->WithType(TypeOf(parts[i]->type(), part, i < ids.size() ? ids[i] : -1)));
  }
  if (map) return std::make_shared<arrow::MapType>(fields[0], fields[1]);
  return stored->id() == arrow::Type::LIST ? arrow::list(fields[0]) : arrow::struct_(fields);
}

Status OrcNestedTimes::OpenStripe(size_t stripe) {
  for (Leaf& leaf : leaves_) {
    TRY_SET(leaf.cells, OrcTimestamps(file_).ReadCells(stripe, leaf.id, leaf.form));
    leaf.next = 0;
  }
  return Ok();
}

Result<std::shared_ptr<arrow::Array>> OrcNestedTimes::Convert(const std::shared_ptr<arrow::Array>& cells) {
  size_t leaf = 0;
  TRY_SET(const DataPtr made, ConvertData(cells->data(), type_, leaf));
  return arrow::MakeArray(made);
}

Result<OrcNestedTimes::DataPtr> OrcNestedTimes::ConvertData(const DataPtr& cells, const TypePtr& type, size_t& leaf) {
  if (type->id() == arrow::Type::TIMESTAMP) return ConvertLeaf(cells, type, leaves_[leaf++]);
  if (cells->type->Equals(*type) && type->num_fields() == 0) return cells;
  DataPtr out = cells->Copy();
  out->type = type;
  const bool map = type->id() == arrow::Type::MAP;
  if (map) out->child_data[0] = out->child_data[0]->Copy();
  arrow::ArrayData& holder = map ? *out->child_data[0] : *out;
  if (map) holder.type = type->field(0)->type();
  const TypePtr within = holder.type;
  for (int i = 0; i < within->num_fields(); ++i) {
    auto& child = holder.child_data[static_cast<size_t>(i)];
    TRY_SET(child, ConvertData(child, within->field(i)->type(), leaf));
  }
  return out;
}

Result<OrcNestedTimes::DataPtr> OrcNestedTimes::ConvertLeaf(const DataPtr& cells, const TypePtr& type, Leaf& leaf) {
  const auto array = arrow::MakeArray(cells);
  std::vector<int64_t> values(static_cast<size_t>(cells->offset + cells->length));
  for (int64_t i = 0; i < array->length(); ++i) {
    if (array->IsNull(i)) continue;
    if (leaf.next == leaf.cells.size()) return Corrupt("orc: a column has fewer times than cells");
    values[static_cast<size_t>(cells->offset + i)] = leaf.cells[leaf.next++];
  }
  DataPtr out = cells->Copy();
  out->type = type;
  out->buffers[1] = arrow::Buffer::FromVector(std::move(values));
  return out;
}

}  // namespace sluice
