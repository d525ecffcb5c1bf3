// SPDX-License-Identifier: Apache-2.0
// Parts of stored_cast.h: a column built from another one, cell by cell. Functions; any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include <arrow/array.h>
#include <arrow/builder.h>

#include "base/result.h"
#include "lake/java_text.h"
#include "row/timestamp.h"
#include "row/type.h"

namespace sluice {

using CellArray = std::shared_ptr<arrow::Array>;

enum class Cell : uint8_t { kValue, kNull, kNone };  // kNone: the type has no such value

struct CastJob {
  const arrow::Array& in;
  const DataType& from;
  const DataType& to;
};

inline bool IsInteger(TypeKind kind) { return kind >= TypeKind::kTinyInt && kind <= TypeKind::kBigInt; }
inline bool IsText(TypeKind kind) { return kind >= TypeKind::kChar && kind <= TypeKind::kString; }

// kUnsupported: names the cell.
Error NoValue(const CastJob& job, int64_t row);
Error FromBuilder(const arrow::Status& status);

// Runs `convert(row, value&) -> Cell` over all cells that are not NULL.
template <typename Value, typename Builder, typename Convert>
Result<CellArray> MakeCells(const CastJob& job, Convert convert) {
  Builder builder(job.to.ToArrow(), arrow::default_memory_pool());
  arrow::Status status = builder.Reserve(job.in.length());
  Value value{};
  for (int64_t row = 0; row < job.in.length() && status.ok(); ++row) {
    const Cell cell = job.in.IsNull(row) ? Cell::kNull : convert(row, value);
    if (cell == Cell::kNone) return NoValue(job, row);
    status = cell == Cell::kNull ? builder.AppendNull() : builder.Append(value);
  }
  CellArray out;
  if (status.ok()) status = builder.Finish(&out);
  if (!status.ok()) return FromBuilder(status);
  return out;
}

// TINYINT to BIGINT: the lowest bits. convert(row, int64_t&) -> Cell.
template <typename Convert>
Result<CellArray> MakeIntegers(const CastJob& job, Convert convert) {
  if (job.to.kind == TypeKind::kBigInt) return MakeCells<int64_t, arrow::Int64Builder>(job, convert);
  const TypeKind kind = job.to.kind;
  return MakeCells<int32_t, arrow::Int32Builder>(job, [&](int64_t row, int32_t& out) {
    int64_t wide = 0;
    const Cell cell = convert(row, wide);
    out = static_cast<int32_t>(wide);
    if (kind == TypeKind::kTinyInt) out = static_cast<int8_t>(wide);
    if (kind == TypeKind::kSmallInt) out = static_cast<int16_t>(wide);
    return cell;
  });
}

// Of a TIME, TIMESTAMP or TIMESTAMP_LTZ, in microseconds. convert(row, int64_t&) -> Cell.
template <typename Convert>
Result<CellArray> MakeMicros(const CastJob& job, Convert convert) {
  if (job.to.kind == TypeKind::kTime) return MakeCells<int64_t, arrow::Time64Builder>(job, convert);
  if (!HasNanos(job.to)) return MakeCells<int64_t, arrow::TimestampBuilder>(job, convert);
  return MakeCells<int64_t, arrow::TimestampBuilder>(job, [&](int64_t row, int64_t& out) {
    const Cell cell = convert(row, out);
    return cell == Cell::kValue && !NanosOf(out, 0, out) ? Cell::kNone : cell;
  });
}

// `convert(row, out)` appends to an empty text, which is cut or filled up with blanks then.
template <typename Convert>
Result<CellArray> MakeTexts(const CastJob& job, Convert convert) {
  const bool bounded = job.to.kind != TypeKind::kString, fills = job.to.kind == TypeKind::kChar;
  return MakeCells<std::string, arrow::StringBuilder>(job, [&](int64_t row, std::string& out) {
    out.clear();
    convert(row, out);
    if (!bounded) return Cell::kValue;
    out.resize(BytesOfCharacters(out, job.to.length));
    const int64_t blanks = fills ? job.to.length - CharactersOf(out) : 0;
    out.append(static_cast<size_t>(std::max<int64_t>(blanks, 0)), ' ');
    return Cell::kValue;
  });
}

// Of dates, times and timestamps.
Result<CellArray> CastMoments(const CastJob& job);

}  // namespace sluice
