// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/rest_compaction.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace sluice::paimon {
namespace {

class PaimonRestCompactionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.keyed = true;
    options_.bucket_mode = BucketMode::kFixed;
    Add(/*level=*/5, /*rows=*/800);
    Add(0, 150);
    Add(0, 50);
  }
  void Add(int level, int64_t rows, int64_t bytes = 1 << 20) {
    DataFileMeta& file = files_.emplace_back();
    file.name = Str("f", files_.size());
    file.level = level;
    file.row_count = rows;
    file.size = bytes;
  }
  bool IsDue() const { return credit_.IsDue(kBucket, files_, options_); }

  const BucketId kBucket{"", 1}, kOther{"", 2};
  TableOptions options_;
  std::vector<DataFileMeta> files_;
  CompactionCredit credit_;
};

TEST_F(PaimonRestCompactionTest, ReadsNoMoreRowsThanCame) {
  EXPECT_FALSE(IsDue());
  credit_.Earn(kOther, 5'000);
  credit_.Earn(kBucket, 1'000);
  EXPECT_FALSE(IsDue());
  credit_.Earn(kBucket, 1);
  EXPECT_TRUE(IsDue());
  credit_.Spend({kOther});
  EXPECT_TRUE(IsDue());
  credit_.Spend({kBucket});
  EXPECT_FALSE(IsDue());
  credit_.Earn(kBucket, 1'000);
  EXPECT_FALSE(IsDue());
}

TEST_F(PaimonRestCompactionTest, LeavesWhatReadersReadAtOnce) {
  credit_.Earn(kBucket, 5'000);
  ASSERT_TRUE(IsDue());
  const auto all = files_;
  files_.resize(1);
  EXPECT_FALSE(IsDue()) << "one run";
  files_ = all;
  for (DataFileMeta& file : files_) file.size = 300'000;
  EXPECT_FALSE(IsDue()) << "small";
}

TEST_F(PaimonRestCompactionTest, LeavesTablesThatSayWhen) {
  credit_.Earn(kBucket, 5'000);
  const auto due_with = [&](auto&& set) {
    const TableOptions before = options_;
    set(options_);
    const bool due = IsDue();
    options_ = before;
    return due;
  };
  ASSERT_TRUE(due_with([](TableOptions&) {}));
  EXPECT_TRUE(due_with([](TableOptions& o) { o.bucket_mode = BucketMode::kDynamic; }));
  EXPECT_TRUE(due_with([](TableOptions& o) { o.changelog = ChangelogProducer::kLookup; }));
  EXPECT_FALSE(due_with([](TableOptions& o) { o.keyed = false; }));
  EXPECT_FALSE(due_with([](TableOptions& o) { o.write_only = true; }));
  EXPECT_FALSE(due_with([](TableOptions& o) { o.deletion_vectors = true; }));
  EXPECT_FALSE(due_with([](TableOptions& o) { o.bucket_mode = BucketMode::kPostponed; }));
  EXPECT_FALSE(due_with([](TableOptions& o) { o.changelog = ChangelogProducer::kFullCompaction; }));
  EXPECT_FALSE(due_with([](TableOptions& o) { o.full_interval_ms = 1'000; }));
}

}  // namespace
}  // namespace sluice::paimon
