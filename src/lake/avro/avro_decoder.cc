// SPDX-License-Identifier: Apache-2.0
// Avro rows as Paimon's Java code writes them: columns by name, each a type or a union of it and null. What the table
// says of a time's zone counts: Paimon calls those without a zone timestamp, those with one local-timestamp.
#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "base/text.h"
#include "format/avro/blocks.h"
#include "lake/parquet/file_decoder.h"
#include "lake/parquet/file_streams.h"
#include "row/arrow_status.h"
#include "row/nested_type.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;

constexpr int kMissing = -1;
constexpr int kNoNull = -1;
constexpr int kDecimalDigitsMax = 38;

// A type, or a union of it and null.
struct Nullable {
  const AvroType* type = nullptr;
  int null_branch = kNoNull;  // number of null in the union
};

Result<Nullable> NullableOf(const AvroType& type, const std::string& name) {
  Nullable out{&type};
  if (type.kind != AvroKind::kUnion) return out;
  for (size_t i = 0; i < type.parts.size() && type.parts.size() == 2; ++i) {
    if (type.parts[i]->kind != AvroKind::kNull) continue;
    out.null_branch = static_cast<int>(i);
    out.type = type.parts[1 - i].get();
  }
  if (out.null_branch != kNoNull && out.type->kind != AvroKind::kUnion) return out;
  return Unsupported(Str("column ", name, " is a union of other types than one and null"));
}

// The type of a part of a column; one that does not fit is found when the types are compared.
DataType PartOf(const DataType& wanted, size_t part) {
  if (wanted.kind != TypeKind::kArray) return DataType();
  const auto& parts = NestedOf(wanted).parts;
  return part < parts.size() ? parts[part].type : DataType();
}

DataType PartOf(const DataType& wanted, const std::string& name) {
  if (wanted.kind != TypeKind::kArray) return DataType();
  for (const NestedPart& part : NestedOf(wanted).parts) {
    if (part.name == name) return part.type;
  }
  return DataType();
}

// Maps whose keys are no texts: arrays of records of a key and a value.
bool IsEntries(const AvroType& type) {
  return type.kind == AvroKind::kArray && type.logical_type == "map" && type.parts[0]->kind == AvroKind::kRecord &&
         type.parts[0]->fields.size() == 2;
}

Result<TypePtr> ArrowTypeOf(const AvroType& type, const DataType& wanted, const std::string& name);

Result<TypePtr> PartTypeOf(const AvroType& type, const DataType& wanted, const std::string& name) {
  TRY_SET(const Nullable part, NullableOf(type, name));
  return ArrowTypeOf(*part.type, wanted, name);
}

Result<TypePtr> NestedTypeOf(const AvroType& type, const DataType& wanted, const std::string& name) {
  if (type.kind == AvroKind::kMap) {
    TRY_SET(TypePtr value, PartTypeOf(*type.parts[0], PartOf(wanted, 1), name));
    return arrow::map(arrow::utf8(), std::move(value));
  }
  if (IsEntries(type)) {
    const auto& fields = type.parts[0]->fields;
    TRY_SET(TypePtr key, PartTypeOf(*fields[0].type, PartOf(wanted, 0), name));
    TRY_SET(TypePtr value, PartTypeOf(*fields[1].type, PartOf(wanted, 1), name));
    return arrow::map(std::move(key), std::move(value));
  }
  if (type.kind == AvroKind::kArray) {
    TRY_SET(TypePtr element, PartTypeOf(*type.parts[0], PartOf(wanted, 0), name));
    return arrow::list(std::move(element));
  }
  arrow::FieldVector fields;
  for (const AvroField& field : type.fields) {
    TRY_SET(TypePtr made, PartTypeOf(*field.type, PartOf(wanted, field.name), name));
    fields.push_back(arrow::field(field.name, std::move(made)));
  }
  return arrow::struct_(std::move(fields));
}

