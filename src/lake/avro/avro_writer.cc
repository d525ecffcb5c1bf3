// SPDX-License-Identifier: Apache-2.0
// Avro rows as Paimon's Java code writes them: a record of all columns; one that may be NULL is a union of null and its
// type. Two things are as Iceberg's readers need them, and Paimon's take them: fields have ids, and each timestamp is
// timestamp-micros, with adjust-to-utc; Java writes timestamp-millis too, and local-timestamp-… for those with a zone.
#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/text.h"
#include "format/avro/blocks.h"
#include "lake/parquet/file_streams.h"
#include "lake/parquet/format_writer.h"
#include "lake/parquet/nested_check.h"
#include "lake/parquet/promote.h"
#include "lake/parquet/row_stats.h"
#include "row/arrow_status.h"
#include "row/nested_type.h"
#include "row/timestamp.h"
#include "row/variant.h"

namespace sluice {
namespace {

constexpr size_t kBlockBytes = 64'000;  // Java's
constexpr int kReservedIds = 2147483447;  // from here on Iceberg's own: a row's position, not Paimon's kind of a row
constexpr char kNullBranch = 0, kValueBranch = 2;  // 0 and 1, zig-zag

bool IsName(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto part = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  return !name.empty() && letter(name[0]) && std::all_of(name.begin(), name.end(), part);
}

std::string Logical(std::string_view type, std::string_view logical) {
  return Str(R"({"type":")", type, R"(","logicalType":")", logical, R"("})");
}

// `name`: of the record that the column would be.
std::string NestedJson(const WriteColumn& column, const std::string& name);

std::string TimestampJson(bool zoned) {
  return Str(R"({"type":"long","logicalType":"timestamp-micros","adjust-to-utc":)", zoned ? "true}" : "false}");
}

std::string TypeJson(const WriteColumn& column) {
  switch (column.type.kind) {
    case TypeKind::kBoolean: return R"("boolean")";
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt: return R"("int")";
    case TypeKind::kBigInt: return R"("long")";
    case TypeKind::kFloat: return R"("float")";
    case TypeKind::kDouble: return R"("double")";
    case TypeKind::kDecimal:
      return Str(R"({"type":"bytes","logicalType":"decimal","precision":)", column.type.precision, R"(,"scale":)",
                 column.type.scale, "}");
    case TypeKind::kBinary:
    case TypeKind::kVarBinary:
    case TypeKind::kBytes: return R"("bytes")";
    case TypeKind::kDate: return Logical("int", "date");
    case TypeKind::kTime: return Logical("int", "time-millis");
    case TypeKind::kTimestamp: return TimestampJson(/*zoned=*/false);
    case TypeKind::kTimestampLtz: return TimestampJson(/*zoned=*/true);
    case TypeKind::kArray:
      if (IsNested(column.type)) return NestedJson(column, Str("record_", column.name));
      return Str(R"({"type":"array","items":["null",)",
                 column.type.element == TypeKind::kFloat ? R"("float")" : R"("string")", R"(],"element-id":)",
                 column.element_id, "}");
    default: return R"("string")";
  }
}

bool IsTextMap(const NestedType& nested) {
  const TypeKind key = nested.parts[0].type.kind;
  return nested.kind != NestedKind::kArray && nested.kind != NestedKind::kRow &&
         (key == TypeKind::kString || key == TypeKind::kVarChar || key == TypeKind::kChar);
}

WriteColumn PartOf(const WriteColumn& column, const DataType& type) {
  WriteColumn part;
  part.name = column.name;
  part.type = type;
  part.required = !type.nullable;
  part.style = column.style;
  return part;
}

std::string PartJson(const WriteColumn& column, const DataType& type, const std::string& name) {
  const WriteColumn part = PartOf(column, type);
  const std::string json = IsNested(type) ? NestedJson(part, name) : TypeJson(part);
  return part.required ? json : Str(R"(["null",)", json, "]");
}

// Records have names that no other one of the file has: those of the fields that they are in.
std::string NestedJson(const WriteColumn& column, const std::string& name) {
  const NestedType& nested = NestedOf(column.type);
  if (nested.kind == NestedKind::kArray) {
    return Str(R"({"type":"array","items":)", PartJson(column, nested.parts[0].type, name), "}");
  }
  if (IsTextMap(nested)) {
    return Str(R"({"type":"map","values":)", PartJson(column, nested.parts[1].type, name), "}");
  }
  const bool row = nested.kind == NestedKind::kRow;
  std::string out = Str(R"({"type":"record","name":")", name, row ? "" : "_entry", R"(","fields":[)");
  for (size_t i = 0; i < nested.parts.size(); ++i) {
    const NestedPart& part = nested.parts[i];
    const std::string field = row ? part.name : i == 0 ? "key" : "value";
    if (i > 0) out += ',';
    out += Str(R"({"name":")", field, R"(","type":)", PartJson(column, part.type, Str(name, "_", field)), "}");
  }
  out += "]}";
  return row ? out : Str(R"({"type":"array","logicalType":"map","items":)", out, "}");
}

// Java's Avro has no more digits.
const DataType* TimeBeyondAvro(const DataType& type) {
  if (HasNanos(type)) return &type;
  if (!IsNested(type)) return nullptr;
  for (const NestedPart& part : NestedOf(type).parts) {
    if (const DataType* found = TimeBeyondAvro(part.type)) return found;
  }
  return nullptr;
}

// Of a column and of all fields in it.
bool HasAvroNames(const std::string& name, const DataType& type) {
  if (!IsName(name)) return false;
  if (!IsNested(type)) return true;
  const auto& parts = NestedOf(type).parts;
  return std::all_of(parts.begin(), parts.end(), [](const NestedPart& part) {
    return HasAvroNames(part.name.empty() ? "x" : part.name, part.type);
  });
}

Result<std::string> SchemaJson(const std::vector<WriteColumn>& columns) {
  std::string out = R"({"type":"record","name":"record","namespace":"org.apache.paimon.avro.generated","fields":[)";
  for (const WriteColumn& column : columns) {
    if (!HasAvroNames(column.name, column.type)) {
      return Unsupported(Str("column ", column.name, " has a name that Avro files cannot have"),
                         "set the table option file.format to parquet or orc, or rename the column");
    }
    if (HasVariant(column.type)) {
      return Unsupported(Str("column ", column.name, " is ", column.TypeName(), ", and Avro files have no VARIANT"),
                         "set the table option file.format to parquet");
    }
    if (const DataType* time = TimeBeyondAvro(column.type)) {
      return Unsupported(Str("column ", column.name, " has times of type ", time->ToString(), ", and Avro files have "
                             "none of more than 6 digits"),
                         "set the table option file.format to parquet or orc");
    }
    if (&column != columns.data()) out += ',';
    out += Str(R"({"name":")", column.name, R"(",)");
    if (column.id < kReservedIds) out += Str(R"("field-id":)", column.id, ',');
    out += R"("type":)";
    out += column.required ? TypeJson(column) : Str(R"(["null",)", TypeJson(column), R"(],"default":null)");
    out += '}';
  }
  return out + "]}";
}

int64_t FloorMillis(int64_t micros) { return micros / 1000 - (micros % 1000 < 0); }

void AppendDecimal(std::string& out, const uint8_t* little_endian) {
  char bytes[16];
  std::reverse_copy(little_endian, little_endian + 16, reinterpret_cast<uint8_t*>(bytes));
  AppendAvroBytes(out, MinimalBigEndian({bytes, sizeof bytes}));
}

// Cells of an array, whose type is known to be that of its column.
struct Cells {
  const arrow::Array* array = nullptr;
  arrow::Type::type type = arrow::Type::NA;
  bool required = false, millis = false;  // millis: of times, no more digits
  const WriteColumn* nested = nullptr;  // the column, if it is nested

