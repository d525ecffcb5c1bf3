// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/compaction_selection.h"

#include <gtest/gtest.h>

namespace sluice::paimon {
namespace {

TEST(PaimonCompactionSelection, BucketsAreNumbersAndRanges) {
  EXPECT_EQ(*ParseBuckets("0-2, 5", 6), (std::set<int>{0, 1, 2, 5}));
  for (const char* wrong : {"a", "1-", "3-1", "0-6", "-1", "1-2-3"}) {
    const auto read = ParseBuckets(wrong, 6);
    ASSERT_FALSE(read.ok()) << wrong;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalid) << wrong;
  }
}

ManifestEntry Entry(const std::string& partition, int bucket, int64_t creation_ms) {
  ManifestEntry entry;
  entry.partition = partition;
  entry.bucket = bucket;
  entry.file.creation_ms = creation_ms;
  return entry;
}

TEST(PaimonCompactionSelection, OneFreshFileKeepsItsPartitionOut) {
  CompactionRequest request;
  request.idle_ms = 1000;
  std::vector<ManifestEntry> entries = {Entry("a", 0, 1000), Entry("a", 1, 9500), Entry("b", 0, 9000)};
  ASSERT_TRUE(Select(request, {}, {}, 10'000, entries).ok());
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].partition, "b");
}

TEST(PaimonCompactionSelection, BucketsNeedFixedOnes) {
  CompactionRequest request;
  request.buckets = "1";
  std::vector<ManifestEntry> entries = {Entry("", 0, 0), Entry("", 1, 0)};
  EXPECT_EQ(Select(request, {}, {}, 0, entries).error().code, ErrorCode::kInvalid);
  TableOptions fixed;
  fixed.bucket_mode = BucketMode::kFixed;
  fixed.buckets = 2;
  ASSERT_TRUE(Select(request, {}, fixed, 0, entries).ok());
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].bucket, 1);
}

}  // namespace
}  // namespace sluice::paimon
