// SPDX-License-Identifier: Apache-2.0
// Avro files: written ones read back, and hostile bytes are refused without harm.
#include "format/avro/container.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

constexpr std::string_view kSchema = R"({"type":"record","name":"r","fields":[
  {"name":"id","type":"long","field-id":1},
  {"name":"text","type":["string","null"],"field-id":2},
  {"name":"list","type":{"type":"array","items":"int"},"field-id":3},
  {"name":"map","type":{"type":"map","values":"double"}},
  {"name":"fixed","type":{"type":"fixed","name":"f","size":3}},
  {"name":"again","type":["null","f"]},
  {"name":"none","doc":"sluice.crc32 is the key of the seal","type":"null"}]})";

std::string Record(int64_t id, bool negative_blocks) {
  std::string out;
  AppendAvroLong(out, id);
  AppendAvroLong(out, 0);
  AppendAvroBytes(out, "text");
  AppendAvroLong(out, negative_blocks ? -2 : 2);
  if (negative_blocks) AppendAvroLong(out, 2);
  AppendAvroLong(out, -1);
  AppendAvroLong(out, 5);
  AppendAvroLong(out, 0);
  AppendAvroLong(out, 1);
  AppendAvroBytes(out, "k");
  AppendLe(out, 1.5);
  AppendAvroLong(out, 0);
  out += "abc";
  AppendAvroLong(out, 1);
  out += "xyz";
  return out;
}

TEST(AvroTest, RoundTripAndNegativeBlocks) {
  AvroFileWriter writer(kSchema, {{"key", "value"}}, 1, 2);
  const int64_t count = 10'000;  // several blocks
  for (int64_t i = 0; i < count; ++i) writer.Append(Record(i - 5000, i % 2 != 0));
  std::string bytes = writer.Finish();
  int64_t next = -5000;
  auto file = ReadAvroFile(bytes, "f", [&](const AvroFile&, const AvroValue& value) -> Status {
    EXPECT_EQ(value.Field(1, "")->number, next++);
    EXPECT_EQ(value.Field(2, "")->bytes, "text");
    EXPECT_EQ(value.Field(3, "")->items[0].number, -1);
    EXPECT_EQ(value.Field(99, "map")->items[0].real, 1.5);
    EXPECT_EQ(value.Field(99, "again")->bytes, "xyz");
    EXPECT_EQ(value.Field(99, "id"), nullptr);  // has an id, so its name does not count
    return Ok();
  });
  ASSERT_TRUE(file.ok()) << file.error().ToString();
  EXPECT_EQ(next, 5000);
  EXPECT_EQ(file->header.at("key"), "value");
}

TEST(AvroTest, EveryFlippedBitIsSeen) {
  AvroFileWriter writer(kSchema, {{"key", "value"}}, 1, 2);
  for (int64_t i = 0; i < 3; ++i) writer.Append(Record(i, false));
  const std::string bytes = writer.Finish();
  const auto read = [](std::string_view file) {
    return ReadAvroFile(file, "f", [](const AvroFile&, const AvroValue&) { return Ok(); });
  };
  ASSERT_TRUE(read(bytes).ok());
  const size_t key = bytes.find("\x18" "sluice.crc32") + 1;  // the key, not the text in the schema
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string bad = bytes;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
    const auto result = read(bad);
    const bool name_of_seal = bit / 8 >= key && bit / 8 < key + std::string_view("sluice.crc32").size();
    EXPECT_EQ(result.ok(), name_of_seal) << "bit " << bit;
    if (result.ok()) continue;
    EXPECT_NE(result.error().message.find("f: "), std::string::npos) << result.error().message;
  }
}

TEST(AvroTest, LongsOfAllSizes) {
  for (int64_t value : {int64_t{0}, int64_t{-1}, int64_t{63}, int64_t{-64}, int64_t{64}, INT64_MAX, INT64_MIN}) {
    std::string bytes;
    AppendAvroLong(bytes, value);
    ByteReader reader(bytes);
    EXPECT_EQ(ReadAvroLong(reader), value);
    EXPECT_TRUE(reader.ok());
  }
  ByteReader endless(std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11));
  (void)ReadAvroLong(endless);
  EXPECT_FALSE(endless.ok());
}

TEST(AvroTest, EveryTruncationIsAnErrorAndNoDamageCrashes) {
  AvroFileWriter writer(kSchema, {}, 1, 2);
  for (int i = 0; i < 20; ++i) writer.Append(Record(i, false));
  const std::string bytes = writer.Finish();
  auto take = [](const AvroFile&, const AvroValue&) -> Status { return Ok(); };
  for (size_t size = 0; size < bytes.size(); ++size) {
    auto result = ReadAvroFile(bytes.substr(0, size), "name", take);
    ASSERT_FALSE(result.ok()) << size;
    EXPECT_EQ(result.error().message.find("name: "), 0u);
  }
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] ^= 0x41;
    (void)ReadAvroFile(damaged, "name", take).ok();  // must only not crash
  }
}

TEST(AvroTest, ClaimsBeyondTheFileAreRefused) {
  AvroFileWriter writer(R"({"type":"array","items":"null"})", {}, 1, 2);
  std::string record;
  AppendAvroLong(record, int64_t{1} << 40);
  writer.Append(record);
  EXPECT_FALSE(ReadAvroFile(writer.Finish(), "f", [](auto&, auto&) -> Status { return Ok(); }).ok());
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += R"({"type":"array","items":)";
  EXPECT_FALSE(ParseAvroSchema(deep).ok());
  EXPECT_FALSE(ParseAvroSchema(R"({"type":"record","name":"r","fields":[{"name":"a","type":"r"}]})").ok());
}

}  // namespace
}  // namespace sluice
