// SPDX-License-Identifier: Apache-2.0
// SearchPays tells texts with repeated parts from random ones; what WithoutSearch writes, any zstd reads.
#include "lake/parquet/zstd_choice.h"

#include <arrow/api.h>
#include <arrow/util/compression.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>

namespace sluice {
namespace {

std::shared_ptr<arrow::Array> Texts(int64_t rows, const std::function<std::string()>& text) {
  arrow::StringBuilder builder;
  for (int64_t i = 0; i < rows; ++i) EXPECT_TRUE(builder.Append(text()).ok());
  return *builder.Finish();
}

std::function<std::string()> RandomHex(size_t length) {
  return [length, random = std::mt19937(1)]() mutable {
    std::string out;
    while (out.size() < length) out += "0123456789abcdef"[random() % 16];
    return out;
  };
}

TEST(ZstdChoice, RandomTextsAreNotSearched) {
  for (size_t length : {59, 119, 300}) {
    EXPECT_FALSE(SearchPays(*Texts(4096, RandomHex(length)), nullptr, 4096)) << length;
  }
}

TEST(ZstdChoice, TextsOfWordsAre) {
  const std::vector<std::string> words = {"furiously ", "regular ", "foxes ", "sleep ", "among ", "the ", "accounts "};
  std::mt19937 random(1);
  const auto texts = Texts(4096, [&] {
    std::string out;
    while (out.size() < 40) out += words[random() % words.size()];
    return out;
  });
  EXPECT_TRUE(SearchPays(*texts, nullptr, 4096));
  const auto paths = Texts(4096, [&, i = 0]() mutable { return "https://example.org/items/" + std::to_string(i++); });
  EXPECT_TRUE(SearchPays(*paths, nullptr, 4096));
}

TEST(ZstdChoice, OnlyTheGivenRowsCount) {
  std::mt19937 random(1);
  auto hex = RandomHex(100);
  const auto mixed = Texts(8192, [&, i = 0]() mutable { return i++ % 2 == 0 ? std::string(100, 'a') : hex(); });
  std::vector<uint32_t> odd;
  for (uint32_t i = 1; i < 8192; i += 2) odd.push_back(i);
  EXPECT_TRUE(SearchPays(*mixed, nullptr, 8192));
  EXPECT_FALSE(SearchPays(*mixed, odd.data(), static_cast<int64_t>(odd.size())));
}

TEST(ZstdChoice, FewRowsAndNumbersAreSearched) {
  EXPECT_TRUE(SearchPays(*Texts(100, RandomHex(59)), nullptr, 100));
  EXPECT_TRUE(SearchPays(**arrow::MakeArrayFromScalar(arrow::Int64Scalar(7), 100'000), nullptr, 100'000));
}

TEST(ZstdChoice, AnyZstdReadsIt) {
  const std::string text = RandomHex(1 << 20)();
  auto codec = *arrow::util::Codec::Create(arrow::Compression::ZSTD, *WithoutSearch());
  std::string packed(static_cast<size_t>(codec->MaxCompressedLen(text.size(), nullptr)), '\0'), back(text.size(), '\0');
  const int64_t size = *codec->Compress(text.size(), reinterpret_cast<const uint8_t*>(text.data()), packed.size(),
                                        reinterpret_cast<uint8_t*>(packed.data()));
  EXPECT_LT(size, static_cast<int64_t>(text.size() * 52 / 100));  // the letters are coded
  auto plain = *arrow::util::Codec::Create(arrow::Compression::ZSTD);
  ASSERT_TRUE(plain->Decompress(size, reinterpret_cast<const uint8_t*>(packed.data()), back.size(),
                                reinterpret_cast<uint8_t*>(back.data())).ok());
  EXPECT_EQ(back, text);
}

}  // namespace
}  // namespace sluice
