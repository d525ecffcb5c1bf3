// SPDX-License-Identifier: Apache-2.0
// Names of types and back, their Arrow types, and the lattice that merges the columns of sharded tables.
#include "row/type.h"

#include <arrow/type.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

DataType T(std::string_view text) {
  auto type = ParseDataType(text);
  EXPECT_TRUE(type.ok()) << text;
  return type.ok() ? *type : DataType();
}
std::string Merge(std::string_view a, std::string_view b) {
  std::string ab = WidestCommonType(T(a), T(b)).ToString();
  EXPECT_EQ(ab, WidestCommonType(T(b), T(a)).ToString()) << "not symmetric";
  return ab;
}

TEST(DataType, TextAndBack) {
  for (const char* text : {"BOOLEAN",
                           "TINYINT NOT NULL",
                           "SMALLINT",
                           "INT",
                           "BIGINT NOT NULL",
                           "FLOAT",
                           "DOUBLE",
                           "DECIMAL(38, 10)",
                           "CHAR(1)",
                           "VARCHAR(16383) NOT NULL",
                           "STRING",
                           "BINARY(16)",
                           "VARBINARY(65535)",
                           "BYTES",
                           "DATE",
                           "TIME(0)",
                           "TIMESTAMP(6) NOT NULL",
                           "TIMESTAMP(9)",
                           "TIMESTAMP_LTZ(7) NOT NULL",
                           "TIMESTAMP_LTZ(3)",
                           "ARRAY<STRING>",
                           "ARRAY<FLOAT> NOT NULL"}) {
    EXPECT_EQ(T(text).ToString(), text);
  }
}

TEST(DataType, BadTextIsRefused) {
  for (const char* text :
       {"", "INTEGER", "DECIMAL", "DECIMAL(39, 0)", "DECIMAL(2, 3)", "DECIMAL(0, 0)", "CHAR", "INT(11)",
        "TIMESTAMP(10)", "TIME(7)", "CHAR(-1)", "CHAR(1", "CHAR(x)", "ARRAY<INT>", "ARRAY", "(", " NOT NULL"}) {
    auto type = ParseDataType(text);
    ASSERT_FALSE(type.ok()) << text;
    EXPECT_EQ(type.error().code, ErrorCode::kCorrupt);
  }
}

TEST(DataType, ArrowTypes) {
  EXPECT_EQ(T("SMALLINT").ToArrow()->ToString(), "int32");
  EXPECT_EQ(T("BIGINT").ToArrow()->ToString(), "int64");
  EXPECT_EQ(T("DECIMAL(20, 0)").ToArrow()->ToString(), "decimal128(20, 0)");
  EXPECT_EQ(T("CHAR(3)").ToArrow()->ToString(), "string");
  EXPECT_EQ(T("BINARY(3)").ToArrow()->ToString(), "binary");
  EXPECT_EQ(T("TIME(3)").ToArrow()->ToString(), "time64[us]");
  EXPECT_EQ(T("TIMESTAMP(0)").ToArrow()->ToString(), "timestamp[us]");
  EXPECT_EQ(T("TIMESTAMP_LTZ(0)").ToArrow()->ToString(), "timestamp[us, tz=UTC]");
  EXPECT_EQ(T("TIMESTAMP(7)").ToArrow()->ToString(), "timestamp[ns]");
  EXPECT_EQ(T("TIMESTAMP_LTZ(9)").ToArrow()->ToString(), "timestamp[ns, tz=UTC]");
  EXPECT_EQ(T("ARRAY<FLOAT>").ToArrow()->ToString(), "list<item: float>");
}

TEST(WidestCommonType, Numbers) {
  EXPECT_EQ(Merge("TINYINT", "SMALLINT"), "SMALLINT");
  EXPECT_EQ(Merge("INT", "BIGINT"), "BIGINT");
  EXPECT_EQ(Merge("BIGINT", "DOUBLE"), "DOUBLE");
  EXPECT_EQ(Merge("SMALLINT", "FLOAT"), "FLOAT");
  EXPECT_EQ(Merge("INT", "FLOAT"), "DOUBLE");
  EXPECT_EQ(Merge("FLOAT", "DOUBLE"), "DOUBLE");
  EXPECT_EQ(Merge("DECIMAL(5, 2)", "DOUBLE"), "STRING");
  EXPECT_EQ(Merge("DECIMAL(5, 2)", "FLOAT"), "STRING");
}

TEST(WidestCommonType, Decimals) {
  EXPECT_EQ(Merge("DECIMAL(10, 2)", "DECIMAL(8, 4)"), "DECIMAL(12, 4)");
  EXPECT_EQ(Merge("DECIMAL(10, 2)", "TINYINT"), "DECIMAL(10, 2)");
  EXPECT_EQ(Merge("DECIMAL(10, 2)", "INT"), "DECIMAL(12, 2)");
  EXPECT_EQ(Merge("DECIMAL(5, 5)", "BIGINT"), "DECIMAL(24, 5)");
  EXPECT_EQ(Merge("DECIMAL(38, 0)", "DECIMAL(38, 10)"), "STRING");
  EXPECT_EQ(Merge("DECIMAL(38, 30)", "BIGINT"), "STRING");
}

TEST(WidestCommonType, Temporal) {
  EXPECT_EQ(Merge("DATE", "TIMESTAMP(0)"), "TIMESTAMP(6)");
  EXPECT_EQ(Merge("DATE", "TIMESTAMP(9)"), "TIMESTAMP(9)");
  EXPECT_EQ(Merge("TIMESTAMP(3)", "TIMESTAMP(6)"), "TIMESTAMP(6)");
  EXPECT_EQ(Merge("TIMESTAMP(3)", "TIMESTAMP_LTZ(0)"), "TIMESTAMP_LTZ(3)");
  EXPECT_EQ(Merge("TIME(0)", "TIME(3)"), "STRING");
  EXPECT_EQ(Merge("DATE", "INT"), "STRING");
}

TEST(WidestCommonType, TheRestIsText) {
  EXPECT_EQ(Merge("CHAR(3)", "VARCHAR(3)"), "STRING");
  EXPECT_EQ(Merge("VARCHAR(3)", "VARCHAR(4)"), "STRING");
  EXPECT_EQ(Merge("BINARY(3)", "VARBINARY(3)"), "STRING");
  EXPECT_EQ(Merge("BOOLEAN", "INT"), "STRING");
  EXPECT_EQ(Merge("ARRAY<STRING>", "ARRAY<FLOAT>"), "STRING");
}

TEST(WidestCommonType, NullableIfEitherIs) {
  EXPECT_EQ(Merge("INT NOT NULL", "INT"), "INT");
  EXPECT_EQ(Merge("INT NOT NULL", "BIGINT NOT NULL"), "BIGINT NOT NULL");
  EXPECT_EQ(Merge("VARCHAR(9) NOT NULL", "VARCHAR(9) NOT NULL"), "VARCHAR(9) NOT NULL");
}

}  // namespace
}  // namespace sluice
