// SPDX-License-Identifier: Apache-2.0
// --where: a literal is read as the column's type and compared exactly; one that is none is an error.
#include "cli/read_filter.h"

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "lake/iceberg/schema.h"
#include "row/format_value.h"

namespace sluice {
namespace {

// The texts of the rows of one column `c` that the condition selects, joined by blanks; NULL is "-".
class ReadFilterTest : public testing::Test {
 protected:
  void Column(const std::string& type, const std::string& json) {
    auto read = iceberg::FromIcebergType(type);
    ASSERT_TRUE(read.ok());
    columns_ = {{"c", *read, type}};
    auto array = *arrow::json::ArrayFromJSONString(read->ToArrow(), json);
    rows_ = arrow::RecordBatch::Make(arrow::schema({arrow::field("c", array->type())}), array->length(), {array});
  }
  std::string Where(const std::string& text, ConditionStyle style = ConditionStyle::kLoose) {
    auto condition = RowCondition::Parse(text, style);
    if (!condition.ok()) return condition.error().ToString();
    Status bound = condition->Bind(columns_);
    if (!bound.ok()) {
      EXPECT_EQ(bound.error().code, ErrorCode::kInvalid);
      return bound.error().ToString();
    }
    std::vector<uint8_t> selected;
    condition->Select(*rows_, selected);
    std::string out;
    for (int64_t row = 0; row < rows_->num_rows(); ++row) {
      if (selected[static_cast<size_t>(row)] == 0) continue;
      if (!out.empty()) out += ' ';
      if (!AppendText(*rows_->column(0), row, out)) out += '-';
    }
    return out;
  }
  // None of these is a value of the column's type; the error names all there is to know.
  void Refuses(const std::vector<std::string>& literals, const std::string& type, const std::string& example) {
    for (const std::string& literal : literals) {
      std::string error = Where("c = " + literal);
      EXPECT_NE(error.find("--where: column c is " + type + ", and "), std::string::npos) << literal << ": " << error;
      EXPECT_NE(error.find("c >= " + example), std::string::npos) << error;
    }
  }

