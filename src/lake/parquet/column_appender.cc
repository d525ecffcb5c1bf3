// SPDX-License-Identifier: Apache-2.0
#include "lake/parquet/column_appender.h"

#include <arrow/array.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <parquet/column_writer.h>
#include <parquet/types.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <type_traits>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "lake/parquet/int96.h"
#include "lake/parquet/leaf_cells.h"
#include "lake/parquet/parquet_schema.h"
#include "row/nested_type.h"

namespace sluice {
namespace {

// ---- Leaf: gathers the cells of a flat column, or the elements of a list column, and hands them to Parquet.

struct Levels {
  const int16_t* definition;
  const int16_t* repetition;
  int64_t count;
};

Error NullInRequired(const WriteColumn& field) {
  return Invalid(Str("column ", field.name, " is required but a row has NULL in it"));
}

template <typename ParquetType>
class Leaf {
 public:
  using Value = typename ParquetType::c_type;

  // Writes the elements at `rows` (all valid) with ready levels.
  template <typename Cells>
  void PutElements(const Cells& cells, const uint32_t* rows, int64_t count, const Levels& levels,
                   parquet::ColumnWriter& writer) {
    values_.resize(static_cast<size_t>(count));
    for (int64_t i = 0; i < count; ++i) values_[i] = cells.Get(rows[i], i % kChunkRows);
    CountNan(values_.data(), count);
    Typed(writer).WriteBatch(levels.count, levels.definition, levels.repetition, values_.data());
  }

  // Writes cells [from, from + count) of a flat column.
  template <typename Cells>
  void PutCells(const arrow::Array& array, const Cells& cells, const uint32_t* rows, int64_t from, int64_t count,
                bool required, parquet::ColumnWriter& writer) {
    if (levels_.empty()) {
      levels_.resize(kChunkRows);
      ones_.assign(kChunkRows, 1);
      values_.resize(kChunkRows);
    }
    const int16_t* levels = required ? nullptr : ones_.data();
    const Value* values = values_.data();
    int64_t filled = count;
    if (array.null_count() > 0) {
      filled = GatherValid(array, cells, rows, from, count);
      levels = required ? nullptr : levels_.data();
    } else if constexpr (Cells::kSameBytes) {
      if (rows == nullptr) {
        values = cells.values + from;
      } else {
        for (int64_t i = 0; i < count; ++i) values_[i] = cells.values[rows[from + i]];
      }
    } else {
      for (int64_t i = 0; i < count; ++i) values_[i] = cells.Get(rows ? rows[from + i] : from + i, i);
    }
    if constexpr (std::is_same_v<Cells, ByteCells>) {
      int64_t total = cells.total;
      cells.total = 0;
      if (total > kChunkBytes && count > 1) {
        int64_t half = count / 2;
        PutCells(array, cells, rows, from, half, required, writer);
        return PutCells(array, cells, rows, from + half, count - half, required, writer);
      }
    }
    CountNan(values, filled);
    Typed(writer).WriteBatch(count, levels, nullptr, values);
  }

  int64_t nan_count() const { return nan_count_; }

 private:
  static parquet::TypedColumnWriter<ParquetType>& Typed(parquet::ColumnWriter& writer) {
    return static_cast<parquet::TypedColumnWriter<ParquetType>&>(writer);
  }

  // Without a branch: a NULL is overwritten by the next value.
  template <typename Cells>
  int64_t GatherValid(const arrow::Array& array, const Cells& cells, const uint32_t* rows, int64_t from,
                      int64_t count) {
    int64_t filled = 0;
    for (int64_t i = 0; i < count; ++i) {
      int64_t row = rows ? rows[from + i] : from + i;
      bool valid = array.IsValid(row);
      levels_[i] = valid;
      if constexpr (Cells::kSameBytes || std::is_arithmetic_v<Value>) {
        values_[filled] = cells.Get(row, filled);
        filled += valid;
      } else if (valid) {
        values_[filled] = cells.Get(row, filled);
        ++filled;
      }
    }
    return filled;
  }

  void CountNan(const Value* values, int64_t count) {
    if constexpr (std::is_floating_point_v<Value>) {
      int64_t found = 0;
      for (int64_t i = 0; i < count; ++i) found += values[i] != values[i];
      nan_count_ += found;
    }
  }

