// SPDX-License-Identifier: Apache-2.0
// Two writers give new keys to the same dynamic bucket: the index of the later commit has those of both.
#include <gtest/gtest.h>

#include "lake/paimon/table_model_test_util.h"

namespace sluice::paimon {
namespace {

class CommitIndexesTest : public ::testing::Test {
 protected:
  CommitIndexesTest() : lake_(TheSchema()) {}
  static TableSchema TheSchema() {
    TableSchema schema;
    schema.columns = {Col("id", "INT NOT NULL"), Col("v", "STRING")};
    schema.primary_key = {"id"};
    return schema;
  }
  Status Begin(const Options& more = {}) {
    Options options = {{"bucket", "-1"}, {"dynamic-bucket.target-row-num", "2"}};
    options.insert(more.begin(), more.end());
    TRY(lake_.Create({}, options));
    TRY(lake_.Write({lake_.Put({"1", "first"})}));
    return lake_.CommitEpoch();
  }
  // By another job, whose first epoch it is.
  Status Foreign(const std::string& id, bool truncates = false) {
    TRY_SET(auto writer, lake_.NewWriter("job-2"));
    TRY(writer->Adopt(*lake_.schema_));
    SchemaChange truncate;
    truncate.kind = SchemaChangeKind::kTruncateTable;
    truncate.schema = lake_.schema_;
    if (truncates) TRY(writer->Change(truncate));
    TRY(lake_.WriteBy(*writer, {lake_.Put({id, "foreign"})}));
    TRY_SET(const TableChange change, writer->Finish({1, "e", "p", "s"}));
    TRY_SET(const int64_t made, writer->Commit(change, 1));
    return made > 0 ? Ok() : Status(Invalid("no snapshot"));
  }
  ModelLake lake_;
};

TEST_F(CommitIndexesTest, KeysOfTheOtherStayInTheirBucket) {
  ASSERT_OK(Begin());
  ASSERT_OK(lake_.Write({lake_.Put({"2", "ours"})}));
  ASSERT_OK(Foreign("3"));
  ASSERT_OK(lake_.CommitEpoch());
  ASSERT_OK(lake_.Write({lake_.Put({"3", "newer"}), lake_.Put({"4", "ours"})}));
  ASSERT_OK(lake_.CommitEpoch());
  EXPECT_EQ(lake_.Read(), (Rows{"1|\"first\"|", "2|\"ours\"|", "3|\"newer\"|", "4|\"ours\"|"}));
}

TEST_F(CommitIndexesTest, AlsoByAnotherProcess) {
  ASSERT_OK(Begin());
  ASSERT_OK(lake_.Write({lake_.Put({"2", "ours"})}));
  const auto change = lake_.Finish();
  ASSERT_OK(change);
  const int64_t base = lake_.writer_->base_snapshot();
  ASSERT_OK(Foreign("3"));
  for (int tries = 0; tries < 2; ++tries) ASSERT_OK(lake_.CommitAgain(*change, base));
  ASSERT_OK(lake_.Reopen());
  ASSERT_OK(lake_.Write({lake_.Put({"3", "newer"})}));
  ASSERT_OK(lake_.CommitEpoch());
  EXPECT_EQ(lake_.Read(), (Rows{"1|\"first\"|", "2|\"ours\"|", "3|\"newer\"|"}));
}

TEST_F(CommitIndexesTest, WhatATruncationRemovedDoesNotComeBack) {
  ASSERT_OK(Begin());
  ASSERT_OK(lake_.Truncate());
  ASSERT_OK(lake_.Write({lake_.Put({"2", "ours"})}));
  ASSERT_OK(Foreign("3"));
  ASSERT_OK(lake_.CommitEpoch());
  EXPECT_EQ(lake_.Read(), (Rows{"2|\"ours\"|"}));
}

}  // namespace
}  // namespace sluice::paimon
