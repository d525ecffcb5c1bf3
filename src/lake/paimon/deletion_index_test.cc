// SPDX-License-Identifier: Apache-2.0
// Index files of deletion vectors: the bytes that Java writes, and what our reader makes of every kind of container.
#include "lake/paimon/deletion_index.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "base/text.h"
#include "lake/paimon/deletion_vector.h"

namespace sluice::paimon {
namespace {

DeleteSet Set(std::initializer_list<int64_t> positions) {
  DeleteSet out;
  for (int64_t position : positions) out.Add(position);
  return out;
}

// Golden files of Paimon's own tests: {2, 3} and then {1}.
TEST(DeletionIndex, HasTheBytesOfJava) {
  const DeletionsByFile deletions = {{"a", Set({2, 3})}, {"b", Set({1})}};
  std::vector<DeletionRange> ranges;
  EXPECT_EQ(Hex(EncodeDeletionIndex(deletions, false, ranges)),
            "01000000185e43f2d03a30000001000000000001001000000002000300c898f63d"
            "000000165e43f2d03a300000010000000000000010000000" "0100fa2b5192");
  EXPECT_EQ(ranges, (std::vector<DeletionRange>{{"a", 1, 24, 2}, {"b", 33, 22, 1}}));
  ranges.clear();
  EXPECT_EQ(Hex(EncodeDeletionIndex(deletions, true, ranges)),
            "0100000024d1d339640100000000000000000000003a30000001000000000001001000000002000300" "7a813847"
            "00000022d1d339640100000000000000000000003a3000000100000000000000100000000100" "eebd85f4");
  EXPECT_EQ(ranges, (std::vector<DeletionRange>{{"a", 1, 44, 2}, {"b", 45, 42, 1}}));
}

TEST(DeletionIndex, WithoutVectorsIsItsVersion) {
  std::vector<DeletionRange> ranges;
  EXPECT_EQ(EncodeDeletionIndex({}, false, ranges), std::string(1, '\1'));
  EXPECT_TRUE(ranges.empty());
}

TEST(DeletionIndex, HoldsArraysAndBitsetsOfSeveralContainers) {
  DeleteSet deletions;
  for (int64_t i = 0; i < 4096; ++i) deletions.Add(i * 3);               // the largest array
  for (int64_t i = 0; i < 4097; ++i) deletions.Add((1 << 16) + i * 2);   // the smallest bitset
  for (int64_t i = 0; i < 1 << 16; ++i) deletions.Add((2 << 16) + i);    // a full one
  deletions.Add((int64_t{7} << 16) + 65535);
  for (bool wide : {false, true}) {
    const auto read = ParseDeletionVector(EncodeDeletionVector(deletions, wide), 1 << 20);
    ASSERT_TRUE(read.ok());
    EXPECT_TRUE(*read == deletions);
    EXPECT_EQ(read->count(), deletions.count());
  }
}

}  // namespace
}  // namespace sluice::paimon
