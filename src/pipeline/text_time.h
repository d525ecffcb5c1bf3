// SPDX-License-Identifier: Apache-2.0
// Dates and times from the texts that columns have (row/format_value.h). Pure functions, false for any other text; any
// thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "row/type.h"

namespace sluice {

bool TextToDays(std::string_view text, int32_t& out);    // 2024-01-31: since 1970
bool TextToTime(std::string_view text, int64_t& micros);  // 10:20:30 or 10:20:30.123456
// Both with a blank or T between; in the units of `to`, of which nanoseconds may have nine digits.
bool TextToTimestamp(std::string_view text, const DataType& to, int64_t& out);

}  // namespace sluice
