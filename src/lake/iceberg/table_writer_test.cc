// SPDX-License-Identifier: Apache-2.0
// TableWriter: keys, deletes, schema changes, defaults, and commits that are tried again.
#include "lake/iceberg/table_writer.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "lake/iceberg/table_writer_test_util.h"

namespace sluice::iceberg {
namespace {

TEST(TableWriterTest, CompositeTextKeys) {
  TableSchema schema;
  schema.columns = {Col("a", "VARCHAR(9) NOT NULL"), Col("b", "BIGINT NOT NULL"), Col("v", "DOUBLE")};
  schema.primary_key = {"b", "a"};
  Lake lake(schema);
  ASSERT_OK(lake.Create({}));
  ASSERT_OK(lake.Write({{RowKind::kInsert, {"\"x\"", "1", "1.5"}},
                        {RowKind::kInsert, {"\"x\"", "2", "2.5"}},
                        {RowKind::kInsert, {"\"\"", "1", "null"}}}));
  ASSERT_OK(lake.CommitEpoch());
  ASSERT_OK(lake.Reopen());
  ASSERT_OK(lake.Write({{RowKind::kUpdateAfter, {"\"x\"", "2", "3.5"}},
                        {RowKind::kDelete, {"\"\"", "1", "null"}},
                        {RowKind::kDelete, {"\"y\"", "1", "null"}}}));
  EXPECT_EQ(lake.writer_->stats().unknown_deletes, 1);
  ASSERT_OK(lake.CommitEpoch());
  EXPECT_EQ(lake.Rows(), (std::multiset<std::string>{"\"x\"|1|1.5|", "\"x\"|2|3.5|"}));
}

TEST(TableWriterTest, KeylessTablesOnlyGrow) {
  TableSchema schema;
  schema.columns = {Col("a", "INT")};
  Lake lake(schema);
  ASSERT_OK(lake.Create({}));
  ASSERT_OK(lake.Write({{RowKind::kInsert, {"1"}},
                        {RowKind::kInsert, {"1"}},
                        {RowKind::kUpdateBefore, {"1"}},
                        {RowKind::kUpdateAfter, {"2"}},
                        {RowKind::kDelete, {"1"}}}));
  ASSERT_OK(lake.CommitEpoch());
  EXPECT_EQ(lake.Rows(), (std::multiset<std::string>{"1|", "1|", "2|"}));
}

TEST(TableWriterTest, OneDeleteFilePerDataFileAndEmptiedFilesLeave) {
  Lake lake(Shop());
  ASSERT_OK(lake.Create({}));
  std::vector<std::pair<RowKind, Cells>> rows;
  for (int i = 0; i < 10; ++i) rows.push_back({RowKind::kInsert, {Str(i), "null", "null", "null"}});
  ASSERT_OK(lake.Write(rows, true));
  ASSERT_OK(lake.CommitEpoch());
  for (int i = 0; i < 9; ++i) {
    if (i == 4) {
      ASSERT_OK(lake.Reopen());
    }
    ASSERT_OK(lake.Write({{RowKind::kDelete, {Str(i), "null", "null", "null"}}}));
    ASSERT_OK(lake.CommitEpoch());
    auto live = lake.writer_->table().LiveFiles();
    ASSERT_OK(live);
    ASSERT_EQ(live->size(), 1u);
    ASSERT_EQ(live->at(0).deletes.size(), 1u);
    ASSERT_EQ(live->at(0).deletes[0].record_count, i + 1);
  }
  ASSERT_OK(lake.Write({{RowKind::kDelete, {"9", "null", "null", "null"}}}));
  ASSERT_OK(lake.CommitEpoch());
  EXPECT_TRUE(lake.writer_->table().LiveFiles()->empty());
  // Rows that come and go within an epoch leave nothing behind.
  ASSERT_OK(lake.Write({{RowKind::kInsert, {"1", "null", "null", "null"}}}));
  ASSERT_OK(lake.Write({{RowKind::kDelete, {"1", "null", "null", "null"}}}));
  ASSERT_OK(lake.CommitEpoch());
  EXPECT_TRUE(lake.Rows().empty());
}

// shared/scenarios/schema-evolution, on one table: each step commits, the writer is made anew at every second one.
TEST(TableWriterTest, SchemaEvolution) {
  TableSchema schema;
  schema.columns = {Col("id", "INT NOT NULL"), Col("name", "VARCHAR(40) NOT NULL"), Col("score", "INT"),
                    Col("note", "VARCHAR(20)")};
  schema.primary_key = {"id"};
  Lake lake(schema);
  ASSERT_OK(lake.Create({}));
  using Rows = std::multiset<std::string>;
  auto change = [&](SchemaChangeKind kind, const std::string& name, Column column = {},
                    ColumnPlace place = ColumnPlace::kKeep, const std::string& after = "") {
    SchemaChange made;
    made.kind = kind;
    made.name = name;
    made.column = std::move(column);
    made.place = place;
    made.after = after;
    return lake.Change(made);
  };
  ASSERT_OK(lake.Write(
      {{RowKind::kInsert, {"1", "\"Ada\"", "10", "\"first\""}}, {RowKind::kInsert, {"2", "\"Bob\"", "20", "null"}}},
      true));
  ASSERT_OK(lake.CommitEpoch());
  // The default of an added column fills the rows that are there.
  ASSERT_OK(change(SchemaChangeKind::kAddColumn, "", Col("region", "VARCHAR(10)", "EU"), ColumnPlace::kAfter, "name"));
  ASSERT_OK(lake.Write({{RowKind::kInsert, {"3", "\"Cy\"", "\"US\"", "30", "\"third\""}}}));
  ASSERT_OK(lake.CommitEpoch());
  EXPECT_EQ(lake.Rows(),
            (Rows{"1|\"Ada\"|\"EU\"|10|\"first\"|", "2|\"Bob\"|\"EU\"|20|null|", "3|\"Cy\"|\"US\"|30|\"third\"|"}));
  ASSERT_OK(lake.Reopen());
  ASSERT_OK(change(SchemaChangeKind::kAlterColumn, "score", Col("score", "BIGINT")));
  ASSERT_OK(lake.Write({{RowKind::kUpdateAfter, {"1", "\"Ada\"", "\"EU\"", "5000000000", "\"first\""}}}));
  ASSERT_OK(lake.CommitEpoch());
  ASSERT_OK(change(SchemaChangeKind::kRenameColumn, "note", Col("remark", "VARCHAR(20)")));
  ASSERT_OK(lake.Write({{RowKind::kUpdateAfter, {"2", "\"Bob\"", "\"EU\"", "20", "\"renamed\""}}}));
  ASSERT_OK(lake.CommitEpoch());
  EXPECT_EQ(lake.Rows(), (Rows{"1|\"Ada\"|\"EU\"|5000000000|\"first\"|", "2|\"Bob\"|\"EU\"|20|\"renamed\"|",
                               "3|\"Cy\"|\"US\"|30|\"third\"|"}));
  ASSERT_OK(lake.Reopen());
  // Rows before and after a change in one epoch; a dropped name that comes back is a new field.
  ASSERT_OK(lake.Write({{RowKind::kInsert, {"4", "\"Di\"", "\"XX\"", "40", "\"fourth\""}}}));
  ASSERT_OK(change(SchemaChangeKind::kDropColumn, "region"));
  ASSERT_OK(change(SchemaChangeKind::kAddColumn, "", Col("region", "INT"), ColumnPlace::kLast));
  ASSERT_OK(lake.Write({{RowKind::kUpdateAfter, {"4", "\"Di\"", "41", "\"fourth\"", "7"}}}));
  ASSERT_OK(lake.CommitEpoch());
  EXPECT_EQ(lake.Rows(), (Rows{"1|\"Ada\"|5000000000|\"first\"|null|", "2|\"Bob\"|20|\"renamed\"|null|",
                               "3|\"Cy\"|30|\"third\"|null|", "4|\"Di\"|41|\"fourth\"|7|"}));
  // The key is renamed; then a key delete still finds its row.
  ASSERT_OK(change(SchemaChangeKind::kRenameColumn, "id", Col("key", "INT NOT NULL")));
  ASSERT_OK(lake.Write({{RowKind::kDelete, {"1", "\"\"", "null", "null", "null"}}}));
  ASSERT_OK(lake.CommitEpoch());
  EXPECT_EQ(lake.Rows().size(), 3u);
  // What Iceberg cannot do changes nothing.
  auto refused = change(SchemaChangeKind::kAlterColumn, "score", Col("score", "VARCHAR(20)"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
  EXPECT_FALSE(lake.writer_->dirty());
}

// Found by a crash run: the column's values stand in files of this epoch, under its id.
TEST(TableWriterTest, IdOfAColumnAddedAndDroppedWithinAnEpochIsNeverGivenAgain) {
  TableSchema schema;
  schema.columns = {Col("id", "INT NOT NULL"), Col("v", "INT")};
  schema.primary_key = {"id"};
  Lake lake(schema);
  ASSERT_OK(lake.Create({}));
  ASSERT_OK(lake.Write({{RowKind::kInsert, {"1", "10"}}}, true));
  ASSERT_OK(lake.CommitEpoch());
  auto add = [&](const std::string& name) {
    SchemaChange change;
    change.kind = SchemaChangeKind::kAddColumn;
    change.column = Col(name, "INT");
    change.place = ColumnPlace::kLast;
    return lake.Change(change);
  };
  SchemaChange drop;
  drop.kind = SchemaChangeKind::kDropColumn;
  drop.name = "short";
  ASSERT_OK(add("short"));
  ASSERT_OK(lake.Write({{RowKind::kInsert, {"2", "20", "777"}}}));
  ASSERT_OK(lake.Change(drop));
  ASSERT_OK(lake.CommitEpoch());
  ASSERT_OK(add("long"));
  ASSERT_OK(lake.Write({{RowKind::kInsert, {"3", "30", "300"}}}));
  ASSERT_OK(lake.CommitEpoch());
  EXPECT_EQ(lake.Rows(), (std::multiset<std::string>{"1|10|null|", "2|20|null|", "3|30|300|"}));
}

TEST(TableWriterTest, DefaultsOfEveryType) {
  Lake lake(Shop());
  ASSERT_OK(lake.Create(By(1, "id_bucket", "bucket[2]")));
  ASSERT_OK(lake.Write(
      {{RowKind::kInsert, {"1", "\"a\"", "null", "null"}}, {RowKind::kInsert, {"2", "\"b\"", "null", "null"}}}));
  ASSERT_OK(lake.Write({{RowKind::kDelete, {"2", "null", "null", "null"}}}));
  auto add = [&](const Column& column) {
    SchemaChange change;
    change.kind = SchemaChangeKind::kAddColumn;
    change.column = column;
    change.place = ColumnPlace::kLast;
    return lake.Change(change);
  };
  ASSERT_OK(add(Col("d", "DECIMAL(10, 2)", "12.3")));
  ASSERT_OK(add(Col("t", "TIMESTAMP(6)", "2024-01-31T12:34:56.5")));
  ASSERT_OK(add(Col("m", "TIME(0)", "12:00:01")));
  ASSERT_OK(add(Col("z", "TIMESTAMP_LTZ(0)", "1969-12-31T23:59:59Z")));
  ASSERT_OK(add(Col("b", "BOOLEAN", "true")));
  ASSERT_OK(add(Col("x", "VARBINARY(3)", "00ff")));
  ASSERT_OK(add(Col("n", "BIGINT NOT NULL")));
  ASSERT_OK(add(Col("f", "DOUBLE", "-0.5")));
  ASSERT_OK(add(Col("y", "DATE", "1990-05-06")));
  ASSERT_OK(add(Col("nothing", "INT")));
  auto wrong = add(Col("w", "INT", "abc"));
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code, ErrorCode::kUnsupported);
  ASSERT_OK(lake.CommitEpoch());
  EXPECT_EQ(lake.Rows(),
            (std::multiset<std::string>{
                "1|\"a\"|null|null|\"12.30\"|\"2024-01-31T12:34:56.5\"|\"12:00:01\"|\"1969-12-31T23:59:59Z\"|true|"
                "\"00ff\"|0|-0.5|\"1990-05-06\"|null|"}));
}

// The column that the table is partitioned by stays when the new table has not got it; another type of it is refused.
TEST(TableWriterTest, DroppedAndMadeAgainByAnotherProcess) {
  Lake lake(Shop());
  ASSERT_OK(lake.Create(By(3, "grp_b", "bucket[4]")));
  ASSERT_OK(lake.Write({{RowKind::kInsert, {"1", "\"a\"", "1", "null"}}}, true));
  ASSERT_OK(lake.CommitEpoch());
  SchemaChange drop;
  drop.kind = SchemaChangeKind::kDropTable;
  ASSERT_OK(lake.writer_->Change(drop));
  ASSERT_OK(lake.CommitEpoch());
  EXPECT_TRUE(lake.Rows().empty());
  TableSchema text = Shop();
  text.columns[2] = Col("grp", "STRING");
  lake.schema_ = std::make_shared<TableSchema>(text);
  Status refused = lake.Reopen();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(refused.error().message.find("partitioned by column grp int"), std::string::npos);
  TableSchema next;
  next.columns = {Col("name", "INT NOT NULL"), Col("id", "BIGINT")};
  next.primary_key = {"name"};
  lake.schema_ = std::make_shared<TableSchema>(next);
  ASSERT_OK(lake.Reopen());
  ASSERT_OK(lake.Write({{RowKind::kInsert, {"7", "70"}}, {RowKind::kInsert, {"8", "80"}}}));
  ASSERT_OK(lake.CommitEpoch());
  ASSERT_OK(lake.Reopen());  // once only
  ASSERT_OK(lake.Write({{RowKind::kUpdateAfter, {"7", "71"}}}));
  ASSERT_OK(lake.CommitEpoch());
  EXPECT_EQ(lake.Rows(), (std::multiset<std::string>{"7|71|null|", "8|80|null|"}));
  const Schema& schema = lake.writer_->schema();
  EXPECT_EQ(schema.Find("id")->id, 1);
  EXPECT_GT(schema.Find("name")->id, 4);
  EXPECT_EQ(schema.identifier_field_ids, std::vector<int>{schema.Find("name")->id});
  EXPECT_EQ(schema.Find("grp")->id, 3);
}

TEST(TableWriterTest, RowsThatWereThereBeforeTheJobAreReplaced) {
  Lake lake(Shop());
  ASSERT_OK(lake.Create({}));
  ASSERT_OK(lake.Write(
      {{RowKind::kInsert, {"1", "\"old\"", "1", "null"}}, {RowKind::kInsert, {"5", "\"only here\"", "1", "null"}}}));
  ASSERT_OK(lake.CommitEpoch());
  auto table = Table::Open(PosixEnv(), *lake.catalog_, kTable);
  TableWriterOptions options;
  options.writer = "job-2";
  for (int round = 0; round < 2; ++round) {  // the second job is started twice while it copies
    lake.writer_ = *TableWriter::Make(PosixEnv(), *Table::Open(PosixEnv(), *lake.catalog_, kTable), options);
    ASSERT_OK(lake.writer_->Adopt(*lake.schema_));
    ASSERT_OK(lake.Write({{RowKind::kInsert, {Str(1 + round * 4), "\"new\"", "2", "null"}}}, true));
    ASSERT_OK(lake.CommitEpoch());
  }
  EXPECT_EQ(lake.Rows(), (std::multiset<std::string>{"1|\"new\"|2|null|", "5|\"new\"|2|null|"}));
}

// A process made the table and died before its first epoch; then the source dropped a column.
TEST(TableWriterTest, OwnColumnsOfATableThatWasNeverWrittenFollowTheSource) {
  const auto schema_of = [](const std::vector<std::string>& names) {
    TableSchema schema;
    for (const std::string& name : names) schema.columns.push_back(Col(name, name == "id" ? "INT NOT NULL" : "INT"));
    schema.primary_key = {"id"};
    return std::make_shared<const TableSchema>(std::move(schema));
  };
  for (bool own : {true, false}) {
    Lake lake(*schema_of({"id", "a", "c"}));
    ASSERT_OK(lake.Create({}, own ? Properties{{SchemaProperty(kWriter), "0"}} : Properties{}));
    lake.schema_ = schema_of({"id", "a", "b"});
    ASSERT_OK(lake.Reopen());
    ASSERT_OK(lake.Write({{RowKind::kInsert, {"1", "2", "3"}}}, true));
    ASSERT_OK(lake.CommitEpoch());
    EXPECT_EQ(lake.Rows(), (std::multiset<std::string>{own ? "1|2|3|" : "1|2|3|null|"}));
    lake.schema_ = schema_of({"id", "a"});
    ASSERT_OK(lake.Reopen());  // it has rows now: the column stays
    ASSERT_OK(lake.Write({{RowKind::kInsert, {"2", "3"}}}, true));
    ASSERT_OK(lake.CommitEpoch());
    EXPECT_EQ(lake.Rows(), own ? (std::multiset<std::string>{"1|2|3|", "2|3|null|"})
                               : (std::multiset<std::string>{"1|2|3|null|", "2|3|null|null|"}));
  }
}

TEST(TableWriterTest, ACommitThatIsTriedAgainIsMadeOnce) {
  Lake lake(Shop());
  ASSERT_OK(lake.Create({}));
  ASSERT_OK(lake.Write({{RowKind::kInsert, {"1", "\"a\"", "1", "null"}}}));
  auto change = lake.writer_->Finish({1, "s1", "mariadb-bin.1:4"});
  ASSERT_OK(change);
  lake.writer_.reset();  // the files stay: whether they are committed is not known
  for (int round = 0; round < 3; ++round) {
    auto table = Table::Open(PosixEnv(), *lake.catalog_, kTable);
    ASSERT_OK((*table)->Commit(*change, {kWriter, 1}));
  }
  EXPECT_EQ(lake.SnapshotCount(), 1u);
  EXPECT_EQ(lake.Rows(), (std::multiset<std::string>{"1|\"a\"|1|null|"}));
  auto table = Table::Open(PosixEnv(), *lake.catalog_, kTable);
  EXPECT_EQ((*table)->metadata().property("sluice.job-1.epoch"), "1");
  EXPECT_EQ((*table)->metadata().property("sluice.job-1.end"), "s1");
  EXPECT_EQ((*table)->metadata().current_snapshot()->summary.count("sluice.job-1.end"), 0u);
}

TEST(TableWriterTest, AnAbandonedEpochLeavesNoFiles) {
  Lake lake(Shop());
  ASSERT_OK(lake.Create({}));
  ASSERT_OK(lake.Write({{RowKind::kInsert, {"1", "\"a\"", "1", "null"}}}));
  ASSERT_OK(lake.writer_->Flush());
  ASSERT_OK(lake.Write({{RowKind::kInsert, {"2", "\"a\"", "1", "null"}}}));
  lake.writer_.reset();
  EXPECT_TRUE(std::filesystem::is_empty(lake.folder_ / "db" / "t" / "data"));
}

}  // namespace
}  // namespace sluice::iceberg
