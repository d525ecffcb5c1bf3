// SPDX-License-Identifier: Apache-2.0
// Whether nested cells have what their type says. A function; any thread.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "lake/parquet/write_column.h"

namespace arrow {
class Array;
}

namespace sluice {

// kInvalid: a part that is NOT NULL is NULL in one of the rows, as one that the rows were written without.
Status CheckParts(const WriteColumn& column, const arrow::Array& cells, std::span<const uint32_t> rows);

}  // namespace sluice
