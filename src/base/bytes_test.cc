// SPDX-License-Identifier: Apache-2.0
// ByteReader: little-endian reads in order, length-encoded integers, and nothing read past the end.
#include "base/bytes.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sluice {
namespace {

using namespace std::string_view_literals;

TEST(ByteReader, ReadsLittleEndianOfEveryWidth) {
  ByteReader reader("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x10\x00\x00\x00\x00\x80"sv);
  EXPECT_EQ(reader.U8(), 0x01u);
  EXPECT_EQ(reader.U16(), 0x0302u);
  EXPECT_EQ(reader.U24(), 0x060504u);
  EXPECT_EQ(reader.U32(), 0x0A090807u);
  EXPECT_EQ(reader.U48(), 0x800000000010u);
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.remaining(), 0u);
}

TEST(ByteReader, ReadsWhatAppendLeWrote) {
  std::string bytes;
  AppendLe<uint64_t>(bytes, 0xFEDCBA9876543210u);
  AppendLe<int32_t>(bytes, -2);
  AppendLe<uint16_t>(bytes, 513);
  EXPECT_EQ(bytes.size(), 14u);
  ByteReader reader(bytes);
  EXPECT_EQ(reader.U64(), 0xFEDCBA9876543210u);
  EXPECT_EQ(static_cast<int32_t>(reader.U32()), -2);
  EXPECT_EQ(reader.Bytes(2), "\x01\x02");
}

TEST(ByteReader, APastEndReadGivesZeroAndSticks) {
  ByteReader reader("\x01\x02\x03"sv);
  EXPECT_EQ(reader.U32(), 0u);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.remaining(), 0u);
  EXPECT_EQ(reader.U8(), 0u);  // the three bytes are gone too
  EXPECT_EQ(reader.Bytes(0), ""sv);
  EXPECT_FALSE(reader.ok());
}

TEST(ByteReader, AHugeCountDoesNotWrapAround) {
  ByteReader reader("abc"sv);
  EXPECT_EQ(reader.Bytes(static_cast<size_t>(-1)), ""sv);
  EXPECT_FALSE(reader.ok());
}

TEST(ByteReader, AnEmptyReaderIsFineUntilItIsRead) {
  ByteReader reader;
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.Bytes(0), ""sv);
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.U8(), 0u);
  EXPECT_FALSE(reader.ok());
}

TEST(ByteReader, SkipAndBytesMoveOn) {
  ByteReader reader("abcdef"sv);
  reader.Skip(2);
  EXPECT_EQ(reader.Bytes(3), "cde");
  EXPECT_EQ(reader.remaining(), 1u);
}

TEST(ByteReader, LengthEncodedIntegers) {
  auto read = [](std::string_view bytes, bool* ok) {
    ByteReader reader(bytes);
    uint64_t value = reader.LengthEncoded();
    *ok = reader.ok() && reader.remaining() == 0;
    return value;
  };
  bool ok = false;
  EXPECT_EQ(read("\xFA"sv, &ok), 250u);
  EXPECT_TRUE(ok);
  EXPECT_EQ(read("\xFC\xFB\x00"sv, &ok), 251u);
  EXPECT_TRUE(ok);
  EXPECT_EQ(read("\xFD\x00\x00\x01"sv, &ok), 65536u);
  EXPECT_TRUE(ok);
  EXPECT_EQ(read("\xFE\x01\x00\x00\x00\x00\x00\x00\x01"sv, &ok), 0x0100000000000001u);
  EXPECT_TRUE(ok);
  for (std::string_view bad : {"\xFB"sv, "\xFF"sv, "\xFC\x01"sv, ""sv}) {
    read(bad, &ok);
    EXPECT_FALSE(ok);
  }
}

TEST(Bytes, BigEndianOfAnyWidth) {
  const char bytes[] = "\x01\x02\x03\x04\x05\x06\x07\x08";
  EXPECT_EQ(LoadBe(bytes, 1), 0x01u);
  EXPECT_EQ(LoadBe(bytes, 3), 0x010203u);
  EXPECT_EQ(LoadBe(bytes, 8), 0x0102030405060708u);
}

}  // namespace
}  // namespace sluice
