// SPDX-License-Identifier: Apache-2.0
// The five modes of schema.change.behavior, include and exclude tags, refusals of the sink, restarts.
#include "pipeline/schema_evolver.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace sluice {
namespace {

const TableId kLead{"crm", "lead"};
const std::set<std::string> kAllTags = {"create.table", "add.column", "alter.column.type", "rename.column",
                                        "drop.column",  "drop.table", "truncate.table",    "alter.table.comment"};

Column Col(std::string name, std::string_view type) {
  return {std::move(name), *ParseDataType(type), "", std::nullopt};
}
TableSchema Base() {
  TableSchema schema;
  schema.columns = {Col("id", "BIGINT NOT NULL"), Col("name", "VARCHAR(20) NOT NULL"), Col("city", "STRING")};
  schema.primary_key = {"id"};
  return schema;
}
SchemaEvolver Make(SchemaChangeBehavior behavior, std::set<std::string> tags = kAllTags) {
  PipelineSpec spec;
  spec.behavior = behavior;
  spec.sink_changes = std::move(tags);
  auto made = SchemaEvolver::Make(spec);
  EXPECT_TRUE(made.ok());
  return *std::move(made);
}

SchemaChange Change(SchemaChangeKind kind) {
  SchemaChange change;
  change.kind = kind;
  change.table = kLead;
  return change;
}
SchemaChange Create(TableSchema schema = Base()) {
  SchemaChange change = Change(SchemaChangeKind::kCreateTable);
  change.schema = std::make_shared<TableSchema>(std::move(schema));
  return change;
}
SchemaChange Add(Column column, std::string after = "") {
  SchemaChange change = Change(SchemaChangeKind::kAddColumn);
  change.name = column.name;
  change.column = std::move(column);
  change.place = after.empty() ? ColumnPlace::kLast : ColumnPlace::kAfter;
  change.after = std::move(after);
  return change;
}
SchemaChange Alter(Column column) {
  SchemaChange change = Change(SchemaChangeKind::kAlterColumn);
  change.name = column.name;
  change.column = std::move(column);
  return change;
}
SchemaChange Rename(std::string from, std::string to) {
  SchemaChange change = Change(SchemaChangeKind::kRenameColumn);
  change.name = std::move(from);
  change.column.name = std::move(to);
  return change;
}
SchemaChange Drop(std::string column) {
  SchemaChange change = Change(SchemaChangeKind::kDropColumn);
  change.name = std::move(column);
  return change;
}

// The changes for the sink, each as its line; or the error.
std::string On(SchemaEvolver& evolver, const SchemaChange& change) {
  auto changes = evolver.OnSchemaChange(change);
  if (!changes.ok()) return changes.error().message;
  std::string out;
  for (const SchemaChange& derived : *changes) {
    EXPECT_EQ(derived.schema == nullptr, derived.kind == SchemaChangeKind::kDropTable);
    out += Describe(derived).substr(derived.table.ToString().size() + 2) + "; ";
  }
  return out;
}
std::string Columns(const SchemaEvolver& evolver, const TableId& sink = kLead) {
  auto schema = evolver.SinkSchema(sink);
  std::string out;
  if (schema == nullptr) return "none";
  for (const Column& column : schema->columns) out += column.name + " " + column.type.ToString() + "; ";
  return out;
}

TEST(SchemaEvolver, EvolveForwardsAsIs) {
  auto evolver = Make(SchemaChangeBehavior::kEvolve);
  EXPECT_EQ(On(evolver, Create()),
            "create.table (id BIGINT NOT NULL, name VARCHAR(20) NOT NULL, city STRING) key (id); ");
  EXPECT_EQ(On(evolver, Add(Col("region", "INT NOT NULL"), "id")), "add.column region INT NOT NULL after id; ");
  EXPECT_EQ(On(evolver, Alter(Col("region", "BIGINT"))), "alter.column.type region BIGINT; ");
  EXPECT_EQ(On(evolver, Rename("city", "town")), "rename.column city to town; ");
  EXPECT_EQ(On(evolver, Drop("name")), "drop.column name; ");
  EXPECT_EQ(On(evolver, Change(SchemaChangeKind::kTruncateTable)), "truncate.table; ");
  EXPECT_EQ(Columns(evolver), "id BIGINT NOT NULL; region BIGINT; town STRING; ");
  EXPECT_EQ(On(evolver, Change(SchemaChangeKind::kDropTable)), "drop.table; ");
  EXPECT_EQ(Columns(evolver), "none");
  EXPECT_EQ(On(evolver, Create()).substr(0, 12), "create.table");
}

TEST(SchemaEvolver, LenientKeepsWhatTheSinkHas) {
  std::set<std::string> tags = kAllTags;
  tags.erase("drop.table");
  tags.erase("truncate.table");
  auto evolver = Make(SchemaChangeBehavior::kLenient, tags);
  On(evolver, Create());
  EXPECT_EQ(On(evolver, Add(Col("region", "INT NOT NULL"), "id")), "add.column region INT; ");
  EXPECT_EQ(On(evolver, Alter(Col("region", "BIGINT NOT NULL"))), "alter.column.type region BIGINT; ");
  EXPECT_EQ(On(evolver, Rename("name", "title")), "add.column title VARCHAR(20); alter.column.type name VARCHAR(20); ");
  EXPECT_EQ(On(evolver, Rename("city", "town")), "add.column town STRING; ");
  EXPECT_EQ(On(evolver, Drop("town")), "");
  EXPECT_EQ(On(evolver, Change(SchemaChangeKind::kTruncateTable)), "");
  EXPECT_EQ(Columns(evolver),
            "id BIGINT NOT NULL; name VARCHAR(20); city STRING; region BIGINT; title VARCHAR(20); town STRING; ");
}

TEST(SchemaEvolver, LenientDropAndAddAgain) {
  auto evolver = Make(SchemaChangeBehavior::kLenient);
  On(evolver, Create());
  EXPECT_EQ(On(evolver, Drop("name")), "alter.column.type name VARCHAR(20); ");
  EXPECT_EQ(On(evolver, Add(Col("name", "VARCHAR(20)"))), "");
  On(evolver, Drop("name"));
  EXPECT_EQ(On(evolver, Add(Col("name", "INT"))), "alter.column.type name STRING; ");
  EXPECT_EQ(On(evolver, Rename("city", "town")), "add.column town STRING; ");
  EXPECT_EQ(On(evolver, Rename("town", "city")), "");
}

TEST(SchemaEvolver, LenientCannotChangeTheKey) {
  auto evolver = Make(SchemaChangeBehavior::kLenient);
  On(evolver, Create());
  EXPECT_EQ(On(evolver, Rename("id", "lead_id")),
            "the primary key of crm.lead would change: crm.lead: rename.column id to lead_id");
}

TEST(SchemaEvolver, ExceptionAllowsOnlyCreate) {
  auto evolver = Make(SchemaChangeBehavior::kException);
  EXPECT_EQ(On(evolver, Create()).substr(0, 12), "create.table");
  EXPECT_EQ(On(evolver, Add(Col("region", "INT"))),
            "crm.lead: add.column region INT: Unexpected schema change events occurred in EXCEPTION mode. Job will "
            "fail now.");
}

TEST(SchemaEvolver, IgnoreKeepsTheSchema) {
  auto evolver = Make(SchemaChangeBehavior::kIgnore);
  EXPECT_EQ(On(evolver, Create()).substr(0, 12), "create.table");
  EXPECT_EQ(On(evolver, Add(Col("region", "INT"))), "");
  EXPECT_EQ(On(evolver, Drop("city")), "");
  EXPECT_EQ(On(evolver, Rename("name", "title")), "");
  EXPECT_EQ(On(evolver, Change(SchemaChangeKind::kDropTable)), "");
  EXPECT_EQ(Columns(evolver), "id BIGINT NOT NULL; name VARCHAR(20) NOT NULL; city STRING; ");
}

TEST(SchemaEvolver, TagsDecideWhatTheSinkReceives) {
  auto evolver = Make(SchemaChangeBehavior::kEvolve, {"create.table", "add.column"});
  On(evolver, Create());
  EXPECT_EQ(On(evolver, Drop("city")), "");
  EXPECT_EQ(On(evolver, Add(Col("city", "STRING"))), "");  // the sink still has it
  EXPECT_EQ(On(evolver, Add(Col("region", "INT"))), "add.column region INT; ");
  EXPECT_EQ(On(evolver, Alter(Col("region", "BIGINT"))), "");
  EXPECT_EQ(Columns(evolver), "id BIGINT NOT NULL; name VARCHAR(20) NOT NULL; city STRING; region INT; ");
}

TEST(SchemaEvolver, TryEvolveKeepsTheSchemaOfASinkThatRefuses) {
  auto evolver = Make(SchemaChangeBehavior::kTryEvolve);
  On(evolver, Create());
  auto changes = evolver.OnSchemaChange(Alter(Col("city", "INT")));
  ASSERT_TRUE(changes.ok());
  ASSERT_EQ(changes->size(), 1u);
  EXPECT_TRUE(evolver.OnRefused(changes->front(), Unsupported("cannot narrow")).ok());
  EXPECT_EQ(Columns(evolver), "id BIGINT NOT NULL; name VARCHAR(20) NOT NULL; city STRING; ");
  EXPECT_EQ(evolver.OnRefused(changes->front(), Unavailable("away")).error().message, "away");
  EXPECT_EQ(On(evolver, Drop("city")), "drop.column city; ");
}

TEST(SchemaEvolver, EvolveDoesNotTolerateARefusal) {
  auto evolver = Make(SchemaChangeBehavior::kEvolve);
  On(evolver, Create());
  auto changes = evolver.OnSchemaChange(Alter(Col("city", "INT")));
  ASSERT_TRUE(changes.ok() && changes->size() == 1);
  EXPECT_EQ(evolver.OnRefused(changes->front(), Unsupported("cannot")).error().message, "cannot");
}

TEST(SchemaEvolver, ARefusedTypeStaysAndMayBecomeNullable) {
  for (auto mode : {SchemaChangeBehavior::kTryEvolve, SchemaChangeBehavior::kLenient}) {
    auto evolver = Make(mode);
    On(evolver, Create());
    auto changes = evolver.OnSchemaChange(Alter(Col("name", "INT")));
    ASSERT_TRUE(changes.ok() && changes->size() == 1);
    auto instead = evolver.OnRefused(changes->front(), Unsupported("cannot"));
    ASSERT_TRUE(instead.ok());
    ASSERT_EQ(instead->size(), 1u);
    EXPECT_EQ(Describe(instead->front()), "crm.lead: alter.column.type name VARCHAR(20)");
    EXPECT_EQ(Columns(evolver), "id BIGINT NOT NULL; name VARCHAR(20); city STRING; ");
    EXPECT_EQ(*instead->front().schema, *evolver.SinkSchema(kLead));
    EXPECT_EQ(On(evolver, Alter(Col("name", "INT"))), "");  // asked and said once
    EXPECT_EQ(On(evolver, Alter(Col("name", "BIGINT"))), "alter.column.type name BIGINT; ");
  }
}

TEST(SchemaEvolver, ARefusedKeyTypeStaysRequired) {
  auto evolver = Make(SchemaChangeBehavior::kTryEvolve);
  On(evolver, Create());
  auto changes = evolver.OnSchemaChange(Alter(Col("id", "STRING")));
  ASSERT_TRUE(changes.ok() && changes->size() == 1);
  auto instead = evolver.OnRefused(changes->front(), Unsupported("cannot"));
  ASSERT_TRUE(instead.ok());
  EXPECT_TRUE(instead->empty());
  EXPECT_EQ(Columns(evolver), "id BIGINT NOT NULL; name VARCHAR(20) NOT NULL; city STRING; ");
}

TEST(SchemaEvolver, ARefusedDropBecomesNullable) {
  auto evolver = Make(SchemaChangeBehavior::kTryEvolve);
  On(evolver, Create());
  auto changes = evolver.OnSchemaChange(Drop("name"));
  ASSERT_TRUE(changes.ok() && changes->size() == 1);
  auto instead = evolver.OnRefused(changes->front(), Unsupported("partitioned by it"));
  ASSERT_TRUE(instead.ok() && instead->size() == 1);
  EXPECT_EQ(Columns(evolver), "id BIGINT NOT NULL; name VARCHAR(20); city STRING; ");
}

TEST(SchemaEvolver, LenientToleratesNothingElse) {
  auto evolver = Make(SchemaChangeBehavior::kLenient);
  On(evolver, Create());
  auto changes = evolver.OnSchemaChange(Add(Col("region", "INT")));
  ASSERT_TRUE(changes.ok() && changes->size() == 1);
  EXPECT_EQ(evolver.OnRefused(changes->front(), Unsupported("cannot")).error().message, "cannot");
}

TEST(SchemaEvolver, RestartAnnouncesTheSchemaOfTheSink) {
  auto first = Make(SchemaChangeBehavior::kLenient);
  On(first, Create());
  On(first, Drop("name"));
  On(first, Add(Col("region", "INT")));
  auto second = Make(SchemaChangeBehavior::kLenient);
  ASSERT_TRUE(second.Restore(first.ToJson()).ok());
  EXPECT_EQ(second.ToJson(), first.ToJson());
  TableSchema upstream = Base();
  upstream.columns.erase(upstream.columns.begin() + 1);
  upstream.columns.push_back(Col("region", "INT"));
  EXPECT_EQ(On(second, Create(upstream)),
            "create.table (id BIGINT NOT NULL, name VARCHAR(20), city STRING, region INT) key (id); ");
  EXPECT_EQ(On(second, Create(upstream)), "");  // said once
}

TEST(SchemaEvolver, ChangeWhileNobodyWatched) {
  auto first = Make(SchemaChangeBehavior::kEvolve);
  On(first, Create());
  auto second = Make(SchemaChangeBehavior::kEvolve);
  ASSERT_TRUE(second.Restore(first.ToJson()).ok());
  TableSchema upstream = Base();
  upstream.columns[2] = Col("region", "INT");
  EXPECT_EQ(On(second, Create(upstream)),
            "create.table (id BIGINT NOT NULL, name VARCHAR(20) NOT NULL, city STRING) key (id); "
            "add.column region INT after name; drop.column city; ");
}

TEST(SchemaEvolver, SeededSinkIsWidenedNotShrunk) {
  auto evolver = Make(SchemaChangeBehavior::kEvolve);
  TableSchema table = Base();
  table.columns.push_back(Col("kept", "DATE NOT NULL"));
  evolver.Seed(kLead, table);
  TableSchema upstream = Base();
  upstream.columns.push_back(Col("region", "INT"));
  EXPECT_EQ(On(evolver, Create(upstream)),
            "create.table (id BIGINT NOT NULL, name VARCHAR(20) NOT NULL, city STRING, kept DATE NOT NULL) key (id); "
            "add.column region INT after kept; alter.column.type kept DATE; ");
}

TEST(SchemaEvolver, DamagedState) {
  auto first = Make(SchemaChangeBehavior::kEvolve);
  On(first, Create());
  std::string good = first.ToJson();
  auto evolver = Make(SchemaChangeBehavior::kEvolve);
  EXPECT_TRUE(evolver.Restore("").ok());
  for (size_t cut = 1; cut < good.size(); ++cut) EXPECT_FALSE(evolver.Restore(good.substr(0, cut)).ok());
  for (const char* text : {"[]", "{}", R"({"version":2})", R"({"version":1,"sources":[{}],"sinks":[]})",
                           R"({"version":1,"sources":[],"sinks":[{"schema":"a","table":"b","columns":"x"}]})"}) {
    EXPECT_FALSE(evolver.Restore(text).ok()) << text;
  }
}

TEST(SchemaEvolver, TypesThatTheSinkStoresOtherwise) {
  const auto as_int = [](const DataType& type) {
    DataType out = type;
    if (type.kind == TypeKind::kTinyInt || type.kind == TypeKind::kSmallInt) out.kind = TypeKind::kInt;
    return out;
  };
  TableSchema table = Base();
  table.columns.push_back(Col("small", "TINYINT NOT NULL"));
  auto evolver = Make(SchemaChangeBehavior::kEvolve);
  evolver.StoreAs(as_int);
  EXPECT_EQ(On(evolver, Create(table)),
            "create.table (id BIGINT NOT NULL, name VARCHAR(20) NOT NULL, city STRING, small INT NOT NULL) key (id); ");
  EXPECT_EQ(On(evolver, Alter(Col("small", "SMALLINT NOT NULL"))), "");
  EXPECT_EQ(On(evolver, Add(Col("more", "TINYINT"))), "add.column more INT; ");
  // A sink table of before keeps its types until they change.
  auto former = Make(SchemaChangeBehavior::kEvolve);
  On(former, Create(table));
  auto later = Make(SchemaChangeBehavior::kEvolve);
  later.StoreAs(as_int);
  ASSERT_TRUE(later.Restore(former.ToJson()).ok());
  EXPECT_EQ(On(later, Create(table)).find("alter"), std::string::npos);
  EXPECT_EQ(On(later, Alter(Col("small", "SMALLINT NOT NULL"))), "alter.column.type small INT NOT NULL; ");
}

TEST(SchemaEvolver, ChangeOfAnUnknownTable) {
  auto evolver = Make(SchemaChangeBehavior::kEvolve);
  EXPECT_FALSE(evolver.OnSchemaChange(Drop("city")).ok());
  EXPECT_FALSE(evolver.OnSchemaChange(Change(SchemaChangeKind::kCreateTable)).ok());
}

}  // namespace
}  // namespace sluice
