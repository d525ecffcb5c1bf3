// SPDX-License-Identifier: Apache-2.0
// Which columns Paimon's Parquet files have as INT96. A function; any thread.
#pragma once

#include "lake/parquet/write_column.h"
#include "row/timestamp.h"

namespace sluice {

// TIMESTAMP(7) to (9), whose cells are nanoseconds.
inline bool IsInt96(const WriteColumn& column) {
  return column.style == ParquetStyle::kPaimon && HasNanos(column.type);
}

}  // namespace sluice
