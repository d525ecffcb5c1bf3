// SPDX-License-Identifier: Apache-2.0
// ColumnAppender: the cells of one Arrow column -> one Parquet column chunk, by the low-level writers of Parquet: they
// take plain values, so a cell is copied or pointed at once (14 % less CPU than Arrow's own path, bench/). It converts
// decimals to integers and, where the style asks for it, microseconds to milliseconds; it widens promoted types and
// makes the levels of NULLs and lists. One per column; one thread.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "lake/parquet/write_column.h"

namespace arrow {
class Array;
}
namespace parquet {
class ColumnWriter;
}

namespace sluice {

class ColumnAppender {
 public:
  static Result<std::unique_ptr<ColumnAppender>> Make(const WriteColumn& column);
  virtual ~ColumnAppender() = default;

  // Appends `count` cells: rows[0..count), or the first `count` if `rows` is null. kInvalid if the column's type does
  // not fit, or a required cell is NULL. Throws what Parquet throws.
  virtual Status Append(const arrow::Array& column, const uint32_t* rows, int64_t count,
                        parquet::ColumnWriter& writer) = 0;
  // float and double: NaNs so far.
  virtual int64_t nan_count() const { return 0; }
};

}  // namespace sluice