  static Cells Of(const arrow::Array& array, const WriteColumn& column) {
    return {&array, array.type_id(), column.required, column.IsMillis(), IsNested(column.type) ? &column : nullptr};
  }

  template <typename ArrayType>
  const ArrayType& As() const {
    return static_cast<const ArrayType&>(*array);
  }

  void Append(int64_t row, std::string& out) const {
    if (array->IsNull(row)) {
      out += kNullBranch;
      return;
    }
    if (!required) out += kValueBranch;
    switch (type) {
      case arrow::Type::BOOL: out += static_cast<char>(As<arrow::BooleanArray>().Value(row)); return;
      case arrow::Type::INT32: return AppendAvroLong(out, As<arrow::Int32Array>().Value(row));
      case arrow::Type::DATE32: return AppendAvroLong(out, As<arrow::Date32Array>().Value(row));
      case arrow::Type::INT64: return AppendAvroLong(out, As<arrow::Int64Array>().Value(row));
      case arrow::Type::TIME64: return AppendAvroLong(out, FloorMillis(As<arrow::Time64Array>().Value(row)));
      case arrow::Type::TIMESTAMP: {
        const int64_t micros = As<arrow::TimestampArray>().Value(row);
        return AppendAvroLong(out, millis ? FloorMillis(micros) * 1000 : micros);
      }
      case arrow::Type::FLOAT: return AppendLe(out, std::bit_cast<uint32_t>(As<arrow::FloatArray>().Value(row)));
      case arrow::Type::DOUBLE: return AppendLe(out, std::bit_cast<uint64_t>(As<arrow::DoubleArray>().Value(row)));
      case arrow::Type::STRING:
      case arrow::Type::BINARY: return AppendAvroBytes(out, As<arrow::BinaryArray>().GetView(row));
      case arrow::Type::DECIMAL128: return AppendDecimal(out, As<arrow::Decimal128Array>().GetValue(row));
      default: return nested == nullptr ? AppendList(row, out) : AppendNested(row, out);
    }
  }

