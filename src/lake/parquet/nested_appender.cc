// SPDX-License-Identifier: Apache-2.0
#include "lake/parquet/nested_appender.h"

#include <arrow/array.h>
#include <arrow/type.h>
#include <parquet/column_writer.h>

#include <type_traits>
#include <utility>

#include "base/text.h"
#include "lake/parquet/int96.h"
#include "lake/parquet/leaf_cells.h"
#include "lake/parquet/parquet_schema.h"
#include "row/nested_type.h"

namespace sluice {
namespace {

// A way down: from a list to its elements, from a map to its keys or values, or from a row to a field.
struct Step {
  bool repeated = false;
  int child = 0;          // of a row, or of a map's entries
  bool entries = false;   // a map's
  bool required = false;  // what the step begins at
};
using Path = std::vector<Step>;

// Big-endian decimals, whose bytes live as long as the cells.
struct WideDecimalCells {
  const uint8_t* values;
  size_t width;
  mutable std::vector<uint8_t> bytes;
  WideDecimalCells(const arrow::Array& array, size_t of, size_t count)
      : values(static_cast<const arrow::Decimal128Array&>(array).raw_values()), width(of), bytes(of * count) {}
  parquet::FixedLenByteArray Get(int64_t row, int64_t slot) const {
    uint8_t* out = bytes.data() + static_cast<size_t>(slot) * width;
    for (size_t i = 0; i < width; ++i) out[i] = values[16 * row + static_cast<int64_t>(width - 1 - i)];
    return parquet::FixedLenByteArray(out);
  }
};

// The levels of one leaf, row by row.
class Levels {
 public:
  Levels(Path path, bool leaf_required) : path_(std::move(path)), leaf_required_(leaf_required) {}

  // From now on of this array.
  void Begin(const arrow::Array& column) {
    arrays_.assign(1, &column);
    owned_.clear();
    for (const Step& step : path_) Descend(step);
  }
  const arrow::Array& leaf() const { return *arrays_.back(); }

  // False: a part that is required is NULL.
  bool Add(int64_t row) { return Add(0, row, 0, 0, 0); }
  void Clear() {
    definition.clear();
    repetition.clear();
    rows.clear();
  }

  std::vector<int16_t> definition, repetition;
  std::vector<int64_t> rows;  // of the leaf's array, those that are not NULL

 private:
  void Descend(const Step& step) {
    const arrow::Array* array = arrays_.back();
    if (step.repeated) {
      owned_.push_back(static_cast<const arrow::ListArray*>(array)->values());  // of a map too
      array = owned_.back().get();
    }
    if (!step.repeated || step.entries) {
      owned_.push_back(static_cast<const arrow::StructArray*>(array)->field(step.child));
      array = owned_.back().get();
    }
    arrays_.push_back(array);
  }

  bool Put(int16_t defined, int16_t repeated) {
    definition.push_back(defined);
    repetition.push_back(repeated);
    return true;
  }

  // `depth`: how many lists and maps the part is in.
  bool Add(size_t at, int64_t row, int16_t defined, int16_t repeated, int16_t depth) {
    const arrow::Array& array = *arrays_[at];
    const bool required = at == path_.size() ? leaf_required_ : path_[at].required;
    if (array.IsNull(row)) return !required && Put(defined, repeated);
    const auto here = static_cast<int16_t>(defined + (required ? 0 : 1));
    if (at == path_.size()) {
      rows.push_back(row);
      return Put(here, repeated);
    }
    if (!path_[at].repeated) return Add(at + 1, row, here, repeated, depth);
    const auto& list = static_cast<const arrow::ListArray&>(array);
    const int64_t begin = list.value_offset(row), end = list.value_offset(row + 1);
    if (begin == end) return Put(here, repeated);
    const auto inner = static_cast<int16_t>(depth + 1);
    for (int64_t i = begin; i < end; ++i) {
      if (!Add(at + 1, i, static_cast<int16_t>(here + 1), i == begin ? repeated : inner, inner)) return false;
    }
    return true;
  }

  const Path path_;
  const bool leaf_required_;
  std::vector<const arrow::Array*> arrays_;  // where each step begins, and the leaf
  std::vector<std::shared_ptr<arrow::Array>> owned_;
};

template <typename ParquetType, typename Cells>
class NestedLeaf final : public ColumnAppender {
 public:
  NestedLeaf(const WriteColumn& column, const WriteColumn& leaf, Path path)
      : column_(column), type_(column.type.ToArrow()), leaf_(leaf), levels_(std::move(path), leaf.required) {}

  Status Append(const arrow::Array& column, const uint32_t* rows, int64_t count, parquet::ColumnWriter& w) override {
    if (!column.type()->Equals(*type_)) {
      return Invalid(Str("column ", column_.name, " of type ", column_.TypeName(), " cannot take Arrow values of type ",
                         column.type()->ToString()));
    }
    levels_.Begin(column);
    for (int64_t i = 0; i < count; ++i) {
      if (!levels_.Add(rows ? rows[i] : i)) {
        levels_.Clear();
        return Invalid(Str("column ", column_.name, " has a part that is required and NULL in a row"));
      }
      if (IsFull()) Flush(w);
    }
    Flush(w);
    return Ok();
  }

 private:
  using Value = typename ParquetType::c_type;

