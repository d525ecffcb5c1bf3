// SPDX-License-Identifier: Apache-2.0
// What the cells of TIMESTAMP and TIMESTAMP_LTZ count: microseconds since 1970, of 7 to 9 digits nanoseconds, which go
// from 1677-09-21 to 2262-04-11 (docs/adr/0028-nanoseconds.md). Pure functions; any thread.
#pragma once

#include <arrow/type.h>

#include <cstdint>

#include "row/type.h"

namespace sluice {

inline constexpr int8_t kMicrosDigits = 6;
inline constexpr const char* kNanosRange = "times with more than 6 digits are held from 1677-09-21 to 2262-04-11";

inline bool HasNanos(const DataType& type) {
  const bool moment = type.kind == TypeKind::kTimestamp || type.kind == TypeKind::kTimestampLtz;
  return moment && type.precision > kMicrosDigits;
}
inline bool HasNanos(const arrow::DataType& type) {
  return type.id() == arrow::Type::TIMESTAMP &&
         static_cast<const arrow::TimestampType&>(type).unit() == arrow::TimeUnit::NANO;
}
// Of a cell, in a second.
inline int64_t UnitsPerSecond(const DataType& type) { return HasNanos(type) ? 1'000'000'000 : 1'000'000; }
// Rounded down.
inline int64_t MicrosOfNanos(int64_t nanos) { return nanos / 1000 - (nanos % 1000 < 0 ? 1 : 0); }
// `rest`: nanoseconds of the microsecond. False if 64 bits do not reach so far.
inline bool NanosOf(int64_t micros, int64_t rest, int64_t& out) {
  const __int128 nanos = static_cast<__int128>(micros) * 1000 + rest;
  out = static_cast<int64_t>(nanos);
  return out == nanos;
}
// A cell of `from` as one of `to`; false if nanoseconds do not reach so far.
inline bool ConvertUnits(const DataType& from, const DataType& to, int64_t cell, int64_t& out) {
  if (HasNanos(from) && !HasNanos(to)) cell = MicrosOfNanos(cell);
  if (HasNanos(from) || !HasNanos(to)) {
    out = cell;
    return true;
  }
  return NanosOf(cell, 0, out);
}

}  // namespace sluice
