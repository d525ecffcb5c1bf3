// SPDX-License-Identifier: Apache-2.0
// The canonical text of one cell of an Arrow column, and its JSON form: what `sluice read`, the print sink and `verify`
// show and compare. The Arrow type decides, so a snapshot, a log event and a lake table give the same text for a value.
// Pure functions; any thread.
//
//   type                 text                                   JSON
//   boolean, integers    true, -5                               the same
//   float, double        the shortest text that reads back the  the same; NaN, Infinity, -Infinity as strings
//                        same: 0.1, 1e+30, NaN, -Infinity
//   decimal              all digits of the scale: 12.30         "12.30"
//   utf8                 as it is                               a string
//   binary, fixed        lower-case hex: 00ff                   "00ff"
//   date                 2024-01-31; year 0 is 0000             a string
//   time                 12:34:56.789, no trailing zeros        a string
//   timestamp            2024-01-31T12:34:56.789; with a time   a string
//                        zone: in UTC with a Z
//   list, struct, map    their JSON                             array, object, array of [key,value]
#pragma once

#include <cstdint>
#include <string>

namespace arrow {
class Array;
}

namespace sluice {

// Appends the text of `column[row]`; false, and nothing, for NULL.
bool AppendText(const arrow::Array& column, int64_t row, std::string& out);
// Appends the JSON form; `null` for NULL.
void AppendJson(const arrow::Array& column, int64_t row, std::string& out);

void AppendDate(int64_t days, std::string& out);                 // days since 1970-01-01
void AppendTime(int64_t micros, std::string& out);               // since midnight
void AppendTimestamp(int64_t micros, bool zoned, std::string& out);  // since 1970-01-01
void AppendHex(const void* bytes, size_t count, std::string& out);

// The calendar date of a day: year (0 = 1 BC), month 1..12, day 1..31.
struct CivilDate {
  int64_t year;
  int32_t month;
  int32_t day;
};
CivilDate CivilFromDays(int64_t days);
int64_t DaysFromCivil(int64_t year, int32_t month, int32_t day);

}  // namespace sluice
