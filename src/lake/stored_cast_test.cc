// SPDX-License-Identifier: Apache-2.0
// Old values under a column's new type, as Paimon's readers show them.
#include "lake/stored_cast.h"

#include <arrow/array.h>
#include <arrow/compute/api.h>
#include <arrow/json/from_string.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "row/format_value.h"

namespace sluice {
namespace {

// The texts of the values, "NULL" among them; "none": there is no such cast; else the error.
std::string Cast(const std::string& from, const std::string& json, const std::string& to) {
  const DataType a = *ParseDataType(from), b = *ParseDataType(to);
  if (!CanCastStored(a, b)) return "none";
  const auto values = arrow::json::ArrayFromJSONString(a.ToArrow(), json);
  if (!values.ok()) return values.status().ToString();
  const auto cast = CastStored(*values, a, b);
  if (!cast.ok()) return cast.error().code == ErrorCode::kUnsupported ? cast.error().message : "another error";
  if (!(*cast)->type()->Equals(*b.ToArrow())) return "another type";
  std::string out;
  for (int64_t row = 0; row < (*cast)->length(); ++row) {
    if (row > 0) out += "|";
    if (!AppendText(**cast, row, out)) out += "NULL";
  }
  return out;
}

TEST(StoredCast, WholeNumbers) {
  EXPECT_EQ(Cast("INT", "[383, -1, null]", "TINYINT"), "127|-1|NULL");  // the lowest bits
  EXPECT_EQ(Cast("BIGINT", "[4294967297]", "INT"), "1");
  EXPECT_EQ(Cast("TINYINT", "[-7]", "BIGINT"), "-7");
  EXPECT_EQ(Cast("INT", "[0, 5, -1]", "BOOLEAN"), "false|true|true");
  EXPECT_EQ(Cast("BIGINT", "[9007199254740993]", "DOUBLE"), "9007199254740992");
  EXPECT_EQ(Cast("INT", "[7, -7]", "DECIMAL(5, 2)"), "7.00|-7.00");
  EXPECT_EQ(Cast("INT", "[1000]", "DECIMAL(5, 2)"), "NULL");
  EXPECT_EQ(Cast("BIGINT", "[-9223372036854775808]", "STRING"), "-9223372036854775808");
  EXPECT_EQ(Cast("INT", "[12345]", "VARCHAR(3)"), "123");
  EXPECT_EQ(Cast("INT", "[-1]", "CHAR(4)"), "-1  ");
  EXPECT_EQ(Cast("INT", "[-1]", "TIMESTAMP(0)"), "1969-12-31T23:59:59");
  EXPECT_EQ(Cast("SMALLINT", "[1]", "TIMESTAMP(0)"), "none");
  EXPECT_EQ(Cast("BOOLEAN", "[true, false]", "INT"), "1|0");
  EXPECT_EQ(Cast("BOOLEAN", "[true]", "DECIMAL(3, 1)"), "1.0");
  EXPECT_EQ(Cast("BOOLEAN", "[true]", "STRING"), "true");
  EXPECT_EQ(Cast("BOOLEAN", "[true]", "DATE"), "none");
}

TEST(StoredCast, Nanoseconds) {
  const char* values = "[1510871468123456789, -1, 500, null]";
  EXPECT_EQ(Cast("TIMESTAMP(9)", values, "TIMESTAMP(8)"),
            "2017-11-16T22:31:08.12345678|1969-12-31T23:59:59.99999999|1970-01-01T00:00:00.0000005|NULL");
  EXPECT_EQ(Cast("TIMESTAMP(9)", values, "TIMESTAMP(6)"),
            "2017-11-16T22:31:08.123456|1969-12-31T23:59:59.999999|1970-01-01T00:00:00|NULL");
  EXPECT_EQ(Cast("TIMESTAMP(9)", "[1510871468123456789]", "TIMESTAMP(1)"), "2017-11-16T22:31:08.1");
  EXPECT_EQ(Cast("TIMESTAMP(9)", values, "STRING"),
            "2017-11-16 22:31:08.123456789|1969-12-31 23:59:59.999999999|1970-01-01 00:00:00.000000500|NULL");
  EXPECT_EQ(Cast("TIMESTAMP(7)", "[500, 0]", "STRING"), "1970-01-01 00:00:00.0000005|1970-01-01 00:00:00.0000000");
  EXPECT_EQ(Cast("TIMESTAMP(9)", values, "DATE"), "2017-11-16|1969-12-31|1970-01-01|NULL");
  EXPECT_EQ(Cast("TIMESTAMP(9)", "[1510871468123456789]", "BIGINT"), "1510871468");
  EXPECT_EQ(Cast("TIMESTAMP(9)", "[1510871468123456789]", "TIMESTAMP_LTZ(9)"), "2017-11-16T22:31:08.123456789Z");
  EXPECT_EQ(Cast("TIMESTAMP(6)", "[1510871468123456, -1]", "TIMESTAMP(9)"),
            "2017-11-16T22:31:08.123456|1969-12-31T23:59:59.999999");
  EXPECT_EQ(Cast("TIMESTAMP(6)", "[253402300799999999]", "TIMESTAMP(9)"),
            "the old value \"9999-12-31T23:59:59.999999\" (TIMESTAMP(6)) cannot be read as TIMESTAMP(9)");
  EXPECT_EQ(Cast("DATE", "[1, 2932896]", "TIMESTAMP(9)"),
            "the old value \"9999-12-31\" (DATE) cannot be read as TIMESTAMP(9)");
  EXPECT_EQ(Cast("STRING", R"(["2024-02-29 12:34:56.7890123459"])", "TIMESTAMP(9)"),
            "the old value \"2024-02-29 12:34:56.7890123459\" (STRING) cannot be read as TIMESTAMP(9)");
  EXPECT_EQ(Cast("STRING", R"(["2024-02-29 12:34:56.789012345"])", "TIMESTAMP(8)"), "2024-02-29T12:34:56.78901234");
}

TEST(StoredCast, Decimals) {
  const char* values = R"(["1.25", "-1.25", "1.24", "99.99"])";
  EXPECT_EQ(Cast("DECIMAL(4, 2)", values, "DECIMAL(3, 1)"), "1.3|-1.3|1.2|NULL");  // half up, away from 0
  EXPECT_EQ(Cast("DECIMAL(4, 2)", values, "DECIMAL(4, 1)"), "1.3|-1.3|1.2|100.0");
  EXPECT_EQ(Cast("DECIMAL(4, 2)", values, "DECIMAL(6, 4)"), "1.2500|-1.2500|1.2400|99.9900");
  EXPECT_EQ(Cast("DECIMAL(4, 2)", values, "DECIMAL(38, 37)"), Str("1.25", std::string(35, '0'), "|-1.25",
            std::string(35, '0'), "|1.24", std::string(35, '0'), "|NULL"));
  EXPECT_EQ(Cast("DECIMAL(4, 2)", values, "INT"), "1|-1|1|99");
  EXPECT_EQ(Cast("DECIMAL(20, 0)", R"(["18446744073709551615"])", "BIGINT"), "-1");
  EXPECT_EQ(Cast("DECIMAL(4, 2)", R"(["0.10", "-0.05"])", "DOUBLE"), "0.1|-0.05");
  EXPECT_EQ(Cast("DECIMAL(38, 2)", R"(["123456789012345678901234567890.12"])", "DOUBLE"),
            "1.2345678901234568e+29");
  EXPECT_EQ(Cast("DECIMAL(10, 8)", R"(["0.00000001", "0.00000000"])", "STRING"), "0.00000001|0.00000000");
  EXPECT_EQ(Cast("DECIMAL(4, 2)", values, "BOOLEAN"), "none");
}

TEST(StoredCast, Reals) {
  EXPECT_EQ(Cast("DOUBLE", "[1, 0.1, 1e10, 1e-3, 1e-4, -1234567.5, 12345678]", "STRING"),
            "1.0|0.1|1.0E10|0.001|1.0E-4|-1234567.5|1.2345678E7");
  EXPECT_EQ(Cast("FLOAT", "[0.1, 16777216]", "VARCHAR(20)"), "0.1|1.6777216E7");
  EXPECT_EQ(Cast("DOUBLE", "[NaN, Inf, -Inf]", "STRING"), "NaN|Infinity|-Infinity");
  EXPECT_EQ(Cast("DOUBLE", "[1.9, -1.9, 3e9, -3e9, NaN]", "INT"), "1|-1|2147483647|-2147483648|0");
  EXPECT_EQ(Cast("DOUBLE", "[300, 1e20]", "TINYINT"), "44|-1");  // by INT
  EXPECT_EQ(Cast("DOUBLE", "[1e300, 1e20]", "BIGINT"), "9223372036854775807|9223372036854775807");
  EXPECT_EQ(Cast("FLOAT", "[0.1]", "DOUBLE"), "0.10000000149011612");
  EXPECT_EQ(Cast("FLOAT", "[0.1]", "DECIMAL(12, 10)"), "0.1000000015");
  EXPECT_EQ(Cast("DOUBLE", "[0.125, -2.5, 1e5, 1e-300]", "DECIMAL(5, 2)"), "0.13|-2.50|NULL|0.00");
  EXPECT_EQ(Cast("DOUBLE", "[NaN]", "DECIMAL(5, 2)"),
            "the old value \"NaN\" (DOUBLE) cannot be read as DECIMAL(5, 2)");
  EXPECT_EQ(Cast("DOUBLE", "[1]", "BOOLEAN"), "none");
  EXPECT_EQ(Cast("DOUBLE", "[1]", "TIMESTAMP(3)"), "none");
}

TEST(StoredCast, TextsAsNumbers) {
  EXPECT_EQ(Cast("STRING", R"(["12.9", "+7", "-0", "."])", "INT"), "12|7|0|0");
  for (const char* bad : {"", "-", " 1", "1e3", "2147483648", "1.2.3"}) {
    EXPECT_EQ(Cast("STRING", Str("[\"", bad, "\"]"), "INT"),
              Str("the old value \"", bad, "\" (STRING) cannot be read as INT"));
  }
  EXPECT_EQ(Cast("STRING", R"(["128"])", "TINYINT"), "the old value \"128\" (STRING) cannot be read as TINYINT");
  EXPECT_EQ(Cast("STRING", R"(["-9223372036854775808"])", "BIGINT"), "-9223372036854775808");
  EXPECT_EQ(Cast("STRING", R"(["1.255", "-1.5e-1", "1E2", "1e9999", ".5"])", "DECIMAL(38, 2)"),
            "1.26|-0.15|100.00|NULL|0.50");
  EXPECT_EQ(Cast("STRING", R"(["00012345678901234567890123456789012345678.5", "007"])", "DECIMAL(38, 2)"), "NULL|7.00");
  EXPECT_EQ(Cast("STRING", R"(["1,5"])", "DECIMAL(5, 2)"),
            "the old value \"1,5\" (STRING) cannot be read as DECIMAL(5, 2)");
  EXPECT_EQ(Cast("STRING", R"([" 1.5 ", "1e400", "-Infinity", "2d", "1e-400"])", "DOUBLE"),
            "1.5|Infinity|-Infinity|2|0");
  EXPECT_EQ(Cast("VARCHAR(9)", R"(["0.1"])", "FLOAT"), "0.1");
  EXPECT_EQ(Cast("STRING", R"(["T", "yes", "0", "False"])", "BOOLEAN"), "true|true|false|false");
  EXPECT_EQ(Cast("STRING", R"(["2"])", "BOOLEAN"), "the old value \"2\" (STRING) cannot be read as BOOLEAN");
}

TEST(StoredCast, TextsAndBytes) {
  EXPECT_EQ(Cast("VARCHAR(9)", R"(["äöü€", "a"])", "VARCHAR(3)"), "äöü|a");
  EXPECT_EQ(Cast("CHAR(3)", R"(["abc", "ü", ""])", "CHAR(5)"), "abc  |ü    |     ");
  EXPECT_EQ(Cast("CHAR(3)", R"(["abc"])", "STRING"), "abc");
  EXPECT_EQ(Cast("STRING", R"(["ab"])", "BINARY(3)"), "616200");
  EXPECT_EQ(Cast("STRING", R"(["abcd"])", "VARBINARY(3)"), "616263");
  EXPECT_EQ(Cast("BINARY(2)", R"(["ab"])", "BINARY(4)"), "61620000");
  EXPECT_EQ(Cast("BINARY(2)", R"(["ab"])", "BYTES"), "6162");
  EXPECT_EQ(Cast("BYTES", R"(["abcd"])", "VARCHAR(2)"), "abcd");  // Java does not cut these
  EXPECT_EQ(Cast("BYTES", R"(["a"])", "INT"), "none");
  EXPECT_EQ(Cast("ARRAY<STRING>", R"([["a"]])", "STRING"), "none");
}

TEST(StoredCast, TextsAsMoments) {
  EXPECT_EQ(Cast("STRING", R"(["2024-02-29", "2024-2-9", "2024", "19753", "2024-01-31 09:30:00"])", "DATE"),
            "2024-02-29|2024-02-09|1975-07-18|2024-01-31|2024-01-31");  // digits alone count days
  EXPECT_EQ(Cast("STRING", R"(["2023-02-29"])", "DATE"),
            "the old value \"2023-02-29\" (STRING) cannot be read as DATE");
  EXPECT_EQ(Cast("STRING", R"(["10:20:30.1239", "1:2", "1000"])", "TIME(3)"), "10:20:30.124|01:02:00|00:00:01");
  EXPECT_EQ(Cast("STRING", R"(["2024-1-31 1:2:3.123456789", "2024-01-31", "2024-01-31T01:02"])", "TIMESTAMP(3)"),
            "2024-01-31T01:02:03.123|2024-01-31T00:00:00|2024-01-31T01:02:00");
  EXPECT_EQ(Cast("STRING", R"(["1500"])", "TIMESTAMP(3)"), "1970-01-01T00:00:01.5");
  for (const char* bad : {"2024-01-31 01:02", "24-01-31", "2024-01-31 25:00:00", "2024-01-31x", ""}) {
    EXPECT_EQ(Cast("STRING", Str("[\"", bad, "\"]"), "TIMESTAMP(3)"),
              Str("the old value \"", bad, "\" (STRING) cannot be read as TIMESTAMP(3)"));
  }
}

TEST(StoredCast, Moments) {
  EXPECT_EQ(Cast("DATE", "[19753, -1]", "TIMESTAMP(6)"), "2024-01-31T00:00:00|1969-12-31T00:00:00");
  EXPECT_EQ(Cast("DATE", "[19753]", "STRING"), "2024-01-31");
  EXPECT_EQ(Cast("DATE", "[19753]", "INT"), "none");
  EXPECT_EQ(Cast("TIMESTAMP(6)", "[1500000, -1500000, 123456]", "TIMESTAMP(0)"),
            "1970-01-01T00:00:01|1969-12-31T23:59:59|1970-01-01T00:00:00");  // towards 1970
  EXPECT_EQ(Cast("TIMESTAMP(6)", "[123456, -1]", "TIMESTAMP(4)"), "1970-01-01T00:00:00.1234|1969-12-31T23:59:59.9999");
  EXPECT_EQ(Cast("TIMESTAMP(6)", "[86399999999, -1]", "DATE"), "1970-01-01|1969-12-31");
  EXPECT_EQ(Cast("TIMESTAMP(6)", "[86399999999, -1]", "TIME(3)"), "23:59:59.999|23:59:59.999");
  EXPECT_EQ(Cast("TIMESTAMP(6)", "[1999999, -1]", "BIGINT"), "1|0");
  EXPECT_EQ(Cast("TIMESTAMP(6)", "[120000, 0]", "STRING"), "1970-01-01 00:00:00.120000|1970-01-01 00:00:00.000000");
  EXPECT_EQ(Cast("TIMESTAMP(0)", "[1000000]", "STRING"), "1970-01-01 00:00:01");
  EXPECT_EQ(Cast("TIMESTAMP_LTZ(3)", "[1000]", "TIMESTAMP(3)"), "1970-01-01T00:00:00.001");  // in UTC
  EXPECT_EQ(Cast("TIME(3)", "[3723120000, 0]", "STRING"), "01:02:03.12|00:00:00.0");
  EXPECT_EQ(Cast("TIME(0)", "[3723000000]", "STRING"), "01:02:03");
  EXPECT_EQ(Cast("TIME(3)", "[3723120000]", "TIMESTAMP(3)"), "1970-01-01T01:02:03.12");
  EXPECT_EQ(Cast("TIME(0)", "[0]", "TIME(3)"), "none");
  EXPECT_EQ(Cast("TIMESTAMP(3)", "[0]", "VARCHAR(30)"), "none");  // STRING only
}

// As the option disable-explicit-type-casting of a table takes them.
TEST(StoredCast, ImplicitOnes) {
  for (const auto& [from, to, implicit] : std::vector<std::tuple<const char*, const char*, bool>>{
           {"INT", "BIGINT", true}, {"BIGINT", "INT", false}, {"INT", "STRING", false}, {"CHAR(3)", "STRING", true},
           {"STRING", "CHAR(3)", false}, {"DECIMAL(9, 4)", "DECIMAL(3, 1)", true}, {"DOUBLE", "DECIMAL(3, 1)", true},
           {"DOUBLE", "FLOAT", false}, {"TIMESTAMP(3)", "DATE", true}, {"DATE", "TIMESTAMP(3)", false},
           {"BOOLEAN", "INT", false}, {"VARCHAR(9)", "VARCHAR(3)", true}}) {
    EXPECT_EQ(IsImplicitCast(*ParseDataType(from), *ParseDataType(to)), implicit) << from << " " << to;
  }
}

}  // namespace
}  // namespace sluice
