// SPDX-License-Identifier: Apache-2.0
// The text and JSON of a cell: every type, extreme values, NULL, slices.
#include "row/format_value.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/json/from_string.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <limits>

namespace sluice {
namespace {

std::shared_ptr<arrow::Array> Make(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

std::string Text(const arrow::Array& column, int64_t row) {
  std::string out;
  return AppendText(column, row, out) ? out : "(null)" + out;
}

std::string Json(const arrow::Array& column, int64_t row) {
  std::string out;
  AppendJson(column, row, out);
  return out;
}

TEST(FormatValue, NumbersAreTheSameInTextAndJson) {
  auto ints = Make(arrow::int64(), "[-9223372036854775808, 0, null]");
  EXPECT_EQ(Text(*ints, 0), "-9223372036854775808");
  EXPECT_EQ(Json(*ints, 1), "0");
  EXPECT_EQ(Text(*ints, 2), "(null)");
  EXPECT_EQ(Json(*ints, 2), "null");
  auto flags = Make(arrow::boolean(), "[true, false]");
  EXPECT_EQ(Text(*flags, 0) + Json(*flags, 1), "truefalse");
}

TEST(FormatValue, FloatsAreShortestAndNonFiniteOnesAreStringsInJson) {
  arrow::FloatBuilder floats;
  ASSERT_TRUE(floats.AppendValues({0.1f, 1e30f, -std::numeric_limits<float>::infinity()}).ok());
  auto column = floats.Finish().ValueOrDie();
  EXPECT_EQ(Text(*column, 0), "0.1");
  EXPECT_EQ(Text(*column, 1), "1e+30");
  EXPECT_EQ(Text(*column, 2), "-Infinity");
  EXPECT_EQ(Json(*column, 2), "\"-Infinity\"");
  auto doubles = Make(arrow::float64(), "[0.30000000000000004, -0.0]");
  EXPECT_EQ(Text(*doubles, 0), "0.30000000000000004");
  EXPECT_EQ(Text(*doubles, 1), "-0");
}

TEST(FormatValue, DecimalsHaveAllDigits) {
  auto column = Make(arrow::decimal128(38, 10), R"(["-9999999999999999999999999999.9999999999", "0.0000000001"])");
  EXPECT_EQ(Text(*column, 0), "-9999999999999999999999999999.9999999999");
  EXPECT_EQ(Json(*column, 1), "\"0.0000000001\"");
  EXPECT_EQ(Text(*Make(arrow::decimal128(5, 0), R"(["120"])"), 0), "120");
  EXPECT_EQ(Text(*Make(arrow::decimal128(5, 2), R"(["-0.50"])"), 0), "-0.50");
}

TEST(FormatValue, DatesAndTimes) {
  auto dates = Make(arrow::date32(), "[0, -1, -719162, 2932896, -719529]");
  EXPECT_EQ(Text(*dates, 0), "1970-01-01");
  EXPECT_EQ(Text(*dates, 1), "1969-12-31");
  EXPECT_EQ(Text(*dates, 2), "0001-01-01");
  EXPECT_EQ(Json(*dates, 3), "\"9999-12-31\"");
  EXPECT_EQ(Text(*dates, 4), "-0001-12-31");
  auto times = Make(arrow::time64(arrow::TimeUnit::MICRO), "[0, 86399999999, 45296500000]");
  EXPECT_EQ(Text(*times, 0), "00:00:00");
  EXPECT_EQ(Text(*times, 1), "23:59:59.999999");
  EXPECT_EQ(Text(*times, 2), "12:34:56.5");
  auto plain = Make(arrow::timestamp(arrow::TimeUnit::MICRO), "[-1, 0]");
  EXPECT_EQ(Text(*plain, 0), "1969-12-31T23:59:59.999999");
  EXPECT_EQ(Text(*plain, 1), "1970-01-01T00:00:00");
  auto zoned = Make(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), "[1510871468120000]");
  EXPECT_EQ(Json(*zoned, 0), "\"2017-11-16T22:31:08.12Z\"");
}

TEST(FormatValue, CivilDatesGoBothWays) {
  for (int64_t days = -800'000; days < 3'000'000; days += 97) {
    CivilDate date = CivilFromDays(days);
    ASSERT_EQ(DaysFromCivil(date.year, date.month, date.day), days);
  }
}

TEST(FormatValue, TextIsEscapedOnlyInJson) {
  auto column = Make(arrow::utf8(), R"(["a\"\n\\é", ""])");
  EXPECT_EQ(Text(*column, 0), "a\"\n\\é");
  EXPECT_EQ(Json(*column, 0), R"("a\"\n\\é")");
  EXPECT_EQ(Text(*column, 1), "");
  arrow::BinaryBuilder builder;
  ASSERT_TRUE(builder.Append(std::string("\0\xff\x10", 3)).ok());
  auto binary = builder.Finish().ValueOrDie();
  EXPECT_EQ(Text(*binary, 0), "00ff10");
  EXPECT_EQ(Json(*binary, 0), "\"00ff10\"");
}

TEST(FormatValue, NestedValuesAreJson) {
  auto lists = Make(arrow::list(arrow::utf8()), R"([["a", null, "b\""], [], null])");
  EXPECT_EQ(Text(*lists, 0), R"(["a",null,"b\""])");
  EXPECT_EQ(Text(*lists, 1), "[]");
  EXPECT_EQ(Text(*lists, 2), "(null)");
  EXPECT_EQ(Json(*lists->Slice(1), 0), "[]");
  auto structs = Make(arrow::struct_({arrow::field("x", arrow::int32()), arrow::field("d", arrow::date32())}),
                      R"([{"x": 1, "d": 0}, {"x": null, "d": 1}])");
  EXPECT_EQ(Json(*structs->Slice(1), 0), R"({"x":null,"d":"1970-01-02"})");
  auto maps = Make(arrow::map(arrow::utf8(), arrow::int32()), R"([[["k", 1], ["l", null]]])");
  EXPECT_EQ(Text(*maps, 0), R"([["k",1],["l",null]])");
}

}  // namespace
}  // namespace sluice
