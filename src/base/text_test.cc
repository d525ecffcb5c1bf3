// SPDX-License-Identifier: Apache-2.0
// Text helpers: concatenation, splitting, numbers, nearest names, JSON escapes and UTF-8 validity.
#include "base/text.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace sluice {
namespace {

using Parts = std::vector<std::string>;

TEST(Text, StrJoinsTextsNumbersAndBools) {
  EXPECT_EQ(Str("table ", std::string("a.b"), ':', 42, " ", -7, " ", true, " ", 0.5), "table a.b:42 -7 true 0.5");
  EXPECT_EQ(Str(std::numeric_limits<int64_t>::min(), "/", std::numeric_limits<uint64_t>::max()),
            "-9223372036854775808/18446744073709551615");
  EXPECT_EQ(Str(), "");
}

TEST(Text, SplitKeepsEmptyParts) {
  EXPECT_EQ(Split("a,b,,c,", ','), (Parts{"a", "b", "", "c", ""}));
  EXPECT_EQ(Split("", ','), (Parts{""}));
}

TEST(Text, JoinUndoesSplit) {
  EXPECT_EQ(Join(Split("a,b,,c,", ','), ","), "a,b,,c,");
  EXPECT_EQ(Join({}, ", "), "");
}

TEST(Text, TrimRemovesWhiteSpaceAtTheEndsOnly) {
  EXPECT_EQ(Trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(Trim(" \n "), "");
}

TEST(Text, LowerIsAsciiOnly) {
  EXPECT_EQ(Lower("MySQL-CDC ÄÖ"), "mysql-cdc ÄÖ");
  EXPECT_TRUE(EqualsIgnoreCase("True", "tRUE"));
  EXPECT_FALSE(EqualsIgnoreCase("true", "true "));
}

TEST(Text, ParseNumberTakesTheWholeTextOrNothing) {
  int32_t value = 0;
  EXPECT_TRUE(ParseNumber("-17", value));
  EXPECT_EQ(value, -17);
  for (const char* bad : {"", " 1", "1 ", "+1", "1x", "0x10", "2147483648", "1.0"}) {
    EXPECT_FALSE(ParseNumber(bad, value)) << bad;
  }
  uint8_t small = 0;
  EXPECT_FALSE(ParseNumber("-1", small));
  EXPECT_FALSE(ParseNumber("256", small));
}

TEST(Text, NearestFindsATypingErrorAndNothingElse) {
  Parts names{"hostname", "port", "username", "password", "tables"};
  EXPECT_EQ(Nearest("hostnam", names), "hostname");
  EXPECT_EQ(Nearest("HOSTNAME", names), "hostname");
  EXPECT_EQ(Nearest("pasword", names), "password");
  EXPECT_EQ(Nearest("tabels", names), "tables");
  EXPECT_EQ(Nearest("warehouse", names), "");
  EXPECT_EQ(Nearest("x", {}), "");
}

TEST(Text, JsonEscapeLeavesNothingThatEndsAString) {
  EXPECT_EQ(JsonEscape("a\"b\\c\n\r\t\x01\x1f"), "a\\\"b\\\\c\\n\\r\\t\\u0001\\u001f");
  EXPECT_EQ(JsonEscape("Ünï 🙂"), "Ünï 🙂");
  EXPECT_EQ(JsonEscape(std::string("\0x", 2)), "\\u0000x");
}

TEST(Text, Utf8Valid) {
  for (const char* good : {"", "plain", "\xC2\x80", "é", "€", "🙂",
                           "\xED\x9F\xBF", "\xEE\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(IsUtf8(good)) << good;
  }
}

TEST(Text, Utf8Invalid) {
  const Parts bad{
      "\x80",              // a continuation alone
      "\xC3",              // cut after the first byte
      "\xE2\x82",          // cut after the second
      "\xF0\x9F\x99",      // cut after the third
      "\xC3(",             // no continuation
      "\xC0\x80",          // overlong NUL
      "\xC1\xBF",          // overlong
      "\xE0\x80\x80",      // overlong, 3 bytes
      "\xF0\x80\x80\x80",  // overlong, 4 bytes
      "\xED\xA0\x80",      // surrogate
      "\xF4\x90\x80\x80",  // above U+10FFFF
      "\xF8\x88\x80\x80\x80",
      "\xFF",
  };
  for (const std::string& text : bad) EXPECT_FALSE(IsUtf8(text)) << JsonEscape(text);
}

TEST(Text, HexAndBack) {
  const std::string bytes("\x00\x7f\x80\xff", 4);
  EXPECT_EQ(Hex(bytes), "007f80ff");
  EXPECT_EQ(FromHex("007F80ff"), bytes);
  EXPECT_EQ(FromHex(""), "");
  for (const char* bad : {"0", "0g", "g0", " 1", "+1", "0x"}) EXPECT_FALSE(FromHex(bad)) << bad;
}

}  // namespace
}  // namespace sluice