  static void AppendPart(const WriteColumn& column, const DataType& part, const arrow::Array& cells, int64_t row,
                         std::string& out) {
    const WriteColumn own = PartOf(column, part);
    Of(cells, own).Append(row, out);
  }

  void AppendNested(int64_t row, std::string& out) const {
    const NestedType& shape = NestedOf(nested->type);
    if (shape.kind == NestedKind::kRow) {
      const auto& fields = As<arrow::StructArray>();
      for (size_t i = 0; i < shape.parts.size(); ++i) {
        AppendPart(*nested, shape.parts[i].type, *fields.field(static_cast<int>(i)), row, out);
      }
      return;
    }
    const auto& list = As<arrow::ListArray>();  // a map is one too
    if (list.value_length(row) > 0) AppendAvroLong(out, list.value_length(row));
    for (int64_t i = list.value_offset(row); i < list.value_offset(row + 1); ++i) {
      if (shape.kind == NestedKind::kArray) {
        AppendPart(*nested, shape.parts[0].type, *list.values(), i, out);
        continue;
      }
      const auto& entries = static_cast<const arrow::StructArray&>(*list.values());
      const DataType& key = shape.parts[0].type;  // never NULL, so that it is in no union
      AppendPart(*nested, key, *entries.field(0), i, out);
      AppendPart(*nested, shape.parts[1].type, *entries.field(1), i, out);
    }
    AppendAvroLong(out, 0);
  }

  void AppendList(int64_t row, std::string& out) const {
    const auto& list = As<arrow::ListArray>();
    const Cells items{list.values().get(), list.values()->type_id(), false, false};
    if (list.value_length(row) > 0) AppendAvroLong(out, list.value_length(row));
    for (int64_t i = list.value_offset(row); i < list.value_offset(row + 1); ++i) items.Append(i, out);
    AppendAvroLong(out, 0);
  }
};

class AvroWriter final : public FormatWriter {
 public:
  AvroWriter(std::string path, std::vector<WriteColumn> columns, ParquetOptions options)
      : path_(std::move(path)),
        columns_(std::move(columns)),
        options_(std::move(options)),
        stats_(columns_, options_.modes) {}

