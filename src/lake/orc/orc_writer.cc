// SPDX-License-Identifier: Apache-2.0
// ORC by Arrow's writer, in the types that Paimon's Java code has: TIME as milliseconds in an INT, points in time as
// TIMESTAMP_INSTANT, and the fields' ids as the attribute paimon.id; and as iceberg.id, for Iceberg metadata beside the
// table.
#include <arrow/adapters/orc/adapter.h>
#include <arrow/array.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/bitmap_ops.h>
#include <arrow/util/byte_size.h>
#include <arrow/util/key_value_metadata.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "lake/orc/field_ids.h"
#include "lake/orc/old_times.h"
#include "lake/parquet/file_streams.h"
#include "lake/parquet/format_writer.h"
#include "lake/parquet/nested_check.h"
#include "lake/parquet/promote.h"
#include "lake/parquet/row_stats.h"
#include "row/arrow_status.h"
#include "row/nested_type.h"
#include "row/variant.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;

constexpr const char* kFieldId = "paimon.id";
constexpr double kDictionaryShare = 0.8;      // Java's: distinct values of all
constexpr int64_t kBlockBytes = 256 << 10;    // compressed together, as in Java
constexpr int64_t kPendingShare = 4;          // what a stripe that is open takes: of its cells' bytes a fourth

arrow::Compression::type CodecOf(const std::string& name) {
  if (name == "zstd") return arrow::Compression::ZSTD;
  if (name == "zlib") return arrow::Compression::GZIP;
  if (name == "snappy") return arrow::Compression::SNAPPY;
  if (name == "lz4") return arrow::Compression::LZ4;
  return arrow::Compression::UNCOMPRESSED;
}

std::shared_ptr<arrow::KeyValueMetadata> IdOf(int id) {
  return arrow::key_value_metadata({kFieldId, kIcebergFieldId}, {Str(id), Str(id)});
}

constexpr int kPartIds = 536870911, kIdsOfPart = 1024;  // SpecialFields of Paimon's Java code

TypePtr StoredNested(const DataType& type, int owner, int depth);

// `owner`: the field that a part is in; `depth`: how deep.
TypePtr StoredPart(const DataType& type, int owner, int depth) {
  switch (type.kind) {
    case TypeKind::kTinyInt: return arrow::int8();
    case TypeKind::kSmallInt: return arrow::int16();
    case TypeKind::kTime: return arrow::int32();
    case TypeKind::kArray: return StoredNested(type, owner, depth);
    default: return type.ToArrow();
  }
}

TypePtr StoredNested(const DataType& type, int owner, int depth) {
  const NestedType& nested = NestedOf(type);
  arrow::FieldVector fields;
  for (size_t i = 0; i < nested.parts.size(); ++i) {
    const NestedPart& part = nested.parts[i];
    const int shift = kIdsOfPart * owner + depth + 1;
    const bool row = nested.kind == NestedKind::kRow;
    const bool key = i == 0 && nested.kind != NestedKind::kArray;
    const int id = row ? part.id : key ? kPartIds - shift : kPartIds + shift;
    const char* name = nested.kind == NestedKind::kArray ? "item" : key ? "key" : "value";
    TypePtr stored = row ? StoredPart(part.type, part.id, 0) : StoredPart(part.type, owner, depth + 1);
    fields.push_back(arrow::field(row ? part.name : name, std::move(stored), row || !key, IdOf(id)));
  }
  if (nested.kind == NestedKind::kRow) return arrow::struct_(std::move(fields));
  if (nested.kind == NestedKind::kArray) return arrow::list(fields[0]);
  return std::make_shared<arrow::MapType>(fields[0], fields[1]);
}

// What Arrow's writer makes the column's ORC type of.
TypePtr StoredType(const WriteColumn& column) {
  if (IsNested(column.type)) return StoredNested(column.type, column.id, 0);
  switch (column.type.kind) {
    case TypeKind::kTinyInt: return arrow::int8();
    case TypeKind::kSmallInt: return arrow::int16();
    case TypeKind::kTime: return arrow::int32();
    case TypeKind::kArray:
      return arrow::list(arrow::field("item", column.type.ToArrow()->field(0)->type(), true, IdOf(column.element_id)));
    default: return column.type.ToArrow();
  }
}

int64_t FloorMillis(int64_t micros) { return micros / 1000 - (micros % 1000 < 0); }

