// SPDX-License-Identifier: Apache-2.0
// DynamicBuckets: keys stay in their bucket, over restarts too, and new ones come where there is room.
#include "lake/paimon/dynamic_buckets.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace sluice::paimon {
namespace {

TEST(PaimonDynamicBuckets, KeysStayAndFillOneBucketAfterTheOther) {
  DynamicBuckets buckets(3);
  for (int32_t hash : {7, -7, 0}) EXPECT_EQ(buckets.Assign(hash), 0);
  EXPECT_EQ(buckets.changed(), std::set<int>{0});
  buckets.Saved();
  EXPECT_EQ(buckets.Assign(-7), 0);
  EXPECT_TRUE(buckets.changed().empty());  // it is known
  EXPECT_EQ(buckets.Assign(INT32_MIN), 1);
  EXPECT_EQ(buckets.Assign(0), 0);
  EXPECT_EQ(buckets.changed(), std::set<int>{1});
  EXPECT_EQ(buckets.keys(0), 3);
  EXPECT_EQ(buckets.keys(1), 1);
  EXPECT_EQ(buckets.IndexFile(0), std::string("\0\0\0\7\xff\xff\xff\xf9\0\0\0\0", 12));
}

TEST(PaimonDynamicBuckets, FillTheRoomThatIndexFilesLeave) {
  DynamicBuckets buckets(2);
  ASSERT_TRUE(buckets.Load(2, std::string("\0\0\0\1", 4)).ok());
  // More than the target: by another writer.
  ASSERT_TRUE(buckets.Load(0, std::string("\0\0\0\2\0\0\0\3\0\0\0\4", 12)).ok());
  EXPECT_EQ(buckets.Assign(1), 2);
  EXPECT_EQ(buckets.Assign(4), 0);
  EXPECT_EQ(buckets.Assign(10), 1);
  EXPECT_EQ(buckets.Assign(11), 1);
  EXPECT_EQ(buckets.Assign(12), 2);
  EXPECT_EQ(buckets.Assign(13), 3);
  EXPECT_EQ(buckets.changed(), (std::set<int>{1, 2, 3}));
}

TEST(PaimonDynamicBuckets, ShareTheKeysWhenThereMayBeNoMoreBuckets) {
  DynamicBuckets buckets(2, 3);
  std::map<int, int> counts;
  for (int32_t hash = -50; hash < 50; ++hash) ++counts[buckets.Assign(hash)];
  EXPECT_EQ(counts.size(), 3u);
  for (const auto& [bucket, keys] : counts) EXPECT_GT(keys, 20) << bucket;
  DynamicBuckets again(2, 2);  // another writer made more
  for (int bucket = 0; bucket < 3; ++bucket) ASSERT_TRUE(again.Load(bucket, buckets.IndexFile(bucket)).ok());
  for (int32_t hash = -50; hash < 50; ++hash) EXPECT_EQ(again.Assign(hash), buckets.Assign(hash));
  EXPECT_TRUE(again.changed().empty());
  EXPECT_LT(again.Assign(1000), 3);
}

TEST(PaimonDynamicBuckets, AreAsManyAsJavaCanHave) {
  DynamicBuckets buckets(1);
  for (int32_t hash = 0; hash < DynamicBuckets::kMost; ++hash) ASSERT_EQ(buckets.Assign(hash), hash);
  EXPECT_EQ(buckets.Assign(-1), -1);
  EXPECT_EQ(buckets.Assign(7), 7);
}

TEST(PaimonDynamicBuckets, AFileOfAnotherSizeIsRefused) {
  DynamicBuckets buckets(2);
  EXPECT_TRUE(buckets.Load(0, "").ok());
  EXPECT_FALSE(buckets.Load(0, "abc").ok());
  EXPECT_FALSE(buckets.Load(-1, "abcd").ok());
  EXPECT_FALSE(buckets.Load(1 << 20, "abcd").ok());
}

// Against a map, with restarts.
TEST(PaimonDynamicBuckets, RememberAllKeys) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    std::mt19937_64 random(seed);
    const auto target = static_cast<int64_t>(1 + random() % 400);
    auto buckets = std::make_unique<DynamicBuckets>(target);
    std::map<int32_t, int> model;
    std::map<int, int64_t> counts;
    std::map<int, std::string> files;
    for (int i = 0; i < 4000; ++i) {
      const auto hash = static_cast<int32_t>(seed % 2 == 0 ? random() : random() % 3000);
      const int bucket = buckets->Assign(hash);
      const auto [known, added] = model.emplace(hash, bucket);
      ASSERT_EQ(known->second, bucket);
      counts[bucket] += added;
      ASSERT_LE(counts[bucket], target);
      if (random() % 200 != 0) continue;
      for (int changed : buckets->changed()) files[changed] = buckets->IndexFile(changed);
      buckets = std::make_unique<DynamicBuckets>(target);
      for (const auto& [number, bytes] : files) ASSERT_TRUE(buckets->Load(number, bytes).ok());
      for (const auto& [number, keys] : counts) ASSERT_EQ(buckets->keys(number), keys);
    }
  }
}

}  // namespace
}  // namespace sluice::paimon
