// SPDX-License-Identifier: Apache-2.0
// What each schema change makes of a schema, and its line in the log.
#include "row/schema_change.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

Column Col(std::string name, std::string_view type) {
  return {std::move(name), *ParseDataType(type), "", std::nullopt};
}
TableSchema Base() {
  TableSchema schema;
  schema.columns = {Col("id", "BIGINT NOT NULL"), Col("name", "VARCHAR(20)"), Col("city", "STRING")};
  schema.primary_key = {"id"};
  return schema;
}
SchemaChange Change(SchemaChangeKind kind, std::string name, Column column = {}) {
  SchemaChange change;
  change.kind = kind;
  change.table = {"crm", "lead"};
  change.name = std::move(name);
  change.column = std::move(column);
  return change;
}
std::string Names(const Result<TableSchema>& schema) {
  if (!schema.ok()) return schema.error().message;
  std::string out;
  for (const Column& column : schema->columns) out += column.name + " ";
  return out;
}

TEST(ApplySchemaChange, AddColumnAtEachPlace) {
  SchemaChange change = Change(SchemaChangeKind::kAddColumn, "", Col("region", "VARCHAR(10)"));
  change.place = ColumnPlace::kLast;
  EXPECT_EQ(Names(ApplySchemaChange(Base(), change)), "id name city region ");
  change.place = ColumnPlace::kFirst;
  EXPECT_EQ(Names(ApplySchemaChange(Base(), change)), "region id name city ");
  change.place = ColumnPlace::kAfter;
  change.after = "name";
  EXPECT_EQ(Names(ApplySchemaChange(Base(), change)), "id name region city ");
  EXPECT_EQ(Describe(change), "crm.lead: add.column region VARCHAR(10) after name");
  change.after = "nope";
  EXPECT_FALSE(ApplySchemaChange(Base(), change).ok());
  change.column.name = "city";
  EXPECT_EQ(ApplySchemaChange(Base(), change).error().code, ErrorCode::kInvalid);
}

TEST(ApplySchemaChange, AlterRenameDrop) {
  SchemaChange alter = Change(SchemaChangeKind::kAlterColumn, "name", Col("name", "STRING"));
  auto altered = ApplySchemaChange(Base(), alter);
  EXPECT_EQ(Names(altered), "id name city ");
  EXPECT_EQ(altered->columns[1].type.ToString(), "STRING");
  alter.place = ColumnPlace::kFirst;
  EXPECT_EQ(Names(ApplySchemaChange(Base(), alter)), "name id city ");
  alter.place = ColumnPlace::kAfter;
  alter.after = "city";
  EXPECT_EQ(Names(ApplySchemaChange(Base(), alter)), "id city name ");

  SchemaChange rename = Change(SchemaChangeKind::kRenameColumn, "id", Col("lead_id", "BIGINT"));
  auto renamed = ApplySchemaChange(Base(), rename);
  EXPECT_EQ(Names(renamed), "lead_id name city ");
  EXPECT_EQ(renamed->primary_key, std::vector<std::string>{"lead_id"});
  EXPECT_EQ(renamed->columns[0].type.ToString(), "BIGINT NOT NULL");
  rename.column.name = "city";
  EXPECT_FALSE(ApplySchemaChange(Base(), rename).ok());

  SchemaChange drop = Change(SchemaChangeKind::kDropColumn, "id");
  auto dropped = ApplySchemaChange(Base(), drop);
  EXPECT_EQ(Names(dropped), "name city ");
  EXPECT_TRUE(dropped->primary_key.empty());
  drop.name = "nope";
  EXPECT_EQ(ApplySchemaChange(Base(), drop).error().message,
            "crm.lead has no column nope (crm.lead: drop.column nope)");
}

TEST(SchemaChange, TagsAndLines) {
  SchemaChange create = Change(SchemaChangeKind::kCreateTable, "");
  create.schema = std::make_shared<TableSchema>(Base());
  EXPECT_EQ(Describe(create), "crm.lead: create.table (id BIGINT NOT NULL, name VARCHAR(20), city STRING) key (id)");
  EXPECT_EQ(*ApplySchemaChange({}, create), Base());
  EXPECT_EQ(Describe(Change(SchemaChangeKind::kTruncateTable, "")), "crm.lead: truncate.table");
  EXPECT_EQ(Describe(Change(SchemaChangeKind::kRenameColumn, "a", Col("b", "INT"))), "crm.lead: rename.column a to b");
  EXPECT_EQ(SchemaChangeTag(SchemaChangeKind::kAlterColumn), "alter.column.type");
  EXPECT_EQ(SchemaChangeTag(SchemaChangeKind::kAlterComment), "alter.table.comment");
}

}  // namespace
}  // namespace sluice
