// SPDX-License-Identifier: Apache-2.0
// Texts as Java writes and reads them, for values that Paimon shows as text or takes from one. Pure functions; any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "row/type.h"

namespace arrow {
class Decimal128;
}

namespace sluice {

// Double.toString and Float.toString (of Java 19 and later: the shortest text): plain from 0.001 to 10 million, else
// one digit before the point and an E.
std::string JavaReal(double value);
std::string JavaReal(float value);

// Bytes of the first `characters` of a UTF-8 text.
size_t BytesOfCharacters(std::string_view text, int64_t characters);
int64_t CharactersOf(std::string_view text);

// The rest are false for a text that is none; then Java's reader fails.

// A whole number; digits behind a point are cut off.
bool JavaWhole(std::string_view text, int64_t least, int64_t most, int64_t& out);
bool JavaBoolean(std::string_view text, bool& out);
bool JavaParseReal(std::string_view text, double& out);
bool JavaParseReal(std::string_view text, float& out);
// Days since 1970-01-01; milliseconds of a day; units of the type since 1970-01-01, cut to its digits.
bool JavaDate(std::string_view text, int32_t& out);
bool JavaTime(std::string_view text, int64_t& out);
bool JavaTimestamp(std::string_view text, const DataType& type, int64_t& out);

// What a number is as a DECIMAL.
enum class DecimalFit : uint8_t { kFits, kTooLarge, kNoNumber };
// Rounded half up (away from zero).
DecimalFit JavaDecimal(std::string_view text, const DataType& type, arrow::Decimal128& out);

}  // namespace sluice
