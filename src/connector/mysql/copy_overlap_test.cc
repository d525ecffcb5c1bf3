// SPDX-License-Identifier: Apache-2.0
// What the log means for a table whose copy it overlaps.
#include "connector/mysql/copy_overlap.h"

#include <gtest/gtest.h>

#include "format/mysql/key.h"

namespace sluice::mysql {
namespace {

const TableId kTable{"d", "t"};

BinlogPosition At(uint64_t offset) { return {"binlog.000001", offset}; }

std::string Key(int64_t id) {
  std::string out;
  EncodeSigned(id, out);
  return out;
}

KeyBound UpTo(int64_t id) { return {false, Key(id), {std::to_string(id)}}; }

class CopyOverlapTest : public testing::Test {
 protected:
  CopyOverlapTest() {
    tracker_.SetDatabase("d", "utf8mb4", "utf8mb4_bin");
    Apply("CREATE TABLE t (id INT PRIMARY KEY, a INT, b VARCHAR(9))");
  }
  TableChange Apply(std::string_view sql) {
    auto changes = tracker_.Apply(ParseDdl(sql, {}), "d", {});
    EXPECT_TRUE(changes.ok()) << sql;
    return changes.ok() && !changes->empty() ? changes->back() : TableChange();
  }
  // Keys up to 10 as of 100, up to 20 as of 200; the rest is not copied.
  TableState& PartlyCopied() {
    TableState& copy = copies_[kTable];
    copy.exact = true;
    copy.chunks.resize(2);
    copy.chunks[0].to = UpTo(20);
    copy.chunks[0].segments = {{UpTo(10), At(100)}, {UpTo(20), At(200)}};
    copy.chunks[0].done = true;
    copy.chunks[1].from = UpTo(20);
    return copy;
  }
  bool Keep(int64_t id, uint64_t end) {
    BinlogPosition position = At(end);
    return OverlapFilter(copies_.at(kTable), position).Keep(Key(id));
  }