  std::vector<int16_t> levels_;
  std::vector<int16_t> ones_;
  // Not vector<bool>: Parquet wants an array.
  struct Values {
    std::unique_ptr<Value[]> array;
    size_t size = 0;
    void resize(size_t wanted) {
      if (wanted <= size) return;
      array = std::make_unique<Value[]>(wanted);
      size = wanted;
    }
    Value* data() { return array.get(); }
    Value& operator[](int64_t i) { return array[static_cast<size_t>(i)]; }
  } values_;
  int64_t nan_count_ = 0;
};

// ---- Appenders

Error WrongType(const WriteColumn& field, const arrow::Array& column) {
  return Invalid(Str("column ", field.name, " of type ", field.TypeName(), " cannot take Arrow values of type ",
                     column.type()->ToString()));
}

bool HasNull(const arrow::Array& column, const uint32_t* rows, int64_t count) {
  if (column.null_count() == 0) return false;
  for (int64_t i = 0; i < count; ++i) {
    if (column.IsNull(rows ? rows[i] : i)) return true;
  }
  return false;
}

template <typename ParquetType>
class FlatAppender : public ColumnAppender {
 public:
  explicit FlatAppender(const WriteColumn& field) : field_(field) {}
  int64_t nan_count() const override { return leaf_.nan_count(); }

 protected:
  template <typename Cells>
  Status Put(const arrow::Array& column, const Cells& cells, const uint32_t* rows, int64_t count,
             parquet::ColumnWriter& writer) {
    if (field_.required && HasNull(column, rows, count)) return NullInRequired(field_);
    for (int64_t from = 0; from < count; from += kChunkRows) {
      leaf_.PutCells(column, cells, rows, from, std::min(kChunkRows, count - from), field_.required, writer);
    }
    return Ok();
  }

