// SPDX-License-Identifier: Apache-2.0
// HLL sketches as Java's library (datasketches-java of Paimon 2.0.0) serialises them, and its unions of them.
#include "lake/paimon/hll_sketch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "base/bytes.h"
#include "base/crc32.h"

namespace sluice::paimon {
namespace {

// Sketches of the integers of a range, by Java.
const char kOfNone[] = "0201070c030c0000";
const char kOf5[] = "0201070c030801007b65e608";
const char kOf0To2[] = "0201070c03080300cbd7c2042bf2fb06862ff90d";
const char kOf3To7[] = "0201070c030805007581660781bc5d067b65e608fc2d420ac1e91705";
const char kOf0To2And3To7[] =
    "0301070c050800010800000081bc5d06862ff90dcbd7c2042bf2fb06c1e91705758166077b65e608fc2d420a";
const char kOf3To7And0To2[] =
    "0301070c050800010800000081bc5d06862ff90dcbd7c204c1e9170575816607fc2d420a7b65e6082bf2fb06";
// Of 400 integers: registers by 4, 6 and 8 bits.
const char kBy4[] =
    "0a010704000804029b3a0f84404e76400000000000e0e23f000000000000000007000000000000000031042100020133";
const char kBy4WithRoom[] =
    "0a010704000004029b3a0f84404e76400000000000e0e23f0000000000000000070000000000000000310421000201330000"
    "0000000000000000000000000000";
const char kBy6[] =
    "0a010704000000061e14d663481c7a400000000000c0e03f0000000000000000000000000000000046512088311cc56114c5"
    "501800";
const char kBy8[] =
    "0a0107050000000a4b8cd2ba9eb275400000000000f800400000000000000000000000000000000004040207080405050204"
    "05040304070704040506050402060403060405030605";
const char kBy4And6[] =
    "0a010704001804020000000000000000000000000080d53f000000000000000001000000000000001241243131120133";
const char kBy8And4[] =
    "0a0107040018040200000000000000000000000000e0e23f000000000000000007000000000000000031042100020133";
const char kBy8As4[] =
    "0a010705000802024b8cd2ba9eb275400000000000f800400000000000000000030000000000000022502633202321552243"
    "234012241334";

std::string Unhex(std::string_view hex) {
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<char>(std::strtoul(std::string(hex.substr(i, 2)).c_str(), nullptr, 16)));
  }
  return out;
}

std::string Hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    for (const int digit : {static_cast<uint8_t>(c) >> 4, c & 15}) out.push_back("0123456789abcdef"[digit]);
  }
  return out;
}

std::string Union(const std::string& older, const std::string& newer) {
  const auto both = UnionOfHllSketches(older, newer);
  return both.ok() ? *both : both.error().message;
}

std::string HexUnion(std::string_view older, std::string_view newer) { return Hex(Union(Unhex(older), Unhex(newer))); }

uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

uint32_t Coupon(uint64_t i) {
  const uint64_t hash = Mix(i);
  const int value = std::min(std::countl_zero(hash) + 1, 62);
  return static_cast<uint32_t>(value) << 26 | static_cast<uint32_t>(Mix(hash) & 0x3ffffff);
}

std::string Head(std::initializer_list<int> bytes) {
  std::string out;
  for (const int byte : bytes) out.push_back(static_cast<char>(byte));
  return out;
}

std::string List(int lg_k, uint64_t from, uint64_t to) {
  std::string out = Head({2, 1, 7, lg_k, 3, 8, static_cast<int>(to - from), 0});
  for (; from < to; ++from) AppendLe(out, Coupon(from));
  return out;
}

std::string Set(int lg_k, uint64_t from, uint64_t to) {
  std::string out = Head({3, 1, 7, lg_k, 5, 8, 0, 1});
  AppendLe(out, static_cast<uint32_t>(to - from));
  for (; from < to; ++from) AppendLe(out, Coupon(from));
  return out;
}

std::string Registers(int lg_k, uint64_t from, uint64_t to, double hip, bool out_of_order = false) {
  std::string registers(size_t{1} << lg_k, '\0');
  for (; from < to; ++from) {
    char& value = registers[Coupon(from) & (registers.size() - 1)];
    value = std::max(value, static_cast<char>(Coupon(from) >> 26));
  }
  double sums[] = {0, 0};
  for (const char value : registers) sums[value < 32 ? 0 : 1] += std::ldexp(1.0, -value);
  std::string out = Head({10, 1, 7, lg_k, 0, out_of_order ? 16 : 0, 0, 10});
  for (const double number : {hip, sums[0], sums[1]}) AppendLe(out, number);
  AppendLe(out, static_cast<uint32_t>(std::count(registers.begin(), registers.end(), 0)));
  AppendLe(out, uint32_t{0});
  return out + registers;
}

TEST(HllSketch, UnionHasTheBytesOfJava) {
  EXPECT_EQ(HexUnion(kOfNone, kOfNone), kOfNone);
  EXPECT_EQ(HexUnion(kOfNone, kOf5), kOf5);
  EXPECT_EQ(HexUnion(kOf0To2, kOf3To7), kOf0To2And3To7);
  EXPECT_EQ(HexUnion(kOf3To7, kOf0To2), kOf3To7And0To2);
  EXPECT_EQ(HexUnion(kOf5, kOf3To7), kOf3To7);
}