  TableTracker tracker_{TrackerOptions{}};
  std::map<TableId, TableState> copies_;
};

TEST_F(CopyOverlapTest, RowsOfASegmentAndOfKeysThatAreNotCopied) {
  TableState& copy = PartlyCopied();
  EXPECT_EQ(FitRows(&copy, At(150)), RowsFit::kByKey);
  EXPECT_FALSE(Keep(5, 100));
  EXPECT_TRUE(Keep(5, 101));
  EXPECT_FALSE(Keep(15, 200));
  EXPECT_TRUE(Keep(15, 201));
  EXPECT_FALSE(Keep(25, 999)) << "the copy of this chunk is still to come, and will hold it";
}

TEST_F(CopyOverlapTest, RowsOfATableOfOneView) {
  TableState copy;
  EXPECT_EQ(FitRows(nullptr, At(1)), RowsFit::kAll);
  EXPECT_EQ(FitRows(&copy, At(1)), RowsFit::kNone);
  copy.done = true;
  copy.whole_at = At(100);
  EXPECT_EQ(FitRows(&copy, At(100)), RowsFit::kNone);
  EXPECT_EQ(FitRows(&copy, At(101)), RowsFit::kAll);
}

TEST_F(CopyOverlapTest, AnAlterAfterAllSegmentsLetsTheCopyGoOn) {
  PartlyCopied().waits_for = At(300);
  EXPECT_EQ(FitDdl(Apply("ALTER TABLE t DROP COLUMN a, CHANGE id k BIGINT"), At(250), copies_), DdlFit::kPass);
  EXPECT_EQ(copies_.at(kTable).chunks.size(), 2u);
  EXPECT_FALSE(copies_.at(kTable).recopied);
  EXPECT_FALSE(copies_.at(kTable).DueAt(At(299)));
  EXPECT_TRUE(copies_.at(kTable).DueAt(At(300)));
}

TEST_F(CopyOverlapTest, AnAlterBetweenSegmentsMakesTheCopyAnew) {
  PartlyCopied();
  EXPECT_EQ(FitDdl(Apply("ALTER TABLE t DROP COLUMN a"), At(150), copies_), DdlFit::kPass);
  const TableState& copy = copies_.at(kTable);
  EXPECT_TRUE(copy.recopied && copy.chunks.empty() && !copy.done);
  EXPECT_EQ(copy.waits_for, At(200));
  EXPECT_TRUE(HasCopiedRows(copy));
  EXPECT_EQ(FitRows(&copy, At(160)), RowsFit::kAll);
}

TEST_F(CopyOverlapTest, AnAlterOfACompleteCopyMakesItAnewOnlyIfItIsOlder) {
  TableState& copy = PartlyCopied();
  copy.chunks.pop_back();
  copy.done = true;
  FitDdl(Apply("ALTER TABLE t MODIFY b VARCHAR(12)"), At(201), copies_);
  EXPECT_TRUE(copy.done);
  FitDdl(Apply("ALTER TABLE t MODIFY b VARCHAR(9)"), At(200), copies_);
  EXPECT_FALSE(copy.done);
}

TEST_F(CopyOverlapTest, AKeyOfAnotherOrderMakesTheCopyAnew) {
  PartlyCopied();
  FitDdl(Apply("ALTER TABLE t MODIFY id BIGINT UNSIGNED"), At(250), copies_);
  EXPECT_TRUE(copies_.at(kTable).recopied);
  EXPECT_TRUE(copies_.at(kTable).chunks.empty());
}

TEST_F(CopyOverlapTest, ACommentOrAnIndexChangesNoRows) {
  PartlyCopied();
  FitDdl(Apply("ALTER TABLE t COMMENT 'x'"), At(150), copies_);
  EXPECT_FALSE(copies_.at(kTable).recopied);
}

TEST_F(CopyOverlapTest, WhatEmptiesATableEndsItsCopy) {
  for (const char* sql :
       {"TRUNCATE TABLE t", "CREATE OR REPLACE TABLE t (id INT PRIMARY KEY, a INT)", "DROP TABLE t"}) {
    PartlyCopied();
    EXPECT_EQ(FitDdl(Apply(sql), At(150), copies_), DdlFit::kPass) << sql;
    EXPECT_TRUE(copies_.empty()) << sql;
  }
}

TEST_F(CopyOverlapTest, ACopyOfOneViewHoldsWhatCameBeforeIt) {
  TableState& copy = copies_[kTable];
  copy.done = true;
  copy.whole_at = At(100);
  for (const char* sql : {"ALTER TABLE t DROP COLUMN a", "ALTER TABLE t ADD COLUMN a INT", "TRUNCATE TABLE t"}) {
    EXPECT_EQ(FitDdl(Apply(sql), At(90), copies_), DdlFit::kHeld) << sql;
  }
  EXPECT_EQ(FitDdl(Apply("TRUNCATE TABLE t"), At(101), copies_), DdlFit::kPass);
}

TEST_F(CopyOverlapTest, ATableThatWaitsWithoutRowsStaysAsItIs) {
  copies_[kTable].waits_for = At(300);
  EXPECT_EQ(FitDdl(Apply("ALTER TABLE t DROP COLUMN a"), At(90), copies_), DdlFit::kPass);
  EXPECT_FALSE(copies_.at(kTable).recopied);
  EXPECT_FALSE(HasCopiedRows(copies_.at(kTable)));
  EXPECT_EQ(copies_.at(kTable).waits_for, At(300));
}

TEST_F(CopyOverlapTest, TheStateOfAWaitingTableIsKept) {
  SourceState state;
  PartlyCopied().waits_for = At(300);
  state.tables = copies_;
  state.tables[{"d", "u"}].recopied = true;
  auto read = SourceState::Parse(state.ToJson(true));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->ToJson(true), state.ToJson(true));
  EXPECT_EQ(read->tables.at(kTable).waits_for, At(300));
  EXPECT_TRUE(read->tables.at({"d", "u"}).recopied);
  EXPECT_TRUE(read->CopyPending());
  EXPECT_TRUE(read->CopyDue(At(1))) << "d.u waits for nothing";
}

}  // namespace
}  // namespace sluice::mysql
