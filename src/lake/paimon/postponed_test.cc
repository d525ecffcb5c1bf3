// SPDX-License-Identifier: Apache-2.0
// Postponed buckets: how many there will be, the names of files, and the order of rows in the buckets.
#include "lake/paimon/postponed.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "lake/paimon/table_compaction.h"
#include "lake/paimon/table_model_test_util.h"

namespace sluice::paimon {
namespace {

std::vector<DataFileMeta> Files(int64_t bytes, int64_t rows) {
  DataFileMeta file;
  file.size = bytes;
  file.row_count = rows;
  return {file, file};
}

TEST(PostponedBuckets, AreAsManyAsTheOptionsSay) {
  TableOptions options;
  EXPECT_EQ(BucketsFor(options, Files(1, 1)), 1);
  EXPECT_EQ(BucketsFor(options, Files(1 << 30, 1)), 2);
  options.postpone_bucket_rows = 100;
  EXPECT_EQ(BucketsFor(options, Files(1 << 30, 250)), 5);
  options.postpone_buckets = 3;
  EXPECT_EQ(BucketsFor(options, Files(1 << 30, 250)), 3);
}

// Java takes what follows the first "-s-" for the number of the writer.
TEST(PostponedBuckets, FilesAreNamedAsJavaReadsThem) {
  EXPECT_EQ(PostponedPrefix("shop-s-1"), "data--u-shop_s_1-s-0-w-");
}

class PostponedTest : public ::testing::Test {
 protected:
  void SetUp() override {
    TableSchema schema;
    schema.columns = {Col("id", "INT NOT NULL"), Col("name", "VARCHAR(20)"), Col("grp", "INT")};
    schema.primary_key = {"id"};
    lake_ = std::make_unique<ModelLake>(std::move(schema));
    ASSERT_OK(lake_->Create({}, {{"bucket", "-2"}, {"postpone.default-bucket-num", "3"}}));
  }
  Status Compact() {
    const auto done = CompactTable(PosixEnv(), lake_->folder_, {});
    return done.ok() ? Ok() : Status(Error(done.error()));
  }
  std::unique_ptr<ModelLake> lake_;
};

TEST_F(PostponedTest, TheLastChangeOfAKeyWinsAfterACompaction) {
  for (int round = 0; round < 3; ++round) {
    for (int n = 0; n < 4; ++n) {
      std::vector<std::pair<RowKind, Cells>> rows;
      for (int id = 0; id < 40; ++id) {
        const bool gone = (id + n + round) % 4 == 0;
        const std::vector<std::string> texts = {Str(id), Str("r", round, "n", n), "1"};
        rows.push_back(gone ? lake_->Gone(texts) : lake_->Put(texts));
      }
      ASSERT_OK(lake_->Write(rows));
      ASSERT_OK(lake_->CommitEpoch());
    }
    ASSERT_OK(Compact());
    Rows expected;
    for (int id = 0; id < 40; ++id) {
      if ((id + 3 + round) % 4 != 0) expected.insert(Str(id, "|\"r", round, "n3\"|1|"));
    }
    EXPECT_EQ(lake_->Read(), expected);
    auto table = lake_->OpenTable();
    const auto live = table->LiveEntries(**table->LatestSnapshot());
    ASSERT_OK(live);
    for (const ManifestEntry& entry : *live) {
      EXPECT_TRUE(entry.bucket >= 0 && entry.bucket < 3 && entry.total_buckets == 3) << entry.bucket;
    }
    if (round == 1) ASSERT_OK(lake_->Reopen());
  }
  EXPECT_EQ(lake_->Snapshots().back().commit_kind, "COMPACT");
}

// Several changes of a key wait for their bucket: they become one row as the table's merge engine says.
TEST_F(PostponedTest, ChangesOfAKeyAreMergedByTheEngine) {
  TableSchema schema = *lake_->schema_;
  lake_ = std::make_unique<ModelLake>(std::move(schema));
  ASSERT_OK(lake_->Create({}, {{"bucket", "-2"}, {"merge-engine", "partial-update"}}));
  for (const auto& row : {std::vector<std::string>{"1", "first", "null"}, {"1", "null", "7"}, {"2", "other", "null"}}) {
    ASSERT_OK(lake_->Write({lake_->Put(row)}));
    ASSERT_OK(lake_->CommitEpoch());
  }
  ASSERT_OK(Compact());
  EXPECT_EQ(lake_->Read(), (Rows{"1|\"first\"|7|", "2|\"other\"|null|"}));
}

}  // namespace
}  // namespace sluice::paimon
