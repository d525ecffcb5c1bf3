// SPDX-License-Identifier: Apache-2.0
// Thrift messages: as the spec writes them, back again, and whatever else a server may send.
#include "io/thrift.h"

#include <gtest/gtest.h>

#include <random>

#include "base/text.h"
#include "io/byte_stream_test_util.h"

namespace sluice {
namespace {

ThriftMessage Sample() {
  ThriftMessage out{ThriftKind::kReply, "get_table", 7, {}};
  ThriftValue inner;
  inner.Set(1, ThriftValue::Text("id"));
  inner.Set(2, ThriftValue::Number(ThriftType::kI64, INT64_MIN));
  out.body.Set(0, ThriftValue::List(ThriftType::kStruct, {inner, inner}));
  out.body.Set(9, ThriftValue::Map({{"a", "1"}, {"b", ""}}));
  out.body.Set(-3, ThriftValue::Number(ThriftType::kI16, -2));
  out.body.Set(4, ThriftValue::Number(ThriftType::kBool, 1));
  out.body.Set(5, ThriftValue::Number(ThriftType::kI32, -1));
  out.body.Set(6, ThriftValue::Texts({}));
  out.body.Set(7, {.type = ThriftType::kMap});  // empty, without types
  out.body.Set(8, ThriftValue::Number(ThriftType::kDouble, 0x3FF8000000000000));
  return out;
}

Result<ThriftMessage> Decode(const std::string& bytes, size_t piece = SIZE_MAX) {
  const auto stream = StreamOf(bytes, piece);
  return ReadThrift(*stream);
}

TEST(Thrift, AsTheSpecWritesIt) {
  ThriftMessage call{ThriftKind::kCall, "get", 1, {}};
  call.body.Set(1, ThriftValue::Text("db"));
  EXPECT_EQ(Hex(EncodeThrift(call)), "80010001" "00000003" "676574" "00000001" "0b0001" "00000002" "6462" "00");
}

TEST(Thrift, BackAgainInPiecesOfAnySize) {
  const std::string bytes = EncodeThrift(Sample());
  for (const size_t piece : {size_t{1}, size_t{7}, bytes.size()}) {
    const auto back = Decode(bytes, piece);
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(back->body, Sample().body);
    EXPECT_EQ(back->name, "get_table");
    EXPECT_EQ(back->sequence, 7);
  }
}

TEST(Thrift, FieldsAreFoundReplacedAndRemoved) {
  ThriftValue body = Sample().body;
  EXPECT_EQ(body.NumberAt(-3, 0), -2);
  EXPECT_EQ(body.NumberAt(100, 5), 5);
  EXPECT_EQ(body.NumberAt(9, 5), 5) << "a map is no number";
  EXPECT_EQ(body.TextAt(5), "");
  EXPECT_EQ(body.MapAt(9), (TextMap{{"a", "1"}, {"b", ""}}));
  body.Set(9, ThriftValue::Text("x"));
  EXPECT_TRUE(body.MapAt(9).empty());
  body.Remove(9);
  EXPECT_EQ(body.Find(9), nullptr);
  EXPECT_NE(body.Find(4), nullptr);
}

TEST(Thrift, EachTruncationIsAnError) {
  const std::string bytes = EncodeThrift(Sample());
  for (size_t length = 0; length < bytes.size(); ++length) {
    const auto cut = Decode(bytes.substr(0, length));
    ASSERT_FALSE(cut.ok()) << length;
    EXPECT_EQ(cut.error().code, ErrorCode::kUnavailable) << length << ": " << cut.error().message;
  }
  EXPECT_EQ(Decode(bytes + "x").error().code, ErrorCode::kCorrupt);
}

TEST(Thrift, LengthsAreNotBelieved) {
  const std::string head = *FromHex("80010002" "00000001" "78" "00000001");
  for (const char* body :
       {"0b0001ffffffff", "0b00017fffffff", "0f00010bffffffff", "0f00010c7fffffff", "0f00010203ffffff",
        "0d00010b0b7fffffff", "0f00010000000001", "0d0001000b00000001", "010001", "100001"}) {
    const auto read = Decode(head + *FromHex(body));
    ASSERT_FALSE(read.ok()) << body;
    EXPECT_TRUE(read.error().code == ErrorCode::kCorrupt || read.error().code == ErrorCode::kUnavailable) << body;
  }
  EXPECT_EQ(Decode(*FromHex("800100027fffffff")).error().code, ErrorCode::kCorrupt);
}

TEST(Thrift, DepthAndCountAreBounded) {
  const std::string head = *FromHex("80010002" "00000001" "78" "00000001");
  std::string deep = head;
  for (int i = 0; i < 100'000; ++i) deep += *FromHex("0c0001");
  EXPECT_NE(Decode(deep).error().message.find("nested"), std::string::npos);
  const std::string many = head + *FromHex("0f00010200200000") + std::string(0x200000, '\0');
  EXPECT_NE(Decode(many).error().message.find("values"), std::string::npos);
}

TEST(Thrift, OtherProtocolsAreNoMessages) {
  for (const std::string& bytes : {std::string("HTTP/1.1 400 Bad Request\r\n"), *FromHex("0000002180010002"),
                                   *FromHex("0300000005"), *FromHex("82010000"), *FromHex("80010009")}) {
    EXPECT_EQ(Decode(bytes).error().code, ErrorCode::kCorrupt) << Hex(bytes);
  }
}

TEST(Thrift, RandomBytesNeverDoHarm) {
  std::mt19937 random(20261123);
  const std::string good = EncodeThrift(Sample());
  int taken = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = good;
    if (i % 4 == 0) {
      bytes = good.substr(0, 21);  // the head, then noise
      for (unsigned n = random() % 200; n > 0; --n) bytes += static_cast<char>(random());
    } else {
      for (unsigned n = 1 + random() % 4; n > 0; --n) bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    const auto read = Decode(bytes, 1 + random() % 64);
    if (!read.ok()) continue;
    ++taken;
    const auto again = Decode(EncodeThrift(*read));
    ASSERT_TRUE(again.ok()) << Hex(bytes);
    EXPECT_EQ(again->body, read->body);
  }
  EXPECT_GT(taken, 100);  // changed texts and numbers are messages still
}

}  // namespace
}  // namespace sluice
