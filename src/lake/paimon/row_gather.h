// SPDX-License-Identifier: Apache-2.0
// GatherRows: rows of several arrays -> one array, each byte copied once. A function; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"

namespace arrow {
class Array;
}

namespace sluice::paimon {

struct RowRange {  // rows that stand one after another in a source
  uint32_t source = 0;
  uint32_t begin = 0;
  uint32_t count = 0;
};

// At least one source; all are of one type. kUnsupported if the texts are more than an array can hold.
Result<std::shared_ptr<arrow::Array>> GatherRows(const std::vector<std::shared_ptr<arrow::Array>>& sources,
                                                 std::span<const RowRange> ranges);

}  // namespace sluice::paimon
