// SPDX-License-Identifier: Apache-2.0
// RowBits beside a set of numbers: what is in it, its spans, and what it reads of Roaring bitmaps.
#include "lake/paimon/row_bits.h"

#include <gtest/gtest.h>

#include <iterator>
#include <random>
#include <set>
#include <utility>

#include "lake/paimon/roaring_set.h"

namespace sluice::paimon {
namespace {

std::set<int64_t> RowsOf(const RowBits& bits) {
  std::set<int64_t> out;
  int64_t before = -2;
  bits.ForEachSpan([&](int64_t first, int64_t count) {
    EXPECT_GT(count, 0);
    EXPECT_GT(first, before) << "spans are apart";
    for (int64_t row = first; row < first + count; ++row) out.insert(row);
    before = first + count;
  });
  return out;
}

TEST(PaimonRowBits, AreASet) {
  std::mt19937 random(5);
  const auto below = [&](int64_t bound) { return static_cast<int64_t>(random() % static_cast<uint64_t>(bound)); };
  for (int round = 0; round < 300; ++round) {
    const int64_t rows = below(round % 3 == 0 ? 200'000 : 200) + 1;
    const auto made = [&] {
      std::set<int64_t> out;
      for (int64_t spans = below(20); spans > 0; --spans) {
        const int64_t first = below(rows);
        for (int64_t row = first; row < std::min(rows, first + below(2) * 150 + 1); ++row) out.insert(row);
      }
      return out;
    };
    const std::set<int64_t> a = made(), b = made();
    const auto bits_of = [&](const std::set<int64_t>& members) {
      const std::vector<uint32_t> numbers(members.begin(), members.end());
      const std::string bytes = SerializeRoaring(RoaringWidth::k32, RoaringOf(numbers)) + "behind";
      ByteReader in(bytes);
      RowBits out(rows);
      EXPECT_TRUE(out.AddRoaring(in));
      EXPECT_EQ(in.remaining(), 6u);
      return out;
    };
    const RowBits bits = bits_of(a), other = bits_of(b);
    EXPECT_EQ(RowsOf(bits), a);
    EXPECT_EQ(bits.count(), static_cast<int64_t>(a.size()));
    EXPECT_EQ(bits.empty(), a.empty());
    std::set<int64_t> both, either = a, only;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(both, both.end()));
    std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::inserter(only, only.end()));
    either.insert(b.begin(), b.end());
    EXPECT_EQ(RowsOf(RowBits(bits) &= other), both);
    EXPECT_EQ(RowsOf(RowBits(bits) |= other), either);
    EXPECT_EQ(RowsOf(RowBits(bits) -= other), only);
    RowBits flipped(bits);
    flipped.Flip();
    EXPECT_EQ(flipped.count(), rows - bits.count());
    flipped |= bits;
    EXPECT_EQ(flipped, RowBits(rows, true));
    const int64_t first = below(rows), count = below(rows - first) + 1;
    const auto found = a.lower_bound(first);
    EXPECT_EQ(bits.AnyIn(first, count), found != a.end() && *found < first + count);
    EXPECT_EQ(bits.Contains(first), a.contains(first));
    flipped.Remove(first);
    EXPECT_FALSE(flipped.Contains(first));
    flipped.Add(first);
    EXPECT_EQ(flipped.count(), rows);
  }
}

TEST(PaimonRowBits, RefuseRowsThatTheFileHasNot) {
  const std::vector<uint32_t> members = {0, 99};
  const std::string bytes = SerializeRoaring(RoaringWidth::k32, RoaringOf(members));
  for (int64_t rows : {0, 1, 99}) {
    ByteReader in(bytes);
    EXPECT_FALSE(RowBits(rows).AddRoaring(in)) << rows;
  }
  ByteReader in(bytes);
  EXPECT_TRUE(RowBits(100).AddRoaring(in));
  ByteReader cut(std::string_view(bytes).substr(0, bytes.size() - 1));
  EXPECT_FALSE(RowBits(100).AddRoaring(cut));
}

}  // namespace
}  // namespace sluice::paimon