// `Stored` of each cell's microseconds, NULL or not.
template <typename Stored, typename Convert>
ArrayPtr Converted(const arrow::Array& array, const TypePtr& type, Convert&& convert) {
  const auto* micros = array.data()->GetValues<int64_t>(1);
  std::vector<Stored> values(static_cast<size_t>(array.length()));
  for (size_t i = 0; i < values.size(); ++i) values[i] = convert(micros[i]);
  auto data = arrow::ArrayData::Make(type, array.length(), {array.null_bitmap(), nullptr}, array.null_count());
  data->buffers[1] = arrow::Buffer::FromVector(std::move(values));
  return arrow::MakeArray(data);
}

arrow::Result<ArrayPtr> ToStored(const ArrayPtr& array, const WriteColumn& column, const TypePtr& type);

// A cell of a ROW that is NULL, as NULL: what else stands there Arrow's writer takes for a cell of the next row, where
// ROWs are in each other. Without offsets.
arrow::Result<std::shared_ptr<arrow::ArrayData>> WithNullsOf(const arrow::ArrayData& row,
                                                             std::shared_ptr<arrow::ArrayData> part) {
  if (row.GetNullCount() == 0) return part;
  auto out = part->Copy();
  out->null_count = arrow::kUnknownNullCount;
  if (part->buffers[0] == nullptr) {
    out->buffers[0] = row.buffers[0];
    return out;
  }
  ARROW_ASSIGN_OR_RAISE(out->buffers[0],
                        arrow::internal::BitmapAnd(arrow::default_memory_pool(), part->buffers[0]->data(), 0,
                                                   row.buffers[0]->data(), 0, part->length, 0));
  return out;
}

// Part by part. `array` has no offset, and what is in it none either.
arrow::Result<ArrayPtr> ToStoredNested(const ArrayPtr& array, const DataType& type, const TypePtr& stored) {
  const NestedType& nested = NestedOf(type);
  auto data = array->data()->Copy();
  data->type = stored;
  auto* parts = data.get();  // whose children the parts are
  TypePtr holder = stored;
  if (nested.kind == NestedKind::kMap || nested.kind == NestedKind::kMultiset) {
    data->child_data[0] = data->child_data[0]->Copy();
    parts = data->child_data[0].get();
    holder = stored->field(0)->type();
    parts->type = holder;
  }
  for (size_t i = 0; i < nested.parts.size(); ++i) {
    WriteColumn part;
    part.type = nested.parts[i].type;
    part.style = ParquetStyle::kPaimon;
    const TypePtr& wanted = holder->field(static_cast<int>(i))->type();
    auto& cells = parts->child_data[i];
    if (nested.kind == NestedKind::kRow) {
      ARROW_ASSIGN_OR_RAISE(cells, WithNullsOf(*parts, std::move(cells)));
    }
    ARROW_ASSIGN_OR_RAISE(const auto made, ToStored(arrow::MakeArray(cells), part, wanted));
    parts->child_data[i] = made->data();
  }
  return arrow::MakeArray(data);
}

// `array`: whole, of the column's type. Times in a type of few digits lose what it does not keep, as in each format.
arrow::Result<ArrayPtr> ToStored(const ArrayPtr& array, const WriteColumn& column, const TypePtr& type) {
  if (column.type.kind == TypeKind::kArray) return ToStoredNested(array, column.type, type);
  if (column.type.kind == TypeKind::kTime) {
    return Converted<int32_t>(*array, type, [](int64_t micros) { return static_cast<int32_t>(FloorMillis(micros)); });
  }
  if (column.IsMillis()) {
    return Converted<int64_t>(*array, type, [](int64_t micros) { return FloorMillis(micros) * 1000; });
  }
  if (array->type()->Equals(*type)) return array;
  return arrow::compute::Cast(*array, type);
}

class OrcWriter final : public FormatWriter {
 public:
  OrcWriter(std::string path, std::vector<WriteColumn> columns, ParquetOptions options)
      : path_(std::move(path)),
        columns_(std::move(columns)),
        options_(std::move(options)),
        stats_(columns_, options_.modes) {}
  ~OrcWriter() override {
    if (sink_ != nullptr) sink_->Abandon();  // its destructor may write
  }

  Status Open(Env& env) {
    std::vector<std::shared_ptr<arrow::Field>> fields;
    for (const WriteColumn& column : columns_) {
      if (HasVariant(column.type)) {
        return Unsupported(Str("column ", column.name, " is ", column.TypeName(), ", and ORC files have no VARIANT"),
                           "set the table option file.format to parquet");
      }
      fields.push_back(arrow::field(column.name, StoredType(column), true, IdOf(column.id)));
    }
    schema_ = arrow::schema(std::move(fields));
    TRY_SET(auto file, env.NewFile(path_));
    sink_ = std::make_shared<EnvOutputStream>(std::move(file));
    arrow::adapters::orc::WriteOptions options;
    options.compression = CodecOf(options_.codec);
    options.compression_block_size = kBlockBytes;
    options.stripe_size = options_.row_group_bytes;
    options.dictionary_key_size_threshold = kDictionaryShare;
    return Guard([&]() -> Status {
      ARROW_TRY_SET(writer_, arrow::adapters::orc::ORCFileWriter::Open(sink_.get(), options));
      return Ok();
    });
  }

