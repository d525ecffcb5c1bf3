// SPDX-License-Identifier: Apache-2.0
// A schema survives its JSON; damaged JSON is refused and never throws.
#include "row/schema.h"

#include <arrow/type.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

TableSchema Lead() {
  TableSchema schema;
  schema.columns = {{"id", *ParseDataType("BIGINT NOT NULL"), "", std::nullopt},
                    {"näme \"x\"", *ParseDataType("VARCHAR(20)"), "who", "Ada"},
                    {"empty", *ParseDataType("STRING"), "", ""}};
  schema.primary_key = {"id"};
  schema.comment = "leads";
  return schema;
}

TEST(TableSchema, JsonAndBack) {
  auto back = ParseTableSchema(Lead().ToJson());
  ASSERT_TRUE(back.ok()) << back.error().ToString();
  EXPECT_EQ(*back, Lead());
  EXPECT_EQ(back->columns[2].default_value, "");
}

TEST(TableSchema, FindAndArrow) {
  TableSchema schema = Lead();
  EXPECT_EQ(schema.Find("id"), 0);
  EXPECT_EQ(schema.Find("ID"), -1);
  EXPECT_TRUE(schema.IsKey("id"));
  EXPECT_FALSE(schema.IsKey("empty"));
  auto arrow = schema.ToArrow();
  ASSERT_EQ(arrow->num_fields(), 3);
  EXPECT_FALSE(arrow->field(0)->nullable());
  EXPECT_TRUE(arrow->field(1)->nullable());
  EXPECT_EQ(arrow->field(1)->name(), "näme \"x\"");
}

TEST(TableSchema, DamagedJson) {
  std::string good = Lead().ToJson();
  for (size_t cut = 0; cut < good.size(); ++cut) EXPECT_FALSE(ParseTableSchema(good.substr(0, cut)).ok());
  for (const char* text :
       {"[]", "{}", R"({"columns":[{"name":"a"}]})", R"({"columns":[{"name":"a","type":"NOPE"}]})",
        R"({"columns":[{"name":"a","type":"INT"},{"name":"a","type":"INT"}]})", R"({"columns":[1]})",
        R"({"columns":[{"name":"a","type":"INT"}],"primary_key":["b"]})", R"({"columns":[],"primary_key":1})"}) {
    EXPECT_FALSE(ParseTableSchema(text).ok()) << text;
  }
}

}  // namespace
}  // namespace sluice
