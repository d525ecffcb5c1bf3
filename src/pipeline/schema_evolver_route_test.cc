// SPDX-License-Identifier: Apache-2.0
// Rows on their way to the sink: unchanged without a copy, fitted by name, merged from shards.
#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>

#include "pipeline/schema_evolver.h"
#include "row/format_value.h"

namespace sluice {
namespace {

Column Col(std::string name, std::string_view type) {
  return {std::move(name), *ParseDataType(type), "", std::nullopt};
}
std::shared_ptr<TableSchema> Schema(std::vector<Column> columns) {
  auto schema = std::make_shared<TableSchema>();
  schema->columns = std::move(columns);
  schema->primary_key = {"id"};
  return schema;
}
SchemaEvolver Make(SchemaChangeBehavior behavior, std::vector<RouteRule> routes = {}) {
  PipelineSpec spec;
  spec.behavior = behavior;
  spec.routes = std::move(routes);
  spec.sink_changes = {"create.table", "add.column", "alter.column.type", "rename.column", "drop.column", "drop.table"};
  return *SchemaEvolver::Make(spec);
}
SchemaChange Create(const TableId& table, std::shared_ptr<TableSchema> schema) {
  SchemaChange change;
  change.table = table;
  change.schema = std::move(schema);
  return change;
}
ChangeBatch Batch(const TableId& table, std::shared_ptr<TableSchema> schema,
                  std::vector<std::vector<int64_t>> columns) {
  arrow::ArrayVector arrays;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (schema->columns[i].type.kind == TypeKind::kBigInt) {
      arrow::Int64Builder builder;
      EXPECT_TRUE(builder.AppendValues(columns[i]).ok());
      arrays.push_back(*builder.Finish());
    } else {
      arrow::Int32Builder builder;
      for (int64_t value : columns[i]) EXPECT_TRUE(builder.Append(static_cast<int32_t>(value)).ok());
      arrays.push_back(*builder.Finish());
    }
  }
  ChangeBatch batch;
  batch.table = table;
  batch.schema = schema;
  batch.rows = arrow::RecordBatch::Make(schema->ToArrow(), static_cast<int64_t>(columns[0].size()), arrays);
  return batch;
}
std::string Rows(const Result<std::vector<ChangeBatch>>& batches) {
  if (!batches.ok()) return batches.error().message;
  std::string out;
  for (const ChangeBatch& batch : *batches) {
    EXPECT_TRUE(batch.rows->ValidateFull().ok());
    EXPECT_TRUE(batch.rows->schema()->Equals(*batch.schema->ToArrow()));
    out += batch.table.ToString() + ":";
    for (int64_t row = 0; row < batch.row_count(); ++row) {
      for (int i = 0; i < batch.rows->num_columns(); ++i) {
        out += " ";
        if (!AppendText(*batch.rows->column(i), row, out)) out += "NULL";
      }
      out += ";";
    }
    out += "\n";
  }
  return out;
}
std::string Changes(SchemaEvolver& evolver, const SchemaChange& change) {
  auto changes = evolver.OnSchemaChange(change);
  if (!changes.ok()) return changes.error().message;
  std::string out;
  for (const SchemaChange& derived : *changes) out += Describe(derived) + "; ";
  return out;
}

TEST(SchemaEvolverRoute, SameSchemaPassesWithoutACopy) {
  auto evolver = Make(SchemaChangeBehavior::kLenient, {{R"(a.\.*)", "ods.<>", "<>", "", {}}});
  auto schema = Schema({Col("id", "BIGINT NOT NULL"), Col("n", "INT")});
  ASSERT_TRUE(evolver.OnSchemaChange(Create({"a", "t"}, schema)).ok());
  ChangeBatch batch = Batch({"a", "t"}, schema, {{1, 2}, {3, 4}});
  batch.kinds = {RowKind::kInsert, RowKind::kDelete};
  batch.snapshot = true;
  auto routed = evolver.Route(batch);
  ASSERT_TRUE(routed.ok());
  ASSERT_EQ(routed->size(), 1u);
  EXPECT_EQ(routed->front().rows, batch.rows);
  EXPECT_EQ(routed->front().table, (TableId{"ods", "t"}));
  EXPECT_EQ(routed->front().kinds, batch.kinds);
  EXPECT_TRUE(routed->front().snapshot);
}

TEST(SchemaEvolverRoute, FansOut) {
  auto evolver = Make(SchemaChangeBehavior::kLenient, {{"a.t", "x.t", "", "", {}}, {"a.t", "y.t", "", "", {}}});
  auto schema = Schema({Col("id", "BIGINT NOT NULL")});
  EXPECT_EQ(Changes(evolver, Create({"a", "t"}, schema)),
            "x.t: create.table (id BIGINT NOT NULL) key (id); y.t: create.table (id BIGINT NOT NULL) key (id); ");
  EXPECT_EQ(Rows(evolver.Route(Batch({"a", "t"}, schema, {{7}}))), "x.t: 7;\ny.t: 7;\n");
}

TEST(SchemaEvolverRoute, ShardsBecomeTheWidestSchema) {
  auto evolver = Make(SchemaChangeBehavior::kLenient, {{R"(a.t\.*)", "ods.t", "", "", {}}});
  auto one = Schema({Col("id", "INT NOT NULL"), Col("only_one", "INT NOT NULL"), Col("n", "INT NOT NULL")});
  auto two = Schema({Col("n", "BIGINT"), Col("id", "BIGINT NOT NULL"), Col("only_two", "INT NOT NULL")});
  EXPECT_EQ(Changes(evolver, Create({"a", "t1"}, one)),
            "ods.t: create.table (id INT NOT NULL, only_one INT NOT NULL, n INT NOT NULL) key (id); ");
  EXPECT_EQ(Changes(evolver, Create({"a", "t2"}, two)),
            "ods.t: add.column only_two INT; ods.t: alter.column.type id BIGINT NOT NULL; "
            "ods.t: alter.column.type only_one INT; ods.t: alter.column.type n BIGINT; ");
  EXPECT_EQ(Rows(evolver.Route(Batch({"a", "t1"}, one, {{1}, {2}, {3}}))), "ods.t: 1 2 3 NULL;\n");
  EXPECT_EQ(Rows(evolver.Route(Batch({"a", "t2"}, two, {{4}, {5}, {6}}))), "ods.t: 5 NULL 4 6;\n");
  // A shard's own change, seen through the merge.
  SchemaChange drop;
  drop.kind = SchemaChangeKind::kDropColumn;
  drop.table = {"a", "t2"};
  drop.name = "n";
  EXPECT_EQ(Changes(evolver, drop), "");
  drop.kind = SchemaChangeKind::kDropTable;
  EXPECT_EQ(Changes(evolver, drop), "");  // t1 still feeds it
}

// The order of the announcements does not matter: the sink table is made in the widest schema at once.
TEST(SchemaEvolverRoute, ShardsThatAreAnnouncedTogether) {
  auto one = Schema({Col("id", "INT NOT NULL"), Col("n", "INT NOT NULL")});
  auto two =
      Schema({Col("id", "BIGINT NOT NULL"), Col("n", "DECIMAL(12, 2) NOT NULL"), Col("only_two", "INT NOT NULL")});
  auto first = Make(SchemaChangeBehavior::kEvolve, {{R"(a.t\.*)", "ods.t", "", "", {}}});
  auto changes = first.OnTables({Create({"a", "t1"}, one), Create({"a", "t2"}, two)});
  ASSERT_TRUE(changes.ok());
  ASSERT_EQ(changes->size(), 1u);
  EXPECT_EQ(Describe(changes->front()),
            "ods.t: create.table (id BIGINT NOT NULL, n DECIMAL(12, 2) NOT NULL, only_two INT) key (id)");
  auto reversed = Make(SchemaChangeBehavior::kEvolve, {{R"(a.t\.*)", "ods.t", "", "", {}}});
  ASSERT_TRUE(reversed.OnTables({Create({"a", "t2"}, two), Create({"a", "t1"}, one)}).ok());
  EXPECT_EQ(*reversed.SinkSchema({"ods", "t"}), *first.SinkSchema({"ods", "t"}));
  // After a restart: what the sink table has, then what is new.
  auto second = Make(SchemaChangeBehavior::kEvolve, {{R"(a.t\.*)", "ods.t", "", "", {}}});
  ASSERT_TRUE(second.Restore(first.ToJson()).ok());
  auto three = Schema({Col("id", "BIGINT NOT NULL"), Col("n", "DECIMAL(14, 2) NOT NULL")});
  changes = second.OnTables({Create({"a", "t1"}, one), Create({"a", "t2"}, two), Create({"a", "t3"}, three)});
  ASSERT_TRUE(changes.ok());
  std::string lines;
  for (const SchemaChange& change : *changes) lines += Describe(change) + "; ";
  EXPECT_EQ(lines,
            "ods.t: create.table (id BIGINT NOT NULL, n DECIMAL(12, 2) NOT NULL, only_two INT) key (id); "
            "ods.t: alter.column.type n DECIMAL(14, 2) NOT NULL; ");
}

TEST(SchemaEvolverRoute, ALateShardThatTheSinkCannotTake) {
  auto evolver = Make(SchemaChangeBehavior::kEvolve, {{R"(a.t\.*)", "ods.t", "", "", {}}});
  ASSERT_TRUE(evolver.OnSchemaChange(Create({"a", "t1"}, Schema({Col("id", "INT NOT NULL"), Col("n", "INT")}))).ok());
  auto changes =
      evolver.OnSchemaChange(Create({"a", "t2"}, Schema({Col("id", "INT NOT NULL"), Col("n", "DECIMAL(5, 2)")})));
  ASSERT_TRUE(changes.ok() && changes->size() == 1);
  auto refused = evolver.OnRefused(changes->front(), Unsupported("column n cannot become DECIMAL(12, 2)"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message,
            "source table a.t2 is merged with others into ods.t: column n cannot become DECIMAL(12, 2)");
  EXPECT_NE(refused.error().hint.find("route a.t2 to a sink table of its own"), std::string::npos);
}

// A key of one shard may be in the table already by another.
TEST(SchemaEvolverRoute, SnapshotRowsOfShardsAreLookedUp) {
  auto evolver = Make(SchemaChangeBehavior::kEvolve, {{R"(a.t\.*)", "ods.t", "", "", {}}});
  auto schema = Schema({Col("id", "BIGINT NOT NULL")});
  ChangeBatch batch = Batch({"a", "t1"}, schema, {{1}});
  batch.snapshot = true;
  ASSERT_TRUE(evolver.OnSchemaChange(Create({"a", "t1"}, schema)).ok());
  EXPECT_TRUE(evolver.Route(batch)->front().snapshot);
  ASSERT_TRUE(evolver.OnSchemaChange(Create({"a", "t2"}, schema)).ok());
  EXPECT_FALSE(evolver.Route(batch)->front().snapshot);
  EXPECT_EQ(evolver.Route(batch)->front().rows, batch.rows);
}

TEST(SchemaEvolverRoute, ShardsWithAnotherKeyAreRefused) {
  auto evolver = Make(SchemaChangeBehavior::kEvolve, {{R"(a.t\.*)", "ods.t", "", "", {}}});
  auto two = Schema({Col("id", "INT NOT NULL"), Col("k", "INT NOT NULL")});
  two->primary_key = {"k"};
  ASSERT_TRUE(evolver.OnSchemaChange(Create({"a", "t1"}, Schema({Col("id", "INT NOT NULL")}))).ok());
  EXPECT_EQ(Changes(evolver, Create({"a", "t2"}, two)),
            "source table a.t2 has primary key (k), but sink table ods.t has primary key (id)");
}

TEST(SchemaEvolverRoute, IgnoredChangesAreFittedOrNamed) {
  auto evolver = Make(SchemaChangeBehavior::kIgnore);
  auto before = Schema({Col("id", "BIGINT NOT NULL"), Col("n", "INT"), Col("gone", "INT")});
  ASSERT_TRUE(evolver.OnSchemaChange(Create({"a", "t"}, before)).ok());
  auto after = Schema({Col("id", "BIGINT NOT NULL"), Col("more", "INT"), Col("n", "BIGINT")});
  EXPECT_EQ(Rows(evolver.Route(Batch({"a", "t"}, after, {{1}, {2}, {3}}))), "a.t: 1 3 NULL;\n");
  EXPECT_EQ(Rows(evolver.Route(Batch({"a", "t"}, after, {{1}, {2}, {3'000'000'000}}))),
            "column n of a.t (from a.t): the value \"3000000000\" (BIGINT) does not fit INT");
  auto no_key = Schema({Col("n", "INT")});
  EXPECT_EQ(Rows(evolver.Route(Batch({"a", "t"}, no_key, {{1}}))),
            "column id of a.t is NOT NULL, but a.t has no such column");
}

TEST(SchemaEvolverRoute, TryEvolveToleratesWhatDoesNotFit) {
  auto evolver = Make(SchemaChangeBehavior::kTryEvolve);
  ASSERT_TRUE(evolver.OnSchemaChange(Create({"a", "t"}, Schema({Col("id", "BIGINT NOT NULL"), Col("n", "INT")}))).ok());
  auto after = Schema({Col("id", "BIGINT NOT NULL"), Col("n", "BIGINT")});
  EXPECT_EQ(Rows(evolver.Route(Batch({"a", "t"}, after, {{1, 2}, {3'000'000'000, 5}}))), "a.t: 1 NULL; 2 5;\n");
}

TEST(SchemaEvolverRoute, AValueForARequiredColumnIsNeverLost) {
  auto evolver = Make(SchemaChangeBehavior::kTryEvolve);
  auto before = Schema({Col("id", "BIGINT NOT NULL"), Col("n", "INT NOT NULL")});
  ASSERT_TRUE(evolver.OnSchemaChange(Create({"a", "t"}, before)).ok());
  auto after = Schema({Col("id", "BIGINT NOT NULL"), Col("n", "BIGINT NOT NULL")});
  EXPECT_EQ(Rows(evolver.Route(Batch({"a", "t"}, after, {{1, 2}, {4, 5}}))), "a.t: 1 4; 2 5;\n");
  EXPECT_EQ(Rows(evolver.Route(Batch({"a", "t"}, after, {{1}, {3'000'000'000}}))),
            "column n of a.t (from a.t): the value \"3000000000\" (BIGINT NOT NULL) does not fit INT NOT NULL");
}

TEST(SchemaEvolverRoute, ADroppedSinkTableGetsNothing) {
  auto evolver = Make(SchemaChangeBehavior::kEvolve);
  auto schema = Schema({Col("id", "BIGINT NOT NULL")});
  ASSERT_TRUE(evolver.OnSchemaChange(Create({"a", "t"}, schema)).ok());
  SchemaChange drop;
  drop.kind = SchemaChangeKind::kDropTable;
  drop.table = {"a", "t"};
  EXPECT_EQ(Changes(evolver, drop), "a.t: drop.table; ");
  EXPECT_EQ(Rows(evolver.Route(Batch({"a", "t"}, schema, {{1}}))), "");
}

TEST(SchemaEvolverRoute, ANewPlanAfterEachChange) {
  auto evolver = Make(SchemaChangeBehavior::kLenient);
  auto schema = Schema({Col("id", "BIGINT NOT NULL")});
  ASSERT_TRUE(evolver.OnSchemaChange(Create({"a", "t"}, schema)).ok());
  EXPECT_EQ(Rows(evolver.Route(Batch({"a", "t"}, schema, {{1}}))), "a.t: 1;\n");
  SchemaChange add;
  add.kind = SchemaChangeKind::kAddColumn;
  add.table = {"a", "t"};
  add.column = Col("n", "INT");
  add.place = ColumnPlace::kLast;
  EXPECT_EQ(Changes(evolver, add), "a.t: add.column n INT; ");
  EXPECT_EQ(Rows(evolver.Route(Batch({"a", "t"}, schema, {{1}}))), "a.t: 1 NULL;\n");
}

}  // namespace
}  // namespace sluice
