// SPDX-License-Identifier: Apache-2.0
// Iceberg schemas: ids, JSON, types and evolution.
#include "lake/iceberg/schema.h"

#include <gtest/gtest.h>

namespace sluice::iceberg {
namespace {

TableSchema Columns(const std::vector<std::pair<std::string, std::string>>& columns) {
  TableSchema out;
  for (const auto& [name, type] : columns) out.columns.push_back({name, *ParseDataType(type), "", {}});
  return out;
}

SchemaChange Change(SchemaChangeKind kind, const std::string& name, const std::string& to, const std::string& type) {
  SchemaChange change;
  change.kind = kind;
  change.table = {"shop", "t"};
  change.name = name;
  change.column = {to, *ParseDataType(type), "", {}};
  return change;
}

TEST(IcebergSchemaTest, IdsKeysAndJson) {
  TableSchema table = Columns({{"id", "BIGINT"}, {"tags", "ARRAY<STRING>"}, {"price", "DECIMAL(10, 2)"}});
  table.primary_key = {"id"};
  Schema schema = FromTableSchema(table);
  EXPECT_TRUE(schema.Find("id")->required);
  EXPECT_EQ(schema.identifier_field_ids, std::vector<int>{1});
  EXPECT_EQ(schema.Find("tags")->element_id, 4);
  EXPECT_EQ(schema.HighestId(), 4);
  auto parsed = ParseSchema(schema.ToJson());
  ASSERT_TRUE(parsed.ok()) << parsed.error().ToString();
  EXPECT_TRUE(parsed->SameFields(schema));
  EXPECT_EQ(ToTableSchema(*parsed).primary_key, std::vector<std::string>{"id"});
  table.columns[0].type = *ParseDataType("DOUBLE");
  EXPECT_TRUE(FromTableSchema(table).identifier_field_ids.empty());  // the format forbids it
  EXPECT_TRUE(FromTableSchema(table).Find("id")->required);
}

TEST(IcebergSchemaTest, AddPlaceRenameDrop) {
  Schema schema = FromTableSchema(Columns({{"a", "INT"}, {"b", "INT"}}));
  int last = 2;
  SchemaChange add = Change(SchemaChangeKind::kAddColumn, "", "c", "INT NOT NULL");
  add.place = ColumnPlace::kAfter;
  add.after = "a";
  schema = *Evolve(schema, add, last);
  EXPECT_EQ(schema.fields[1].name, "c");
  EXPECT_EQ(schema.fields[1].id, 3);
  EXPECT_FALSE(schema.fields[1].required);
  EXPECT_FALSE(Evolve(schema, add, last).ok());  // there already
  schema = *Evolve(schema, Change(SchemaChangeKind::kRenameColumn, "b", "d", "INT"), last);
  EXPECT_EQ(schema.Find("d")->id, 2);
  schema = *Evolve(schema, Change(SchemaChangeKind::kDropColumn, "c", "c", "INT"), last);
  add.place = ColumnPlace::kFirst;
  schema = *Evolve(schema, add, last);
  EXPECT_EQ(schema.fields[0].id, 4);  // an id is never used again
}

TEST(IcebergSchemaTest, Promotions) {
  Schema schema =
      FromTableSchema(Columns({{"i", "INT"}, {"f", "FLOAT"}, {"d", "DECIMAL(9, 2)"}, {"v", "VARCHAR(10)"}}));
  int last = 4;
  const std::vector<std::tuple<const char*, const char*, bool>> cases = {
      {"i", "BIGINT", true},        {"i", "SMALLINT", true}, {"i", "VARCHAR(5)", false}, {"f", "DOUBLE", true},
      {"d", "DECIMAL(12, 2)", true}, {"d", "DECIMAL(12, 3)", false}, {"d", "DECIMAL(8, 2)", false},
      {"v", "VARCHAR(20)", true},   {"v", "INT", false}};
  for (const auto& [name, type, ok] : cases) {
    auto result = Evolve(schema, Change(SchemaChangeKind::kAlterColumn, name, name, type), last);
    ASSERT_EQ(result.ok(), ok) << name << " " << type;
    if (ok) continue;
    EXPECT_EQ(result.error().code, ErrorCode::kUnsupported);
    EXPECT_NE(result.error().message.find(schema.Find(name)->iceberg_type), std::string::npos)
        << result.error().message;
    EXPECT_FALSE(result.error().hint.empty());
  }
}

TEST(IcebergSchemaTest, NestedTypesAreNamed) {
  auto result = ParseSchema(R"({"type":"struct","schema-id":0,"fields":[{"id":1,"name":"p","required":false,
      "type":{"type":"struct","fields":[]}}]})");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(result.error().message.find("column p"), std::string::npos);
}

// Format v3. Reading NULL instead would be wrong rows.
TEST(IcebergSchemaTest, InitialDefaultsAreNamed) {
  auto result = ParseSchema(R"({"type":"struct","schema-id":0,"fields":[{"id":1,"name":"p","required":false,
      "type":"int","initial-default":7}]})");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(result.error().message.find("column p has an initial-default"), std::string::npos);
}

}  // namespace
}  // namespace sluice::iceberg
