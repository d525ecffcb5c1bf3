// SPDX-License-Identifier: Apache-2.0
#include "expr/time_zone.h"

#include <date/tz.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <limits>

#include "base/text.h"

namespace sluice {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;

// "+08:00", "+8", "GMT+08:00", "UTC-3": seconds; false for anything else.
bool ParseOffset(std::string_view text, int64_t& seconds) {
  for (std::string_view name : {"UTC", "GMT", "UT", "Z"}) {
    if (text == name) {
      seconds = 0;
      return true;
    }
    if (name != "Z" && text.starts_with(name) && text.size() > name.size()) {
      text.remove_prefix(name.size());
      break;
    }
  }
  if (text.size() < 2 || (text[0] != '+' && text[0] != '-')) return false;
  const auto parts = Split(text.substr(1), ':');
  int64_t hours = 0, minutes = 0;
  if (parts.size() > 2 || !ParseNumber(parts[0], hours) || hours > 18) return false;
  if (parts.size() == 2 && (!ParseNumber(parts[1], minutes) || minutes > 59)) return false;
  seconds = (text[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
  return true;
}

}  // namespace

Result<TimeZone> TimeZone::Find(const std::string& name) {
  TimeZone out;
  int64_t seconds = 0;
  if (ParseOffset(name, seconds)) {
    out.begin_ = std::numeric_limits<int64_t>::min();
    out.end_ = std::numeric_limits<int64_t>::max();
    out.offset_ = seconds * kMicrosPerSecond;
    return out;
  }
  try {
    out.zone_ = name.empty() ? date::current_zone() : date::locate_zone(name);
  } catch (const std::exception&) {
    return Invalid(Str("there is no time zone \"", JsonEscape(name), "\""),
                   "write a name such as Asia/Shanghai or an offset such as +08:00");
  }
  return out;
}

int64_t TimeZone::ToLocal(int64_t micros) const {
  if (zone_ != nullptr && (micros < begin_ || micros >= end_)) {
    using std::chrono::microseconds;
    const date::sys_info info = zone_->get_info(
        date::floor<std::chrono::seconds>(date::sys_time<microseconds>(microseconds(micros))));
    // The library's first and last times do not fit microseconds.
    constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / kMicrosPerSecond;
    const auto bounded = [&](int64_t seconds) { return std::clamp(seconds, -kMost, kMost) * kMicrosPerSecond; };
    begin_ = bounded(info.begin.time_since_epoch().count());
    end_ = bounded(info.end.time_since_epoch().count());
    offset_ = info.offset.count() * kMicrosPerSecond;
  }
  return micros + offset_;
}

}  // namespace sluice
