// SPDX-License-Identifier: Apache-2.0
// The tracker: what statements make of tables, and which events they give.
#include "format/mysql/table_tracker.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace sluice::mysql {
namespace {

class TableTrackerTest : public testing::Test {
 protected:
  TableTrackerTest() { tracker_.SetDatabase("d", "latin1", "latin1_swedish_ci"); }

  std::vector<TableChange> Apply(std::string_view sql) {
    auto changes = tracker_.Apply(ParseDdl(sql, context_), "d", context_);
    EXPECT_TRUE(changes.ok()) << sql << ": " << changes.error().message;
    return changes.ok() ? *std::move(changes) : std::vector<TableChange>();
  }
  std::string Failure(std::string_view sql) {
    auto changes = tracker_.Apply(ParseDdl(sql, context_), "d", context_);
    EXPECT_FALSE(changes.ok()) << sql;
    return changes.ok() ? "" : changes.error().message;
  }
  // The events of one statement on one table, which must lead from the old schema to the new one.
  std::vector<std::string> Events(std::string_view sql) {
    std::vector<std::string> out;
    for (const TableChange& change : Apply(sql)) {
      TableSchema schema;
      if (change.before != nullptr) schema = *MapTable(*change.before, {});
      for (const SchemaChange& event : change.events) {
        out.push_back(Describe(event));
        auto next = ApplySchemaChange(schema, event);
        EXPECT_TRUE(next.ok()) << Describe(event);
        if (next.ok()) schema = *next;
        if (event.schema != nullptr) {
          EXPECT_EQ(schema.columns, event.schema->columns) << Describe(event);
        }
      }
      if (change.after != nullptr) {
        EXPECT_EQ(schema.columns, MapTable(*change.after, {})->columns) << sql;
      }
    }
    return out;
  }
  std::string Columns(std::string_view table) {
    auto found = tracker_.Find("d", table);
    if (found == nullptr) return "none";
    std::vector<std::string> out;
    for (const MysqlColumn& c : found->columns) out.push_back(Str(c.name, " ", c.type, c.nullable ? "" : " not null"));
    return Join(out, ", ");
  }

