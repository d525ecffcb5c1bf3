// SPDX-License-Identifier: Apache-2.0
// Rows that are deleted by hand, and buckets that are made anew, beside another writer: what it commits counts.
#include "lake/paimon/row_deletion.h"

#include <gtest/gtest.h>

#include "lake/paimon/orphans.h"
#include "lake/paimon/rescale.h"
#include "lake/paimon/table_writer_test_util.h"

namespace sluice::paimon {
namespace {

// Takes the rows of these ids; `meanwhile` is called once rows were read.
class Taker {
 public:
  Taker(std::set<int> ids, std::function<void()> meanwhile) : ids_(std::move(ids)), meanwhile_(std::move(meanwhile)) {}

  Result<RowDeletion> operator()(const Schema&) {
    RowDeletion out;
    out.selects = [this](const arrow::RecordBatch& rows, std::vector<uint8_t>& selected) {
      meanwhile_();
      const auto& ids = static_cast<const arrow::Int32Array&>(*rows.column(0));
      selected.clear();
      for (int64_t row = 0; row < rows.num_rows(); ++row) selected.push_back(ids_.contains(ids.Value(row)) ? 1 : 0);
    };
    return out;
  }

 private:
  std::set<int> ids_;
  std::function<void()> meanwhile_;
};

TEST(RowDeletion, WhatAnotherWriterCommitsMeanwhileCounts) {
  for (const Options& options : {Options{{"bucket", "2"}}, Options{{"bucket", "-1"}}}) {
    Lake lake(options);
    ASSERT_TRUE(lake.Epoch(1, 10).ok());
    int passed = 0;
    Taker taker({3, 4, 11}, [&] {
      if (passed++ == 0) {
        ASSERT_TRUE(lake.Epoch(4, 11).ok());
      }
    });
    const auto done = DeleteRows(lake.env_, lake.folder_, std::ref(taker));
    ASSERT_TRUE(done.ok()) << done.error().ToString();
    EXPECT_GT(passed, 1);
    EXPECT_EQ(done->rows, 3);  // 11 came meanwhile
    EXPECT_EQ(lake.RowsOf(done->snapshot).size(), 8u);
    EXPECT_TRUE(FindOrphans(lake.env_, lake.folder_, INT64_MAX)->empty());
    ASSERT_TRUE(lake.Epoch(4, 4).ok());  // comes again
    EXPECT_EQ(lake.RowsOf(lake.Ids().back()).size(), 9u);
  }
}

TEST(RowDeletion, AWriterThatIsAlwaysFasterIsAConflict) {
  Lake lake(Options{{"bucket", "1"}});
  ASSERT_TRUE(lake.Epoch(1, 10).ok());
  Taker taker({3}, [&] { ASSERT_TRUE(lake.Epoch(1, 10).ok()); });
  const auto done = DeleteRows(lake.env_, lake.folder_, std::ref(taker));
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, ErrorCode::kConflict) << done.error().ToString();
  EXPECT_EQ(lake.RowsOf(lake.Ids().back()).size(), 10u);
  EXPECT_TRUE(FindOrphans(lake.env_, lake.folder_, INT64_MAX)->empty());
}

TEST(RowDeletion, TheSnapshotHoldsNoPosition) {
  Lake lake(Options{{"bucket", "1"}});
  ASSERT_TRUE(lake.Epoch(1, 10).ok());
  Taker taker({3}, [] {});
  const auto done = DeleteRows(lake.env_, lake.folder_, std::ref(taker));
  ASSERT_TRUE(done.ok()) << done.error().ToString();
  const auto table = lake.Open();
  EXPECT_TRUE((*table)->SnapshotOf(done->snapshot)->properties.empty());
}

// An error at any step changes nothing, or all.
TEST(RowDeletion, FaultsAtEachStep) {
  for (int step = 1;; ++step) {
    ASSERT_LT(step, 1000);
    Lake lake(Options{{"bucket", "2"}});
    ASSERT_TRUE(lake.Epoch(1, 10).ok());
    Taker taker({3, 4}, [] {});
    lake.env_.Arm(step % 2 == 0 ? Fault::kFail : Fault::kCrash, step);
    const auto done = DeleteRows(lake.env_, lake.folder_, std::ref(taker));
    const bool failed = lake.env_.fired();
    lake.env_.Disarm();
    const size_t rows = lake.RowsOf(lake.Ids().back()).size();
    EXPECT_TRUE(rows == 10 || rows == 8) << "step " << step << ": " << rows;
    if (!failed) {
      EXPECT_EQ(rows, 8u);
      break;
    }
  }
}

TEST(Rescale, RowsGetTheOtherBuckets) {
  for (const std::vector<std::string>& keys : {std::vector<std::string>{}, std::vector<std::string>{"grp"}}) {
    Lake lake(Options{{"bucket", "2"}}, keys);
    ASSERT_TRUE(lake.Epoch(1, 50).ok());
    ASSERT_TRUE(lake.Epoch(20, 30, RowKind::kDelete).ok());
    const auto before = lake.RowsOf(lake.Ids().back());
    RescaleRequest request;
    request.buckets = 5;
    const auto done = Rescale(lake.env_, lake.folder_, request);
    ASSERT_TRUE(done.ok()) << done.error().ToString();
    EXPECT_EQ(done->rows, 39);
    EXPECT_EQ(done->partitions, keys.empty() ? 1 : 2);
    EXPECT_EQ(lake.RowsOf(done->snapshot), before);
    const auto table = lake.Open();
    const auto live = *(*table)->LiveEntries(**(*table)->LatestSnapshot());
    for (const ManifestEntry& entry : live) {
      EXPECT_EQ(entry.total_buckets, 5);
      EXPECT_GT(entry.file.level, 0);
    }
    EXPECT_TRUE(FindOrphans(lake.env_, lake.folder_, INT64_MAX)->empty());
  }
}

}  // namespace
}  // namespace sluice::paimon
