// SPDX-License-Identifier: Apache-2.0
// Each function of --computed_column over columns of each type that it takes, NULLs, and what it refuses.
#include "expr/column_function.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <gtest/gtest.h>

#include <optional>

#include "base/text.h"
#include "expr/date_pattern.h"
#include "expr/time_zone.h"
#include "row/format_value.h"

namespace sluice {
namespace {

using Texts = std::vector<std::string>;
using ArrayPtr = std::shared_ptr<arrow::Array>;

template <typename Builder, typename Value>
ArrayPtr Array(Builder builder, const std::vector<std::optional<Value>>& values) {
  for (const auto& value : values) EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  return *builder.Finish();
}
ArrayPtr Strings(const std::vector<std::optional<std::string>>& values) {
  return Array(arrow::StringBuilder(), values);
}
ArrayPtr Longs(const std::vector<std::optional<int64_t>>& values) { return Array(arrow::Int64Builder(), values); }

// The cells of the function's column, "null" for NULL; or its error.
std::string Call(const std::string& name, std::string_view type, const ArrayPtr& column, const Texts& arguments = {}) {
  auto function = ColumnFunction::Make(name, *ParseDataType(type), arguments);
  if (!function.ok()) return function.error().message;
  auto out = function->Apply(column);
  if (!out.ok()) return out.error().message;
  EXPECT_TRUE((*out)->type()->Equals(*function->type().ToArrow())) << (*out)->type()->ToString();
  std::string text;
  for (int64_t row = 0; row < (*out)->length(); ++row) {
    if (row > 0) text += '|';
    if (!AppendText(**out, row, text)) text += "null";
  }
  return text;
}

TEST(ColumnFunction, PartsOfATextThatIsADate) {
  const ArrayPtr column = Strings({"2024-02-29 23:05:09.123456", "1969-12-31", std::nullopt, "2024-01-01T10:20"});
  EXPECT_EQ(Call("year", "STRING", column), "2024|1969|null|2024");
  EXPECT_EQ(Call("month", "VARCHAR(30)", column), "2|12|null|1");
  EXPECT_EQ(Call("day", "STRING", column), "29|31|null|1");
  EXPECT_EQ(Call("hour", "STRING", column), "23|0|null|10");
  EXPECT_EQ(Call("minute", "STRING", column), "5|0|null|20");
  EXPECT_EQ(Call("second", "STRING", column), "9|0|null|0");
  EXPECT_EQ(Call("year", "STRING", Strings({"2024-02-30"})),
            "the value \"2024-02-30\" is no date or time such as 2024-01-31 20:15:00");
}

TEST(ColumnFunction, NumbersAndTimestampsCountFrom1970) {
  EXPECT_EQ(Call("year", "BIGINT", Longs({0, -1, 1'700'000'000, std::nullopt})), "1970|1969|2023|null");
  EXPECT_EQ(Call("date_format", "BIGINT", Longs({1'700'000'000'123}), {"yyyy-MM-dd HH:mm:ss.SSS", "3"}),
            "2023-11-14 22:13:20.123");
  EXPECT_EQ(Call("date_format", "BIGINT", Longs({1'700'000'000'123'456'789}), {"HH:mm:ss.SSSSSS", "9"}),
            "22:13:20.123456");
  EXPECT_EQ(Call("hour", "STRING", Strings({"3600000000"}), {"6"}), "1");
  EXPECT_EQ(Call("day", "DATE", Array(arrow::Date32Builder(), std::vector<std::optional<int32_t>>{31})), "1");
  arrow::TimestampBuilder times(arrow::timestamp(arrow::TimeUnit::MICRO), arrow::default_memory_pool());
  const ArrayPtr before = Array(std::move(times), std::vector<std::optional<int64_t>>{-1});
  EXPECT_EQ(Call("date_format", "TIMESTAMP(6)", before, {"yyMMdd"}), "691231");
  EXPECT_EQ(Call("year", "BIGINT", Longs({1}), {"5"}), "the precision 5 of year() is not supported");
  EXPECT_EQ(Call("year", "DOUBLE", Longs({})), "a column of type DOUBLE holds no date or time");
}

TEST(ColumnFunction, SubstringCountsCharacters) {
  const ArrayPtr column = Strings({"Äpfel", std::nullopt});
  EXPECT_EQ(Call("substring", "STRING", column, {"1"}), "pfel|null");
  EXPECT_EQ(Call("substring", "STRING", column, {"0", "2"}), "Äp|null");
  EXPECT_EQ(Call("substring", "STRING", column, {"5"}), "|null");
  EXPECT_EQ(Call("substring", "STRING", column, {"1", "9"}), "the value \"Äpfel\" is too short for substring(1, 9)");
  EXPECT_EQ(Call("substring", "BIGINT", Longs({20240131}), {"0", "4"}), "2024");
  EXPECT_EQ(Call("substring", "STRING", column, {"3", "3"}), "substring() cannot take (3, 3)");
}

TEST(ColumnFunction, TruncateRoundsDownToAWidth) {
  EXPECT_EQ(Call("truncate", "BIGINT", Longs({17, -1, 20, std::nullopt}), {"10"}), "10|-10|20|null");
  EXPECT_EQ(Call("truncate", "INT", Array(arrow::Int32Builder(), std::vector<std::optional<int32_t>>{7}), {"5"}), "5");
  EXPECT_EQ(Call("truncate", "STRING", Strings({"Äpfel", "a"}), {"2"}), "Äp|a");
  const std::vector<std::optional<arrow::Decimal128>> numbers = {arrow::Decimal128(1065), arrow::Decimal128(-5)};
  const auto decimals = Array(arrow::Decimal128Builder(arrow::decimal128(10, 2)), numbers);
  EXPECT_EQ(Call("truncate", "DECIMAL(10, 2)", decimals, {"50"}), "10.50|-0.50");
  EXPECT_EQ(Call("truncate", "INT", Longs({}), {"0"}), "the width 0 of truncate() is no number above 0");
}

TEST(ColumnFunction, CaseAndBlanksOfTexts) {
  const ArrayPtr column = Strings({" Äß \t", std::nullopt});
  EXPECT_EQ(Call("trim", "STRING", column), "Äß|null");
  EXPECT_EQ(Call("lower", "STRING", column), " äß \t|null");
  EXPECT_EQ(Call("upper", "STRING", Strings({"aé語😀"})), "AÉ語😀");
  EXPECT_EQ(Call("upper", "INT", Longs({})), "upper() needs a text, not a column of type INT");
}

TEST(DatePattern, NamesQuotesAndHalves) {
  const auto format = [](std::string_view pattern) {
    auto compiled = DatePattern::Compile(pattern);
    if (!compiled.ok()) return compiled.error().message;
    std::string out;
    compiled->Append(1'706'735'700'000'000, out);  // 2024-01-31 21:15:00, a Wednesday
    return out;
  };
  EXPECT_EQ(format("EEE, d MMM yyyy h:mm a"), "Wed, 31 Jan 2024 9:15 PM");
  EXPECT_EQ(format("EEEE MMMM DDD 'o''clock' Q"), "Wednesday January 031 o'clock 1");
  EXPECT_EQ(format("yyyy-ww"), "the date pattern yyyy-ww has ww, which is not supported");
  EXPECT_EQ(format("yyyy'"), "the date pattern yyyy' has a ' without its other half");
}

TEST(TimeZone, NamesAndOffsets) {
  const auto local = [](const std::string& zone, int64_t seconds) {
    auto found = TimeZone::Find(zone);
    EXPECT_TRUE(found.ok()) << zone;
    return found.ok() ? found->ToLocal(seconds * 1'000'000) / 1'000'000 - seconds : -1;
  };
  EXPECT_EQ(local("UTC", 0), 0);
  EXPECT_EQ(local("+08:00", 5), 8 * 3600);
  EXPECT_EQ(local("GMT-3", 5), -3 * 3600);
  EXPECT_EQ(local("Asia/Shanghai", 1'700'000'000), 8 * 3600);
  auto berlin = TimeZone::Find("Europe/Berlin");
  ASSERT_TRUE(berlin.ok());
  for (const auto& [at, hours] : std::vector<std::pair<int64_t, int64_t>>{
           {1'711'846'799, 1}, {1'711'846'800, 2}, {1'711'846'799, 1}, {1'729'990'799, 2}, {1'729'990'800, 1}}) {
    EXPECT_EQ(berlin->ToLocal(at * 1'000'000) / 1'000'000 - at, hours * 3600) << at;
  }
  EXPECT_FALSE(TimeZone::Find("Mars/Olympus").ok());
}

}  // namespace
}  // namespace sluice