  SqlContext context_;
  TableTracker tracker_{{}};
};

using Texts = std::vector<std::string>;

TEST_F(TableTrackerTest, ResolvesTypesCharsetsAndDefaults) {
  Apply(
      "CREATE TABLE t (id SERIAL PRIMARY KEY, c CHAR, n NVARCHAR(3) DEFAULT 'x', t TEXT CHARSET utf8, j JSON, "
      "b VARCHAR(9) BYTE, e ENUM('A','b') DEFAULT 'a', d DECIMAL(5,2) DEFAULT '1.555', ts DATETIME(3) DEFAULT "
      "'2020-1-2', "
      "f FLOAT(30), bo BOOL DEFAULT TRUE, x VARCHAR(9) DEFAULT (uuid()), bt BIT(4) DEFAULT b'0101')");
  auto t = tracker_.Find("d", "t");
  ASSERT_NE(t, nullptr);
  auto column = [&](const char* name) { return t->columns[static_cast<size_t>(t->Find(name))]; };
  EXPECT_EQ(t->charset, "latin1");
  EXPECT_TRUE(column("id").is_unsigned && !column("id").nullable);
  EXPECT_EQ(column("id").type, "bigint");
  EXPECT_EQ(column("c").length, 1);
  EXPECT_EQ(column("c").collation, "latin1_swedish_ci");
  EXPECT_EQ(column("n").charset, "utf8mb3");
  EXPECT_EQ(column("t").collation, "utf8mb3_general_ci");
  EXPECT_EQ(column("j").type, "longtext");
  EXPECT_EQ(column("j").collation, "utf8mb4_bin");
  EXPECT_EQ(column("b").type, "varbinary");
  EXPECT_EQ(column("e").default_value, "A");
  EXPECT_EQ(column("d").default_value, "1.56");
  EXPECT_EQ(column("ts").default_value, "2020-01-02 00:00:00.000");
  EXPECT_EQ(column("f").type, "double");
  EXPECT_EQ(column("bo").default_value, "1");
  EXPECT_EQ(column("x").default_value, std::nullopt);
  EXPECT_EQ(column("bt").default_value, "b'101'");
}

TEST_F(TableTrackerTest, TellsEachColumnsChange) {
  EXPECT_EQ(Events("CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT)"),
            (Texts{"d.t: create.table (id INT NOT NULL, a INT, b INT) key (id)"}));
  EXPECT_EQ(
      Events("ALTER TABLE t ADD c VARCHAR(5) AFTER a, ADD d DATE, ADD e TEXT FIRST"),
      (Texts{"d.t: add.column e STRING first", "d.t: add.column c VARCHAR(5) after a", "d.t: add.column d DATE"}));
  EXPECT_EQ(Events("ALTER TABLE t CHANGE a aa BIGINT"),
            (Texts{"d.t: rename.column a to aa", "d.t: alter.column.type aa BIGINT"}));
  EXPECT_EQ(Events("ALTER TABLE t MODIFY b BIGINT FIRST, DROP d"),
            (Texts{"d.t: drop.column d", "d.t: alter.column.type b BIGINT first"}));
  EXPECT_EQ(Events("ALTER TABLE t MODIFY c VARCHAR(5) CHARACTER SET utf8mb4"), Texts{});
  EXPECT_EQ(Events("ALTER TABLE t RENAME COLUMN aa TO c, RENAME COLUMN c TO aa"),
            (Texts{"d.t: rename.column aa to c__renaming", "d.t: rename.column c to aa",
                   "d.t: rename.column c__renaming to c"}));
  EXPECT_EQ(Columns("t"), "b bigint, e text, id int not null, c bigint, aa varchar");
  EXPECT_EQ(Events("TRUNCATE t"), (Texts{"d.t: truncate.table"}));
  EXPECT_EQ(Events("DROP TABLE IF EXISTS t, nothing"), (Texts{"d.t: drop.table"}));
}

TEST_F(TableTrackerTest, PutsColumnsWhereTheServerDoes) {
  Apply("CREATE TABLE t (a INT, b INT, c INT, d INT)");
  Events("ALTER TABLE t MODIFY a INT AFTER c, MODIFY c INT FIRST");
  EXPECT_EQ(Columns("t"), "c int, b int, a int, d int");
  Events("ALTER TABLE t DROP a, ADD a TEXT FIRST, CHANGE b e INT AFTER a, ALTER e SET DEFAULT 5");
  EXPECT_EQ(Columns("t"), "a text, e int, c int, d int");
  EXPECT_EQ(tracker_.Find("d", "t")->columns[1].default_value, "5");
}

TEST_F(TableTrackerTest, TellsAChangedKey) {
  Apply("CREATE TABLE t (a INT PRIMARY KEY, b INT)");
  EXPECT_FALSE(Apply("ALTER TABLE t CHANGE a z INT")[0].primary_key_changed);
  EXPECT_EQ(tracker_.Find("d", "t")->primary_key, Texts{"z"});
  EXPECT_TRUE(Apply("ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (B, z)")[0].primary_key_changed);
  EXPECT_EQ(tracker_.Find("d", "t")->primary_key, (Texts{"b", "z"}));
  EXPECT_TRUE(Apply("DROP INDEX `PRIMARY` ON t")[0].primary_key_changed);
  EXPECT_EQ(Columns("t"), "z int not null, b int not null");
}

TEST_F(TableTrackerTest, ConvertsCharacterSets) {
  Apply("CREATE TABLE t (v VARCHAR(9), x TEXT, b BLOB, e ENUM('a'))");
  Apply("ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4");
  auto t = tracker_.Find("d", "t");
  EXPECT_EQ(Columns("t"), "v varchar, x mediumtext, b blob, e enum");
  EXPECT_EQ(t->columns[3].collation, "utf8mb4_general_ci");
  Apply("ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
  Apply("CREATE TABLE u (a CHAR(3))");
  EXPECT_EQ(tracker_.Find("d", "u")->columns[0].collation, "utf8mb4_bin");
}

TEST_F(TableTrackerTest, FollowsTheSwapsOfOnlineTools) {
  Apply("CREATE TABLE t (id INT PRIMARY KEY, a INT)");
  Apply("CREATE TABLE _t_gho LIKE t");
  Apply("ALTER TABLE _t_gho CHANGE a b BIGINT, ADD c INT");
  auto changes = Apply("RENAME TABLE t TO _t_del, _t_gho TO t");
  ASSERT_EQ(changes.size(), 3u);
  const TableChange* swap = nullptr;
  for (auto& change : changes) {
    if (change.table.table == "t") swap = &change;
  }
  ASSERT_NE(swap, nullptr);
  EXPECT_TRUE(swap->online_swap && swap->replaced && !swap->primary_key_changed);
  ASSERT_EQ(swap->events.size(), 3u);
  EXPECT_EQ(Describe(swap->events[0]), "d.t: rename.column a to b");
  EXPECT_EQ(Columns("_t_del"), "id int not null, a int");
  EXPECT_EQ(Columns("_t_gho"), "none");
  // pt-online-schema-change writes the columns out.
  Apply("CREATE TABLE _t_new (id INT PRIMARY KEY, b BIGINT, c INT)");
  Apply("ALTER TABLE _t_new DROP c");
  for (auto& change : Apply("RENAME TABLE t TO _t_old, _t_new TO t")) {
    if (change.table.table == "t") {
      EXPECT_TRUE(change.online_swap);
    }
  }
  Apply("CREATE TABLE other (id INT PRIMARY KEY)");
  for (auto& change : Apply("RENAME TABLE t TO x, other TO t")) {
    if (change.table.table == "t") {
      EXPECT_TRUE(change.replaced && !change.online_swap);
    }
  }
}

// The tool fills the copy without the added columns: what an INSERT gives them, also if a checkpoint lies between.
TEST_F(TableTrackerTest, TellsWhatASwapBringsInAddedColumns) {
  Apply("CREATE TABLE t (id INT PRIMARY KEY, a INT)");
  Apply("CREATE TABLE _t_gho LIKE t");
  Apply(
      "ALTER TABLE _t_gho ADD b BINARY(2) DEFAULT 'x', ADD e ENUM('p','q') NOT NULL, ADD d DATE DEFAULT '2020-1-2', "
      "ADD i INT NOT NULL, ADD n INT, ADD ts TIMESTAMP DEFAULT CURRENT_TIMESTAMP, ADD s INT DEFAULT 1, ADD z TIME "
      "DEFAULT '1:2:3'");
  Apply("ALTER TABLE _t_gho ALTER s SET DEFAULT 7, MODIFY i BIGINT NOT NULL DEFAULT 5, RENAME COLUMN z TO y");
  TableTracker stored({});
  ASSERT_TRUE(stored.LoadJson(tracker_.ToJson()).ok());
  EXPECT_EQ(stored.ToJson(), tracker_.ToJson());
  auto changes = stored.Apply(ParseDdl("RENAME TABLE t TO _t_del, _t_gho TO t", context_), "d", context_);
  ASSERT_TRUE(changes.ok());
  Texts initial;
  for (const TableChange& change : *changes) {
    for (const SchemaChange& event : change.events) {
      if (event.kind != SchemaChangeKind::kAddColumn || !change.online_swap) continue;
      using Kind = InitialDefault::Kind;
      const Kind kind = event.initial.kind;
      initial.push_back(Str(event.column.name, " ",
                            kind == Kind::kNull       ? "null"
                            : kind == Kind::kComputed ? "computed"
                            : kind == Kind::kLiteral  ? event.initial.text
                                                      : "?"));
    }
  }
  EXPECT_EQ(initial,
            (Texts{"b 7800", "e p", "d 2020-01-02", "i 5", "n null", "ts computed", "s 7", "y 01:02:03"}));
}

TEST_F(TableTrackerTest, RefusesAnUnknownInitialValue) {
  Apply("CREATE TABLE t (id INT PRIMARY KEY)");
  Apply("CREATE TABLE _t_gho LIKE t");
  Apply("ALTER TABLE _t_gho ADD b INT");
  std::string text = tracker_.ToJson();
  text.replace(text.find("\"null\",\""), 6, "\"odd!\"");
  TableTracker other({});
  EXPECT_NE(other.LoadJson(text).error().message.find("\"odd!\""), std::string::npos);
}

TEST_F(TableTrackerTest, NeverGuessesAboutAWantedTable) {
  TableTracker tracker({.wanted = [](const TableId& id) { return id.table == "t"; }});
  auto apply = [&](std::string_view sql) { return tracker.Apply(ParseDdl(sql, context_), "d", context_); };
  EXPECT_TRUE(apply("ALTER TABLE u ADD a INT FLYING").ok());
  EXPECT_TRUE(apply("ALTER TABLE u ADD a INT").ok());
  EXPECT_FALSE(apply("ALTER TABLE t ADD a INT").ok());
  EXPECT_FALSE(apply("RENAME TABLE u TO t").ok());
  EXPECT_FALSE(apply("CREATE TABLE t LIKE u").ok());
  ASSERT_TRUE(apply("CREATE TABLE t (a INT)").ok());
  EXPECT_FALSE(apply("ALTER TABLE t ADD b INT FLYING").ok());
  EXPECT_FALSE(apply("ALTER TABLE t DROP b").ok());
  EXPECT_FALSE(apply("ALTER TABLE t ADD A INT").ok());
  EXPECT_EQ(tracker.Find("d", "t")->columns.size(), 1u);
}

TEST_F(TableTrackerTest, AppliesWhatAFailedStatementDid) {
  Apply("CREATE TABLE t (a INT)");
  context_.error_code = 1067;
  Apply("CREATE OR REPLACE TABLE t (a INT DEFAULT 'x')");
  EXPECT_EQ(Columns("t"), "none");
}

TEST_F(TableTrackerTest, DropsTheTablesOfADatabase) {
  Apply("CREATE TABLE t (a INT)");
  Apply("CREATE DATABASE e CHARACTER SET utf8mb4");
  Apply("CREATE TABLE e.t (a CHAR(1))");
  EXPECT_EQ(tracker_.Find("e", "t")->charset, "utf8mb4");
  EXPECT_EQ(Events("DROP DATABASE d"), (Texts{"d.t: drop.table"}));
  EXPECT_EQ(tracker_.tables().size(), 1u);
}

TEST_F(TableTrackerTest, SurvivesACheckpoint) {
  Apply("CREATE TABLE `t\"1` (a INT PRIMARY KEY, `ключ` ENUM('é','\"') DEFAULT 'é')");
  Apply("CREATE TABLE `_t\"1_gho` LIKE `t\"1`");
  TableTracker other({});
  ASSERT_TRUE(other.LoadJson(tracker_.ToJson()).ok());
  EXPECT_EQ(other.ToJson(), tracker_.ToJson());
  EXPECT_EQ(*other.Find("d", "t\"1"), *tracker_.Find("d", "t\"1"));
  std::string broken = tracker_.ToJson();
  broken.resize(broken.size() / 2);
  EXPECT_EQ(other.LoadJson(broken).error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(other.tables().size(), 2u);
}

TEST_F(TableTrackerTest, KnowsNamesInLowerCase) {
  TableTracker tracker({.lower_case_table_names = 1});
  ASSERT_TRUE(tracker.Apply(ParseDdl("CREATE TABLE Shop.Orders (a INT)", context_), "", context_).ok());
  ASSERT_NE(tracker.Find("SHOP", "orders"), nullptr);
  EXPECT_EQ(tracker.Find("shop", "ORDERS")->name, "orders");
}

TEST_F(TableTrackerTest, RefusesWhatChangesRowsWithoutRowEvents) {
  Apply("CREATE TABLE t (a INT)");
  for (const char* part : {"DROP PARTITION p", "TRUNCATE PARTITION ALL", "EXCHANGE PARTITION p WITH TABLE u",
                           "CONVERT PARTITION p TO TABLE u", "CONVERT TABLE u TO PARTITION p VALUES LESS THAN (9)",
                           "DISCARD TABLESPACE", "IMPORT TABLESPACE"}) {
    EXPECT_NE(Failure(Str("ALTER TABLE t ", part)).find("not in the log"), std::string::npos) << part;
  }
  EXPECT_NE(Failure("ALTER IGNORE TABLE t ADD UNIQUE (a)").find("ADD UNIQUE"), std::string::npos);
  Apply("ALTER TABLE t REORGANIZE PARTITION p INTO (PARTITION q VALUES LESS THAN (9))");
  Apply("ALTER TABLE t ADD UNIQUE (a)");
}

TEST_F(TableTrackerTest, ReportsWhatDoesNotFit) {
  Apply("CREATE TABLE t (a INT)");
  EXPECT_NE(Failure("CREATE TABLE t (b INT)").find("known already"), std::string::npos);
  EXPECT_NE(Failure("ALTER TABLE t DROP zz").find("`zz`"), std::string::npos);
  EXPECT_NE(Failure("TRUNCATE other").find("d.other"), std::string::npos);
  EXPECT_EQ(Columns("t"), "a int");
}

}  // namespace
}  // namespace sluice::mysql
