// SPDX-License-Identifier: Apache-2.0
// Avro data files, a block at a time: what is written is read back with each codec, and damage is an error.
#include "format/avro/blocks.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/text.h"

namespace sluice {
namespace {

constexpr std::string_view kSchema = R"({"type":"record","name":"r","fields":[{"name":"n","type":"long"}]})";

std::string FileOf(const std::string& codec, int blocks, int records) {
  const AvroBlockWriter writer(kSchema, codec, 1, 1, 2);
  std::string out = writer.Head();
  for (int b = 0; b < blocks; ++b) {
    std::string rows;
    for (int i = 0; i < records; ++i) AppendAvroLong(rows, b * records + i);
    out += *writer.Block(records, rows);
  }
  return out;
}

// The sum of all records, or the error.
std::string Sum(const std::string& bytes) {
  const auto read = [&](int64_t offset, int64_t count) -> Result<std::string> {
    return bytes.substr(static_cast<size_t>(offset), static_cast<size_t>(count));
  };
  auto file = AvroBlockReader::Open(read, static_cast<int64_t>(bytes.size()));
  if (!file.ok()) return file.error().message;
  int64_t sum = 0, count = 0;
  for (AvroBlock block;;) {
    const auto more = file->Next(block);
    if (!more.ok()) return more.error().message;
    if (!*more) return Str(count, " ", sum);
    ByteReader reader(block.bytes);
    count += block.records;
    for (int64_t i = 0; i < block.records; ++i) sum += ReadAvroLong(reader);
    EXPECT_EQ(reader.remaining(), 0u);
  }
}

TEST(AvroBlocks, AreReadBackWithEachCodec) {
  for (const char* codec : {"null", "deflate", "zstandard", "snappy"}) {
    EXPECT_TRUE(IsAvroCodec(codec));
    EXPECT_EQ(Sum(FileOf(codec, 0, 0)), "0 0") << codec;
    EXPECT_EQ(Sum(FileOf(codec, 3, 10)), "30 435") << codec;
    EXPECT_EQ(Sum(FileOf(codec, 40, 20'000)), "800000 319999600000") << codec;  // more than is read ahead
  }
  EXPECT_FALSE(IsAvroCodec("xz"));
}

TEST(AvroBlocks, ThatAreCutOffAreErrors) {
  for (const char* codec : {"null", "snappy", "zstandard"}) {
    const std::string whole = FileOf(codec, 2, 50), one = FileOf(codec, 1, 50);
    for (size_t size = 0; size < whole.size(); ++size) {
      const std::string sum = Sum(whole.substr(0, size));
      const bool at_an_end = size == one.size() || size == FileOf(codec, 0, 0).size();
      EXPECT_EQ(sum.find("cut off") == std::string::npos && sum.find("magic") == std::string::npos, at_an_end) << sum;
    }
  }
  std::string flipped = FileOf("snappy", 1, 50);
  flipped[flipped.size() - 17] ^= 1;  // before the sync marker, of the checksum
  EXPECT_NE(Sum(flipped).find("checksum"), std::string::npos);
  flipped = FileOf("null", 1, 50);
  flipped.back() ^= 1;
  EXPECT_NE(Sum(flipped).find("sync marker"), std::string::npos);
}

}  // namespace
}  // namespace sluice
