// SPDX-License-Identifier: Apache-2.0
// Widening casts keep every value; one that does not fit is named, or NULL if the pipeline tolerates it.
#include "pipeline/cast.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/util/decimal.h>
#include <gtest/gtest.h>

#include <cmath>

#include "row/format_value.h"

namespace sluice {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

DataType T(std::string_view text) { return *ParseDataType(text); }

template <typename Builder, typename... Values>
ArrayPtr Build(Builder&& builder, Values... values) {
  bool appended = (builder.Append(values).ok() && ...);
  EXPECT_TRUE(appended);
  EXPECT_TRUE(builder.AppendNull().ok());
  return *builder.Finish();
}
ArrayPtr Decimals(std::string_view type, std::initializer_list<const char*> values) {
  arrow::Decimal128Builder builder(T(type).ToArrow());
  for (const char* text : values) EXPECT_TRUE(builder.Append(*arrow::Decimal128::FromString(text)).ok());
  EXPECT_TRUE(builder.AppendNull().ok());
  return *builder.Finish();
}
// The values, or the error.
std::string Cast(const ArrayPtr& column, std::string_view from, std::string_view to, bool tolerant = false) {
  auto out = CastColumn(column, T(from), T(to), {"column c of a.t", tolerant});
  if (!out.ok()) return out.error().message;
  EXPECT_TRUE((*out)->type()->Equals(*T(to).ToArrow())) << (*out)->type()->ToString();
  EXPECT_TRUE((*out)->ValidateFull().ok());
  std::string text;
  for (int64_t row = 0; row < (*out)->length(); ++row) {
    if (!AppendText(**out, row, text)) text += "NULL";
    text += " ";
  }
  return text;
}

ArrayPtr Times(std::string_view type, std::initializer_list<int64_t> values) {
  arrow::TimestampBuilder builder(T(type).ToArrow(), arrow::default_memory_pool());
  for (const int64_t value : values) EXPECT_TRUE(builder.Append(value).ok());
  EXPECT_TRUE(builder.AppendNull().ok());
  return *builder.Finish();
}

TEST(CastColumn, Nanoseconds) {
  const auto nanos = Times("TIMESTAMP(9)", {1'510'871'468'123'456'789, -1});
  EXPECT_EQ(Cast(nanos, "TIMESTAMP(9)", "TIMESTAMP(6)"), "2017-11-16T22:31:08.123456 1969-12-31T23:59:59.999999 NULL ");
  EXPECT_EQ(Cast(nanos, "TIMESTAMP(9)", "TIMESTAMP_LTZ(7)"),
            "2017-11-16T22:31:08.123456789Z 1969-12-31T23:59:59.999999999Z NULL ");
  EXPECT_EQ(Cast(nanos, "TIMESTAMP(9)", "STRING"),
            "2017-11-16T22:31:08.123456789 1969-12-31T23:59:59.999999999 NULL ");
  EXPECT_EQ(Cast(Times("TIMESTAMP(9)", {86'400'000'000'000}), "TIMESTAMP(9)", "DATE"), "1970-01-02 NULL ");
  const auto micros = Times("TIMESTAMP_LTZ(3)", {-1'000, 253'402'300'799'999'000});
  EXPECT_EQ(Cast(micros, "TIMESTAMP_LTZ(3)", "TIMESTAMP_LTZ(9)", true), "1969-12-31T23:59:59.999Z NULL NULL ");
  EXPECT_EQ(Cast(micros, "TIMESTAMP_LTZ(3)", "TIMESTAMP_LTZ(9)"),
            "column c of a.t: the value \"9999-12-31T23:59:59.999Z\" (TIMESTAMP_LTZ(3)) does not fit TIMESTAMP_LTZ(9)");
  const auto texts = Build(arrow::StringBuilder(), "2024-02-29 12:34:56.7890123", "2024-02-29 12:34:56.5");
  EXPECT_EQ(Cast(texts, "STRING", "TIMESTAMP(9)"), "2024-02-29T12:34:56.7890123 2024-02-29T12:34:56.5 NULL ");
  EXPECT_EQ(Cast(texts, "STRING", "TIMESTAMP(6)", true), "NULL 2024-02-29T12:34:56.5 NULL ");
}

TEST(CastColumn, Integers) {
  auto ints = Build(arrow::Int32Builder(), -5, 300);
  EXPECT_EQ(Cast(ints, "INT", "BIGINT"), "-5 300 NULL ");
  EXPECT_EQ(Cast(ints, "INT", "DECIMAL(12, 2)"), "-5.00 300.00 NULL ");
  EXPECT_EQ(Cast(ints, "INT", "DOUBLE"), "-5 300 NULL ");
  EXPECT_EQ(Cast(ints, "INT", "STRING"), "-5 300 NULL ");
  EXPECT_EQ(Cast(ints, "INT", "SMALLINT"), "-5 300 NULL ");
  EXPECT_EQ(Cast(ints, "INT", "TINYINT"), "column c of a.t: the value \"300\" (INT) does not fit TINYINT");
  EXPECT_EQ(Cast(ints, "INT", "TINYINT", true), "-5 NULL NULL ");
  EXPECT_EQ(Cast(ints, "INT", "DECIMAL(4, 2)", true), "-5.00 NULL NULL ");
  auto longs = Build(arrow::Int64Builder(), int64_t{3'000'000'000}, int64_t{7});
  EXPECT_EQ(Cast(longs, "BIGINT", "INT"), "column c of a.t: the value \"3000000000\" (BIGINT) does not fit INT");
  EXPECT_EQ(Cast(longs, "BIGINT", "INT", true), "NULL 7 NULL ");
  EXPECT_EQ(Cast(longs, "BIGINT", "DATE", true), "NULL NULL NULL ");
}

TEST(CastColumn, Decimals) {
  auto column = Decimals("DECIMAL(6, 2)", {"12.30", "-1234.56", "0.00"});
  EXPECT_EQ(Cast(column, "DECIMAL(6, 2)", "DECIMAL(12, 4)"), "12.3000 -1234.5600 0.0000 NULL ");
  EXPECT_EQ(Cast(column, "DECIMAL(6, 2)", "STRING"), "12.30 -1234.56 0.00 NULL ");
  EXPECT_EQ(Cast(column, "DECIMAL(6, 2)", "DOUBLE"), "12.3 -1234.56 0 NULL ");
  EXPECT_EQ(Cast(column, "DECIMAL(6, 2)", "DECIMAL(5, 1)", true), "12.3 NULL 0.0 NULL ");
  EXPECT_EQ(Cast(column, "DECIMAL(6, 2)", "BIGINT", true), "NULL NULL 0 NULL ");
  EXPECT_NE(Cast(column, "DECIMAL(6, 2)", "DECIMAL(5, 2)").find("\"-1234.56\""), std::string::npos);
}

TEST(CastColumn, Reals) {
  EXPECT_EQ(Cast(Build(arrow::FloatBuilder(), 0.5F), "FLOAT", "DOUBLE"), "0.5 NULL ");
  EXPECT_EQ(Cast(Build(arrow::DoubleBuilder(), 0.5, 0.1), "DOUBLE", "FLOAT", true), "0.5 NULL NULL ");
  EXPECT_EQ(Cast(Build(arrow::DoubleBuilder(), 3.0, 3.5, 1e300), "DOUBLE", "INT", true), "3 NULL NULL NULL ");
  EXPECT_EQ(Cast(Build(arrow::DoubleBuilder(), 9.3e18, -4.0), "DOUBLE", "BIGINT", true), "NULL -4 NULL ");
}

TEST(CastColumn, TimesTextAndBytes) {
  auto dates = Build(arrow::Date32Builder(), 1, 2147483647);
  EXPECT_EQ(Cast(dates, "DATE", "TIMESTAMP(6)", true), "1970-01-02T00:00:00 NULL NULL ");
  EXPECT_EQ(Cast(Build(arrow::Date32Builder(), 1), "DATE", "STRING"), "1970-01-02 NULL ");
  auto times = Build(arrow::TimestampBuilder(T("TIMESTAMP(6)").ToArrow(), arrow::default_memory_pool()), int64_t{1});
  EXPECT_EQ(Cast(times, "TIMESTAMP(6)", "TIMESTAMP_LTZ(6)"), "1970-01-01T00:00:00.000001Z NULL ");
  auto bytes = Build(arrow::BinaryBuilder(), std::string("\x00\xff", 2));
  EXPECT_EQ(Cast(bytes, "VARBINARY(2)", "STRING"), "00ff NULL ");
  EXPECT_EQ(Cast(Build(arrow::StringBuilder(), "ab"), "VARCHAR(2)", "BYTES"), "6162 NULL ");
  EXPECT_EQ(Cast(Build(arrow::BooleanBuilder(), true), "BOOLEAN", "STRING"), "true NULL ");
}

TEST(CastColumn, TextThatIsWhatTheColumnWas) {
  auto numbers = Build(arrow::StringBuilder(), "33", "-128", "300", "007", "5.5", "", "x", "9999999999", "+1", " 1");
  EXPECT_EQ(Cast(numbers, "VARCHAR(20)", "INT", true), "33 -128 300 NULL NULL NULL NULL NULL NULL NULL NULL ");
  EXPECT_EQ(Cast(numbers, "VARCHAR(20)", "TINYINT", true), "33 -128 NULL NULL NULL NULL NULL NULL NULL NULL NULL ");
  EXPECT_EQ(Cast(numbers, "VARCHAR(20)", "BIGINT", true), "33 -128 300 NULL NULL NULL NULL 9999999999 NULL NULL NULL ");
  EXPECT_EQ(Cast(numbers, "VARCHAR(20)", "DECIMAL(5, 2)", true),
            "33.00 -128.00 300.00 NULL 5.50 NULL NULL NULL NULL NULL NULL ");
  EXPECT_EQ(Cast(Build(arrow::StringBuilder(), "5", "x"), "VARCHAR(20)", "INT"),
            "column c of a.t: the value \"x\" (VARCHAR(20)) does not fit INT");
  EXPECT_EQ(Cast(Build(arrow::StringBuilder(), "1.234", "0.05", "."), "STRING", "DECIMAL(5, 2)", true),
            "NULL 0.05 NULL NULL ");
  EXPECT_EQ(Cast(Build(arrow::StringBuilder(), "0.1", "1e3", "x"), "STRING", "DOUBLE", true), "0.1 1000 NULL NULL ");
  EXPECT_EQ(Cast(Build(arrow::StringBuilder(), "0.1", "1e99"), "STRING", "FLOAT", true), "0.1 NULL NULL ");
  EXPECT_EQ(Cast(Build(arrow::StringBuilder(), "1", "false", "2"), "STRING", "BOOLEAN", true), "true false NULL NULL ");
  EXPECT_EQ(Cast(Build(arrow::StringBuilder(), "2024-02-29", "2023-02-29", "2024-1-01"), "STRING", "DATE", true),
            "2024-02-29 NULL NULL NULL ");
  EXPECT_EQ(Cast(Build(arrow::StringBuilder(), "10:20:30.5", "24:00:00", "1:00:00"), "STRING", "TIME(6)", true),
            "10:20:30.5 NULL NULL NULL ");
  auto points = Build(arrow::StringBuilder(), "2024-01-31 10:20:30.123", "2024-01-31", "1969-12-31 23:59:59");
  EXPECT_EQ(Cast(points, "STRING", "TIMESTAMP(6)", true),
            "2024-01-31T10:20:30.123 NULL 1969-12-31T23:59:59 NULL ");
}

TEST(CastColumn, BackToWhatTheColumnWas) {
  EXPECT_EQ(Cast(Build(arrow::BooleanBuilder(), true, false), "BOOLEAN", "INT"), "1 0 NULL ");
  EXPECT_EQ(Cast(Build(arrow::Int32Builder(), 1, 0, 2), "INT", "BOOLEAN", true), "true false NULL NULL ");
  EXPECT_EQ(Cast(Build(arrow::DoubleBuilder(), 1.25, 0.1, 1.234, 1e30, NAN), "DOUBLE", "DECIMAL(5, 2)", true),
            "1.25 0.10 NULL NULL NULL NULL ");
  EXPECT_EQ(Cast(Build(arrow::FloatBuilder(), 0.1F), "FLOAT", "DECIMAL(5, 2)"), "0.10 NULL ");
  auto times = Build(arrow::TimestampBuilder(T("TIMESTAMP(6)").ToArrow(), arrow::default_memory_pool()),
                     int64_t{-86'400'000'000}, int64_t{1});
  EXPECT_EQ(Cast(times, "TIMESTAMP(6)", "DATE", true), "1969-12-31 NULL NULL ");
}

TEST(CastColumn, SameRepresentationIsNotCopied) {
  auto texts = Build(arrow::StringBuilder(), "x");
  EXPECT_EQ(*CastColumn(texts, T("VARCHAR(3)"), T("STRING"), {}), texts);
  auto ints = Build(arrow::Int32Builder(), 1);
  EXPECT_EQ(*CastColumn(ints, T("TINYINT"), T("INT"), {}), ints);
  EXPECT_FALSE(SameRepresentation(T("INT"), T("SMALLINT")));
  EXPECT_FALSE(SameRepresentation(T("DECIMAL(5, 2)"), T("DECIMAL(6, 2)")));
  EXPECT_TRUE(SameRepresentation(T("TIMESTAMP(0)"), T("TIMESTAMP(6) NOT NULL")));
}

TEST(CastColumn, SliceOfAColumn) {
  auto ints = Build(arrow::Int32Builder(), 1, 2, 3)->Slice(1, 3);
  EXPECT_EQ(Cast(ints, "INT", "BIGINT"), "2 3 NULL ");
}

}  // namespace
}  // namespace sluice
