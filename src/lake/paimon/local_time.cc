// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/local_time.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <vector>

#include "base/text.h"
#include "row/format_value.h"

namespace sluice::paimon {
namespace {

constexpr int64_t kMsOfDay = 86'400'000;
constexpr std::string_view kLetters = "yMdHmsS";  // `u` is read as `y`

struct Clock {
  int64_t year = 1970;
  int32_t month = 1, day = 1;
  int64_t hour = 0, minute = 0, second = 0, ms = 0;
};

std::optional<int64_t> ToMs(const Clock& clock) {
  constexpr int kDays[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (clock.month < 1 || clock.month > 12 || clock.day < 1 || clock.day > kDays[clock.month - 1]) return std::nullopt;
  if (clock.hour > 23 || clock.minute > 59 || clock.second > 59) return std::nullopt;
  const int64_t days = DaysFromCivil(clock.year, clock.month, clock.day);
  if (CivilFromDays(days).day != clock.day) return std::nullopt;  // 30 February
  return days * kMsOfDay + ((clock.hour * 60 + clock.minute) * 60 + clock.second) * 1000 + clock.ms;
}

// Up to `most` digits from `at` on.
std::optional<int64_t> Digits(std::string_view text, size_t& at, size_t least, size_t most) {
  const size_t from = at;
  while (at < text.size() && at - from < most && text[at] >= '0' && text[at] <= '9') ++at;
  int64_t value = 0;
  if (at - from < least || !ParseNumber(text.substr(from, at - from), value)) return std::nullopt;
  return value;
}

// A run of one letter, or a literal character.
struct Part {
  char letter = 0;  // 0: a literal
  size_t count = 0;
  char literal = 0;
};

std::vector<Part> PartsOf(std::string_view pattern) {
  std::vector<Part> parts;
  bool quoted = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i] == 'u' ? 'y' : pattern[i];
    if (pattern[i] == '\'') {
      const bool twice = i + 1 < pattern.size() && pattern[i + 1] == '\'';
      if (!twice) {
        quoted = !quoted;
        continue;
      }
      parts.push_back({0, 0, '\''});
      ++i;
    } else if (quoted || !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) {
      parts.push_back({0, 0, pattern[i]});
    } else if (!parts.empty() && parts.back().letter == c) {
      ++parts.back().count;
    } else {
      parts.push_back({c, 1, 0});
    }
  }
  return parts;
}

}  // namespace

int64_t LocalOfUtc(int64_t utc_ms) {
  const auto seconds = static_cast<time_t>(utc_ms >= 0 ? utc_ms / 1000 : (utc_ms - 999) / 1000);
  std::tm local{};
  localtime_r(&seconds, &local);
  return utc_ms + local.tm_gmtoff * 1000;
}

int64_t UtcOfLocal(int64_t local_ms) {
  const int64_t once = local_ms - (LocalOfUtc(local_ms) - local_ms);  // with the offset of about that time
  return local_ms - (LocalOfUtc(once) - once);
}

std::optional<int64_t> ParseLocal(std::string_view text) {
  text = Trim(text);
  const std::string copy(text);
  Clock clock;
  long long year = 0, hour = 0, minute = 0, second = 0;
  int end = 0;
  const int date = std::sscanf(copy.c_str(), "%4lld-%2d-%2d%n", &year, &clock.month, &clock.day, &end);
  if (date != 3) return std::nullopt;
  clock.year = year;
  const char* rest = copy.c_str() + end;
  if (*rest == '\0') return ToMs(clock);
  int used = 0;
  const bool parted = *rest == ' ' || *rest == 'T';
  if (!parted || std::sscanf(rest + 1, "%2lld:%2lld:%2lld%n", &hour, &minute, &second, &used) != 3) return std::nullopt;
  clock.hour = hour;
  clock.minute = minute;
  clock.second = second;
  std::string_view fraction(rest + 1 + used);
  if (!fraction.empty()) {
    size_t at = 1;
    const std::string padded = Str(fraction.substr(1), "00").substr(0, 3);
    size_t from = 0;
    const auto ms = Digits(padded, from, 3, 3);
    const auto all = Digits(fraction, at, 1, 9);
    if (fraction[0] != '.' || !ms || !all || at != fraction.size()) return std::nullopt;
    clock.ms = *ms;
  }
  return ToMs(clock);
}

std::string LocalText(int64_t local_ms) {
  int64_t day = local_ms / kMsOfDay;
  if (local_ms % kMsOfDay < 0) --day;
  const int64_t rest = local_ms - day * kMsOfDay;
  std::string out;
  AppendDate(day, out);
  char clock[20];
  std::snprintf(clock, sizeof clock, " %02d:%02d:%02d.%03d", static_cast<int>(rest / 3'600'000),
                static_cast<int>(rest / 60'000 % 60), static_cast<int>(rest / 1000 % 60),
                static_cast<int>(rest % 1000));
  return out + clock;
}

Result<LocalPattern> LocalPattern::Make(std::string pattern) {
  std::string seen;
  for (const Part& part : PartsOf(pattern)) {
    if (part.letter == 0) continue;
    if (kLetters.find(part.letter) == std::string_view::npos || part.count > 4) {
      return Unsupported(Str("the letters ", std::string(part.count, part.letter), " of the date pattern ", pattern),
                         "use yyyy, MM, dd, HH, mm, ss and texts in '…'");
    }
    seen += part.letter;
  }
  for (const char needed : {'y', 'M', 'd'}) {
    if (seen.find(needed) == std::string::npos) {
      return Invalid(Str("the date pattern ", pattern, " has no ", needed), "it needs year, month and day");
    }
  }
  return LocalPattern(std::move(pattern));
}

std::optional<int64_t> LocalPattern::Parse(std::string_view text) const {
  Clock clock;
  size_t at = 0;
  for (const Part& part : PartsOf(pattern_)) {
    if (part.letter == 0) {
      if (at >= text.size() || text[at] != part.literal) return std::nullopt;
      ++at;
      continue;
    }
    const bool exact = part.count > 1 || part.letter == 'S';
    const auto value = Digits(text, at, exact ? part.count : 1, exact ? part.count : part.letter == 'y' ? 9 : 2);
    if (!value) return std::nullopt;
    switch (part.letter) {
      case 'y': clock.year = part.count == 2 ? 2000 + *value : *value; break;
      case 'M': clock.month = static_cast<int32_t>(*value); break;
      case 'd': clock.day = static_cast<int32_t>(*value); break;
      case 'H': clock.hour = *value; break;
      case 'm': clock.minute = *value; break;
      case 's': clock.second = *value; break;
      default: {
        constexpr std::array<int64_t, 5> kScale = {0, 100, 10, 1, 0};
        clock.ms = part.count == 4 ? *value / 10 : *value * kScale[part.count];
      }
    }
  }
  return at == text.size() ? ToMs(clock) : std::nullopt;
}

}  // namespace sluice::paimon
