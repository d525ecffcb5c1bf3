// SPDX-License-Identifier: Apache-2.0
#include "lake/mirror/iceberg_form.h"

#include <arrow/scalar.h>
#include <arrow/util/decimal.h>

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/text.h"
#include "lake/catalog/uri.h"
#include "lake/paimon/file_format.h"
#include "lake/paimon/pipeline_field.h"
#include "lake/paimon/special_fields.h"
#include "row/timestamp.h"

namespace sluice::mirror {
namespace {

constexpr int kFirstPartitionId = 1000;
constexpr int8_t kDigitsMin = 3;  // of a timestamp's seconds, in Java's Iceberg metadata

using iceberg::PartitionValue;

template <typename ScalarType>
auto ValueOf(const arrow::Scalar& scalar) {
  return static_cast<const ScalarType&>(scalar).value;
}

std::string DecimalBytesOf(const arrow::Scalar& scalar) {
  const auto bytes = ValueOf<arrow::Decimal128Scalar>(scalar).ToBytes();  // little-endian
  return std::string(MinimalBigEndian(std::string(bytes.rbegin(), bytes.rend())));
}

// A cell, in the Arrow type of `type`, as Iceberg's manifests have it.
PartitionValue PartitionValueOf(const arrow::Scalar& cell, const DataType& type) {
  if (!cell.is_valid) return {};
  switch (type.kind) {
    case TypeKind::kBoolean: return ValueOf<arrow::BooleanScalar>(cell);
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt: return ValueOf<arrow::Int32Scalar>(cell);
    case TypeKind::kDate: return ValueOf<arrow::Date32Scalar>(cell);
    case TypeKind::kBigInt: return ValueOf<arrow::Int64Scalar>(cell);
    case TypeKind::kFloat: return ValueOf<arrow::FloatScalar>(cell);
    case TypeKind::kDouble: return ValueOf<arrow::DoubleScalar>(cell);
    case TypeKind::kDecimal: return DecimalBytesOf(cell);
    case TypeKind::kTime: return ValueOf<arrow::Time64Scalar>(cell);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz: return ValueOf<arrow::TimestampScalar>(cell);
    case TypeKind::kArray: return {};
    default: return ValueOf<arrow::BaseBinaryScalar>(cell)->ToString();
  }
}

Result<iceberg::Field> IcebergFieldOf(const paimon::Field& field) {
  if (!paimon::InPipelines(field)) {
    return Unsupported(Str("column ", field.name, " of type ", field.type_json, " cannot be shown to Iceberg readers"));
  }
  TRY(CheckShown(field.name, field.type));
  iceberg::Field out;
  out.id = field.id;
  out.name = field.name;
  out.doc = field.description;
  out.iceberg_type = iceberg::ToIcebergType(field.type);
  TRY_SET(out.type, iceberg::FromIcebergType(out.iceberg_type));
  out.required = !field.type.nullable;
  out.type.nullable = field.type.nullable;
  if (field.type.kind == TypeKind::kArray) out.element_id = paimon::ElementId(field.id);
  return out;
}

}  // namespace

DataType ShownType(const DataType& type) {
  DataType out = type;
  switch (type.kind) {
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt: out.kind = TypeKind::kInt; break;
    case TypeKind::kTime:
      out.kind = TypeKind::kString;
      out.precision = DataType().precision;
      break;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz: out.precision = std::clamp(out.precision, kDigitsMin, kMicrosDigits); break;
    default: break;
  }
  return out;
}

Status CheckShown(const std::string& column, const DataType& type) {
  if (HasNanos(type)) {
    return Unsupported(Str("column ", column, " is ", type.ToString(), ": Iceberg readers of this format version know "
                           "microseconds only"),
                       "set metadata.iceberg.storage to disabled for this table, or give the column the type "
                       "TIMESTAMP(6)");
  }
  if (type.kind != TypeKind::kTime) return Ok();
  return Unsupported(Str("column ", column, " is a TIME: Paimon's files have milliseconds, Iceberg readers expect "
                         "microseconds"),
                     "set metadata.iceberg.storage to disabled for this table, or leave the column out");
}

Result<iceberg::Schema> IcebergSchemaOf(const paimon::Schema& schema) {
  iceberg::Schema out;
  for (const paimon::Field& field : schema.fields) {
    TRY_SET(iceberg::Field made, IcebergFieldOf(field));
    out.fields.push_back(std::move(made));
  }
  for (const std::string& name : schema.primary_keys) {
    const iceberg::Field* field = out.Find(name);
    const bool real = field->iceberg_type == "float" || field->iceberg_type == "double";
    if (field->required && !real) out.identifier_field_ids.push_back(field->id);
  }
  return out;
}

iceberg::PartitionSpec IcebergSpecOf(const paimon::Schema& schema) {
  iceberg::PartitionSpec out;
  for (const std::string& name : schema.partition_keys) {
    const int id = kFirstPartitionId + static_cast<int>(out.fields.size());
    out.fields.push_back({schema.Find(name)->id, id, name, "identity"});
  }
  return out;
}

Result<DataFileForm> DataFileForm::Of(paimon::Table& table, const paimon::Schema& schema) {
  TRY_SET(std::vector<DataType> types, table.PartitionTypes());
  TRY_SET(paimon::BinaryRowCodec codec, paimon::BinaryRowCodec::Make(types));
  return DataFileForm(table, schema, std::move(types), std::move(codec));
}

Result<iceberg::DataFile> DataFileForm::Make(const paimon::LiveFile& file) const {
  const auto format = paimon::FormatOfFile(file.path);
  if (!format) return Unsupported(Str("data file ", file.path, " is of no format that Iceberg metadata can have"));
  iceberg::DataFile out;
  switch (*format) {
    case paimon::FileFormat::kParquet: break;
    case paimon::FileFormat::kOrc: out.format = "ORC"; break;
    case paimon::FileFormat::kAvro: out.format = "AVRO"; break;
  }
  out.path = UriOfPath(file.path);
  out.record_count = file.meta.row_count;
  out.size = file.meta.size;
  TRY_SET(const auto cells, partition_codec_.Parse(file.partition));
  for (size_t i = 0; i < cells.size(); ++i) out.partition.push_back(PartitionValueOf(*cells[i], partition_types_[i]));
  Status stats = AddStats(file.meta, out);
  if (!stats.ok()) return std::move(stats).error().With(Str("statistics of ", file.path));
  return out;
}

Status DataFileForm::AddStats(const paimon::DataFileMeta& meta, iceberg::DataFile& out) const {
  TRY_SET(const paimon::Schema* written, table_.SchemaOf(meta.schema_id));
  std::vector<const paimon::Field*> fields;
  if (meta.value_stats_columns) {
    for (const std::string& name : *meta.value_stats_columns) fields.push_back(written->Find(name));
  } else {
    for (const paimon::Field& field : written->fields) fields.push_back(&field);
  }
  const size_t columns = meta.value_stats.null_counts.size();
  if (columns == 0 || columns != fields.size()) return Ok();
  std::vector<DataType> types;
  for (const paimon::Field* field : fields) {
    if (field == nullptr || !field->supported || field->type.kind == TypeKind::kArray) return Ok();
    types.push_back(field->type);
  }
  TRY_SET(const auto codec, paimon::BinaryRowCodec::Make(types));
  TRY_SET(const auto least, codec.Parse(meta.value_stats.min));
  TRY_SET(const auto most, codec.Parse(meta.value_stats.max));
  for (size_t i = 0; i < columns; ++i) {
    const paimon::Field* now = schema_.FindId(fields[i]->id);
    if (now == nullptr || iceberg::ToIcebergType(now->type) != iceberg::ToIcebergType(types[i])) continue;
    const auto nulls = meta.value_stats.null_counts[i];
    if (!nulls) continue;
    out.value_counts[now->id] = meta.row_count;
    out.null_counts[now->id] = *nulls;
    if (!least[i]->is_valid || !most[i]->is_valid) continue;
    out.lower_bounds[now->id] = iceberg::SingleValueBytes(PartitionValueOf(*least[i], types[i]));
    out.upper_bounds[now->id] = iceberg::SingleValueBytes(PartitionValueOf(*most[i], types[i]));
  }
  return Ok();
}

}  // namespace sluice::mirror