TEST(HllSketch, UnionOfRegistersHasTheBytesOfJava) {
  EXPECT_EQ(HexUnion(kBy4, kBy6), kBy4And6);
  EXPECT_EQ(HexUnion(kBy4WithRoom, kBy6), kBy4And6);
  EXPECT_EQ(HexUnion(kOf0To2, kBy4), kBy4);
  EXPECT_EQ(HexUnion(kBy4, kOf0To2), kBy4);
  EXPECT_EQ(HexUnion(kBy8, kBy4), kBy8And4);
  EXPECT_EQ(HexUnion(kOfNone, kBy8), kBy8As4);
}

// Sums of what Java makes of the same sketches.
TEST(HllSketch, LargeUnionsHaveTheSumsOfJava) {
  const auto sum = [](const std::string& older, const std::string& newer) { return Crc32(Union(older, newer)); };
  EXPECT_EQ(sum(List(12, 0, 5), List(12, 3, 9)), 2785816916u);
  EXPECT_EQ(sum(List(12, 0, 7), Set(12, 100, 300)), 2063982382u);
  EXPECT_EQ(sum(Set(12, 0, 200), Set(12, 100, 250)), 84462442u);
  EXPECT_EQ(sum(Set(12, 0, 300), Set(12, 300, 384)), 548257978u);
  EXPECT_EQ(sum(Set(12, 0, 300), Set(11, 300, 420)), 3685569565u);
  EXPECT_EQ(sum(Set(14, 0, 900), Set(14, 900, 1500)), 1856021478u);
  EXPECT_EQ(sum(Set(21, 0, 196600), List(21, 196600, 196607)), 1213892458u);
  EXPECT_EQ(sum(Set(21, 0, 196600), Set(21, 196600, 196700)), 116576468u);
  EXPECT_EQ(sum(List(7, 0, 5), List(7, 5, 12)), 2366937608u);
  EXPECT_EQ(sum(Set(12, 0, 300), Registers(12, 1000, 9000, 8123.5)), 178737316u);
  EXPECT_EQ(sum(Registers(12, 1000, 9000, 8123.5), Set(12, 0, 300)), 178737316u);
  EXPECT_EQ(sum(Registers(12, 1000, 9000, 0, true), Set(12, 0, 300)), 4189731484u);
  EXPECT_EQ(sum(Registers(13, 0, 90000, 90100.25), Set(11, 0, 100)), 1001538837u);
  EXPECT_EQ(sum(Registers(13, 0, 90000, 90100.25), List(11, 0, 0)), 1001538837u);
  EXPECT_EQ(sum(List(13, 0, 0), Registers(11, 0, 90000, 90100.25)), 1001538837u);
  EXPECT_EQ(sum(Registers(12, 0, 90000, 90100.25), Registers(12, 50000, 200000, 150100.25)), 924698123u);
  EXPECT_EQ(sum(Registers(13, 0, 90000, 90100.25), Registers(11, 50000, 200000, 150100.25)), 2766728615u);
  EXPECT_EQ(sum(Registers(10, 0, 90000, 90100.25), Registers(12, 50000, 200000, 150100.25)), 3188593211u);
}

TEST(HllSketch, WhatIsNoneIsAnError) {
  const std::string word = "a value is no HLL sketch: ";
  for (const std::string& good : {List(12, 0, 5), Set(12, 0, 30), Registers(5, 0, 90, 91), Unhex(kBy4), Unhex(kBy6)}) {
    for (size_t length = 0; length < good.size(); ++length) {
      EXPECT_TRUE(Union(good.substr(0, length), good).starts_with(word)) << length;
      EXPECT_TRUE(Union(good, good.substr(0, length)).starts_with(word)) << length;
    }
    const auto changed = [&](size_t at, int value) {
      std::string out = good;
      out[at] = static_cast<char>(value);
      return Union(good, out);
    };
    EXPECT_EQ(changed(1, 2), word + "serial version 2 is not read");
    EXPECT_EQ(changed(0, 4), word + "its first bytes are of none");
    EXPECT_EQ(changed(2, 3), word + "its first bytes are of none");
    EXPECT_EQ(changed(7, 3), word + "its first bytes are of none");
    EXPECT_EQ(changed(7, good[7] | 12), word + "its first bytes are of none");
    EXPECT_EQ(changed(3, 3), word + "its lg k is 3");
    EXPECT_EQ(changed(3, 22), word + "its lg k is 22");
  }
  std::string list = List(12, 0, 5);
  list[6] = 9;
  EXPECT_EQ(Union(list, list), word + "it lists 9 coupons");
  EXPECT_EQ(Union(Set(7, 0, 9), List(7, 0, 1)), word + "its lg k is 7");
  EXPECT_EQ(Union(Set(8, 0, 25), List(8, 0, 1)), word + "it has a wrong number of coupons");
}

// Of each byte, all values: an error, or a sketch that can be united again.
TEST(HllSketch, DamageIsAnErrorOrAnotherSketch) {
  for (const std::string& good : {List(12, 0, 5), Set(9, 0, 30), Registers(4, 0, 90, 91), Unhex(kBy4WithRoom)}) {
    for (size_t at = 0; at < good.size(); ++at) {
      for (int value = 0; value < 256; value += at < 40 ? 1 : 37) {
        std::string damaged = good;
        damaged[at] = static_cast<char>(value);
        const auto made = UnionOfHllSketches(good, damaged);
        EXPECT_TRUE(!made.ok() || UnionOfHllSketches(*made, *made).ok()) << at << " " << value;
      }
    }
  }
}

}  // namespace
}  // namespace sluice::paimon