  WriteColumn field_;
  Leaf<ParquetType> leaf_;
};

struct BooleanAppender final : FlatAppender<parquet::BooleanType> {
  using FlatAppender::FlatAppender;
  Status Append(const arrow::Array& column, const uint32_t* rows, int64_t count, parquet::ColumnWriter& w) override {
    if (column.type_id() != arrow::Type::BOOL) return WrongType(field_, column);
    return Put(column, BooleanCells(column), rows, count, w);
  }
};

bool FitsDecimal(const WriteColumn& field, const arrow::Array& column) {
  if (column.type_id() != arrow::Type::DECIMAL128 || field.type.kind != TypeKind::kDecimal) return false;
  auto& type = static_cast<const arrow::Decimal128Type&>(*column.type());
  return type.scale() == field.type.scale && type.precision() <= field.type.precision;
}

struct Int32Appender final : FlatAppender<parquet::Int32Type> {
  using FlatAppender::FlatAppender;
  Status Append(const arrow::Array& column, const uint32_t* rows, int64_t count, parquet::ColumnWriter& w) override {
    auto id = column.type_id();
    bool date = field_.type.kind == TypeKind::kDate;
    if (FitsDecimal(field_, column)) return Put(column, SmallDecimalCells<int32_t>(column), rows, count, w);
    if (field_.type.kind == TypeKind::kDecimal || id != (date ? arrow::Type::DATE32 : arrow::Type::INT32)) {
      return WrongType(field_, column);
    }
    return Put(column, PlainCells<int32_t, int32_t>(column), rows, count, w);
  }
};

// TIME, TIMESTAMP and TIMESTAMP_LTZ come as microseconds, TIMESTAMP(7) to (9) as nanoseconds.
bool FitsTimes(const WriteColumn& field, const arrow::DataType& type) {
  if (field.type.kind == TypeKind::kTime) {
    return type.id() == arrow::Type::TIME64 &&
           static_cast<const arrow::Time64Type&>(type).unit() == arrow::TimeUnit::MICRO;
  }
  const bool local = field.type.kind == TypeKind::kTimestamp;
  if ((!local && field.type.kind != TypeKind::kTimestampLtz) || type.id() != arrow::Type::TIMESTAMP) return false;
  auto& timestamp = static_cast<const arrow::TimestampType&>(type);
  const auto unit = HasNanos(field.type) ? arrow::TimeUnit::NANO : arrow::TimeUnit::MICRO;
  return timestamp.unit() == unit && timestamp.timezone().empty() == local;
}

struct Int64Appender final : FlatAppender<parquet::Int64Type> {
  using FlatAppender::FlatAppender;
  Status Append(const arrow::Array& column, const uint32_t* rows, int64_t count, parquet::ColumnWriter& w) override {
    if (FitsDecimal(field_, column)) return Put(column, SmallDecimalCells<int64_t>(column), rows, count, w);
    if (column.type_id() == arrow::Type::INT32 && field_.type.kind == TypeKind::kBigInt) {
      return Put(column, PlainCells<int32_t, int64_t>(column), rows, count, w);
    }
    const bool number = column.type_id() == arrow::Type::INT64 && field_.type.kind == TypeKind::kBigInt;
    if (!number && !FitsTimes(field_, *column.type())) return WrongType(field_, column);
    return Put(column, PlainCells<int64_t, int64_t>(column), rows, count, w);
  }
};

template <typename ParquetType>
struct MillisAppender final : FlatAppender<ParquetType> {
  using FlatAppender<ParquetType>::FlatAppender;
  Status Append(const arrow::Array& column, const uint32_t* rows, int64_t count, parquet::ColumnWriter& w) override {
    if (!FitsTimes(this->field_, *column.type())) return WrongType(this->field_, column);
    return this->Put(column, MilliCells<typename ParquetType::c_type>(column), rows, count, w);
  }
};

struct Int96Appender final : FlatAppender<parquet::Int96Type> {
  using FlatAppender::FlatAppender;
  Status Append(const arrow::Array& column, const uint32_t* rows, int64_t count, parquet::ColumnWriter& w) override {
    if (!FitsTimes(field_, *column.type())) return WrongType(field_, column);
    return Put(column, Int96Cells(column), rows, count, w);
  }
};

struct FloatAppender final : FlatAppender<parquet::FloatType> {
  using FlatAppender::FlatAppender;
  Status Append(const arrow::Array& column, const uint32_t* rows, int64_t count, parquet::ColumnWriter& w) override {
    if (column.type_id() != arrow::Type::FLOAT) return WrongType(field_, column);
    return Put(column, PlainCells<float, float>(column), rows, count, w);
  }
};

struct DoubleAppender final : FlatAppender<parquet::DoubleType> {
  using FlatAppender::FlatAppender;
  Status Append(const arrow::Array& column, const uint32_t* rows, int64_t count, parquet::ColumnWriter& w) override {
    if (column.type_id() == arrow::Type::FLOAT) {
      return Put(column, PlainCells<float, double>(column), rows, count, w);
    }
    if (column.type_id() != arrow::Type::DOUBLE) return WrongType(field_, column);
    return Put(column, PlainCells<double, double>(column), rows, count, w);
  }
};

struct BytesAppender final : FlatAppender<parquet::ByteArrayType> {
  using FlatAppender::FlatAppender;
  Status Append(const arrow::Array& column, const uint32_t* rows, int64_t count, parquet::ColumnWriter& w) override {
    auto wanted = field_.IsText() ? arrow::Type::STRING : arrow::Type::BINARY;
    if (column.type_id() != wanted) return WrongType(field_, column);
    return Put(column, ByteCells(column), rows, count, w);
  }
};

struct FixedAppender final : FlatAppender<parquet::FLBAType> {
  using FlatAppender::FlatAppender;
  Status Append(const arrow::Array& column, const uint32_t* rows, int64_t count, parquet::ColumnWriter& w) override {
    int width = FixedBytes(field_);
    if (FitsDecimal(field_, column)) {
      return Put(column, LargeDecimalCells(column, static_cast<size_t>(width)), rows, count, w);
    }
    if (field_.type.kind == TypeKind::kDecimal) return WrongType(field_, column);
    if (column.type_id() == arrow::Type::FIXED_SIZE_BINARY &&
        static_cast<const arrow::FixedSizeBinaryType&>(*column.type()).byte_width() == width) {
      return Put(column, FixedCells(column), rows, count, w);
    }
    if (column.type_id() != arrow::Type::BINARY) return WrongType(field_, column);
    auto& binary = static_cast<const arrow::BinaryArray&>(column);
    for (int64_t i = 0; i < count; ++i) {
      int64_t row = rows ? rows[i] : i;
      if (binary.IsValid(row) && binary.value_length(row) != width) {
        return Invalid(Str("column ", field_.name, " of type ", field_.TypeName(), " cannot take a value of ",
                           binary.value_length(row), " bytes"));
      }
    }
    return Put(column, FixedBinaryCells(column), rows, count, w);
  }
};

// Lists: NULL, empty and filled ones by Dremel levels; whole rows at a time.
template <typename ParquetType, typename Cells, arrow::Type::type kElement>
class ListAppender final : public ColumnAppender {
 public:
  explicit ListAppender(const WriteColumn& field) : field_(field) {}

