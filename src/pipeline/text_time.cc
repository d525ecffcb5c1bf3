// SPDX-License-Identifier: Apache-2.0
#include "pipeline/text_time.h"

#include <string>

#include "base/text.h"
#include "row/format_value.h"
#include "row/timestamp.h"

namespace sluice {
namespace {

constexpr int64_t kMicrosPerDay = 86'400'000'000;

bool TwoDigits(std::string_view text, size_t at, int32_t most, int32_t& out) {
  return text.size() >= at + 2 && ParseNumber(text.substr(at, 2), out) && out >= 0 && out <= most;
}

}  // namespace

bool TextToDays(std::string_view text, int32_t& out) {
  int32_t year = 0, month = 0, day = 0;
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  if (!ParseNumber(text.substr(0, 4), year) || !TwoDigits(text, 5, 12, month) || !TwoDigits(text, 8, 31, day)) {
    return false;
  }
  int64_t days = DaysFromCivil(year, month, day);
  CivilDate back = CivilFromDays(days);
  out = static_cast<int32_t>(days);
  return back.year == year && back.month == month && back.day == day;
}

bool TextToTime(std::string_view text, int64_t& micros) {
  int32_t hour = 0, minute = 0, second = 0;
  int64_t fraction = 0;
  if (text.size() < 8 || text[2] != ':' || text[5] != ':' || !TwoDigits(text, 0, 23, hour) ||
      !TwoDigits(text, 3, 59, minute) || !TwoDigits(text, 6, 59, second)) {
    return false;
  }
  if (text.size() > 8) {
    std::string_view digits = text.substr(9);
    if (text[8] != '.' || digits.size() > 6 || !ParseNumber(digits, fraction) || fraction < 0) return false;
    for (size_t i = digits.size(); i < 6; ++i) fraction *= 10;
  }
  micros = ((hour * 60LL + minute) * 60 + second) * 1'000'000 + fraction;
  return true;
}

bool TextToTimestamp(std::string_view text, const DataType& to, int64_t& out) {
  constexpr size_t kMicrosEnd = 26;
  int32_t days = 0, nanos = 0;
  if (text.size() < 19 || (text[10] != ' ' && text[10] != 'T') || !TextToDays(text.substr(0, 10), days)) return false;
  if (HasNanos(to) && text.size() > kMicrosEnd) {
    std::string more(text.substr(kMicrosEnd));
    if (more.size() > 3) return false;
    more.resize(3, '0');
    if (!ParseNumber(more, nanos) || nanos < 0) return false;
    text = text.substr(0, kMicrosEnd);
  }
  int64_t micros = 0;
  if (!TextToTime(text.substr(11), micros)) return false;
  out = micros + days * kMicrosPerDay;
  return !HasNanos(to) || NanosOf(out, nanos, out);
}

}  // namespace sluice
