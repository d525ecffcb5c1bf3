// SPDX-License-Identifier: Apache-2.0
// OrcTimestamps: columns of timestamps of an ORC file. Arrow's reader counts nanoseconds in 64 bits and so ends in the
// year 2262; this one counts microseconds. A stripe's column is in memory. Borrows the file; one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "format/orc/file.h"

namespace arrow {
class Array;
}

namespace sluice {

class OrcTimestamps {
 public:
  explicit OrcTimestamps(const OrcFile& file) : file_(file) {}

  // Of a stripe, the column at this place of the row: timestamp[us]. `instant`: points in time; else what a clock
  // shows.
  Result<std::shared_ptr<arrow::Array>> Read(size_t stripe, size_t column, bool instant) const;
  // Of the column of that number, which may be a part of another one: microseconds of the cells that are not NULL.
  Result<std::vector<int64_t>> ReadCells(size_t stripe, int id, bool instant) const;

 private:
  Result<std::vector<int64_t>> Cells(const OrcStripeStreams& streams, int id, bool instant, int64_t count) const;

  const OrcFile& file_;
};

}  // namespace sluice
