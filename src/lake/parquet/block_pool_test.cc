// SPDX-License-Identifier: Apache-2.0
#include "lake/parquet/block_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace sluice {
namespace {

constexpr int64_t kMb = int64_t{1} << 20;

TEST(BlockPool, KeepsWhatIsInABlockThatGrowsAndShrinks) {
  BlockPool& pool = BlockPool::Instance();
  const int64_t before = pool.bytes_allocated();
  uint8_t* at = nullptr;
  int64_t size = 1000, filled = 0;
  ASSERT_TRUE(pool.Allocate(size, &at).ok());
  const std::vector<int64_t> sizes = {32'767, 32'768, 32'769, 60'000, 40'000, kMb, 4 * kMb - 1, 4 * kMb, 5 * kMb,
                                      128 * kMb, 128 * kMb + 1, 7 * kMb, 2 * kMb, 10};
  for (int64_t next : sizes) {
    for (; filled < size; ++filled) at[filled] = static_cast<uint8_t>(filled * 7 + filled / 4096);
    ASSERT_TRUE(pool.Reallocate(size, next, &at).ok());
    filled = std::min(filled, next);
    size = next;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(at) % 64, 0u);
    EXPECT_EQ(pool.bytes_allocated(), before + size);
    int64_t wrong = 0;
    for (int64_t i = 0; i < filled; ++i) wrong += at[i] != static_cast<uint8_t>(i * 7 + i / 4096);
    EXPECT_EQ(wrong, 0) << next;
  }
  pool.Free(at, size);
  EXPECT_EQ(pool.bytes_allocated(), before);
}

TEST(BlockPool, KeepsFreeRangesUpToABound) {
  BlockPool& pool = BlockPool::Instance();
  pool.ReleaseUnused();
  uint8_t *a = nullptr, *b = nullptr, *c = nullptr;
  ASSERT_TRUE(pool.Allocate(40 * kMb, &a).ok() && pool.Allocate(10 * kMb, &b).ok() && pool.Allocate(30 * kMb, &c).ok());
  pool.Free(a, 40 * kMb);
  pool.Free(b, 10 * kMb);
  pool.Free(c, 30 * kMb);  // too much
  EXPECT_EQ(pool.kept_bytes(), 50 * kMb);
  uint8_t* again = nullptr;
  ASSERT_TRUE(pool.Allocate(5 * kMb, &again).ok());
  EXPECT_EQ(again, a);
  EXPECT_EQ(pool.kept_bytes(), 10 * kMb);
  pool.Free(again, 5 * kMb);
  EXPECT_EQ(pool.kept_bytes(), 50 * kMb);
  pool.ReleaseUnused();
  EXPECT_EQ(pool.kept_bytes(), 0);
}

TEST(BlockPool, KeepsFreePiecesUpToABound) {
  BlockPool& pool = BlockPool::Instance();
  pool.ReleaseUnused();
  uint8_t *piece = nullptr, *again = nullptr;
  ASSERT_TRUE(pool.Allocate(40'000, &piece).ok());
  pool.Free(piece, 40'000);
  EXPECT_EQ(pool.kept_bytes(), 65'536);
  ASSERT_TRUE(pool.Allocate(65'536, &again).ok());
  EXPECT_EQ(again, piece);
  EXPECT_EQ(pool.kept_bytes(), 0);
  pool.Free(again, 65'536);
  std::vector<uint8_t*> many(100);
  for (uint8_t*& one : many) ASSERT_TRUE(pool.Allocate(kMb, &one).ok());
  for (uint8_t* one : many) pool.Free(one, kMb);
  EXPECT_EQ(pool.kept_bytes(), 31 * kMb + 65'536);
  pool.ReleaseUnused();
  EXPECT_EQ(pool.kept_bytes(), 0);
}

TEST(BlockPool, SaysWhenMemoryIsOut) {
  uint8_t* at = nullptr;
  EXPECT_TRUE(BlockPool::Instance().Allocate(int64_t{1} << 60, &at).IsOutOfMemory());
  ASSERT_TRUE(BlockPool::Instance().Allocate(8 * kMb, &at).ok());
  at[0] = 9;
  EXPECT_TRUE(BlockPool::Instance().Reallocate(8 * kMb, int64_t{1} << 60, &at).IsOutOfMemory());
  EXPECT_EQ(at[0], 9);
  BlockPool::Instance().Free(at, 8 * kMb);
}

}  // namespace
}  // namespace sluice
