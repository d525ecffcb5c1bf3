// SPDX-License-Identifier: Apache-2.0
#include "lake/parquet/row_stats.h"

#include <arrow/array.h>
#include <arrow/util/decimal.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/text.h"

namespace sluice {
namespace {

// The least and the greatest of some values.
template <typename T>
struct Range {
  T least{}, most{};
  bool any = false;

  template <typename View>
  void Add(const View& value) {
    if (!any || value < least) least = T(value);
    if (!any || most < value) most = T(value);
    any = true;
  }
};

template <typename T>
std::string LittleEndian(T value) {
  std::string out;
  AppendLe(out, value);
  return out;
}

std::string BigEndian(const arrow::Decimal128& value) {
  const auto bytes = value.ToBytes();
  std::string out(bytes.rbegin(), bytes.rend());
  return std::string(MinimalBigEndian(out));
}

int64_t FloorMillis(int64_t micros) { return micros / 1000 - (micros % 1000 < 0); }

void Truncate(const WriteColumn& field, int32_t length, ColumnStats& stats) {
  if (field.IsText()) {
    stats.lower = TruncateText(*stats.lower, length);
    stats.upper = TruncateTextUp(*stats.upper, length);
  } else if (field.IsBinary()) {
    stats.lower->resize(std::min(stats.lower->size(), static_cast<size_t>(length)));
    stats.upper = TruncateBytesUp(*stats.upper, length);
  }
}

}  // namespace

struct RowStats::Column {
  int64_t values = 0, nulls = 0, nans = 0;
  Range<int64_t> integers;  // and booleans, dates, times
  Range<double> reals;
  Range<arrow::Decimal128> decimals;
  Range<std::string> texts;

  template <typename ArrayType, typename Values>
  void Fold(const arrow::Array& cells, std::span<const uint32_t> rows, Range<Values>& range) {
    const auto& array = static_cast<const ArrayType&>(cells);
    for (uint32_t row : rows) {
      if (array.IsNull(row)) continue;
      if constexpr (std::is_same_v<Values, arrow::Decimal128>) {
        range.Add(arrow::Decimal128(array.GetValue(row)));
      } else if constexpr (std::is_same_v<Values, double>) {
        const double value = array.Value(row);
        std::isnan(value) ? void(++nans) : range.Add(value);
      } else if constexpr (std::is_same_v<Values, int64_t>) {
        range.Add(static_cast<int64_t>(array.Value(row)));
      } else {
        range.Add(array.GetView(row));
      }
    }
  }

  void Fold(const arrow::Array& cells, std::span<const uint32_t> rows) {
    switch (cells.type_id()) {
      case arrow::Type::BOOL: return Fold<arrow::BooleanArray>(cells, rows, integers);
      case arrow::Type::INT32: return Fold<arrow::Int32Array>(cells, rows, integers);
      case arrow::Type::DATE32: return Fold<arrow::Date32Array>(cells, rows, integers);
      case arrow::Type::INT64: return Fold<arrow::Int64Array>(cells, rows, integers);
      case arrow::Type::TIME64: return Fold<arrow::Time64Array>(cells, rows, integers);
      case arrow::Type::TIMESTAMP: return Fold<arrow::TimestampArray>(cells, rows, integers);
      case arrow::Type::FLOAT: return Fold<arrow::FloatArray>(cells, rows, reals);
      case arrow::Type::DOUBLE: return Fold<arrow::DoubleArray>(cells, rows, reals);
      case arrow::Type::DECIMAL128: return Fold<arrow::Decimal128Array>(cells, rows, decimals);
      case arrow::Type::STRING: return Fold<arrow::StringArray>(cells, rows, texts);
      case arrow::Type::BINARY: return Fold<arrow::BinaryArray>(cells, rows, texts);
      default: return;  // lists have no order
    }
  }

  // Single-value bytes of what is stored.
  std::string IntegerBytes(const WriteColumn& field, int64_t value) const {
    if (field.type.kind == TypeKind::kBoolean) return std::string(1, static_cast<char>(value));
    const int64_t stored = field.IsMillis() ? FloorMillis(value) : value;
    const auto id = field.type.ToArrow()->id();
    const bool small_time = field.type.kind == TypeKind::kTime && field.IsMillis();
    const bool small = small_time || id == arrow::Type::INT32 || id == arrow::Type::DATE32;
    return small ? LittleEndian(static_cast<int32_t>(stored)) : LittleEndian(stored);
  }
  std::string RealBytes(const WriteColumn& field, double value) const {
    return field.type.kind == TypeKind::kFloat ? LittleEndian(static_cast<float>(value)) : LittleEndian(value);
  }

  void Bounds(const WriteColumn& field, ColumnStats& out) const {
    if (integers.any) {
      out.lower = IntegerBytes(field, integers.least);
      out.upper = IntegerBytes(field, integers.most);
    } else if (reals.any) {
      out.lower = RealBytes(field, reals.least == 0 ? -0.0 : reals.least);
      out.upper = RealBytes(field, reals.most == 0 ? 0.0 : reals.most);
    } else if (decimals.any) {
      out.lower = BigEndian(decimals.least);
      out.upper = BigEndian(decimals.most);
    } else if (texts.any) {
      out.lower = texts.least;
      out.upper = texts.most;
    }
  }
};

RowStats::RowStats(const std::vector<WriteColumn>& columns, std::vector<MetricsMode> modes)
    : fields_(columns), modes_(std::move(modes)) {
  modes_.resize(columns.size());
  for (size_t i = 0; i < columns.size(); ++i) columns_.push_back(std::make_unique<Column>());
}
RowStats::~RowStats() = default;

Status RowStats::Add(size_t number, const arrow::Array& cells, std::span<const uint32_t> rows) {
  Column& column = *columns_[number];
  column.values += static_cast<int64_t>(rows.size());
  const auto nulls = cells.null_count() == 0
                         ? 0
                         : std::count_if(rows.begin(), rows.end(), [&](uint32_t row) { return cells.IsNull(row); });
  if (nulls > 0 && fields_[number].required) {
    return Invalid(Str("column ", fields_[number].name, " is required but a row has NULL in it"));
  }
  column.nulls += nulls;
  const MetricsKind kind = modes_[number].kind;
  if (kind == MetricsKind::kTruncate || kind == MetricsKind::kFull) column.Fold(cells, rows);
  return Ok();
}

std::vector<ColumnStats> RowStats::Finish() const {
  std::vector<ColumnStats> all(columns_.size());
  for (size_t i = 0; i < columns_.size(); ++i) {
    const Column& column = *columns_[i];
    if (modes_[i].kind == MetricsKind::kNone || fields_[i].type.kind == TypeKind::kArray) continue;
    all[i].values = column.values;
    all[i].nulls = column.nulls;
    all[i].nans = column.nans;
    column.Bounds(fields_[i], all[i]);
    if (all[i].lower && modes_[i].kind == MetricsKind::kTruncate) Truncate(fields_[i], modes_[i].length, all[i]);
  }
  return all;
}

}  // namespace sluice
