// SPDX-License-Identifier: Apache-2.0
// Avro rows as Paimon's Java code writes them: a record of all columns; one that may be NULL is a union of null and its
// type; a timestamp without a zone is timestamp-millis or -micros, one with a zone local-timestamp-….
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
#include "lake/parquet/promote.h"
#include "lake/parquet/row_stats.h"
#include "row/arrow_status.h"

namespace sluice {
namespace {

constexpr size_t kBlockBytes = 64'000;  // Java's
constexpr char kNullBranch = 0, kValueBranch = 2;  // 0 and 1, zig-zag

bool IsName(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto part = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  return !name.empty() && letter(name[0]) && std::all_of(name.begin(), name.end(), part);
}

std::string Logical(std::string_view type, std::string_view logical) {
  return Str(R"({"type":")", type, R"(","logicalType":")", logical, R"("})");
}

std::string TypeJson(const WriteColumn& column) {
  const char* unit = column.IsMillis() ? "timestamp-millis" : "timestamp-micros";
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
    case TypeKind::kTimestamp: return Logical("long", unit);
    case TypeKind::kTimestampLtz: return Logical("long", Str("local-", unit));
    case TypeKind::kArray:
      return Str(R"({"type":"array","items":["null",)",
                 column.type.element == TypeKind::kFloat ? R"("float")" : R"("string")", "]}");
    default: return R"("string")";
  }
}

Result<std::string> SchemaJson(const std::vector<WriteColumn>& columns) {
  std::string out = R"({"type":"record","name":"record","namespace":"org.apache.paimon.avro.generated","fields":[)";
  for (const WriteColumn& column : columns) {
    if (!IsName(column.name)) {
      return Unsupported(Str("column ", column.name, " has a name that Avro files cannot have"),
                         "set the table option file.format to parquet or orc, or rename the column");
    }
    if (&column != columns.data()) out += ',';
    out += Str(R"({"name":")", column.name, R"(","type":)");
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
  bool required = false, millis = false;

  template <typename ArrayType>
  const ArrayType& As() const {
    return static_cast<const ArrayType&>(*array);
  }
  int64_t Time(int64_t micros) const { return millis ? FloorMillis(micros) : micros; }

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
      case arrow::Type::TIME64: return AppendAvroLong(out, Time(As<arrow::Time64Array>().Value(row)));
      case arrow::Type::TIMESTAMP: return AppendAvroLong(out, Time(As<arrow::TimestampArray>().Value(row)));
      case arrow::Type::FLOAT: return AppendLe(out, std::bit_cast<uint32_t>(As<arrow::FloatArray>().Value(row)));
      case arrow::Type::DOUBLE: return AppendLe(out, std::bit_cast<uint64_t>(As<arrow::DoubleArray>().Value(row)));
      case arrow::Type::STRING:
      case arrow::Type::BINARY: return AppendAvroBytes(out, As<arrow::BinaryArray>().GetView(row));
      case arrow::Type::DECIMAL128: return AppendDecimal(out, As<arrow::Decimal128Array>().GetValue(row));
      default: return AppendList(row, out);
    }
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
      cells.push_back({arrays.back().get(), arrays.back()->type_id(), column.required, column.IsMillis()});
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