  std::vector<LakeColumn> columns_;
  std::shared_ptr<arrow::RecordBatch> rows_;
};

TEST_F(ReadFilterTest, Booleans) {
  Column("boolean", "[true, false, null]");
  for (const char* yes : {"c = 1", "c = true", "c = TRUE", "c = 'true'", "c != 0", "c > false"}) {
    EXPECT_EQ(Where(yes), "true") << yes;
  }
  EXPECT_EQ(Where("c = 0"), "false");
  EXPECT_EQ(Where("c <= true"), "true false");
  Refuses({"2", "yes", "''", "x'01'"}, "boolean", "true");
}

TEST_F(ReadFilterTest, Integers) {
  Column("int", "[-2147483648, -1, 0, 2, 10, 2147483647, null]");
  EXPECT_EQ(Where("c < 9"), "-2147483648 -1 0 2");
  EXPECT_EQ(Where("c = '2'"), "2");
  EXPECT_EQ(Where("c = +2.0"), "2");
  EXPECT_EQ(Where("c = 2.5"), "");
  EXPECT_EQ(Where("c != 2.5 AND c > 2.5"), "10 2147483647");
  EXPECT_EQ(Where("c >= 1.5 AND c < 2.5"), "2");
  EXPECT_EQ(Where("c < -0.5"), "-2147483648 -1");
  EXPECT_EQ(Where("c > -0.5 AND c <= 0"), "0");
  EXPECT_EQ(Where("c >= 1e1 AND c < 1.1e+1"), "10");
  EXPECT_EQ(Where("c = 2147483647"), "2147483647");
  EXPECT_EQ(Where("c <= -2147483648"), "-2147483648");
  EXPECT_EQ(Where("c > 2147483648"), "");
  EXPECT_EQ(Where("c < 1e400"), "-2147483648 -1 0 2 10 2147483647");
  EXPECT_EQ(Where("c < -99999999999999999999999999999999999999999999"), "");
  Refuses({"abc", "''", "1x", "0x10", "'1 2'", "1e", "'-'", "'.'", "1e99999", "true", "x'01'"}, "int", "42");
}

TEST_F(ReadFilterTest, LongsBeyondTheDoubles) {
  Column("long", "[9007199254740992, 9007199254740993, 9223372036854775806, 9223372036854775807, "
                 "-9223372036854775808, null]");
  EXPECT_EQ(Where("c = 9007199254740993"), "9007199254740993");
  EXPECT_EQ(Where("c < 9007199254740993 AND c > 0"), "9007199254740992");
  EXPECT_EQ(Where("c >= 9223372036854775807"), "9223372036854775807");
  EXPECT_EQ(Where("c > 9223372036854775806.5"), "9223372036854775807");
  EXPECT_EQ(Where("c = 9223372036854775808"), "");
  EXPECT_EQ(Where("c >= 9223372036854775808"), "");
  EXPECT_EQ(Where("c <= -9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(Where("c < -9223372036854775808"), "");
  EXPECT_EQ(Where("c > -9223372036854775809 AND c < 0"), "-9223372036854775808");
  Refuses({"abc"}, "long", "42");
}

TEST_F(ReadFilterTest, Decimals) {
  Column("decimal(20, 2)", R"(["0.10", "-1.25", "123456789012345678.90", "123456789012345678.91", null])");
  EXPECT_EQ(Where("c = 0.1"), "0.10");
  EXPECT_EQ(Where("c = 123456789012345678.91"), "123456789012345678.91");
  EXPECT_EQ(Where("c < 123456789012345678.905 AND c > 1"), "123456789012345678.90");
  EXPECT_EQ(Where("c > -1.251 AND c < -1.249"), "-1.25");
  EXPECT_EQ(Where("c = 0.105"), "");
  EXPECT_EQ(Where("c > 0.100000000000000000000000000000000000000000001 AND c < 1"), "");
  EXPECT_EQ(Where("c = -125e-2"), "-1.25");
  Refuses({"abc", "1.2.3", "'1,5'"}, "decimal(20, 2)", "12.50");
  Column("decimal(38, 0)", R"(["99999999999999999999999999999999999999", "-99999999999999999999999999999999999999"])");
  EXPECT_EQ(Where("c = 99999999999999999999999999999999999999"), "99999999999999999999999999999999999999");
  EXPECT_EQ(Where("c < 99999999999999999999999999999999999999"), "-99999999999999999999999999999999999999");
  EXPECT_EQ(Where("c >= 100000000000000000000000000000000000000"), "");
  EXPECT_EQ(Where("c <= -1e39"), "");
  EXPECT_EQ(Where("c > -1e39 AND c < 0"), "-99999999999999999999999999999999999999");
}

TEST_F(ReadFilterTest, FloatsAndDoubles) {
  Column("float", "[0.1, -1.5, 3.4e38, null]");
  EXPECT_EQ(Where("c = 0.1"), "0.1");
  EXPECT_EQ(Where("c < 1e300"), "0.1 -1.5 3.4e+38");
  EXPECT_EQ(Where("c < infinity"), "0.1 -1.5 3.4e+38");
  Refuses({"abc", "1e400", "''"}, "float", "0.5");
  Column("double", "[0.1, 1e300, NaN, Inf, -Inf, null]");
  EXPECT_EQ(Where("c = 0.1"), "0.1");
  EXPECT_EQ(Where("c = NaN"), "NaN");
  EXPECT_EQ(Where("c > 1"), "1e+300 NaN Infinity");
  EXPECT_EQ(Where("c <= -Infinity"), "-Infinity");
  EXPECT_EQ(Where("c != NaN AND c >= 1e300"), "1e+300 Infinity");
  Refuses({"abc"}, "double", "0.5");
}

TEST_F(ReadFilterTest, Dates) {
  Column("date", "[0, 19753, -719528, null]");  // 1970-01-01, 2024-01-31, 0000-01-01
  EXPECT_EQ(Where("c = 2024-01-31"), "2024-01-31");
  EXPECT_EQ(Where("c > '1970-01-01'"), "2024-01-31");
  EXPECT_EQ(Where("c < 1970-01-01"), "0000-01-01");
  EXPECT_EQ(Where("c > -0001-12-31"), "1970-01-01 2024-01-31 0000-01-01");
  Refuses({"2024", "2024-1-1", "2024-02-30", "2024-13-01", "'2024-01-31 00:00:00'", "31.01.2024"}, "date",
          "2024-01-31");
}

TEST_F(ReadFilterTest, Times) {
  Column("time", "[0, 72900000000, 86399999999, null]");
  EXPECT_EQ(Where("c = 20:15"), "20:15:00");
  EXPECT_EQ(Where("c > '20:15:00'"), "23:59:59.999999");
  EXPECT_EQ(Where("c = 23:59:59.999999"), "23:59:59.999999");
  EXPECT_EQ(Where("c < 23:59:59.9999991 AND c > 23:00"), "23:59:59.999999");
  Refuses({"24:00:00", "20", "20:60", "20:15:60", "-01:00", "20:15:00."}, "time", "20:15:00");
}

TEST_F(ReadFilterTest, Timestamps) {
  Column("timestamp", "[0, 1704139200000000, 1704139200000001, -1, null]");  // 2024-01-01T20:00:00
  EXPECT_EQ(Where("c > '2024-01-01 20:00:00'"), "2024-01-01T20:00:00.000001");
  EXPECT_EQ(Where("c = '2024-01-01 20:00:00'"), "2024-01-01T20:00:00");
  EXPECT_EQ(Where("c = 2024-01-01T20:00"), "2024-01-01T20:00:00");
  EXPECT_EQ(Where("c = '2024-01-01 20:00:00.000001'"), "2024-01-01T20:00:00.000001");
  EXPECT_EQ(Where("c < '2024-01-01 20:00:00.0000005' AND c > 2024-01-01"), "2024-01-01T20:00:00");
  EXPECT_EQ(Where("c >= 1970-01-01 AND c <= 2024-01-01"), "1970-01-01T00:00:00");
  EXPECT_EQ(Where("c < 1970-01-01"), "1969-12-31T23:59:59.999999");
  Refuses({"2024-01-01T20:00:00Z", "'2024-01-01 20:00:00+00:00'", "now", "20:00", "'2024-01-01 24:00:00'",
           "1704139200"},
          "timestamp", "'2024-01-31 20:15:00'");
}

TEST_F(ReadFilterTest, TimestampsWithAZone) {
  Column("timestamptz", "[0, 1704139200000000, null]");
  for (const char* literal : {"2024-01-01T20:00:00Z", "'2024-01-01 20:00:00+00:00'", "2024-01-01T22:00:00+02:00",
                              "2024-01-01T14:30:00-0530", "'2024-01-02 01:00 +05'", "'2024-01-01 20:00:00'"}) {
    EXPECT_EQ(Where(std::string("c = ") + literal), "2024-01-01T20:00:00Z") << literal;
  }
  EXPECT_EQ(Where("c < 2024-01-01"), "1970-01-01T00:00:00Z");
  Refuses({"2024-01-01T20:00:00+25:00", "2024-01-01T20:00:00CET", "2024-01-01Z"}, "timestamptz",
          "'2024-01-31 20:15:00+02:00'");
}

TEST_F(ReadFilterTest, Nanoseconds) {
  const DataType type = *ParseDataType("TIMESTAMP(9)");
  columns_ = {{"c", type, "TIMESTAMP(9)"}};
  const char* json = "[1704139200000000001, 1704139200000000002, -1, null]";
  const auto cells = *arrow::json::ArrayFromJSONString(type.ToArrow(), json);
  rows_ = arrow::RecordBatch::Make(arrow::schema({arrow::field("c", cells->type())}), cells->length(), {cells});
  EXPECT_EQ(Where("c = '2024-01-01 20:00:00.000000001'"), "2024-01-01T20:00:00.000000001");
  EXPECT_EQ(Where("c > '2024-01-01 20:00:00.0000000011'"), "2024-01-01T20:00:00.000000002");
  EXPECT_EQ(Where("c < 1970-01-01"), "1969-12-31T23:59:59.999999999");
  EXPECT_EQ(Where("c < 9999-12-31 AND c > 2024-01-01T20:00"),
            "2024-01-01T20:00:00.000000001 2024-01-01T20:00:00.000000002");
  EXPECT_EQ(Where("c >= 9999-12-31 OR c <= 0001-01-01"), "");
}

TEST_F(ReadFilterTest, Texts) {
  Column("string", R"(["", "a", "B", "ä", "10", "9", "it's", null])");
  EXPECT_EQ(Where("c = 'it''s'"), "it's");
  EXPECT_EQ(Where("c = a"), "a");
  EXPECT_EQ(Where("c < 9 AND c > ''"), "10");
  EXPECT_EQ(Where("c > A AND c < b"), "a B");
  EXPECT_EQ(Where("c > 'z'"), "ä");
  Refuses({"x'61'"}, "string", "'text'");
}

TEST_F(ReadFilterTest, Binaries) {
  Column("binary", R"(["", "\u0000A", "B", null])");
  EXPECT_EQ(Where("c = 0041"), "0041");
  EXPECT_EQ(Where("c = x'0041'"), "0041");
  EXPECT_EQ(Where("c >= X'42'"), "42");
  EXPECT_EQ(Where("c > ''"), "0041 42");
  Refuses({"abc", "x'0g'", "'A B'"}, "binary", "x'00ff'");
}

TEST_F(ReadFilterTest, NullsAndLists) {
  Column("int", "[1, null]");
  EXPECT_EQ(Where("c IS NULL"), "-");
  EXPECT_EQ(Where("c IS NOT NULL"), "1");
  EXPECT_EQ(Where("c != 5"), "1");
  EXPECT_EQ(Where(""), "1 -");
  Column("list<string>", R"([["a"], null])");
  EXPECT_EQ(Where("c is null"), "-");
  EXPECT_NE(Where("c = 'a'").find("column c is a list<string>, which is not compared"), std::string::npos);
}

TEST_F(ReadFilterTest, AColumnThatStandsThereTwice) {
  Column("int", "[1, 2]");
  columns_.push_back(columns_[0]);
  rows_ = *rows_->AddColumn(1, rows_->schema()->field(0), rows_->column(0));
  EXPECT_EQ(Where("c >= 2"), "2");
}

TEST_F(ReadFilterTest, ColumnsThatAreNotThere) {
  Column("int", "[1]");
  columns_.push_back({"quantity", columns_[0].type, "int"});
  for (const char* text : {"quantiti = 1", "c = 1 AND quantiti IS NULL", "quantiti IS NOT NULL", "quantiti = 'x'"}) {
    const auto bound = RowCondition::Parse(text)->Bind(columns_);
    ASSERT_FALSE(bound.ok()) << text;
    EXPECT_EQ(bound.error().code, ErrorCode::kNotFound);
    EXPECT_EQ(bound.error().ToString(), "the table has no column `quantiti`\nhint: did you mean `quantity`?");
  }
  EXPECT_EQ(RowCondition::Parse("nope = 1")->Bind(columns_).error().hint, "its columns are c, quantity");
}

// What a reader is told: a literal that no cell of the column can be is none of it.
TEST_F(ReadFilterTest, ConditionsForTheReader) {
  const auto told = [&](const std::string& text) {
    auto condition = RowCondition::Parse(text);
    EXPECT_TRUE(condition->Bind(columns_).ok()) << text;
    std::string out;
    for (const ColumnCondition& one : condition->Conditions()) {
      out += Str(out.empty() ? "" : " ", one.column, " ", static_cast<int>(one.op));
      if (const auto* cell = std::get_if<int64_t>(&one.value)) out += Str(" ", *cell);
      if (const auto* real = std::get_if<double>(&one.value)) out += Str(" real ", *real);
      if (const auto* text_of = std::get_if<std::string>(&one.value)) out += Str(" '", *text_of, "'");
      for (const auto& value : one.values) out += Str(" ", std::get<int64_t>(value));
    }
    return out;
  };
  Column("int", "[1]");
  EXPECT_EQ(told("c = 5 AND c != 6 AND c IS NULL AND c IS NOT NULL"), "c 0 5 c 1 6 c 2 c 3");
  EXPECT_EQ(told("c = 5 AND (c = 6 OR c = 7) AND (c != 8 AND c < 9)"), "c 0 5 c 6 6 7 c 1 8 c 4 9");
  EXPECT_EQ(told("c IN (7, 5, 6, 1.5) AND c IN (2.5)"), "c 6 7 5 6") << "a part of 1.5 is no INT";
  EXPECT_EQ(told("(c = 5 OR c > 6) AND (c = 5 OR c IS NULL)"), "");
  EXPECT_EQ(told("c BETWEEN 2 AND 4"), "c 5 2 c 4 4");
  EXPECT_EQ(told("c < 5 AND c >= 6 AND c = 1.5 AND c != 99999999999999999999"), "c 4 5 c 5 6");
  EXPECT_EQ(told("c < 1.5 AND c > 1.5 AND c > -99999999999999999999"), "c 4 1 c 5 1") << "rows at the bound may come";
  Column("timestamp", "[1]");
  EXPECT_EQ(told("c = 1970-01-02 AND c != '1970-01-01 00:00:00.0000001'"), "c 0 86400000000");
  Column("float", "[1]");
  EXPECT_EQ(told("c = 0.5"), "c 0 real 0.5");
  Column("string", "[\"a\"]");
  EXPECT_EQ(told("c = 'it''s' AND c IS NULL"), "c 0 'it's' c 2");
}

// NULL is met by none of them, and by no NOT.
TEST_F(ReadFilterTest, TreesOfTerms) {
  Column("int", "[1, 2, 3, 4, null]");
  EXPECT_EQ(Where("c = 1 OR c > 2 AND c < 4"), "1 3");
  EXPECT_EQ(Where("(c = 1 OR c > 2) AND c < 4"), "1 3");
  EXPECT_EQ(Where("NOT (c = 1 OR c > 2) "), "2");
  EXPECT_EQ(Where("c IN (1, 4, 9)"), "1 4");
  EXPECT_EQ(Where("c NOT IN (1, 4, 9)"), "2 3");
  EXPECT_EQ(Where("c BETWEEN 2 AND 3 OR c IS NULL"), "2 3 -");
  EXPECT_EQ(Where("c NOT BETWEEN 2 AND 3"), "1 4");
  EXPECT_EQ(Where("3 <= c"), "3 4");
  EXPECT_NE(Where("c LIKE '1%'").find("LIKE is for texts"), std::string::npos);
  Column("string", R"(["ab", "b", "B%", null])");
  EXPECT_EQ(Where("c LIKE '%b'"), "ab b");
  EXPECT_EQ(Where("c NOT LIKE '_b'"), "b B%");
  EXPECT_EQ(Where("NOT c LIKE 'B!%' ESCAPE '!'"), "ab b");
}

TEST_F(ReadFilterTest, InSqlALiteralMeansOneThingOnly) {
  const auto binds = [&](const std::string& text) {
    auto condition = RowCondition::Parse(text, ConditionStyle::kSql);
    return condition.ok() && condition->Bind(columns_).ok();
  };
  Column("string", "[\"5\"]");
  EXPECT_TRUE(binds("c = '5'"));
  EXPECT_FALSE(binds("c = 5"));
  EXPECT_FALSE(binds("c = c"));
  Column("timestamptz", "[1]");
  EXPECT_TRUE(binds("c = '2024-01-01 20:00:00Z'"));
  EXPECT_FALSE(binds("c = '2024-01-01 20:00:00'"));
  Column("timestamptz", "[72000000000, 1704139200000000]");  // at 20:00 of two days
  EXPECT_EQ(Where("c = '2024-01-01 20:00:00Z'", ConditionStyle::kSql), "2024-01-01T20:00:00Z");
  Column("timestamp", "[1]");
  EXPECT_TRUE(binds("c = TIMESTAMP '2024-01-01 20:00:00'"));
}

TEST_F(ReadFilterTest, Grammar) {
  Column("int", "[1, 2, 3]");
  EXPECT_EQ(Where("`c`>1 and \"c\"<>3"), "2");
  for (const char* text : {"c", "c =", "= 1", "c ~ 1", "(c = 1", "c = 1 AND", "c IS 1", "c = 'a"}) {
    EXPECT_NE(Where(text).find("--where: "), std::string::npos) << text;
  }
  EXPECT_NE(Where("c = 2024-01-01 20:00:00").find("put in quotes"), std::string::npos);
}

}  // namespace
}  // namespace sluice
