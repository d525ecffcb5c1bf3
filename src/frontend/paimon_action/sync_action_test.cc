// SPDX-License-Identifier: Apache-2.0
// The commands of Paimon's documentation, and what they mean here.
#include "frontend/paimon_action/sync_action.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "pipeline/router.h"
#include "pipeline/selector.h"

namespace sluice {
namespace {

using Words = std::vector<std::string>;

// Of the examples of mysql-cdc.md, but for their catalog.
Words Table() {
  return {"mysql_sync_table", "--warehouse", "/path/to/warehouse", "--database", "test_db", "--table", "test_table",
          "--partition_keys", "pt", "--primary_keys", "pt,uid", "--computed_column", "_year=year(age)",
          "--mysql_conf", "hostname=127.0.0.1", "--mysql_conf", "username=root", "--mysql_conf", "password=123456",
          "--mysql_conf", "database-name='source_db'", "--mysql_conf", "table-name='source_table1|source_table2'",
          "--table_conf", "bucket=4", "--table_conf", "changelog-producer=input", "--table_conf", "sink.parallelism=4"};
}
Words Database() {
  return {"mysql_sync_database", "--warehouse", "/path/to/warehouse", "--database", "test_db", "--mysql_conf",
          "hostname=127.0.0.1", "--mysql_conf", "username=root", "--mysql_conf", "password=123456", "--mysql_conf",
          "database-name='db.+'", "--table_conf", "bucket=4", "--including_tables", "tbl.+"};
}
Words With(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

Result<PipelineSpec> Parse(const Words& words) {
  auto read = ReadActionWords(words, /*flink=*/false);
  if (!read.ok()) return std::move(read).error();
  return MakeSyncSpec(*read);
}
PipelineSpec Good(const Words& words) {
  auto spec = Parse(words);
  EXPECT_TRUE(spec.ok()) << spec.error().ToString();
  return spec.ok() ? *std::move(spec) : PipelineSpec();
}
std::string ErrorOf(const Words& words) {
  auto spec = Parse(words);
  return spec.ok() ? "no error" : spec.error().ToString();
}
std::string Option(const ConnectorSpec& connector, const std::string& key) {
  auto found = connector.options.find(key);
  return found == connector.options.end() ? "none" : found->second.text;
}
bool Reads(const PipelineSpec& spec, const TableId& table) {
  auto wanted = TableSelector::Make(Option(spec.source, "tables"));
  EXPECT_TRUE(wanted.ok()) << Option(spec.source, "tables");
  const std::string without = Option(spec.source, "tables.exclude");
  if (without != "none") {
    auto unwanted = TableSelector::Make(without);
    EXPECT_TRUE(unwanted.ok()) << without;
    if (unwanted->Matches(table)) return false;
  }
  return wanted->Matches(table);
}
std::string SinkOf(const PipelineSpec& spec, const TableId& table) {
  auto router = Router::Make(spec.routes, spec.route_mode);
  EXPECT_TRUE(router.ok());
  const auto sinks = router->Route(table);
  return sinks.size() == 1 ? sinks[0].ToString() : Str(sinks.size(), " tables");
}

TEST(SyncAction, TheTableExampleOfTheDocumentation) {
  const PipelineSpec spec = Good(Table());
  EXPECT_EQ(spec.source.type, "mysql");
  EXPECT_EQ(Option(spec.source, "hostname"), "127.0.0.1");
  EXPECT_TRUE(spec.source.options.at("password").secret);
  EXPECT_EQ(spec.sink.type, "paimon");
  EXPECT_EQ(Option(spec.sink, "catalog.properties.warehouse"), "/path/to/warehouse");
  EXPECT_EQ(Option(spec.sink, "table.properties.bucket"), "4");
  EXPECT_EQ(Option(spec.sink, "partition.key"), "test_db.test_table:pt");
  EXPECT_EQ(spec.shape->primary_keys, (Words{"pt", "uid"}));
  ASSERT_EQ(spec.shape->computed.size(), 1u);
  EXPECT_EQ(spec.shape->computed[0].function, "year");
  EXPECT_EQ(spec.behavior, SchemaChangeBehavior::kMerge);
  EXPECT_EQ(spec.name, "MySQL-Paimon Table Sync: test_db.test_table");
  EXPECT_TRUE(Reads(spec, {"source_db", "source_table1"}));
  EXPECT_FALSE(Reads(spec, {"source_db", "source_table3"}));
  EXPECT_FALSE(Reads(spec, {"source_dbx", "source_table1"}));
  EXPECT_FALSE(Reads(spec, {"source_db", "SOURCE_TABLE1"})) << "Java's expressions mind case";
  EXPECT_EQ(SinkOf(spec, {"source_db", "source_table2"}), "test_db.test_table");
}

TEST(SyncAction, TheDatabaseExampleOfTheDocumentation) {
  const PipelineSpec spec = Good(Database());
  EXPECT_TRUE(Reads(spec, {"db1", "tbl1"}));
  EXPECT_FALSE(Reads(spec, {"db", "tbl1"}));
  EXPECT_FALSE(Reads(spec, {"db1", "other"}));
  EXPECT_EQ(SinkOf(spec, {"db1", "tbl1"}), "test_db.tbl1");
  EXPECT_EQ(Option(spec.source, "scan.binlog.newly-added-table.enabled"), "false") << "mode divided";
  EXPECT_TRUE(spec.shape->skip_unkeyed);
}

TEST(SyncAction, ExpressionsKeepTheirMeaningAsSelectors) {
  const auto matches = [](const char* expression, const char* table) {
    auto selector = TableSelector::Make(Str("d.", ToSelector(expression)));
    return selector.ok() && selector->Matches({"d", table});
  };
  EXPECT_TRUE(matches("t_[0-9]{1,3}", "t_12"));
  EXPECT_FALSE(matches("t_[0-9]{1,3}", "t_1234"));
  EXPECT_TRUE(matches("a\\.b", "a.b"));
  EXPECT_FALSE(matches("a\\.b", "axb"));
  EXPECT_TRUE(matches("a.b", "axb"));
  EXPECT_TRUE(matches("a[.x]b", "a.b"));
  EXPECT_FALSE(matches("a[.x]b", "ayb"));
  EXPECT_TRUE(matches("(a|b)\\d+", "b7"));
  EXPECT_TRUE(matches("a,b", "a,b"));
}

TEST(SyncAction, NamesOfTablesByMappingDatabaseAndPrefix) {
  const PipelineSpec spec =
      Good(With(Database(), {"--table_prefix", "ods_", "--table_suffix", "_x", "--table_prefix_db", "db2=two_",
                             "--table_mapping", "tbl9=nine"}));
  EXPECT_EQ(SinkOf(spec, {"db1", "tbl1"}), "test_db.ods_tbl1_x");
  EXPECT_EQ(SinkOf(spec, {"DB2", "tbl1"}), "test_db.two_tbl1_x");
  EXPECT_EQ(SinkOf(spec, {"db2", "TBL9"}), "test_db.nine");
  const PipelineSpec apart = Good(With(Database(), {"--merge_shards", "false", "--table_prefix", "$1"}));
  EXPECT_EQ(SinkOf(apart, {"db1", "tbl1"}), "test_db.$1db1_tbl1");
}

TEST(SyncAction, ExcludedTablesAndDatabasesAreNotRead) {
  const PipelineSpec spec = Good(With(Database(), {"--excluding_tables", "tbl.*old|tbl_x", "--excluding_dbs", "db9",
                                                   "--including_dbs", "db[0-9]+", "--mode", "combined"}));
  EXPECT_TRUE(Reads(spec, {"db1", "tbl1"}));
  EXPECT_FALSE(Reads(spec, {"db1", "tbl1_old"}));
  EXPECT_FALSE(Reads(spec, {"db9", "tbl1"}));
  EXPECT_FALSE(Reads(spec, {"dbx", "tbl1"}));
  EXPECT_EQ(Option(spec.source, "scan.binlog.newly-added-table.enabled"), "none") << "mode combined";
}

TEST(SyncAction, TypeMappingIsTakenWithHyphensAndUnderscores) {
  const PipelineSpec spec = Good(With(Table(), {"--type_mapping", "tinyint1-not-bool, to_nullable,CHAR-TO-STRING"}));
  const std::set<TypeRule> rules = {TypeRule::kTinyint1NotBool, TypeRule::kToNullable, TypeRule::kCharToString};
  EXPECT_EQ(spec.shape->types, rules);
  EXPECT_EQ(Option(spec.source, "treat-tinyint1-as-boolean.enabled"), "false");
  EXPECT_EQ(ErrorOf(With(Table(), {"--type_mapping", "to-strings"})),
            "--type_mapping has no to-strings\nhint: did you mean to-string?");
}

TEST(SyncAction, SettingsOfFlinkCount) {
  const PipelineSpec spec = Good(With(Table(), {"-D", "execution.checkpointing.interval=60s", "-Dpipeline.name=mine",
                                                "-D", "parallelism.default=4"}));
  EXPECT_EQ(spec.checkpoint_interval_ms, 60'000);
  EXPECT_EQ(spec.name, "mine");
  EXPECT_EQ(spec.parallelism, 4);
  EXPECT_NE(ErrorOf(With(Table(), {"-D", "execution.checkpointing.intervall=60s"})).find("did you mean"),
            std::string::npos);
}

TEST(SyncAction, ComputedColumnsFollowThoseThatTheyReferTo) {
  const PipelineSpec spec = Good(With(Table(), {"--computed_column", "b=upper(a)", "--computed_column",
                                                "a=date_format(at, yyyy-MM-dd)", "--computed_column",
                                                "c=cast(1.5, DECIMAL(10, 2))"}));
  std::string order;
  for (const ComputedColumn& column : spec.shape->computed) order += column.name + " ";
  EXPECT_EQ(order, "_year a b c ");
  EXPECT_EQ(spec.shape->computed[3].arguments, (Words{"1.5", "DECIMAL(10, 2)"}));
  const auto error = [](const Words& columns) {
    Words words = Table();
    for (const std::string& column : columns) words.insert(words.end(), {"--computed_column", column});
    return ErrorOf(words);
  };
  EXPECT_NE(error({"a=upper(b)", "b=upper(a)"}).find("circle"), std::string::npos);
  EXPECT_NE(error({"a=uper(b)"}).find("did you mean upper()?"), std::string::npos);
  EXPECT_NE(error({"a"}).find("name=function(column, …)"), std::string::npos);
}

TEST(SyncAction, WrongArgumentsAreNamed) {
  EXPECT_EQ(ErrorOf(With(Table(), {"--primary-key", "a"})),
            "mysql_sync_table has no argument --primary_key\nhint: did you mean --primary_keys?");
  EXPECT_NE(ErrorOf(With(Table(), {"--table", "again"})).find("--table is given 2 times"), std::string::npos);
  EXPECT_NE(ErrorOf({"mysql_sync_table", "--database", "d", "--mysql_conf", "a=b"}).find("lacks the argument --table"),
            std::string::npos);
  EXPECT_NE(ErrorOf(With(Database(), {"--mysql_conf", "table-name=x"})).find("--including_tables"), std::string::npos);
  EXPECT_NE(ErrorOf(With(Database(), {"--mode", "split"})).find("neither divided nor combined"), std::string::npos);
  EXPECT_NE(ErrorOf(With(Database(), {"--merge_shards", "yes"})).find("neither true nor false"), std::string::npos);
  EXPECT_NE(ErrorOf(With(Database(), {"--including_tables", "x"})).find("given 2 times"), std::string::npos);
  EXPECT_NE(ErrorOf(With(Table(), {"--metadata_column", "schema_name"})).find("it has table_name"), std::string::npos);
  const std::string zone = ErrorOf(With(Table(), {"--mysql_conf", "server-time-zone=Mars"}));
  EXPECT_NE(zone.find("server-time-zone: there is no time zone \"Mars\""), std::string::npos) << zone;
  EXPECT_NE(ErrorOf(With(Table(), {"--mysql_conf", "tables=x"})).find("database-name"), std::string::npos);
}

TEST(SyncAction, AWrongExpressionIsShown) {
  Words words = Database();
  words.back() = "tbl(";
  EXPECT_NE(ErrorOf(words).find("--including_tables tbl("), std::string::npos) << ErrorOf(words);
}

TEST(SyncAction, ActionsWhoseSourceIsMissingSaySo) {
  EXPECT_EQ(MissingSyncActions().size(), 7u);
  EXPECT_NE(MissingSource("mongodb_sync_table").message.find("MongoDB is not there yet"), std::string::npos);
}

TEST(SyncAction, TheStateLiesInTheWarehouse) {
  auto words = ReadActionWords(Table(), false);
  ASSERT_TRUE(words.ok());
  EXPECT_EQ(*DefaultStateFolder(*words, Good(Table())), "/path/to/warehouse/.sluice/test_db.test_table");
}

}  // namespace
}  // namespace sluice
