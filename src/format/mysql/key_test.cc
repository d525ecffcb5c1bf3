// SPDX-License-Identifier: Apache-2.0
// Keys as bytes: their memcmp order is the server's.
#include "format/mysql/key.h"

#include <gtest/gtest.h>

namespace sluice::mysql {
namespace {

std::string Pad(std::string_view text) {
  std::string out;
  EncodePadText(text, out);
  return out;
}
std::string NoPad(std::string_view text) {
  std::string out;
  EncodeNoPadBytes(text, out);
  return out;
}

// Compares as PAD SPACE collations do: the shorter text is filled up with blanks.
int PadCompare(std::string a, std::string b) {
  const size_t size = std::max(a.size(), b.size());
  a.resize(size, ' ');
  b.resize(size, ' ');
  return a.compare(b);
}

TEST(Key, PadSpaceOrderOfAllShortTexts) {
  const char alphabet[] = {'\0', '\t', ' ', '!', 'b', '\xff'};
  std::vector<std::string> texts{""};
  for (size_t from = 0, round = 0; round < 4; ++round) {
    const size_t to = texts.size();
    for (; from < to; ++from) {
      for (char c : alphabet) texts.push_back(texts[from] + c);
    }
  }
  for (size_t i = 0; i < texts.size(); i += 3) {
    for (const std::string& b : texts) {
      const int want = PadCompare(texts[i], b), got = Pad(texts[i]).compare(Pad(b));
      ASSERT_EQ(want < 0, got < 0) << testing::PrintToString(texts[i]) << " and " << testing::PrintToString(b);
      ASSERT_EQ(want == 0, got == 0) << testing::PrintToString(texts[i]) << " and " << testing::PrintToString(b);
    }
  }
}

TEST(Key, BytesWithZerosKeepTheirOrder) {
  using namespace std::string_literals;
  const std::string texts[] = {""s, "\0"s, "\0\0"s, "\0\1"s, "\1"s, "a"s, "a\0"s, "a\0b"s, "ab"s, "\xff"s};
  for (size_t i = 1; i < std::size(texts); ++i) EXPECT_LT(NoPad(texts[i - 1]) + "z", NoPad(texts[i])) << i;
}

std::string Encode(KeyKind kind, const std::string& text) {
  auto out = EncodeKeyTexts({KeyPart{.column = 0, .kind = kind, .charset = nullptr, .fixed_length = 0}}, {text});
  EXPECT_TRUE(out.ok()) << text;
  return out.ok() ? *out : "";
}

TEST(Key, NumbersAndTimes) {
  EXPECT_LT(Encode(KeyKind::kSigned, "-9223372036854775808"), Encode(KeyKind::kSigned, "-1"));
  EXPECT_LT(Encode(KeyKind::kSigned, "-1"), Encode(KeyKind::kSigned, "0"));
  EXPECT_LT(Encode(KeyKind::kSigned, "255"), Encode(KeyKind::kSigned, "256"));
  EXPECT_LT(Encode(KeyKind::kUnsigned, "9223372036854775807"), Encode(KeyKind::kUnsigned, "18446744073709551615"));
  EXPECT_LT(Encode(KeyKind::kDate, "0000-00-00"), Encode(KeyKind::kDate, "1999-12-31"));
  EXPECT_LT(Encode(KeyKind::kDate, "1999-12-31"), Encode(KeyKind::kDate, "2000-01-01"));
  EXPECT_LT(Encode(KeyKind::kDatetime, "2000-01-01 00:00:00.5"), Encode(KeyKind::kDatetime, "2000-01-01 00:00:01"));
  EXPECT_LT(Encode(KeyKind::kTimestamp, "0000-00-00 00:00:00"), Encode(KeyKind::kTimestamp, "1970-01-01 00:00:01"));
  EXPECT_FALSE(EncodeKeyTexts({KeyPart{}}, {"12x"}).ok());
  EXPECT_FALSE(EncodeKeyTexts({KeyPart{}}, {}).ok());
}

TEST(Key, WhichOrdersAreExact) {
  auto exact = [](const char* type, const char* charset, const char* collation) {
    MysqlTable table;
    MysqlColumn column;
    column.name = "k";
    EXPECT_TRUE(ParseColumnType(type, column).ok());
    column.charset = charset;
    column.collation = collation;
    table.columns = {column};
    table.primary_key = {"K"};
    return HasExactOrder(table);
  };
  EXPECT_TRUE(exact("bigint(20) unsigned", "", ""));
  EXPECT_TRUE(exact("tinyint(1)", "", ""));
  EXPECT_TRUE(exact("binary(16)", "", ""));
  EXPECT_TRUE(exact("varchar(10)", "utf8mb4", "utf8mb4_bin"));
  EXPECT_TRUE(exact("char(10)", "latin1", "latin1_bin"));
  EXPECT_FALSE(exact("varchar(10)", "utf8mb4", "utf8mb4_general_ci"));
  EXPECT_FALSE(exact("varchar(10)", "gbk", "gbk_bin"));
  EXPECT_FALSE(exact("uuid", "", ""));
  EXPECT_FALSE(exact("decimal(5,2)", "", ""));
  EXPECT_FALSE(exact("time", "", ""));
  EXPECT_FALSE(HasExactOrder(MysqlTable{}));
}

}  // namespace
}  // namespace sluice::mysql