Result<TypePtr> ArrowTypeOf(const AvroType& type, const DataType& wanted, const std::string& name) {
  const auto clock = [&](arrow::TimeUnit::type unit) -> TypePtr {
    return wanted.kind == TypeKind::kTimestampLtz ? arrow::timestamp(unit, "UTC") : arrow::timestamp(unit);
  };
  const std::string& logical = type.logical_type;
  if (logical == "decimal" && (type.kind == AvroKind::kBytes || type.kind == AvroKind::kFixed)) {
    auto made = arrow::Decimal128Type::Make(type.precision, type.scale);
    if (!made.ok()) return Unsupported(Str("column ", name, ": ", made.status().message()));
    return *made;
  }
  switch (type.kind) {
    case AvroKind::kBoolean: return arrow::boolean();
    case AvroKind::kInt:
      if (logical == "date") return arrow::date32();
      return logical == "time-millis" ? arrow::time32(arrow::TimeUnit::MILLI) : arrow::int32();
    case AvroKind::kLong:
      if (logical.ends_with("timestamp-millis")) return clock(arrow::TimeUnit::MILLI);
      if (logical.ends_with("timestamp-micros")) return clock(arrow::TimeUnit::MICRO);
      return logical == "time-micros" ? arrow::time64(arrow::TimeUnit::MICRO) : arrow::int64();
    case AvroKind::kFloat: return arrow::float32();
    case AvroKind::kDouble: return arrow::float64();
    case AvroKind::kString: return arrow::utf8();
    case AvroKind::kBytes:
    case AvroKind::kFixed: return arrow::binary();
    case AvroKind::kArray:
    case AvroKind::kMap:
    case AvroKind::kRecord: return NestedTypeOf(type, wanted, name);
    default: return Unsupported(Str("column ", name, " is an enum or union in the Avro file"));
  }
}

// Appends values of one type to its builder.
class Cell {
 public:
  Cell(Nullable from, arrow::ArrayBuilder& builder) : from_(from), builder_(&builder) {
    const AvroType& type = *from.type;
    if (builder.type()->id() == arrow::Type::MAP) {
      auto& map = static_cast<arrow::MapBuilder&>(builder);
      const bool texts = type.kind == AvroKind::kMap;
      if (!texts) AddPart(*type.parts[0]->fields[0].type, *map.key_builder());
      AddPart(texts ? *type.parts[0] : *type.parts[0]->fields[1].type, *map.item_builder());
    } else if (type.kind == AvroKind::kArray) {
      AddPart(*type.parts[0], *static_cast<arrow::ListBuilder&>(builder).value_builder());
    } else if (type.kind == AvroKind::kRecord) {
      auto& row = static_cast<arrow::StructBuilder&>(builder);
      for (int i = 0; i < row.num_fields(); ++i) {
        AddPart(*type.fields[static_cast<size_t>(i)].type, *row.field_builder(i));
      }
    }
  }

  Status Take(ByteReader& reader) {
    if (from_.null_branch != kNoNull) {
      const int64_t branch = ReadAvroLong(reader);
      if (branch != 0 && branch != 1) return Corrupt(Str("avro: union branch ", branch, " does not exist"));
      if (branch == from_.null_branch) return sluice::ToStatus(builder_->AppendNull());
    }
    TRY(Value(reader));
    return reader.ok() ? Ok() : Status(Corrupt("avro: record cut off"));
  }

 private:
  // The types were looked at when the column was chosen.
  void AddPart(const AvroType& type, arrow::ArrayBuilder& builder) {
    parts_.push_back(std::make_unique<Cell>(*NullableOf(type, ""), builder));
  }

  template <typename Builder, typename T>
  Status Put(T value) {
    return sluice::ToStatus(static_cast<Builder*>(builder_)->Append(value));
  }