  Status Append(const arrow::Array& column, const uint32_t* rows, int64_t count, parquet::ColumnWriter& w) override {
    if (column.type_id() != arrow::Type::LIST) return WrongType(field_, column);
    auto& list = static_cast<const arrow::ListArray&>(column);
    if (list.values()->type_id() != kElement) return WrongType(field_, column);
    if (field_.required && HasNull(column, rows, count)) return NullInRequired(field_);
    Cells cells(*list.values());
    for (int64_t i = 0; i < count; ++i) {
      TRY(AddRow(list, rows ? rows[i] : i));
      if (static_cast<int64_t>(definition_.size()) >= kChunkRows || bytes_ >= kChunkBytes) Flush(cells, w);
    }
    Flush(cells, w);
    return Ok();
  }

 private:
  Status AddRow(const arrow::ListArray& list, int64_t row) {
    const auto here = static_cast<int16_t>(field_.required ? 0 : 1);
    int64_t length = list.IsValid(row) ? list.value_length(row) : 0;
    if (length == 0) {
      definition_.push_back(list.IsValid(row) ? here : 0);
      repetition_.push_back(0);
      return Ok();
    }
    for (int64_t i = 0; i < length; ++i) {
      int64_t element = list.value_offset(row) + i;
      bool valid = list.values()->IsValid(element);
      if (!valid && field_.element_required) {
        return Invalid(Str("column ", field_.name, ": an element is required but NULL"));
      }
      definition_.push_back(static_cast<int16_t>(here + 1 + (!field_.element_required && valid ? 1 : 0)));
      repetition_.push_back(i == 0 ? 0 : 1);
      if (!valid) continue;
      elements_.push_back(static_cast<uint32_t>(element));
      if constexpr (kElement == arrow::Type::STRING) {
        bytes_ += static_cast<const arrow::StringArray&>(*list.values()).value_length(element);
      }
    }
    return Ok();
  }

  void Flush(const Cells& cells, parquet::ColumnWriter& writer) {
    if (definition_.empty()) return;
    Levels levels{definition_.data(), repetition_.data(), static_cast<int64_t>(definition_.size())};
    leaf_.PutElements(cells, elements_.data(), static_cast<int64_t>(elements_.size()), levels, writer);
    definition_.clear();
    repetition_.clear();
    elements_.clear();
    bytes_ = 0;
  }

  WriteColumn field_;
  Leaf<ParquetType> leaf_;
  std::vector<int16_t> definition_;
  std::vector<int16_t> repetition_;
  std::vector<uint32_t> elements_;
  int64_t bytes_ = 0;
};

using TextListAppender = ListAppender<parquet::ByteArrayType, ByteCells, arrow::Type::STRING>;
using FloatListAppender = ListAppender<parquet::FloatType, PlainCells<float, float>, arrow::Type::FLOAT>;

}  // namespace

Result<std::unique_ptr<ColumnAppender>> ColumnAppender::Make(const WriteColumn& field) {
  auto make = [&]<typename T>(std::type_identity<T>) { return std::unique_ptr<ColumnAppender>(new T(field)); };
  if (field.IsMillis()) {
    if (field.type.kind == TypeKind::kTime) return make(std::type_identity<MillisAppender<parquet::Int32Type>>());
    return make(std::type_identity<MillisAppender<parquet::Int64Type>>());
  }
  if (IsInt96(field)) return make(std::type_identity<Int96Appender>());
  switch (field.type.kind) {
    case TypeKind::kBoolean: return make(std::type_identity<BooleanAppender>());
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt:
    case TypeKind::kDate: return make(std::type_identity<Int32Appender>());
    case TypeKind::kBigInt:
    case TypeKind::kTime:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz: return make(std::type_identity<Int64Appender>());
    case TypeKind::kFloat: return make(std::type_identity<FloatAppender>());
    case TypeKind::kDouble: return make(std::type_identity<DoubleAppender>());
    case TypeKind::kDecimal:
      if (field.type.precision <= 9) return make(std::type_identity<Int32Appender>());
      if (field.type.precision <= 18) return make(std::type_identity<Int64Appender>());
      return make(std::type_identity<FixedAppender>());
    case TypeKind::kArray:
      CHECK(!IsNested(field.type));  // nested_appender.h
      if (field.type.element == TypeKind::kString) return make(std::type_identity<TextListAppender>());
      return make(std::type_identity<FloatListAppender>());
    default: break;
  }
  if (FixedBytes(field) > 0) return make(std::type_identity<FixedAppender>());
  return make(std::type_identity<BytesAppender>());
}

}  // namespace sluice
