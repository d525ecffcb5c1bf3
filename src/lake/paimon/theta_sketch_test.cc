// SPDX-License-Identifier: Apache-2.0
// Theta sketches as Java's library (datasketches-java of Paimon 2.0.0) serialises them, and its unions of them.
#include "lake/paimon/theta_sketch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "base/bytes.h"
#include "base/crc32.h"

namespace sluice::paimon {
namespace {

// Sketches of the integers of a range, by Java.
const char kOfNone[] = "01030300001e0000";
const char kOf5[] = "01030300003acc93bd3273724691cc14";
const char kOf0To2[] = "02030300001acc93030000000000803f15f97dcbbd86a105c397fc1281709d1ee56b61eec8804420";
const char kOf3To7[] =
    "02030300001acc93050000000000803f40de2ee1c9db3d08fe162113fb98bc10bd3273724691cc14ba40b3c1da06695de0f4"
    "8bea9983c37c";
// With a sampling probability of 0.5, and of 0.01.
const char kHalfOf0To5[] =
    "03030300001acc93050000000000803f000000000000004015f97dcbbd86a10540de2ee1c9db3d08bd3273724691cc14c397"
    "fc1281709d1ee56b61eec8804420";
const char kHalfOf0To5And3To7[] =
    "03030300001acc93060000000000803f000000000000004015f97dcbbd86a10540de2ee1c9db3d08fe162113fb98bc10bd32"
    "73724691cc14c397fc1281709d1ee56b61eec8804420";
const char kFewOf0To2[] = "03030300001acc93000000000000803f0000000014ae4701";
const char kOf0To7[] =
    "02030300001acc93080000000000803f15f97dcbbd86a10540de2ee1c9db3d08fe162113fb98bc10bd3273724691cc14c397"
    "fc1281709d1ee56b61eec8804420ba40b3c1da06695de0f48bea9983c37c";

std::string Unhex(std::string_view hex) {
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<char>(std::strtoul(std::string(hex.substr(i, 2)).c_str(), nullptr, 16)));
  }
  return out;
}

std::string Union(const std::string& a, const std::string& b) {
  const auto both = UnionOfThetaSketches(a, b);
  return both.ok() ? *both : both.error().message;
}

constexpr uint64_t kNoTheta = INT64_MAX;

// With the preamble of three words if it has a theta.
std::string SketchOf(const std::vector<uint64_t>& hashes, uint64_t theta = kNoTheta) {
  std::string out = Unhex(theta == kNoTheta ? "02030300001acc93" : "03030300001acc93");
  AppendLe(out, static_cast<uint32_t>(hashes.size()));
  AppendLe(out, 1.0F);
  if (theta != kNoTheta) AppendLe(out, theta);
  for (uint64_t hash : hashes) AppendLe(out, hash);
  return out;
}

// That of the multiples `from` to `to` of a number that scatters them, as far as they are below theta.
std::string Scattered(uint64_t from, uint64_t to, uint64_t theta = kNoTheta) {
  std::vector<uint64_t> hashes;
  for (uint64_t i = from; i < to; ++i) {
    const uint64_t hash = i * 0x9e3779b97f4a7c15 & kNoTheta;
    if (hash < theta) hashes.push_back(hash);
  }
  std::sort(hashes.begin(), hashes.end());
  return SketchOf(hashes, theta);
}

std::vector<uint64_t> Range(uint64_t from, uint64_t to) {
  std::vector<uint64_t> out;
  for (uint64_t hash = from; hash < to; ++hash) out.push_back(hash);
  return out;
}

TEST(ThetaSketch, UnionHasTheBytesOfJava) {
  const std::string none = Unhex(kOfNone), five = Unhex(kOf5), low = Unhex(kOf0To2), high = Unhex(kOf3To7);
  EXPECT_EQ(Union(none, none), none);
  EXPECT_EQ(Union(five, none), five);
  EXPECT_EQ(Union(none, low), low);
  EXPECT_EQ(Union(high, five), high);
  EXPECT_EQ(Union(low, high), Unhex(kOf0To7));
  EXPECT_EQ(Union(high, low), Unhex(kOf0To7));
  std::string unmarked = five;  // as C++ writes it
  unmarked[5] = 0x1a;
  EXPECT_EQ(Union(unmarked, none), five);
}