  Status Value(ByteReader& reader) {
    switch (builder_->type()->id()) {
      case arrow::Type::BOOL: return Put<arrow::BooleanBuilder>(reader.U8() != 0);
      case arrow::Type::INT32: return Put<arrow::Int32Builder>(static_cast<int32_t>(ReadAvroLong(reader)));
      case arrow::Type::DATE32: return Put<arrow::Date32Builder>(static_cast<int32_t>(ReadAvroLong(reader)));
      case arrow::Type::TIME32: return Put<arrow::Time32Builder>(static_cast<int32_t>(ReadAvroLong(reader)));
      case arrow::Type::INT64: return Put<arrow::Int64Builder>(ReadAvroLong(reader));
      case arrow::Type::TIME64: return Put<arrow::Time64Builder>(ReadAvroLong(reader));
      case arrow::Type::TIMESTAMP: return Put<arrow::TimestampBuilder>(ReadAvroLong(reader));
      case arrow::Type::FLOAT: return Put<arrow::FloatBuilder>(std::bit_cast<float>(reader.U32()));
      case arrow::Type::DOUBLE: return Put<arrow::DoubleBuilder>(std::bit_cast<double>(reader.U64()));
      case arrow::Type::STRING: return Put<arrow::StringBuilder>(Bytes(reader));
      case arrow::Type::BINARY: return Put<arrow::BinaryBuilder>(Bytes(reader));
      case arrow::Type::DECIMAL128: return Decimal(Bytes(reader));
      case arrow::Type::STRUCT: return Row(reader);
      case arrow::Type::MAP: return Map(reader);
      default: return List(reader);
    }
  }

  std::string_view Bytes(ByteReader& reader) const {
    if (from_.type->kind == AvroKind::kFixed) return reader.Bytes(from_.type->fixed_size);
    const int64_t size = ReadAvroLong(reader);
    return reader.Bytes(size < 0 ? reader.remaining() + 1 : static_cast<size_t>(size));
  }

  Status Decimal(std::string_view bytes) {
    auto value = arrow::Decimal128::FromBigEndian(reinterpret_cast<const uint8_t*>(bytes.data()),
                                                  static_cast<int32_t>(bytes.size()));
    const int digits = std::clamp(from_.type->precision, 1, kDecimalDigitsMax);
    if (!value.ok() || !value->FitsInPrecision(digits)) return Corrupt("avro: a decimal has too many digits");
    return Put<arrow::Decimal128Builder>(*value);
  }

  // Of an array or a map: what each item takes.
  template <typename Item>
  Status Items(ByteReader& reader, Item&& item) {
    while (true) {
      TRY_SET(const int64_t count, ReadAvroBlockCount(reader));
      if (!reader.ok() || count == 0) return Ok();
      for (int64_t i = 0; i < count; ++i) TRY(item());
    }
  }

  Status List(ByteReader& reader) {
    ARROW_TRY(static_cast<arrow::ListBuilder*>(builder_)->Append());
    return Items(reader, [&] { return parts_[0]->Take(reader); });
  }

  Status Map(ByteReader& reader) {
    auto& map = *static_cast<arrow::MapBuilder*>(builder_);
    ARROW_TRY(map.Append());
    return Items(reader, [&]() -> Status {
      if (parts_.size() == 1) {
        const int64_t size = ReadAvroLong(reader);
        const auto key = reader.Bytes(size < 0 ? reader.remaining() + 1 : static_cast<size_t>(size));
        ARROW_TRY(static_cast<arrow::StringBuilder*>(map.key_builder())->Append(key));
        return parts_[0]->Take(reader);
      }
      TRY(parts_[0]->Take(reader));
      if (map.key_builder()->null_count() > 0) return Corrupt("avro: a map's key is null");
      return parts_[1]->Take(reader);
    });
  }

  Status Row(ByteReader& reader) {
    ARROW_TRY(static_cast<arrow::StructBuilder*>(builder_)->Append());
    for (const auto& part : parts_) TRY(part->Take(reader));
    return Ok();
  }

  const Nullable from_;
  arrow::ArrayBuilder* const builder_;
  std::vector<std::unique_ptr<Cell>> parts_;
};

class AvroDecoder final : public FileDecoder {
 public:
  AvroDecoder(FileSourcePtr source, const DecodeLimits& limits) : source_(std::move(source)), limits_(limits) {}

  Result<std::vector<TypePtr>> Choose(const std::vector<FileColumn>& wanted) override {
    ARROW_TRY_SET(const int64_t bytes, source_->GetSize());
    const auto read = [source = source_](int64_t offset, int64_t count) -> Result<std::string> {
      std::string out(static_cast<size_t>(count), '\0');
      ARROW_TRY_SET(const int64_t got, source->ReadAt(offset, count, out.data()));
      out.resize(static_cast<size_t>(got));
      return out;
    };
    TRY_SET(auto blocks, AvroBlockReader::Open(read, bytes));
    blocks_ = std::make_unique<AvroBlockReader>(std::move(blocks));
    TRY_SET(const Nullable row, NullableOf(*blocks_->schema(), "of the rows"));
    if (row.type->kind != AvroKind::kRecord) return Unsupported("avro: the file has no records");
    row_ = row;
    cells_.resize(row.type->fields.size());
    builders_.resize(cells_.size());
    std::vector<TypePtr> types;
    for (const FileColumn& column : wanted) {
      TRY_SET(TypePtr type, ChooseColumn(column));
      types.push_back(std::move(type));
    }
    return types;
  }

