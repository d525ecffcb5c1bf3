// SPDX-License-Identifier: Apache-2.0
// Column types as text, and their mapping to ours.
#include "format/mysql/column.h"

#include <gtest/gtest.h>

namespace sluice::mysql {
namespace {

MysqlColumn Parse(std::string_view type) {
  MysqlColumn column;
  column.name = "c";
  auto status = ParseColumnType(type, column);
  EXPECT_TRUE(status.ok()) << type;
  return column;
}

std::string Map(std::string_view type, MappingOptions options = {}) {
  auto mapped = MapType(Parse(type), options);
  return mapped.ok() ? mapped->ToString() : "error: " + mapped.error().message;
}

TEST(MysqlColumn, MapsEveryType) {
  const char* expected[][2] = {
      {"tinyint(1)", "BOOLEAN"}, {"bool", "BOOLEAN"}, {"bit(1)", "BOOLEAN"}, {"bit", "BOOLEAN"},
      {"bit(10)", "BINARY(2)"},
      {"tinyint(4)", "TINYINT"}, {"tinyint(1) unsigned", "SMALLINT"}, {"smallint(6)", "SMALLINT"},
      {"smallint(5) unsigned", "INT"}, {"mediumint(8) unsigned", "INT"}, {"int(11)", "INT"}, {"INTEGER", "INT"},
      {"int(5) unsigned zerofill", "BIGINT"}, {"bigint(20)", "BIGINT"}, {"bigint(20) unsigned", "DECIMAL(20, 0)"},
      {"year(4)", "INT"}, {"float", "FLOAT"}, {"float(7,3)", "DOUBLE"}, {"double", "DOUBLE"},
      {"double precision", "DOUBLE"},
      {"decimal(10,2)", "DECIMAL(10, 2)"}, {"decimal", "DECIMAL(10, 0)"}, {"decimal(39,2)", "STRING"},
      {"date", "DATE"}, {"time(3)", "TIME(3)"}, {"time", "TIME(0)"}, {"datetime(6)", "TIMESTAMP(6)"},
      {"timestamp", "TIMESTAMP_LTZ(0)"}, {"char(3)", "CHAR(3)"},
      {"varchar(200) /*M!100301 COMPRESSED*/", "VARCHAR(200)"},
      {"national char(3)", "CHAR(3)"}, {"text", "STRING"}, {"longtext", "STRING"}, {"json", "STRING"},
      {"enum('a')", "STRING"},
      {"set('a','b')", "ARRAY<STRING>"}, {"vector(3)", "ARRAY<FLOAT>"}, {"binary(5)", "BINARY(5)"},
      {"varbinary(7)", "VARBINARY(7)"}, {"blob", "BYTES"}, {"uuid", "STRING"}, {"inet4", "STRING"},
      {"inet6", "STRING"},
      {"point", "STRING"}, {"geometrycollection", "STRING"},
  };
  for (auto& [type, mapped] : expected) EXPECT_EQ(Map(type), mapped) << type;
  EXPECT_EQ(Map("tinyint(1)", {.tinyint1_is_boolean = false}), "TINYINT");
  EXPECT_EQ(Map("frob(1)").substr(0, 5), "error");
}

TEST(MysqlColumn, MapsTypesAsPaimonsSyncActionsDo) {
  const MappingOptions options{.as_sync_action = true};
  const char* expected[][2] = {
      {"mediumint(8) unsigned", "BIGINT"}, {"mediumint(8)", "INT"}, {"binary(5)", "VARBINARY(5)"},
      {"bit(10)", "BINARY(2)"}, {"float(7,3)", "FLOAT"}, {"year(4)", "INT"}, {"longtext", "STRING"},
      {"bigint(20) unsigned", "DECIMAL(20, 0)"},
  };
  for (auto& [type, mapped] : expected) EXPECT_EQ(Map(type, options), mapped) << type;
  const MappingOptions others{.longtext_is_bytes = true, .bigint_unsigned_is_bigint = true};
  EXPECT_EQ(Map("longtext", others), "BYTES");
  EXPECT_EQ(Map("text", others), "STRING");
  EXPECT_EQ(Map("bigint(20) unsigned", others), "BIGINT");
}

TEST(MysqlColumn, ReadsLabels) {
  EXPECT_EQ(Parse("enum('a\\\\b','n\\nl','z''q','','x;y)')").labels,
            (std::vector<std::string>{"a\\b", "n\nl", "z'q", "", "x;y)"}));
  MysqlColumn column;
  EXPECT_FALSE(ParseColumnType("enum('a", column).ok());
  EXPECT_FALSE(ParseColumnType("enum(a)", column).ok());
  EXPECT_FALSE(ParseColumnType("int(", column).ok());
  EXPECT_FALSE(ParseColumnType("", column).ok());
}

MysqlTable Table() {
  MysqlTable table{.database = "db", .name = "t", .columns = {}, .primary_key = {"D"}, .charset = "utf8mb4",
                   .collation = "utf8mb4_bin", .comment = "x"};
  for (const char* type : {"date", "datetime(3)", "int(11)", "enum('ä','b')"}) {
    MysqlColumn column = Parse(type);
    column.name = table.columns.empty() ? "d" : type;
    column.nullable = false;
    column.comment = "why";
    table.columns.push_back(column);
  }
  table.columns[2].default_value = "5";
  return table;
}

// A NOT NULL date can hold 0000-00-00, which becomes NULL; not so in a key.
TEST(MysqlColumn, DatesAreNullableButInKeys) {
  auto schema = MapTable(Table(), {.comments = true});
  ASSERT_TRUE(schema.ok());
  EXPECT_FALSE(schema->columns[0].type.nullable);
  EXPECT_TRUE(schema->columns[1].type.nullable);
  EXPECT_FALSE(schema->columns[2].type.nullable);
  EXPECT_EQ(schema->primary_key, std::vector<std::string>{"d"});
  EXPECT_EQ(schema->columns[2].default_value, "5");
  EXPECT_EQ(schema->comment, "x");
  EXPECT_EQ(schema->columns[1].comment, "why");
}

TEST(MysqlColumn, JsonAndBack) {
  auto back = ParseMysqlTable(ToJson(Table()));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*back, Table());
  EXPECT_FALSE(ParseMysqlTable("{}").ok());
  EXPECT_FALSE(ParseMysqlTable("{\"database\":").ok());
}

}  // namespace
}  // namespace sluice::mysql
