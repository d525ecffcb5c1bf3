// SPDX-License-Identifier: Apache-2.0
// What a sink table takes in from its source, type by type (compat.md D.1.3), and the evolver in that mode.
#include "pipeline/schema_follow.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "pipeline/schema_evolver.h"

namespace sluice {
namespace {

Column Col(std::string name, std::string_view type) {
  auto parsed = ParseDataType(type);
  EXPECT_TRUE(parsed.ok()) << type;
  return {std::move(name), *parsed, "", std::nullopt};
}

std::string Columns(const TableSchema& schema) {
  std::string out;
  for (const Column& column : schema.columns) out += Str(column.name, " ", column.type.ToString(), "; ");
  return out;
}

// The type of a column that had `sink`, once the source has `source`; or "refused".
std::string Taken(std::string_view sink, std::string_view source, const TableShape& shape = {}) {
  TableSchema table, other;
  table.columns = {Col("a", sink)};
  other.columns = {Col("a", source)};
  auto followed = FollowSource(table, other, shape);
  return followed.ok() ? followed->columns[0].type.ToString() : "refused";
}

TEST(FollowSource, WiderTypesAreTakenAndNarrowerOnesIgnored) {
  const std::array<std::array<const char*, 3>, 24> cases = {{
      {"VARCHAR(10)", "VARCHAR(20)", "VARCHAR(20)"}, {"VARCHAR(20)", "VARCHAR(10)", "VARCHAR(20)"},
      {"VARCHAR(20)", "STRING", "STRING"}, {"STRING", "VARCHAR(5)", "STRING"},
      {"CHAR(5)", "VARCHAR(5)", "VARCHAR(5)"}, {"VARCHAR(5)", "CHAR(5)", "VARCHAR(5)"},
      {"VARCHAR(5)", "CHAR(9)", "VARCHAR(9)"}, {"VARBINARY(5)", "BYTES", "BYTES"},
      {"BYTES", "VARBINARY(5)", "BYTES"}, {"TINYINT", "INT", "INT"},
      {"BIGINT", "SMALLINT", "BIGINT"}, {"FLOAT", "DOUBLE", "DOUBLE"},
      {"DOUBLE", "FLOAT", "DOUBLE"}, {"DECIMAL(10, 2)", "DECIMAL(12, 2)", "DECIMAL(12, 2)"},
      {"DECIMAL(10, 2)", "DECIMAL(8, 2)", "DECIMAL(10, 2)"}, {"DECIMAL(10, 2)", "DECIMAL(9, 4)", "DECIMAL(12, 4)"},
      {"TIMESTAMP(0)", "TIMESTAMP(6)", "TIMESTAMP(6)"}, {"TIMESTAMP(6)", "TIMESTAMP(3)", "TIMESTAMP(6)"},
      {"TIME(0)", "TIME(3)", "TIME(3)"}, {"INT", "VARCHAR(10)", "refused"},
      {"VARCHAR(10)", "INT", "refused"}, {"INT", "DOUBLE", "refused"},
      {"DATE", "TIMESTAMP(0)", "refused"}, {"BOOLEAN", "TINYINT", "refused"},
  }};
  for (const auto& [sink, source, taken] : cases) EXPECT_EQ(Taken(sink, source), taken) << sink << " <- " << source;
}

TEST(FollowSource, TypeRulesChangeWhatIsTaken) {
  TableShape shape;
  shape.types = {TypeRule::kDecimalNoChange};
  EXPECT_EQ(Taken("DECIMAL(10, 2)", "DECIMAL(20, 2)", shape), "DECIMAL(10, 2)");
  shape.types = {TypeRule::kAllowNonStringToString};
  EXPECT_EQ(Taken("INT", "STRING", shape), "STRING");
  EXPECT_EQ(Taken("STRING", "INT", shape), "refused");
}

TEST(FollowSource, NullabilityOnlyWidens) {
  EXPECT_EQ(Taken("INT NOT NULL", "INT"), "INT");
  EXPECT_EQ(Taken("INT", "INT NOT NULL"), "INT");
  TableSchema table, source;
  table.columns = {Col("id", "INT NOT NULL"), Col("gone", "INT NOT NULL")};
  table.primary_key = {"id"};
  source.columns = {Col("id", "INT NOT NULL"), Col("more", "INT NOT NULL")};
  EXPECT_EQ(Columns(*FollowSource(table, source, {})), "id INT NOT NULL; gone INT; more INT; ");
}

const TableId kSource{"shop", "orders"};

struct Follower {
  Follower() : evolver(*SchemaEvolver::Make(Spec())) {}
  static PipelineSpec Spec() {
    PipelineSpec spec;
    spec.behavior = SchemaChangeBehavior::kMerge;
    spec.sink_changes = {"create.table", "add.column", "alter.column.type", "alter.table.comment",
                         "drop.column",  "drop.table", "truncate.table",    "rename.column"};
    spec.shape.emplace();
    spec.routes = {{"shop.\\.*", "lake.all", "", "", {}}};
    return spec;
  }
  // The changes for the sink, each as its line; or the error.
  std::string On(SchemaChangeKind kind, const std::vector<Column>& columns, const TableId& table = kSource) {
    SchemaChange change;
    change.kind = kind;
    change.table = table;
    if (kind != SchemaChangeKind::kDropTable) {
      TableSchema schema;
      schema.columns = columns;
      schema.primary_key = {"id"};
      change.schema = std::make_shared<const TableSchema>(std::move(schema));
    }
    auto changes = evolver.OnSchemaChange(change);
    if (!changes.ok()) return changes.error().message;
    std::string out;
    for (const SchemaChange& one : *changes) out += Describe(one) + "; ";
    return out;
  }
  SchemaEvolver evolver;
};

const Column kId = Col("id", "INT NOT NULL");

TEST(SchemaEvolverMerge, RenamesAddAndDropsAreIgnored) {
  Follower follower;
  follower.On(SchemaChangeKind::kCreateTable, {kId, Col("a", "INT NOT NULL")});
  EXPECT_EQ(follower.On(SchemaChangeKind::kRenameColumn, {kId, Col("b", "INT NOT NULL")}),
            "lake.all: add.column b INT after a; lake.all: alter.column.type a INT; ");
  EXPECT_EQ(follower.On(SchemaChangeKind::kDropColumn, {kId}), "");
  EXPECT_EQ(follower.On(SchemaChangeKind::kAddColumn, {Col("first", "DATE"), kId}),
            "lake.all: add.column first DATE after b; ");
  EXPECT_EQ(follower.On(SchemaChangeKind::kTruncateTable, {Col("first", "DATE"), kId}), "");
  EXPECT_EQ(follower.On(SchemaChangeKind::kDropTable, {}), "");
  EXPECT_EQ(follower.On(SchemaChangeKind::kCreateTable, {kId, Col("b", "BIGINT")}),
            "lake.all: alter.column.type b BIGINT; ");
  EXPECT_EQ(Columns(*follower.evolver.SinkSchema({"lake", "all"})), "id INT NOT NULL; a INT; b BIGINT; first DATE; ");
}

TEST(SchemaEvolverMerge, AnotherFamilyOfTypesIsAnErrorThatNamesTheColumn) {
  Follower follower;
  follower.On(SchemaChangeKind::kCreateTable, {kId, Col("a", "INT")});
  EXPECT_EQ(follower.On(SchemaChangeKind::kAlterColumn, {kId, Col("a", "VARCHAR(3)")}),
            "source table shop.orders, sink table lake.all: column a cannot become VARCHAR(3) from INT");
}

TEST(SchemaEvolverMerge, OldRowsShowADefaultOnlyWhereItIsTheirs) {
  const auto initial = [](Follower& follower, SchemaChangeKind kind, InitialDefault::Kind given) {
    TableSchema schema;
    schema.columns = {kId, Col("a", "INT"), Col("new", "INT")};
    schema.primary_key = {"id"};
    SchemaChange change;
    change.kind = kind;
    change.table = kSource;
    change.name = kind == SchemaChangeKind::kRenameColumn ? "a" : "new";
    change.column = schema.columns.back();
    change.initial = {given, "5"};
    change.schema = std::make_shared<const TableSchema>(std::move(schema));
    auto changes = follower.evolver.OnSchemaChange(change);
    EXPECT_TRUE(changes.ok() && changes->size() == 1);
    return (*changes)[0].initial.kind;
  };
  using Kind = InitialDefault::Kind;
  for (const auto& [kind, given, shown] : std::vector<std::tuple<SchemaChangeKind, Kind, Kind>>{
           {SchemaChangeKind::kAddColumn, Kind::kLiteral, Kind::kLiteral},
           {SchemaChangeKind::kAddColumn, Kind::kComputed, Kind::kNull},
           {SchemaChangeKind::kRenameColumn, Kind::kOfColumn, Kind::kNull}}) {
    Follower follower;
    follower.On(SchemaChangeKind::kCreateTable, {kId, Col("a", "INT")});
    EXPECT_EQ(initial(follower, kind, given), shown);
  }
  Follower shards;
  shards.On(SchemaChangeKind::kCreateTable, {kId, Col("a", "INT")});
  shards.On(SchemaChangeKind::kCreateTable, {kId, Col("a", "INT")}, {"shop", "more"});
  EXPECT_EQ(initial(shards, SchemaChangeKind::kAddColumn, Kind::kLiteral), Kind::kNull);
}

TEST(SchemaEvolverMerge, ShardsThatComeLaterAreMerged) {
  Follower follower;
  follower.On(SchemaChangeKind::kCreateTable, {kId, Col("a", "VARCHAR(5)")});
  EXPECT_EQ(follower.On(SchemaChangeKind::kCreateTable, {kId, Col("b", "DATE")}, {"shop", "more"}),
            "lake.all: add.column b DATE after a; ");
  EXPECT_EQ(follower.On(SchemaChangeKind::kAddColumn, {kId, Col("a", "VARCHAR(5)"), Col("b", "DATE")}), "");
  EXPECT_EQ(follower.On(SchemaChangeKind::kAlterColumn, {kId, Col("a", "VARCHAR(3)"), Col("b", "DATE")}), "");
}

}  // namespace
}  // namespace sluice