  Status Next(DecodedRows& out) override {
    out.count = 0;
    out.columns.clear();
    const size_t limit = static_cast<size_t>(limits_.batch_bytes);
    for (size_t bytes = 0; out.count < limits_.batch_rows && bytes < limit; ++out.count) {
      while (left_ == 0) {
        TRY_SET(const bool more, NextBlock());
        if (!more) return Finish(out);
      }
      const size_t before = reader_.remaining();
      TRY(TakeRow());
      bytes += before - reader_.remaining();
      --left_;
    }
    return Finish(out);
  }

 private:
  Result<TypePtr> ChooseColumn(const FileColumn& column) {
    const std::string& name = column.stored_name.value_or(column.name);
    const auto& fields = row_.type->fields;
    const auto named = [&](const AvroField& field) { return field.name == name; };
    const auto found = std::find_if(fields.begin(), fields.end(), named);
    if (found == fields.end()) {
      places_.push_back(kMissing);
      return TypePtr();
    }
    const auto place = static_cast<size_t>(found - fields.begin());
    places_.push_back(static_cast<int>(place));
    TRY_SET(const Nullable from, NullableOf(*found->type, column.name));
    TRY_SET(TypePtr type, ArrowTypeOf(*from.type, column.type, column.name));
    if (cells_[place] == nullptr) {
      ARROW_TRY_SET(builders_[place], arrow::MakeBuilder(type));
      cells_[place] = std::make_unique<Cell>(from, *builders_[place]);
    }
    return type;
  }

  Result<bool> NextBlock() {
    if (reader_.remaining() != 0) return Corrupt("avro: bytes left after a block's records");
    TRY_SET(const bool more, blocks_->Next(block_));
    if (!more) return false;
    reader_ = ByteReader(block_.bytes);
    left_ = block_.records;
    // Passed-over values of a record or map take a byte at least, save null and empty ones.
    budget_ = static_cast<int64_t>(block_.bytes.size()) * 2 + 1000;
    return true;
  }

  Status TakeRow() {
    if (row_.null_branch != kNoNull && ReadAvroLong(reader_) == row_.null_branch) return Corrupt("avro: a row is null");
    for (size_t i = 0; i < cells_.size(); ++i) {
      TRY(cells_[i] != nullptr ? cells_[i]->Take(reader_) : SkipAvro(reader_, *row_.type->fields[i].type, budget_));
    }
    return Ok();
  }

  Status Finish(DecodedRows& out) {
    std::vector<ArrayPtr> arrays(builders_.size());
    for (size_t i = 0; i < builders_.size(); ++i) {
      if (builders_[i] == nullptr) continue;
      ARROW_TRY_SET(arrays[i], builders_[i]->Finish());
    }
    for (int place : places_) {
      out.columns.push_back(place == kMissing ? nullptr : arrays[static_cast<size_t>(place)]);
    }
    return Ok();
  }

  const FileSourcePtr source_;
  const DecodeLimits limits_;
  std::unique_ptr<AvroBlockReader> blocks_;
  Nullable row_;
  std::vector<int> places_;  // wanted column -> field of the record, or kMissing
  std::vector<std::unique_ptr<Cell>> cells_;  // of the record's fields; null: passed over
  std::vector<std::unique_ptr<arrow::ArrayBuilder>> builders_;
  AvroBlock block_;
  ByteReader reader_;
  int64_t left_ = 0;  // records of the block
  int64_t budget_ = 0;
};

}  // namespace

Result<std::unique_ptr<FileDecoder>> OpenAvroDecoder(FileSourcePtr source, const DecodeLimits& limits) {
  return std::unique_ptr<FileDecoder>(new AvroDecoder(std::move(source), limits));
}

}  // namespace sluice
