// SPDX-License-Identifier: Apache-2.0
// Other writers commit to a table while a TableWriter has it open: between its epochs and within one.
#include <gtest/gtest.h>

#include <functional>

#include "lake/iceberg/table_writer_test_util.h"

namespace sluice::iceberg {
namespace {

using Rows = std::multiset<std::string>;

// A table with rows 1 and 2, whose writer has its key index.
class ForeignCommitsTest : public ::testing::Test {
 protected:
  ForeignCommitsTest() : lake_(Shop()) {}
  void SetUp() override {
    ASSERT_OK(lake_.Create(By(3, "grp_b", "bucket[2]")));
    ASSERT_OK(Put(1, "a"));
    ASSERT_OK(Put(2, "b"));
    ASSERT_OK(lake_.CommitEpoch());
    ASSERT_OK(Put(2, "b2"));
    ASSERT_OK(lake_.CommitEpoch());
  }

  Status Put(int id, const std::string& name) {
    return lake_.Write({{RowKind::kUpdateAfter, {Str(id), Str("\"", name, "\""), "1", "null"}}});
  }
  Status Delete(int id) { return lake_.Write({{RowKind::kDelete, {Str(id), "null", "null", "null"}}}); }

  // Another writer's row: by a job of its own, which is how files of any writer look.
  Status ForeignPut(int id, const std::string& name) {
    TableWriterOptions options;
    options.writer = Str("job-foreign-", ++foreign_epoch_);
    options.sync = false;
    TRY_SET(auto table, Table::Open(PosixEnv(), *lake_.catalog_, kTable));
    TRY_SET(auto writer, TableWriter::Make(PosixEnv(), std::move(table), options));
    TRY(writer->Adopt(*lake_.schema_));
    std::swap(writer, lake_.writer_);
    Status put = Put(id, name);
    std::swap(writer, lake_.writer_);
    TRY(std::move(put));
    TRY_SET(TableChange change, writer->Finish({1, "", ""}));
    return writer->Commit(change, 1);
  }
  // Another writer's change of schema or properties.
  Status ForeignChange(const TableChange& change) {
    TRY_SET(auto table, Table::Open(PosixEnv(), *lake_.catalog_, kTable));
    TRY(table->Commit(change, {}));
    return Ok();
  }
  TableChange Columns(const std::function<void(Schema&)>& edit) {
    TableChange change;
    change.schema = *(*Table::Open(PosixEnv(), *lake_.catalog_, kTable))->metadata().current_schema();
    edit(*change.schema);
    return change;
  }
  static void AddColumn(Schema& schema) {
    Schema more = FromTableSchema({{Col("note", "VARCHAR(9)")}, {}, {}}, schema.HighestId() + 1);
    schema.fields.insert(schema.fields.begin(), more.fields[0]);
  }

  Lake lake_;
  int foreign_epoch_ = 0;
};

TEST_F(ForeignCommitsTest, ARowAddedBetweenEpochsIsReplacedByItsKey) {
  ASSERT_OK(ForeignPut(7, "foreign"));
  ASSERT_OK(ForeignPut(8, "stays"));
  ASSERT_OK(Put(7, "ours"));
  ASSERT_OK(lake_.CommitEpoch());
  EXPECT_EQ(lake_.Rows(), (Rows{"1|\"a\"|1|null|", "2|\"b2\"|1|null|", "7|\"ours\"|1|null|", "8|\"stays\"|1|null|"}));
}

TEST_F(ForeignCommitsTest, ARowAddedWithinAnEpochIsReplacedByItsKey) {
  ASSERT_OK(Put(7, "ours"));
  ASSERT_OK(ForeignPut(7, "foreign"));
  ASSERT_OK(ForeignPut(8, "stays"));
  ASSERT_OK(lake_.CommitEpoch());
  Rows expected{"1|\"a\"|1|null|", "2|\"b2\"|1|null|", "7|\"ours\"|1|null|", "8|\"stays\"|1|null|"};
  EXPECT_EQ(lake_.Rows(), expected);
  ASSERT_OK(Put(7, "ours again"));
  ASSERT_OK(Delete(8));
  ASSERT_OK(lake_.CommitEpoch());
  EXPECT_EQ(lake_.Rows(), (Rows{"1|\"a\"|1|null|", "2|\"b2\"|1|null|", "7|\"ours again\"|1|null|"}));
}

TEST_F(ForeignCommitsTest, AColumnAddedByAnotherWriterIsNullInOurRows) {
  ASSERT_OK(ForeignChange(Columns(AddColumn)));
  ASSERT_OK(Put(3, "c"));
  ASSERT_OK(lake_.CommitEpoch());
  EXPECT_EQ(lake_.Rows(), (Rows{"null|1|\"a\"|1|null|", "null|2|\"b2\"|1|null|", "null|3|\"c\"|1|null|"}));
}

// The schema of the epoch is written over the other one neither silently nor with the same field id twice.
TEST_F(ForeignCommitsTest, ColumnsChangedByBothAtTheSameTimeAreRefused) {
  SchemaChange add;
  add.kind = SchemaChangeKind::kAddColumn;
  add.column = Col("ours", "INT");
  add.place = ColumnPlace::kLast;
  ASSERT_OK(lake_.Change(add));
  ASSERT_OK(ForeignChange(Columns(AddColumn)));
  Status refused = lake_.CommitEpoch();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(refused.error().message.find("another writer has changed the columns"), std::string::npos);
}

TEST_F(ForeignCommitsTest, AColumnTakenAwayIsRefusedByNameAlsoAfterARestart) {
  ASSERT_OK(ForeignChange(Columns([](Schema& schema) { schema.fields[1].name = "called"; })));
  for (int restart = 0; restart < 2; ++restart) {
    Status refused = restart == 0 ? Put(3, "c") : lake_.Reopen();
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
    EXPECT_NE(refused.error().message.find("column name, which the source has, was renamed to called by another"),
              std::string::npos)
        << refused.error().message;
  }
  ASSERT_OK(ForeignChange(Columns([](Schema& schema) { schema.fields.erase(schema.fields.begin() + 1); })));
  Status refused = lake_.Reopen();
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("column name, which the source has, was dropped by"), std::string::npos);
  TableChange permit;  // the way out that the hint names
  permit.remove_properties = {SchemaProperty(kWriter)};
  ASSERT_OK(ForeignChange(permit));
  ASSERT_OK(lake_.Reopen());
  ASSERT_OK(Put(3, "c"));
  ASSERT_OK(lake_.CommitEpoch());
  // At its old place, where the source has it.
  EXPECT_EQ(lake_.Rows(), (Rows{"1|null|1|null|", "2|null|1|null|", "3|\"c\"|1|null|"}));
}

}  // namespace
}  // namespace sluice::iceberg
