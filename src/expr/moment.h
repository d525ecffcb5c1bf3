// SPDX-License-Identifier: Apache-2.0
// The moments that a column holds: dates, timestamps, numbers since 1970 and texts of either. Pure functions; any
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "row/type.h"

namespace arrow {
class Array;
}

namespace sluice {

// What a number since 1970 counts: 0 seconds, 3 milliseconds, 6 microseconds, 9 nanoseconds.
bool IsEpochPrecision(int precision);

// Row by row microseconds since 1970-01-01 of a column that has no NULL there. kInvalid names a text that is no moment.
using MomentReader = std::function<Result<int64_t>(const arrow::Array& column, int64_t row)>;
// `precision`: of numbers, and of texts that are numbers; none for a number means seconds.
Result<MomentReader> MakeMomentReader(const DataType& type, std::optional<int> precision);

// "2024-01-31", "2024-01-31 20:15", "2024-01-31T20:15:00.123": false for anything else.
bool ParseMoment(std::string_view text, int64_t& micros);

}  // namespace sluice