  Status Append(const arrow::RecordBatch& batch, std::span<const uint32_t> rows) override {
    if (rows.empty()) return Ok();
    return Guard([&] { return Write(batch, rows); });
  }

  int64_t bytes() const override { return sink_->position() + pending_ / kPendingShare; }

  Result<WrittenFile> Close() override {
    WrittenFile file;
    TRY(Guard([&]() -> Status {
      if (rows_ == 0) {  // the types are written with the first rows
        ARROW_TRY_SET(const auto none, arrow::RecordBatch::MakeEmpty(schema_));
        ARROW_TRY(writer_->Write(*none));
      }
      ARROW_TRY(writer_->Close());
      return sink_->Finish(options_.sync);
    }));
    file.rows = rows_;
    file.size = sink_->position();
    file.columns = stats_.Finish();
    error_ = Invalid(Str(path_, " is closed"));
    return file;
  }

 private:
  Status Write(const arrow::RecordBatch& batch, std::span<const uint32_t> rows) {
    TRY(CheckColumns(batch, columns_.size()));
    if (const WriteColumn* column = ColumnBeyondOrc(columns_, batch)) {
      return Unsupported(Str("column ", column->name, ": a time before 1970 with a fraction of a second, or far from "
                             "today inside of a cell, cannot be written to an ORC file"),
                         "set the table option file.format to parquet or avro");
    }
    const arrow::UInt32Array chosen(
        static_cast<int64_t>(rows.size()),
        arrow::Buffer::Wrap(reinterpret_cast<const uint8_t*>(rows.data()), static_cast<int64_t>(rows.size_bytes())));
    std::vector<ArrayPtr> arrays;
    for (size_t i = 0; i < columns_.size(); ++i) {
      TRY_SET(ArrayPtr cells, PromotedColumn(batch, i, columns_[i]));
      TRY(stats_.Add(i, *cells, rows));
      if (IsNested(columns_[i].type)) TRY(CheckParts(columns_[i], *cells, rows));
      ARROW_TRY_SET(cells, arrow::compute::Take(*cells, chosen, arrow::compute::TakeOptions::NoBoundsCheck()));
      ARROW_TRY_SET(cells, ToStored(cells, columns_[i], schema_->field(static_cast<int>(i))->type()));
      pending_ += arrow::util::ReferencedBufferSize(*cells).ValueOr(0);
      arrays.push_back(std::move(cells));
    }
    const int64_t before = sink_->position();
    ARROW_TRY(writer_->Write(*arrow::RecordBatch::Make(schema_, static_cast<int64_t>(rows.size()), std::move(arrays))));
    rows_ += static_cast<int64_t>(rows.size());
    if (sink_->position() != before) pending_ = 0;  // a stripe is complete
    return Ok();
  }

  // Runs Arrow's code; exceptions end here. After an error only that error is given.
  template <typename Action>
  Status Guard(Action&& action) {
    if (error_) return *error_;
    Status status;
    try {
      status = action();
    } catch (const std::exception& error) {
      status = Unavailable(error.what());
    }
    if (status.ok()) return Ok();
    error_ = sink_->error() ? *sink_->error() : std::move(status).error().With(Str("write ", path_));
    return *error_;
  }

  const std::string path_;
  const std::vector<WriteColumn> columns_;
  const ParquetOptions options_;
  RowStats stats_;
  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<EnvOutputStream> sink_;
  std::unique_ptr<arrow::adapters::orc::ORCFileWriter> writer_;
  int64_t rows_ = 0;
  int64_t pending_ = 0;  // bytes of the cells that no stripe has yet
  std::optional<Error> error_;
};

}  // namespace

Result<std::unique_ptr<FormatWriter>> OpenOrcWriter(Env& env, const std::string& path, std::vector<WriteColumn> columns,
                                                    ParquetOptions options) {
  auto writer = std::make_unique<OrcWriter>(path, std::move(columns), std::move(options));
  TRY(writer->Open(env));
  return std::unique_ptr<FormatWriter>(std::move(writer));
}

}  // namespace sluice
