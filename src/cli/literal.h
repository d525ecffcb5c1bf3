// SPDX-License-Identifier: Apache-2.0
// What a user writes as a value of a column, read exactly: nothing is rounded but what a float or double rounds. Each
// function is false for a text that is no value of its type. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "row/type.h"

namespace sluice {

// A number in units of a column. `rest` is 1 if the literal is a little more than `value`, -1 if a little less: it has
// digits that the column has not, or is above or below everything that the column can hold.
struct ExactLiteral {
  __int128 value = 0;
  int rest = 0;
  bool operator==(const ExactLiteral&) const = default;
};

bool ParseBoolean(std::string_view text, ExactLiteral& out);  // true, false, 1, 0
// "-12.50", "1e6": in units of 10^-scale.
bool ParseExact(std::string_view text, int scale, ExactLiteral& out);
bool ParseReal(std::string_view text, bool single, double& out);  // rounded to a float if `single`; also NaN, Infinity
bool ParseDate(std::string_view text, ExactLiteral& out);         // 2024-01-31: days since 1970
bool ParseTime(std::string_view text, ExactLiteral& out);         // 20:15, 20:15:00.123456: microseconds
// "2024-01-31 20:15:00.5", with T, or the date alone: microseconds since 1970, or nanoseconds. `zoned`: with Z or
// +02:00, or in UTC.
bool ParseTimestamp(std::string_view text, bool zoned, bool nanos, ExactLiteral& out);
bool ParseHex(std::string_view text, std::string& out);  // two digits a byte

// A literal of the type, with quotes where they are needed.
std::string_view LiteralExample(TypeKind kind);

}  // namespace sluice
