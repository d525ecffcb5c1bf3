// SPDX-License-Identifier: Apache-2.0
// Bitmaps as Java's RoaringBitmap 1.2 serialises them after runOptimize (its own bytes), read, united and written.
#include "lake/paimon/roaring_set.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <utility>

namespace sluice::paimon {
namespace {

constexpr RoaringWidth k32 = RoaringWidth::k32, k64 = RoaringWidth::k64;

std::string Unhex(std::string_view hex) {
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<char>(std::strtoul(std::string(hex.substr(i, 2)).c_str(), nullptr, 16)));
  }
  return out;
}

// The runs of numbers, as "1-3 70000", or "wrong".
std::string Numbers(RoaringWidth width, std::string_view bytes) {
  RoaringSet set;
  if (!ParseRoaring(width, bytes, set)) return "wrong";
  std::string out;
  for (const RoaringContainer& container : set) {
    for (const RoaringRun& run : container.runs) {
      const uint64_t first = container.key << 16 | run.first, last = container.key << 16 | run.last;
      out += (out.empty() ? "" : " ") + std::to_string(first) + (first == last ? "" : "-" + std::to_string(last));
    }
  }
  return out;
}

RoaringSet SetOf(const std::set<uint64_t>& numbers) {
  RoaringSet out;
  for (uint64_t number : numbers) {
    if (out.empty() || out.back().key != number >> 16) out.push_back({number >> 16, {}});
    auto& runs = out.back().runs;
    const auto low = static_cast<uint16_t>(number);
    if (!runs.empty() && runs.back().last + 1 == low) runs.back().last = low;
    else runs.push_back({low, low});
  }
  return out;
}

struct Golden {
  RoaringWidth width;
  std::string numbers, hex;
};
const Golden kGolden[] = {
    {k64, "", "00"},
    {k64, "1-3 70000 18446744073709551615",
      "010300000000000000000200000000ff00000200040000000000000100040000000000000000000000000000000000040000"
      "00000000000001010000000000000004000000ffffffffffff020000000000000001000000fe030000000102030000000100"
      "020003000102010000007011010201000000ffff03000000000000000000000002000000"},
    {k64, "5-9000 9007199254740992-9007199254740993",
      "0102000000000000000002000100000020000400000000000000000000000000000000000400000000200000000001000000"
      "0000000001000000fe0200000001002423000001000500232301020200000000000100020000000000000000000000010000"
      "00"},
    {k32, "", "3a30000000000000"},
    {k32, "1-3 70000",
      "3a300000020000000000020001000000180000001e0000000100020003007011"},
    {k32, "5-9000 65536 196608 327680 4294967295",
      "3b3004000100002323010000000300000005000000ffff00002d000000330000003500000037000000390000000100050023"
      "23000000000000ffff"},
    {k32, "10-20 100000-100002",
      "3b3001000100000a000100020001000a000a00a086a186a286"},
};

TEST(RoaringSet, IsReadAndWrittenAsByJava) {
  for (const Golden& golden : kGolden) {
    const std::string bytes = Unhex(golden.hex);
    EXPECT_EQ(Numbers(golden.width, bytes), golden.numbers);
    RoaringSet set;
    ASSERT_TRUE(ParseRoaring(golden.width, bytes, set));
    EXPECT_EQ(SerializeRoaring(golden.width, set), bytes) << golden.numbers;
  }
}

// Java's list of containers grows by half, so that it ends in one that is not there.
TEST(RoaringSet, MayHavePlacesWithoutContainer) {
  const std::string java = Unhex(
      "0105000000000000000105000500000000000000000504030201000000000000000004000000000000000001000000000000"
      "0000040000000000000000020100000000000000040000000000000000030200000000000000040000000000000000040300"
      "00000000000004000000000000000005040000000000000001000000fe060000000102010000000100010201000000020001"
      "02010000000300010201000000040001020100000005000005000000000000000000000004000000");
  EXPECT_EQ(Numbers(k64, java), "65537 131074 196611 262148 327685");
}

TEST(RoaringSet, HasKeysInNodesOfEverySize) {
  for (uint64_t keys : {1, 2, 4, 5, 16, 17, 48, 49, 256, 300}) {
    std::set<uint64_t> numbers;
    for (uint64_t i = 0; i < keys; ++i) numbers.insert({i << 40 | 7, i << 16, i * 3 << 56 | i << 17});
    const RoaringSet set = SetOf(numbers);
    RoaringSet again;
    ASSERT_TRUE(ParseRoaring(k64, SerializeRoaring(k64, set), again)) << keys;
    EXPECT_TRUE(again == set) << keys;
  }
  std::string of48 = SerializeRoaring(k64, SetOf([] {
    std::set<uint64_t> out;
    for (uint64_t i = 0; i < 17; ++i) out.insert(i << 16);
    return out;
  }()));
  const std::string java = Unhex("0111000000000000000211000500000000000706050403020100"
                                 "0f0e0d0c0b0a0908ffffffffffffff10");
  EXPECT_EQ(of48.substr(0, java.size()), java);
}

TEST(RoaringSet, UnitesContainersOfEveryForm) {
  std::set<uint64_t> few = {1, 5, 65535, 65536, 1 << 20}, even, run;
  for (uint64_t i = 0; i < 65536; i += 2) even.insert(i);
  for (uint64_t i = 100; i < 60000; ++i) run.insert(i), run.insert(i + (1 << 20));
  const std::set<uint64_t>* all[] = {&few, &even, &run};
  for (RoaringWidth width : {k32, k64}) {
    for (const auto* a : all) {
      for (const auto* b : all) {
        std::set<uint64_t> both = *a;
        both.insert(b->begin(), b->end());
        RoaringSet read;
        ASSERT_TRUE(ParseRoaring(width, SerializeRoaring(width, UnionOf(SetOf(*a), SetOf(*b))), read));
        EXPECT_TRUE(read == SetOf(both));
      }
    }
  }
  EXPECT_TRUE(UnionOf({}, SetOf(few)) == SetOf(few));
}

TEST(RoaringSet, DoesNotReadWhatIsCutOff) {
  for (const Golden& golden : kGolden) {
    const std::string bytes = Unhex(golden.hex);
    const size_t behind = golden.width == k64 && bytes.size() > 1 ? 16 : 0;  // what Java remembers of its list
    for (size_t length = 0; length + behind < bytes.size(); ++length) {
      EXPECT_EQ(Numbers(golden.width, std::string_view(bytes).substr(0, length)), "wrong") << length;
    }
    EXPECT_EQ(Numbers(golden.width, bytes + "x"), golden.numbers);
  }
}

TEST(RoaringSet, DoesNotReadWhatIsNotWellFormed) {
  const std::string two = Unhex(kGolden[1].hex);
  std::string changed = two;
  changed[9] = 5;  // a node that there is not
  EXPECT_EQ(Numbers(k64, changed), "wrong");
  changed = two;
  changed[9] = 0, changed[12] = 7;  // a path that is longer than a key
  EXPECT_EQ(Numbers(k64, changed), "wrong");
  std::string nodes("\1\1\0\0\0\0\0\0\0", 9);
  for (int i = 0; i < 100000; ++i) nodes += std::string("\0\1\0\0\0\0\0\0", 8);
  EXPECT_EQ(Numbers(k64, nodes), "wrong") << "a path without an end";
  EXPECT_EQ(Numbers(k32, Unhex("3a3000000100000000000100180000000300") + Unhex("0200")), "wrong") << "not ascending";
}

}  // namespace
}  // namespace sluice::paimon
