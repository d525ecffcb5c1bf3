// SPDX-License-Identifier: Apache-2.0
// Packets are the same however the bytes arrive.
#include "connector/mysql/packet_reader.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

namespace sluice::mysql {
namespace {

std::string Part(const std::string& payload, uint8_t sequence) {
  const auto size = static_cast<uint32_t>(payload.size());
  std::string out{static_cast<char>(size), static_cast<char>(size >> 8), static_cast<char>(size >> 16),
                  static_cast<char>(sequence)};
  return out + payload;
}

// What the reader gives for `bytes` that come in pieces, until the sender closes.
std::vector<std::string> Read(const std::string& bytes, size_t piece, Error* end = nullptr, bool gather = true) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return {};
  std::thread writer([&] {
    for (size_t at = 0; at < bytes.size();) {
      const size_t left = std::min(piece, bytes.size() - at);
      const ssize_t sent = send(pair[1], bytes.data() + at, left, MSG_NOSIGNAL);
      if (sent <= 0) break;
      at += static_cast<size_t>(sent);
    }
    shutdown(pair[1], SHUT_WR);
  });
  PacketReader reader(pair[0], 10'000, gather);
  std::vector<std::string> packets;
  auto packet = reader.Next();
  for (; packet.ok(); packet = reader.Next()) packets.emplace_back(*packet);
  if (end != nullptr) *end = std::move(packet).error();
  writer.join();
  close(pair[0]);
  close(pair[1]);
  return packets;
}

TEST(PacketReader, AnyPiecesGiveTheSamePackets) {
  std::string bytes;
  std::vector<std::string> wanted;
  for (size_t i = 0; i < 1000; ++i) {
    wanted.push_back(std::string(i * 7919 % 3000, static_cast<char>('a' + i % 26)));
    bytes += Part(wanted.back(), static_cast<uint8_t>(i));
  }
  for (size_t piece : {size_t{7}, size_t{1021}, size_t{65536}, bytes.size()}) {
    for (bool gather : {true, false}) {
      Error end;
      EXPECT_TRUE(Read(bytes, piece, &end, gather) == wanted) << piece;
      EXPECT_EQ(end.code, ErrorCode::kUnavailable);
      EXPECT_EQ(end.message, "the server closed the connection");
    }
  }
}

// 16 MiB - 1 bytes are followed by another part, if need be an empty one.
TEST(PacketReader, JoinsTheParts) {
  const std::string full(0xFFFFFF, 'f'), rest(1000, 'r');
  std::string bytes = Part("before", 0) + Part(full, 1) + Part(full, 2) + Part(rest, 3);
  bytes += Part("after", 4) + Part(full, 5) + Part("", 6);
  const std::vector<std::string> packets = Read(bytes, 300'000);
  ASSERT_EQ(packets.size(), 4u);
  EXPECT_EQ(packets[0], "before");
  EXPECT_TRUE(packets[1] == full + full + rest);
  EXPECT_EQ(packets[2], "after");
  EXPECT_TRUE(packets[3] == full);
}

TEST(PacketReader, ACutPacketIsAnError) {
  Error end;
  EXPECT_EQ(Read(Part("whole", 0) + Part("cut off", 1).substr(0, 8), 100, &end), std::vector<std::string>{"whole"});
  EXPECT_EQ(end.code, ErrorCode::kUnavailable);
}

TEST(PacketReader, SilenceEnds) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  PacketReader reader(pair[0], 20, true);
  const auto packet = reader.Next();
  ASSERT_FALSE(packet.ok());
  EXPECT_EQ(packet.error().code, ErrorCode::kUnavailable);
  close(pair[0]);
  close(pair[1]);
}

}  // namespace
}  // namespace sluice::mysql
