// SPDX-License-Identifier: Apache-2.0
// RowRouter: the partition and the bucket of a row, and the index files of dynamic buckets.
#include "lake/paimon/row_router.h"

#include <gtest/gtest.h>

#include "lake/paimon/table_model_test_util.h"

namespace sluice::paimon {
namespace {

class PaimonRowRouterTest : public ::testing::Test {
 protected:
  void Make(bool keyed, const std::vector<std::string>& partitions, const Options& options) {
    source_.columns = {Col("id", "INT"), Col("dt", "VARCHAR(20)"), Col("n", "INT")};
    if (keyed) source_.primary_key = {"id"};
    schema_ = *FromTableSchema(source_, partitions, options);
    options_ = *TableOptions::Of(schema_);
    ASSERT_OK(CreateTable(PosixEnv(), folder(), schema_));
    Open();
  }
  void Open() {
    table_ = *Table::Open(PosixEnv(), folder());
    router_ = *RowRouter::Make(PosixEnv(), schema_, options_);
  }
  std::string folder() const { return folder_.path().string() + "/t"; }

  // "dt=a/bucket-1" for each row.
  std::vector<std::string> Route(const std::vector<std::vector<std::string>>& rows) {
    std::vector<Cells> cells;
    for (const auto& row : rows) {
      cells.emplace_back();
      for (size_t i = 0; i < row.size(); ++i) cells.back().push_back(CellOf(source_.columns[i], row[i]));
    }
    const auto batch = BatchOf(source_, cells);
    std::vector<uint32_t> numbers;
    Status routed = router_->Route(*table_, batch->columns(), batch->num_rows(), numbers);
    EXPECT_TRUE(routed.ok()) << routed.error().ToString();
    const auto folders = *BucketFolders::Of("", schema_);
    std::vector<std::string> out;
    for (uint32_t number : numbers) {
      const BucketId& id = router_->buckets()[number];
      out.push_back(folders.Folder(id.partition, id.bucket)->substr(1));
    }
    return out;
  }
  using Texts = std::vector<std::string>;

