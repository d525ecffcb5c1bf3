// SPDX-License-Identifier: Apache-2.0
// TimeZone: from points in time to the local time of a zone. A value; any thread, one at a time.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace date {
class time_zone;
}

namespace sluice {

class TimeZone {
 public:
  // "Asia/Shanghai", "UTC", "+08:00", "GMT+8"; empty: this machine's.
  static Result<TimeZone> Find(const std::string& name);

  // Microseconds since 1970-01-01, UTC -> what a clock on the wall shows.
  int64_t ToLocal(int64_t micros) const;

 private:
  const date::time_zone* zone_ = nullptr;  // null: `offset_` always
  // The offset from `begin_` to `end_`: most values lie where the one before lay.
  mutable int64_t begin_ = 0;
  mutable int64_t end_ = 0;
  mutable int64_t offset_ = 0;
};

}  // namespace sluice