  Status Open(Env& env) {
    auto schema = SchemaJson(columns_);
    if (!schema.ok()) return std::move(schema).error().With(Str("write ", path_));
    TRY_SET(auto file, env.NewFile(path_));
    sink_ = std::make_unique<EnvOutputStream>(std::move(file));
    format_ = std::make_unique<AvroBlockWriter>(*schema, options_.codec, options_.codec_level, env.Random(),
                                                env.Random());
    return Put(format_->Head());
  }

  Status Append(const arrow::RecordBatch& batch, std::span<const uint32_t> rows) override {
    if (error_) return *error_;
    Status status = AppendRows(batch, rows);
    return status.ok() ? Ok() : Fail(std::move(status));
  }

  int64_t bytes() const override { return sink_->position() + static_cast<int64_t>(block_.size()) / 2; }

  Result<WrittenFile> Close() override {
    if (error_) return *error_;
    Status status = EndBlock();
    if (status.ok()) status = sink_->Finish(options_.sync);
    if (!status.ok()) TRY(Fail(std::move(status)));
    WrittenFile file;
    file.rows = rows_;
    file.size = sink_->position();
    file.columns = stats_.Finish();
    error_ = Invalid(Str(path_, " is closed"));
    return file;
  }

 private:
  Status AppendRows(const arrow::RecordBatch& batch, std::span<const uint32_t> rows) {
    TRY(CheckColumns(batch, columns_.size()));
    std::vector<std::shared_ptr<arrow::Array>> arrays;
    std::vector<Cells> cells;
    for (size_t i = 0; i < columns_.size(); ++i) {
      const WriteColumn& column = columns_[i];
      TRY_SET(arrays.emplace_back(), PromotedColumn(batch, i, column));
      TRY(stats_.Add(i, *arrays.back(), rows));
      if (IsNested(column.type)) TRY(CheckParts(column, *arrays.back(), rows));
      cells.push_back(Cells::Of(*arrays.back(), column));
    }
    for (uint32_t row : rows) {
      for (const Cells& cell : cells) cell.Append(row, block_);
      ++block_rows_;
      if (block_.size() >= kBlockBytes) TRY(EndBlock());
    }
    rows_ += static_cast<int64_t>(rows.size());
    return Ok();
  }

  Status EndBlock() {
    if (block_rows_ == 0) return Ok();
    TRY_SET(const std::string block, format_->Block(block_rows_, block_));
    block_.clear();
    block_rows_ = 0;
    return Put(block);
  }

  Status Put(std::string_view bytes) {
    const auto status = sink_->Write(bytes.data(), static_cast<int64_t>(bytes.size()));
    if (status.ok()) return Ok();
    return sink_->error() ? *sink_->error() : FromArrow(status);
  }

  // From now on only that error is given.
  Status Fail(Status status) {
    error_ = sink_->error() ? *sink_->error() : std::move(status).error().With(Str("write ", path_));
    return *error_;
  }

  const std::string path_;
  const std::vector<WriteColumn> columns_;
  const ParquetOptions options_;
  RowStats stats_;
  std::unique_ptr<EnvOutputStream> sink_;
  std::unique_ptr<AvroBlockWriter> format_;
  std::string block_;
  int64_t block_rows_ = 0;
  int64_t rows_ = 0;
  std::optional<Error> error_;
};

}  // namespace

Result<std::unique_ptr<FormatWriter>> OpenAvroWriter(Env& env, const std::string& path,
                                                     std::vector<WriteColumn> columns, ParquetOptions options) {
  auto writer = std::make_unique<AvroWriter>(path, std::move(columns), std::move(options));
  TRY(writer->Open(env));
  return std::unique_ptr<FormatWriter>(std::move(writer));
}

}  // namespace sluice