  TestFolder folder_;
  TableSchema source_;
  Schema schema_;
  TableOptions options_;
  std::unique_ptr<Table> table_;
  std::unique_ptr<RowRouter> router_;
};

TEST_F(PaimonRowRouterTest, RowsWithoutAKeyAreInOneFolder) {
  Make(false, {}, {});
  EXPECT_EQ(Route({{"1", "a", "1"}, {"null", "b", "2"}}), (Texts{"bucket-0", "bucket-0"}));
  EXPECT_EQ(router_->buckets().size(), 1u);
}

TEST_F(PaimonRowRouterTest, PartitionsOfNullAndOfBlankTextsAreTwo) {
  Make(false, {"dt", "n"}, {});
  EXPECT_EQ(Route({{"1", "a", "1"}, {"2", "null", "1"}, {"3", "", "1"}, {"4", "a", "null"}, {"5", "a", "1"}}),
            (Texts{"dt=a/n=1/bucket-0", "dt=__DEFAULT_PARTITION__/n=1/bucket-0",
                   "dt=__DEFAULT_PARTITION__/n=1/bucket-0", "dt=a/n=__DEFAULT_PARTITION__/bucket-0",
                   "dt=a/n=1/bucket-0"}));
  EXPECT_EQ(router_->buckets().size(), 4u);  // one folder, but two partitions of it
}

// Paimon's own numbers (test/data/paimon/rows.jsonl has more): INT -1 hashes to 1133687267.
TEST_F(PaimonRowRouterTest, FixedBucketsAreOfTheHash) {
  Make(true, {}, {{"bucket", "4"}});
  EXPECT_EQ(Route({{"-1", "a", "1"}}), Texts{"bucket-3"});
}

TEST_F(PaimonRowRouterTest, ABucketKeyOfNullHasABucket) {
  Make(false, {"n"}, {{"bucket", "4"}, {"bucket-key", "dt"}});
  EXPECT_EQ(Route({{"1", "hello", "1"}, {"1", "hello world", "1"}, {"1", "hello", "2"}}),
            (Texts{"n=1/bucket-2", "n=1/bucket-2", "n=2/bucket-2"}));
  EXPECT_EQ(Route({{"1", "null", "1"}}), Route({{"2", "null", "1"}}));
}

TEST_F(PaimonRowRouterTest, DynamicBucketsAreOfEachPartition) {
  Make(true, {"dt"}, {{"bucket", "-1"}, {"dynamic-bucket.target-row-num", "2"}});
  EXPECT_EQ(Route({{"1", "a", "0"}, {"2", "a", "0"}, {"3", "a", "0"}, {"3", "b", "0"}, {"1", "a", "0"}}),
            (Texts{"dt=a/bucket-0", "dt=a/bucket-0", "dt=a/bucket-1", "dt=b/bucket-0", "dt=a/bucket-0"}));
  auto indexes = router_->WriteIndexes(*table_);
  ASSERT_OK(indexes);
  ASSERT_EQ(indexes->size(), 3u);
  EXPECT_EQ((*indexes)[0].row_count, 2);
  EXPECT_EQ((*indexes)[0].type, "HASH");
  EXPECT_TRUE(router_->WriteIndexes(*table_)->empty());  // nothing new
  EXPECT_EQ(Route({{"9", "b", "0"}}), Texts{"dt=b/bucket-0"});
  ASSERT_EQ(router_->WriteIndexes(*table_)->size(), 1u);

  TableChange change;
  change.indexes = *indexes;
  ASSERT_OK(CommitChange(PosixEnv(), *table_, change, {"job", 1}, 0));
  Open();  // the second index file of partition b was never committed
  EXPECT_EQ(Route({{"3", "a", "0"}, {"4", "a", "0"}, {"7", "b", "0"}, {"9", "b", "0"}, {"5", "a", "0"}}),
            (Texts{"dt=a/bucket-1", "dt=a/bucket-1", "dt=b/bucket-0", "dt=b/bucket-1", "dt=a/bucket-2"}));
}

TEST_F(PaimonRowRouterTest, ATruncationForgetsAllKeys) {
  Make(true, {}, {{"bucket", "-1"}, {"dynamic-bucket.target-row-num", "1"}});
  EXPECT_EQ(Route({{"1", "a", "0"}, {"2", "a", "0"}}), (Texts{"bucket-0", "bucket-1"}));
  TableChange change;
  change.indexes = *router_->WriteIndexes(*table_);
  ASSERT_OK(CommitChange(PosixEnv(), *table_, change, {"job", 1}, 0));
  router_->Truncate();
  EXPECT_EQ(Route({{"2", "a", "0"}, {"1", "a", "0"}}), (Texts{"bucket-0", "bucket-1"}));
  EXPECT_EQ(router_->WriteIndexes(*table_)->size(), 2u);
}

TEST_F(PaimonRowRouterTest, ALostIndexFileIsNamed) {
  Make(true, {}, {{"bucket", "-1"}});
  Route({{"1", "a", "0"}});
  TableChange change;
  change.indexes = *router_->WriteIndexes(*table_);
  ASSERT_OK(CommitChange(PosixEnv(), *table_, change, {"job", 1}, 0));
  const std::string path = table_->IndexPath(change.indexes[0].name);
  ASSERT_OK(PosixEnv().Remove(path));
  Open();
  std::vector<uint32_t> numbers;
  const auto batch = BatchOf(source_, {{CellOf(source_.columns[0], "1"), CellOf(source_.columns[1], "a"),
                                        CellOf(source_.columns[2], "1")}});
  Status refused = router_->Route(*table_, batch->columns(), 1, numbers);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find(change.indexes[0].name), std::string::npos);
}

}  // namespace
}  // namespace sluice::paimon