// Sums of what Java makes of the same sketches.
TEST(ThetaSketch, LargeUnionsHaveTheSumsOfJava) {
  const auto sum = [](const std::string& a, const std::string& b) { return Crc32(Union(a, b)); };
  EXPECT_EQ(sum(Scattered(1, 3000), Scattered(2000, 4096)), 2853515549u);
  EXPECT_EQ(sum(Scattered(1, 3001), Scattered(2000, 4097)), 4041548047u);
  EXPECT_EQ(sum(Scattered(1, 3001), Scattered(2000, 4098)), 1681298341u);
  EXPECT_EQ(sum(Scattered(1, 3001), Scattered(2000, 4099)), 953695110u);
  EXPECT_EQ(sum(Scattered(1, 9001), Scattered(5000, 20001)), 86950149u);
  EXPECT_EQ(sum(Scattered(1, 9001), Scattered(100, 20001, kNoTheta / 3)), 86950149u);
  EXPECT_EQ(sum(Scattered(1, 6001, kNoTheta / 3), Scattered(5001, 12001, kNoTheta / 2)), 1388062860u);
}

// Of values that are taken with a probability: the lower one counts.
TEST(ThetaSketch, UnionOfSamplesHasTheBytesOfJava) {
  const std::string half = Unhex(kHalfOf0To5), few = Unhex(kFewOf0To2), none = Unhex(kOfNone);
  EXPECT_EQ(Union(half, none), half);
  EXPECT_EQ(Union(half, Unhex(kOf3To7)), Unhex(kHalfOf0To5And3To7));
  EXPECT_EQ(Union(Unhex(kOf3To7), half), Unhex(kHalfOf0To5And3To7));
  EXPECT_EQ(Union(few, few), few);
  EXPECT_EQ(Union(few, half), few);
  EXPECT_EQ(Union(few, Unhex(kOf5)), few);
}

TEST(ThetaSketch, UnionKeepsTheLowestHashes) {
  EXPECT_EQ(Union(SketchOf(Range(1, 3000)), SketchOf(Range(2000, 4097))), SketchOf(Range(1, 4097)));
  EXPECT_EQ(Union(SketchOf(Range(1, 3000)), SketchOf(Range(2000, 4098))), SketchOf(Range(1, 4097), 4097));
  EXPECT_EQ(Union(SketchOf(Range(5000, 9000)), SketchOf(Range(1, 4000), 6000)),
            SketchOf([] {
              auto out = Range(1, 4000);
              for (uint64_t hash : Range(5000, 5097)) out.push_back(hash);
              return out;
            }(), 5097));
  EXPECT_EQ(Union(SketchOf({7, 90}), SketchOf({5}, 50)), SketchOf({5, 7}, 50));
  EXPECT_EQ(Union(SketchOf({}, 50), SketchOf({5}, 50)), SketchOf({5}, 50));
}

// What a sketch is while it takes values in: a table with empty slots.
TEST(ThetaSketch, UpdateSketchesAreReadToo) {
  std::string update = Unhex("8303020c0200cc93");
  AppendLe(update, uint32_t{2});
  AppendLe(update, 1.0F);
  AppendLe(update, kNoTheta);
  for (uint64_t slot : {0U, 9U, 0U, 4U}) AppendLe(update, slot);
  EXPECT_EQ(Union(update, SketchOf({6, 7})), SketchOf({4, 6, 7, 9}));
}

TEST(ThetaSketch, WhatIsShortIsEmpty) {
  const std::string good = Unhex(kOf0To7);
  for (size_t length = 0; length < 16; ++length) EXPECT_EQ(Union(good.substr(0, length), good), good) << length;
}

TEST(ThetaSketch, WhatIsNoneIsAnError) {
  const std::string good = Unhex(kOf0To7), word = "a value is no theta sketch: ";
  for (size_t length = 16; length < good.size(); ++length) {
    EXPECT_EQ(Union(good.substr(0, length), good), word + "it ends before its hashes do") << length;
  }
  const std::string sampled = Unhex(kHalfOf0To5);
  for (size_t length = 16; length < sampled.size(); ++length) {
    EXPECT_TRUE(Union(good, sampled.substr(0, length)).starts_with(word + "it ends before its ")) << length;
  }
  const auto changed = [&](size_t at, int value) {
    std::string out = good;
    out[at] = static_cast<char>(value);
    return Union(good, out);
  };
  EXPECT_EQ(changed(1, 4), word + "serial version 4 is not read");
  EXPECT_EQ(changed(6, 0), word + "its hashes have another seed");
  EXPECT_EQ(changed(2, 7), word + "its first bytes are of none");
  EXPECT_EQ(changed(0, 4), word + "its first bytes are of none");
  EXPECT_EQ(changed(8, 9), word + "it ends before its hashes do");
  EXPECT_EQ(Union(SketchOf({}, kNoTheta + 1), good), word + "its theta is negative");
}

}  // namespace
}  // namespace sluice::paimon
