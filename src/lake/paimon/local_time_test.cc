// SPDX-License-Identifier: Apache-2.0
// Times without a zone: their texts, and Java's patterns of them.
#include "lake/paimon/local_time.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "io/folder_test_util.h"

namespace sluice::paimon {
namespace {

std::string Parse(const std::string& text) {
  const auto ms = ParseLocal(text);
  return ms ? LocalText(*ms) : "none";
}

std::string ParseBy(const std::string& pattern, const std::string& text) {
  const auto made = LocalPattern::Make(pattern);
  if (!made.ok()) return made.error().message;
  const auto ms = made->Parse(text);
  return ms ? LocalText(*ms) : "none";
}

TEST(LocalTime, TextsAreDatesWithOrWithoutATime) {
  EXPECT_EQ(Parse("2024-02-29"), "2024-02-29 00:00:00.000");
  EXPECT_EQ(Parse("2024-2-9 7:08:9"), "2024-02-09 07:08:09.000");
  EXPECT_EQ(Parse("2024-01-31 20:15:00.5"), "2024-01-31 20:15:00.500");
  EXPECT_EQ(Parse("2024-01-31T20:15:00.123456"), "2024-01-31 20:15:00.123");
  EXPECT_EQ(Parse("1969-12-31 23:59:59.999"), "1969-12-31 23:59:59.999");
  for (const char* bad : {"", "2024", "2024-13-01", "2024-01-32", "2023-02-29", "2024-01-31 25:00:00",
                          "2024-01-31 20:15", "2024-01-31x", "2024-01-31 20:15:00.", "20240131", "x"}) {
    EXPECT_EQ(Parse(bad), "none") << bad;
  }
}

TEST(LocalTime, PatternsAreJavas) {
  EXPECT_EQ(ParseBy("yyyyMMdd", "20240131"), "2024-01-31 00:00:00.000");
  EXPECT_EQ(ParseBy("yyyy-MM-dd HH:mm:ss", "2024-01-31 20:15:01"), "2024-01-31 20:15:01.000");
  EXPECT_EQ(ParseBy("dd.MM.yy'T'H", "31.01.24T7"), "2024-01-31 07:00:00.000");
  EXPECT_EQ(ParseBy("uuuu/M/d''", "2024/1/9'"), "2024-01-09 00:00:00.000");
  EXPECT_EQ(ParseBy("yyyyMMddHHmmssSSS", "20240131201501007"), "2024-01-31 20:15:01.007");
  EXPECT_EQ(ParseBy("yyyyMMdd", "2024-01-31"), "none");
  EXPECT_EQ(ParseBy("yyyyMMdd", "202401310"), "none");
  EXPECT_EQ(ParseBy("yyyyMMdd", "20240230"), "none");
  EXPECT_NE(ParseBy("yyyy-MM", "2024-01").find("has no d"), std::string::npos);
  EXPECT_NE(ParseBy("yyyy-MM-dd EEE", "").find("EEE"), std::string::npos);
}

// Summer time begins and ends between them.
TEST(LocalTime, ZonesAreThoseOfTheProcess) {
  const char* before = std::getenv("TZ");
  const std::string zone = before == nullptr ? "" : before;
  ::setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
  ::tzset();
  for (const auto& [local, utc] : {std::pair("2024-01-31 20:15:00", "2024-01-31 19:15:00.000"),
                                   std::pair("2024-07-31 00:15:00", "2024-07-30 22:15:00.000"),
                                   std::pair("2024-03-31 03:30:00", "2024-03-31 01:30:00.000")}) {
    const int64_t ms = UtcOfLocal(*ParseLocal(local));
    EXPECT_EQ(LocalText(ms), utc);
    EXPECT_EQ(LocalOfUtc(ms), *ParseLocal(local));
  }
  before == nullptr ? ::unsetenv("TZ") : ::setenv("TZ", zone.c_str(), 1);
  ::tzset();
}

}  // namespace
}  // namespace sluice::paimon
