// SPDX-License-Identifier: Apache-2.0
// Columns whose type was altered: old files are read as the new type, where each value has one text or time in it.
#include "lake/parquet/promote.h"

#include <arrow/array.h>
#include <arrow/json/from_string.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

std::string Promoted(const std::shared_ptr<arrow::DataType>& from, const std::string& values,
                     const std::shared_ptr<arrow::DataType>& to) {
  if (!CanPromote(*from, *to)) return "none";
  const auto array = *arrow::json::ArrayFromJSONString(from, values);
  const auto promoted = Promote(array, to);
  if (!promoted.ok()) return promoted.status().ToString();
  const auto wanted = (*promoted)->type()->Equals(*to);
  return wanted ? (*promoted)->GetScalar(0).ValueOrDie()->ToString() : "another type";
}

TEST(Promote, WholeNumbersBecomeText) {
  EXPECT_EQ(Promoted(arrow::int32(), "[-7, null]", arrow::utf8()), "-7");
  EXPECT_EQ(Promoted(arrow::int64(), "[9223372036854775807]", arrow::utf8()), "9223372036854775807");
  EXPECT_EQ(Promoted(arrow::int8(), "[0]", arrow::utf8()), "0");
  EXPECT_EQ(Promoted(arrow::float64(), "[0.1]", arrow::utf8()), "none");  // Java writes some of them otherwise
}

TEST(Promote, DatesBecomeTheBeginningOfTheirDay) {
  const auto micros = arrow::timestamp(arrow::TimeUnit::MICRO);
  EXPECT_EQ(Promoted(arrow::date32(), "[19753]", micros), "2024-01-31 00:00:00.000000");
  EXPECT_EQ(Promoted(arrow::date32(), "[-1]", arrow::timestamp(arrow::TimeUnit::MILLI)), "1969-12-31 00:00:00.000");
  EXPECT_EQ(Promoted(arrow::date32(), "[0]", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")), "none");
}

TEST(Promote, DecimalsOfMoreDigitsOnBothSides) {
  EXPECT_EQ(Promoted(arrow::decimal128(5, 2), R"(["-1.50"])", arrow::decimal128(9, 4)), "-1.5000");
  EXPECT_EQ(Promoted(arrow::decimal128(5, 2), R"(["1.50"])", arrow::decimal128(5, 4)), "none");
  EXPECT_EQ(Promoted(arrow::decimal128(5, 2), R"(["1.50"])", arrow::decimal128(9, 1)), "none");
}

}  // namespace
}  // namespace sluice
