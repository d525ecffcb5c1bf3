// SPDX-License-Identifier: Apache-2.0
// OrcTimestamps: columns of timestamps of an ORC file. Arrow's reader counts nanoseconds in 64 bits and so ends in the
// year 2262; this one counts microseconds, or nanoseconds where they are asked for. A stripe's column is in memory.
// Borrows the file; one thread.
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

  struct Form {
    bool instant = false;  // points in time; else what a clock shows
    bool nanos = false;    // else microseconds
  };

  // Of a stripe, the column at this place of the row: timestamp[us] or timestamp[ns]. kUnsupported for a time that
  // nanoseconds do not reach.
  Result<std::shared_ptr<arrow::Array>> Read(size_t stripe, size_t column, Form form) const;
  // Of the column of that number, which may be a part of another one: the cells that are not NULL.
  Result<std::vector<int64_t>> ReadCells(size_t stripe, int id, Form form) const;

 private:
  Result<std::vector<int64_t>> Cells(const OrcStripeStreams& streams, int id, Form form, int64_t count) const;

  const OrcFile& file_;
};

}  // namespace sluice
