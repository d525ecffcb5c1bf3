// SPDX-License-Identifier: Apache-2.0
// ORC's run length encodings: the examples of the ORC specification v1, and bytes that are none.
#include "format/orc/rle.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace sluice {
namespace {

std::string Bytes(std::initializer_list<int> bytes) {
  std::string out;
  for (int byte : bytes) out += static_cast<char>(byte);
  return out;
}

using Values = std::vector<int64_t>;

TEST(OrcRle, OfVersion1) {
  EXPECT_EQ(*DecodeOrcIntegers(Bytes({0x61, 0x00, 0x07}), 100, false, 1), Values(100, 7));
  Values falling;
  for (int i = 100; i >= 1; --i) falling.push_back(i);
  EXPECT_EQ(*DecodeOrcIntegers(Bytes({0x61, 0xff, 0x64}), 100, false, 1), falling);
  EXPECT_EQ(*DecodeOrcIntegers(Bytes({0xfb, 0x02, 0x03, 0x06, 0x07, 0x0b}), 5, false, 1), (Values{2, 3, 6, 7, 11}));
  EXPECT_EQ(*DecodeOrcIntegers(Bytes({0xfe, 0x01, 0x02}), 2, true, 1), (Values{-1, 1}));
}

TEST(OrcRle, OfVersion2) {
  EXPECT_EQ(*DecodeOrcIntegers(Bytes({0x0a, 0x27, 0x10}), 5, false, 2), Values(5, 10000));
  EXPECT_EQ(*DecodeOrcIntegers(Bytes({0x5e, 0x03, 0x5c, 0xa1, 0xab, 0x1e, 0xde, 0xad, 0xbe, 0xef}), 4, false, 2),
            (Values{23713, 43806, 57005, 48879}));
  EXPECT_EQ(*DecodeOrcIntegers(Bytes({0x8e, 0x13, 0x2b, 0x21, 0x07, 0xd0, 0x1e, 0x00, 0x14, 0x70, 0x28, 0x32, 0x3c,
                                      0x46, 0x50, 0x5a, 0x64, 0x6e, 0x78, 0x82, 0x8c, 0x96, 0xa0, 0xaa, 0xb4, 0xbe,
                                      0xfc, 0xe8}),
                               20, false, 2),
            (Values{2030, 2000, 2020, 1000000, 2040, 2050, 2060, 2070, 2080, 2090, 2100, 2110, 2120, 2130, 2140, 2150,
                    2160, 2170, 2180, 2190}));
  EXPECT_EQ(*DecodeOrcIntegers(Bytes({0xc6, 0x09, 0x02, 0x02, 0x22, 0x42, 0x42, 0x46}), 10, false, 2),
            (Values{2, 3, 5, 7, 11, 13, 17, 19, 23, 29}));
  // A fixed step, of a signed stream and downwards.
  EXPECT_EQ(*DecodeOrcIntegers(Bytes({0xc0, 0x03, 0x01, 0x01}), 4, true, 2), (Values{-1, -2, -3, -4}));
}

TEST(OrcRle, OfBooleans) {
  std::vector<uint8_t> eight = {1, 0, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(*DecodeOrcBooleans(Bytes({0xff, 0x80}), 8), eight);
  EXPECT_EQ(*DecodeOrcBooleans(Bytes({0x00, 0xff}), 20), std::vector<uint8_t>(20, 1));
}

TEST(OrcRle, DamageIsAnError) {
  for (int version : {1, 2}) {
    EXPECT_FALSE(DecodeOrcIntegers("", 1, false, version).ok());
    EXPECT_FALSE(DecodeOrcIntegers(Bytes({0x5e, 0x03, 0x5c}), 4, false, version).ok());
  }
  EXPECT_FALSE(DecodeOrcIntegers(Bytes({0x0a, 0x27, 0x10}), 4, false, 2).ok()) << "a run longer than the column";
  EXPECT_FALSE(DecodeOrcBooleans(Bytes({0xff}), 8).ok());
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 40, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    (void)DecodeOrcIntegers(bytes, random() % 600, i % 2 == 0, 1 + i % 4 / 2).ok();
    (void)DecodeOrcBooleans(bytes, random() % 600).ok();
  }
}

}  // namespace
}  // namespace sluice
