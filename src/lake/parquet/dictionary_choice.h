// SPDX-License-Identifier: Apache-2.0
// Whether a dictionary pays for a column, from a sample of its first values: on near-unique columns it costs 7 % of
// CPU and 3 % of size (bench/). A function; any thread.
#pragma once

#include <cstdint>

namespace arrow {
class Array;
}

namespace sluice {

// False if the sample keeps meeting new values at the rate it began with, and more than one in eight is new.
// `rows`: as in ColumnAppender::Append.
bool DictionaryPays(const arrow::Array& column, const uint32_t* rows, int64_t count);

}  // namespace sluice
