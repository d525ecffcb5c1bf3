// SPDX-License-Identifier: Apache-2.0
// Steps between two versions of a schema: applied one after the other they give the later one.
#include "lake/paimon/schema_steps.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "lake/paimon/evolve.h"
#include "lake/paimon/random_table_test_util.h"

namespace sluice::paimon {
namespace {

const TableId kTable{"db", "t"};

Field Make(int id, const std::string& name, const std::string& type) {
  Field field;
  field.id = id;
  field.name = name;
  field.type = *ParseDataType(type);
  return field;
}

Schema Of(std::vector<Field> fields, std::vector<std::string> key = {"id"}) {
  Schema schema;
  schema.fields = std::move(fields);
  schema.primary_keys = std::move(key);
  return schema;
}

std::vector<std::string> Texts(const Schema& from, const Schema& to) {
  const auto steps = SchemaSteps(kTable, from, to);
  if (!steps.ok()) return {"error: " + steps.error().message};
  std::vector<std::string> out;
  for (const SchemaChange& change : *steps) out.push_back(Describe(change).substr(std::string("db.t: ").size()));
  if (!steps->empty()) {
    EXPECT_EQ(*steps->back().schema, ToTableSchema(to));
  }
  return out;
}

using Lines = std::vector<std::string>;

TEST(PaimonSchemaSteps, OfEachKind) {
  const Schema from = Of({Make(0, "id", "INT NOT NULL"), Make(1, "a", "INT"), Make(2, "b", "INT"),
                          Make(3, "c", "INT")});
  const Schema to = Of({Make(0, "id", "INT NOT NULL"), Make(4, "new", "STRING"), Make(3, "c", "BIGINT"),
                        Make(1, "b", "INT")});
  const auto texts = Texts(from, to);
  ASSERT_EQ(texts.size(), 5u);
  EXPECT_TRUE(texts[0].starts_with("drop.column b")) << texts[0];
  EXPECT_TRUE(texts[1].starts_with("rename.column a")) << texts[1];
  EXPECT_TRUE(texts[2].starts_with("alter.column.type c")) << texts[2];
  EXPECT_TRUE(texts[3].starts_with("add.column new")) << texts[3];
  EXPECT_TRUE(texts[4].starts_with("alter.column.type c")) << texts[4];  // its place
  EXPECT_EQ(Texts(from, from), Lines());
}

TEST(PaimonSchemaSteps, ColumnsMove) {
  const Schema from = Of({Make(0, "id", "INT NOT NULL"), Make(1, "a", "INT"), Make(2, "b", "INT")});
  const Schema to = Of({Make(2, "b", "INT"), Make(1, "a", "INT"), Make(0, "id", "INT NOT NULL")});
  EXPECT_EQ(Texts(from, to).size(), 2u);
}

TEST(PaimonSchemaSteps, WhatCannotBeFollowedIsNamed) {
  const Schema from = Of({Make(0, "id", "INT NOT NULL"), Make(1, "a", "INT"), Make(2, "b", "INT")});
  const Schema swapped = Of({Make(0, "id", "INT NOT NULL"), Make(1, "b", "INT"), Make(2, "a", "INT")});
  EXPECT_NE(Texts(from, swapped)[0].find("change names with each other"), std::string::npos);
  const Schema keyless = Of({Make(1, "a", "INT"), Make(2, "b", "INT")}, {});
  EXPECT_NE(Texts(from, keyless)[0].find("key column id is dropped"), std::string::npos);
  const Schema other_key = Of(from.fields, {"id", "a"});
  EXPECT_NE(Texts(from, other_key)[0].find("another primary key"), std::string::npos);
}

TEST(PaimonSchemaSteps, OldRowsHaveNullInANewColumn) {
  const Schema from = Of({Make(0, "id", "INT NOT NULL")});
  const Schema to = Of({Make(0, "id", "INT NOT NULL"), Make(1, "a", "INT")});
  EXPECT_EQ((*SchemaSteps(kTable, from, to))[0].initial.kind, InitialDefault::Kind::kNull);
}

TEST(PaimonSchemaSteps, RandomOnesGiveTheLaterSchema) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    RandomTable table(seed, true);
    const Schema from = *FromTableSchema(table.schema, table.partition_keys, {});
    Schema to = from;
    TableSchema now = table.schema;
    for (int i = 0; i < 4; ++i) {
      SchemaChange change = table.RandomSchemaChange();
      change.table = kTable;
      auto next = Evolve(to, change);
      if (!next.ok()) continue;
      ASSERT_TRUE(table.Follow(change, nullptr).ok());
      to = *std::move(next);
    }
    const auto steps = SchemaSteps(kTable, from, to);
    ASSERT_TRUE(steps.ok()) << "seed " << seed << ": " << steps.error().ToString();
    TableSchema reached = ToTableSchema(from);
    for (const SchemaChange& step : *steps) reached = *ApplySchemaChange(reached, step);
    EXPECT_EQ(reached.ToJson(), ToTableSchema(to).ToJson()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace sluice::paimon
