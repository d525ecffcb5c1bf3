// SPDX-License-Identifier: Apache-2.0
// Days and microseconds of the proleptic Gregorian calendar, and what the servers allow in dates. Pure; any thread.
#pragma once

#include <cstdint>

namespace sluice::mysql {

struct CivilTime {
  int32_t year = 0;
  uint32_t month = 0, day = 0, hour = 0, minute = 0, second = 0, micros = 0;
};

// Days since 1970-01-01 (H. Hinnant's days_from_civil); the year is at least 0.
constexpr int32_t DaysFromCivil(int32_t year, uint32_t month, uint32_t day) {
  const uint32_t y = static_cast<uint32_t>(year) + 400 - (month <= 2);  // 400 years are one cycle
  const uint32_t era = y / 400, of_era = y - era * 400;
  const uint32_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const uint32_t day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
  return static_cast<int32_t>(era * 146097 + day_of_era) - 719468 - 146097;
}
static_assert(DaysFromCivil(1970, 1, 1) == 0 && DaysFromCivil(2000, 3, 1) == 11017);

constexpr bool IsLeapYear(int32_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

// A real day: neither zero nor partial nor February 30th.
constexpr bool IsRealDate(int32_t year, uint32_t month, uint32_t day) {
  constexpr uint8_t lengths[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1) return false;
  return day <= lengths[month] + (month == 2 && IsLeapYear(year) ? 1u : 0u);
}

constexpr int32_t kNoDate = INT32_MIN;

// By the lower 9 bits of a stored DATE, month * 32 + day: the day of the year from 1, or 0 if there is none.
struct DayTable {
  uint16_t days[2][512] = {};  // of a common and of a leap year
  constexpr DayTable() {
    for (uint32_t i = 0; i < 512; ++i) {
      days[0][i] = DayOfYear(2001, i / 32, i % 32);
      days[1][i] = DayOfYear(2000, i / 32, i % 32);
    }
  }
  static constexpr uint16_t DayOfYear(int32_t year, uint32_t month, uint32_t day) {
    if (!IsRealDate(year, month, day)) return 0;
    return static_cast<uint16_t>(DaysFromCivil(year, month, day) - DaysFromCivil(year, 1, 1) + 1);
  }
};
inline constexpr DayTable kDayTable;

// By the year: the day before its first (since 1970-01-01) times two, and one if it is a leap year. Few lines of it are
// ever in use; whether a year is a leap year is nothing that a processor guesses right.
struct YearTable {
  int32_t years[10'000] = {};
  constexpr YearTable() {
    for (int32_t year = 1; year < 10'000; ++year) {
      years[year] = (DaysFromCivil(year, 1, 1) - 1) * 2 + IsLeapYear(year);
    }
  }
};
inline constexpr YearTable kYearTable;

// DATE as the servers store it (year * 512 + month * 32 + day) -> days since 1970-01-01; kNoDate if it is no real day.
constexpr int32_t DaysFromPackedDate(uint32_t packed) {
  const uint32_t year = packed >> 9;
  if (year < 1 || year > 9999) return kNoDate;
  const int32_t entry = kYearTable.years[year];
  const uint16_t day = kDayTable.days[entry & 1][packed & 511];
  return day == 0 ? kNoDate : (entry >> 1) + day;
}
static_assert(DaysFromPackedDate(1970 << 9 | 1 << 5 | 1) == 0 && DaysFromPackedDate(2000 << 9 | 3 << 5 | 1) == 11017);

constexpr int64_t MicrosOfDay(const CivilTime& t) {
  return ((int64_t{t.hour} * 60 + t.minute) * 60 + t.second) * 1'000'000 + t.micros;
}

constexpr int64_t kMicrosPerDay = 86'400'000'000;

constexpr int64_t MicrosFromCivil(const CivilTime& t) {
  return DaysFromCivil(t.year, t.month, t.day) * kMicrosPerDay + MicrosOfDay(t);
}

}  // namespace sluice::mysql
