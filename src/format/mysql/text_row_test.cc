// SPDX-License-Identifier: Apache-2.0
// Rows of the text protocol: numbers, dates, what to SELECT. That they equal the log's is tested on a server
// (test/e2e).
#include "format/mysql/text_row.h"

#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <gtest/gtest.h>

#include "format/mysql/capture_test_util.h"
#include "format/mysql/text_value.h"

namespace sluice::mysql {
namespace {

// The value of one column of `type` for `text`, or the error's message.
std::string Decode(std::string_view type, std::string_view text, std::string charset = "utf8mb4") {
  MysqlTable table;
  table.database = "db";
  table.name = "t";
  table.columns = {CapturedColumn("c", type, charset)};
  auto plan = TextPlan::Make(table, {});
  auto schema = MapTable(table, {});
  if (!plan.ok() || !schema.ok()) return "no plan";
  BatchBuilder builder({"db", "t"}, std::make_shared<TableSchema>(*schema));
  const char* row[] = {text.data()};
  const unsigned long lengths[] = {text.size()};
  auto status = (*plan)->Decode(row, lengths, builder);
  if (!status.ok()) return "error: " + status.error().message;
  auto batch = builder.Finish();
  EXPECT_EQ(batch->rows->ValidateFull().ToString(), "OK");
  return batch->rows->column(0)->GetScalar(0).ValueOrDie()->ToString();
}

TEST(TextPlan, Values) {
  EXPECT_EQ(Decode("int(11)", "-2147483648"), "-2147483648");
  EXPECT_EQ(Decode("int(5) unsigned zerofill", "00042"), "42");
  EXPECT_EQ(Decode("bigint(20)", "-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(Decode("bigint(20) unsigned", "18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(Decode("decimal(10,2)", "-0.01"), "-0.01");
  const std::string nines(38, '9');
  EXPECT_EQ(Decode("decimal(38,0)", nines), nines);
  EXPECT_EQ(Decode("float", "1.100000023841858"), "1.1");
  EXPECT_EQ(Decode("double", "1e308"), "1e+308");
  EXPECT_EQ(Decode("tinyint(1)", "-1"), "true");
  EXPECT_EQ(Decode("bit(1)", std::string_view("\0", 1)), "false");
  EXPECT_EQ(Decode("date", "2000-02-29"), "2000-02-29");
  EXPECT_EQ(Decode("date", "2001-02-29"), "null");
  EXPECT_EQ(Decode("date", "0000-00-00"), "null");
  EXPECT_EQ(Decode("datetime(6)", "9999-12-31 23:59:59.999999"), "9999-12-31 23:59:59.999999");
  EXPECT_EQ(Decode("timestamp", "1970-01-01 00:00:01"), "1970-01-01 00:00:01.000000Z");
  EXPECT_EQ(Decode("time(3)", "23:59:59.999"), "23:59:59.999000");
  EXPECT_EQ(Decode("time", "-838:59:59"), "null");
  EXPECT_EQ(Decode("time", "24:00:00"), "null");
  EXPECT_EQ(Decode("set('a','b','c')", "a,c"), "list<item: string>[a, c]");
  EXPECT_EQ(Decode("set('a')", ""), "list<item: string>[]");
  EXPECT_EQ(Decode("varchar(5)", "a\xff"), "a\uFFFD");
  EXPECT_EQ(Decode("varchar(5)", "\xe9\x80", "latin1"), "é€");
}

// The column has no memory for text yet: its offsets must be written all the same, whatever the heap held before.
TEST(TextPlan, EmptyTextComesFirst) {
  for (int attempt = 0; attempt < 20; ++attempt) {
    std::vector<std::string> dirt(200, std::string(4096, '\xee'));
    dirt.clear();
    EXPECT_EQ(Decode("varchar(5)", ""), "");
    EXPECT_EQ(Decode("blob", ""), "");
  }
}

TEST(TextPlan, MalformedValuesAreErrorsThatNameTheColumn) {
  for (auto& [type, text] : std::vector<std::pair<const char*, const char*>>{
           {"int(11)", "12a"}, {"int(11)", ""}, {"bigint(20) unsigned", "-1"}, {"double", "1.5x"},
           {"date", "2020-1-1"},
           {"datetime", "2020-01-01"}, {"time", "12:34"}, {"decimal(5,2)", "1.234"}, {"point", "xx"}}) {
    const std::string got = Decode(type, text);
    if (std::string_view(type) == "point") {
      EXPECT_EQ(got, "null");
    } else {
      EXPECT_NE(got.find("a value of db.t.c is malformed"), std::string::npos) << type << " " << text << " " << got;
    }
  }
}

TEST(TextPlan, EightDigitsAtOnce) {
  for (int position = 0; position < 8; ++position) {
    for (int c = 0; c < 256; ++c) {
      std::string text = "12345678";
      text[static_cast<size_t>(position)] = static_cast<char>(c);
      uint32_t value = 0;
      const bool digit = c >= '0' && c <= '9';
      ASSERT_EQ(ParseEightDigits(text.data(), value), digit) << position << " " << c;
      if (!digit) continue;
      ASSERT_EQ(value, std::stoul(text));
    }
  }
}

TEST(SplitTextRow, ValuesOfEveryLength) {
  const std::string longer(300, 'l'), longest(70'000, 'x');
  std::string packet("\x02" "ab\xFB\0\xFC\x2C\x01", 8);
  packet += longer + "\xFD\x70\x11\x01" + longest + std::string("\xFE\x01\0\0\0\0\0\0\0z", 10);
  const char* values[6];
  unsigned long lengths[6];
  ASSERT_TRUE(SplitTextRow(packet, 6, values, lengths));
  EXPECT_EQ(std::string_view(values[0], lengths[0]), "ab");
  EXPECT_EQ(values[1], nullptr);
  EXPECT_NE(values[2], nullptr);
  EXPECT_EQ(lengths[2], 0u);
  EXPECT_EQ(std::string_view(values[3], lengths[3]), longer);
  EXPECT_EQ(std::string_view(values[4], lengths[4]), longest);
  EXPECT_EQ(std::string_view(values[5], lengths[5]), "z");
  EXPECT_FALSE(SplitTextRow(packet, 5, values, lengths));  // bytes are left
  for (size_t cut = 0; cut < 320; ++cut) {
    EXPECT_FALSE(SplitTextRow(std::string_view(packet).substr(0, cut), 6, values, lengths)) << cut;
  }
  EXPECT_FALSE(SplitTextRow("\xFF", 1, values, lengths));
  EXPECT_FALSE(SplitTextRow("\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 1, values, lengths));
}

TEST(TextPlan, Expressions) {
  EXPECT_EQ(SelectExpression(CapturedColumn("a`b", "int(11)")), "`a``b`");
  EXPECT_EQ(SelectExpression(CapturedColumn("f", "float")), "`f`+0e0");
  EXPECT_EQ(SelectExpression(CapturedColumn("l", "varchar(3)", "latin1")), "CAST(`l` AS BINARY)");
  EXPECT_EQ(SelectExpression(CapturedColumn("l", "text", "ascii")), "CAST(`l` AS BINARY)");
  EXPECT_EQ(SelectExpression(CapturedColumn("l", "varchar(3)", "utf8mb3")), "`l`");
}

}  // namespace
}  // namespace sluice::mysql