  // Texts are counted by the last ones: a call of the writer looks at its page's size only now and then.
  bool IsFull() {
    if constexpr (std::is_same_v<Cells, ByteCells>) {
      const auto& texts = static_cast<const arrow::BinaryArray&>(levels_.leaf());
      for (; counted_ < levels_.rows.size(); ++counted_) bytes_ += texts.value_length(levels_.rows[counted_]);
      if (bytes_ >= kChunkBytes) return true;
    }
    return static_cast<int64_t>(levels_.definition.size()) >= kChunkRows;
  }

  Cells MakeCells() const {
    if constexpr (std::is_same_v<Cells, WideDecimalCells>) {
      return Cells(levels_.leaf(), static_cast<size_t>(FixedBytes(leaf_)), levels_.rows.size());
    } else {
      return Cells(levels_.leaf());
    }
  }

  void Flush(parquet::ColumnWriter& writer) {
    if (levels_.definition.empty()) return;
    const size_t count = levels_.rows.size();
    if (count > room_) {
      values_ = std::make_unique<Value[]>(count);
      room_ = count;
    }
    const Cells cells = MakeCells();
    for (size_t i = 0; i < count; ++i) values_[i] = cells.Get(levels_.rows[i], static_cast<int64_t>(i));
    auto& typed = static_cast<parquet::TypedColumnWriter<ParquetType>&>(writer);
    typed.WriteBatch(static_cast<int64_t>(levels_.definition.size()), levels_.definition.data(),
                     levels_.repetition.data(), values_.get());
    levels_.Clear();
    counted_ = 0;
    bytes_ = 0;
  }

  const WriteColumn column_;
  const std::shared_ptr<arrow::DataType> type_;
  const WriteColumn leaf_;
  Levels levels_;
  std::unique_ptr<Value[]> values_;
  size_t room_ = 0, counted_ = 0;
  int64_t bytes_ = 0;
};

class Maker {
 public:
  explicit Maker(const WriteColumn& column) : column_(column) {}

  std::vector<std::unique_ptr<ColumnAppender>> Make() {
    Visit(column_.type, column_.required, {});
    return std::move(out_);
  }

 private:
  void Visit(const DataType& type, bool required, const Path& path) {
    if (type.kind != TypeKind::kArray) return AddLeaf(type, required, path);
    const NestedType& nested = NestedOf(type);
    for (size_t i = 0; i < nested.parts.size(); ++i) {
      const bool map = nested.kind == NestedKind::kMap || nested.kind == NestedKind::kMultiset;
      Path inner = path;
      inner.push_back({nested.kind != NestedKind::kRow, static_cast<int>(i), map, required});
      Visit(nested.parts[i].type, !nested.parts[i].type.nullable, inner);
    }
  }

  void AddLeaf(const DataType& type, bool required, const Path& path) {
    WriteColumn leaf;
    leaf.name = column_.name;
    leaf.type = type;
    leaf.required = required;
    leaf.style = column_.style;
    const auto add = [&]<typename ParquetType, typename Cells>() {
      out_.push_back(std::make_unique<NestedLeaf<ParquetType, Cells>>(column_, leaf, path));
    };
    using parquet::Int32Type, parquet::Int64Type;
    switch (type.kind) {
      case TypeKind::kBoolean: return add.template operator()<parquet::BooleanType, BooleanCells>();
      case TypeKind::kTinyInt:
      case TypeKind::kSmallInt:
      case TypeKind::kInt:
      case TypeKind::kDate: return add.template operator()<Int32Type, PlainCells<int32_t, int32_t>>();
      case TypeKind::kBigInt: return add.template operator()<Int64Type, PlainCells<int64_t, int64_t>>();
      case TypeKind::kTime:
        if (leaf.IsMillis()) return add.template operator()<Int32Type, MilliCells<int32_t>>();
        return add.template operator()<Int64Type, PlainCells<int64_t, int64_t>>();
      case TypeKind::kTimestamp:
      case TypeKind::kTimestampLtz:
        if (IsInt96(leaf)) return add.template operator()<parquet::Int96Type, Int96Cells>();
        if (leaf.IsMillis()) return add.template operator()<Int64Type, MilliCells<int64_t>>();
        return add.template operator()<Int64Type, PlainCells<int64_t, int64_t>>();
      case TypeKind::kFloat: return add.template operator()<parquet::FloatType, PlainCells<float, float>>();
      case TypeKind::kDouble: return add.template operator()<parquet::DoubleType, PlainCells<double, double>>();
      case TypeKind::kDecimal:
        if (type.precision <= 9) return add.template operator()<Int32Type, SmallDecimalCells<int32_t>>();
        if (type.precision <= 18) return add.template operator()<Int64Type, SmallDecimalCells<int64_t>>();
        return add.template operator()<parquet::FLBAType, WideDecimalCells>();
      default: return add.template operator()<parquet::ByteArrayType, ByteCells>();
    }
  }

  const WriteColumn& column_;
  std::vector<std::unique_ptr<ColumnAppender>> out_;
};

}  // namespace

Result<std::vector<std::unique_ptr<ColumnAppender>>> MakeNestedAppenders(const WriteColumn& column) {
  if (column.style != ParquetStyle::kPaimon) {
    return Unsupported(Str("column ", column.name, " of type ", column.TypeName(), " cannot be written"));
  }
  return Maker(column).Make();
}

}  // namespace sluice
