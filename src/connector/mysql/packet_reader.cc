// SPDX-License-Identifier: Apache-2.0
#include "connector/mysql/packet_reader.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/text.h"

namespace sluice::mysql {
namespace {

constexpr size_t kBuffer = size_t{256} << 10;
constexpr size_t kPart = 0xFFFFFF;               // a part of this size is followed by another
constexpr size_t kPacketMost = size_t{1} << 30;  // the servers' limit
constexpr size_t kHeader = 4;
constexpr size_t kStreaming = size_t{32} << 10;  // so much between two waits: gather
constexpr int kGatherBytes = 128 << 10;
constexpr int kGatherMs = 1;

size_t PartSize(const char* header) {
  auto byte = [&](int i) { return static_cast<size_t>(static_cast<uint8_t>(header[i])); };
  return byte(0) | byte(1) << 8 | byte(2) << 16;
}

Error Lost(int error) { return Unavailable(Str("the connection was lost: ", std::strerror(error))); }

}  // namespace

PacketReader::PacketReader(int socket, int64_t timeout_ms, bool gather)
    : socket_(socket), timeout_ms_(timeout_ms), gather_(gather), buffer_(kBuffer) {}

Result<std::string_view> PacketReader::Next() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (buffer_.size() > kBuffer && end_ - begin_ <= kBuffer / 2) {  // a large packet is over
    std::vector<char> smaller(kBuffer);
    std::copy(buffer_.begin() + static_cast<ptrdiff_t>(begin_), buffer_.begin() + static_cast<ptrdiff_t>(end_),
              smaller.begin());
    end_ -= std::exchange(begin_, 0);
    buffer_ = std::move(smaller);
  }
  TRY(Need(kHeader));
  size_t part = PartSize(&buffer_[begin_]), size = part;
  TRY(Need(kHeader + part));
  while (part == kPart) {  // the next part's header is cut out
    TRY(Need(kHeader + size + kHeader));
    part = PartSize(&buffer_[begin_ + kHeader + size]);
    if (size + part > kPacketMost) return Corrupt(Str("a packet of more than ", kPacketMost, " bytes"));
    TRY(Need(kHeader + size + kHeader + part));
    char* at = &buffer_[begin_ + kHeader + size];
    std::memmove(at, at + kHeader, end_ - (begin_ + kHeader + size + kHeader));
    end_ -= kHeader;
    size += part;
  }
  const std::string_view out(&buffer_[begin_ + kHeader], size);
  begin_ += kHeader + size;
  return out;
}

Status PacketReader::Need(size_t bytes) {
  if (end_ - begin_ >= bytes) return Ok();
  if (begin_ + bytes > buffer_.size()) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
    if (bytes > buffer_.size()) buffer_.resize(bytes + kBuffer);
  }
  while (end_ - begin_ < bytes) TRY(Receive());
  return Ok();
}

Status PacketReader::Receive() {
  while (true) {
    const ssize_t got = ::recv(socket_, buffer_.data() + end_, Room(), MSG_DONTWAIT);
    if (got > 0) {
      end_ += static_cast<size_t>(got);
      burst_ += static_cast<size_t>(got);
      return Ok();
    }
    if (got == 0) return Unavailable("the server closed the connection");
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return Lost(errno);
    TRY(Wait());
  }
}

// After a burst: until so much has gathered that it pays, or for a short time; then until anything comes.
Status PacketReader::Wait() {
  pollfd wanted{socket_, POLLIN, 0};
  if (gather_ && std::exchange(burst_, 0) >= kStreaming) {
    SetLowWater(kGatherBytes);
    if (::poll(&wanted, 1, kGatherMs) > 0) return Ok();
    SetLowWater(1);
    if (::poll(&wanted, 1, 0) > 0) return Ok();
  }
  int ready;
  do {
    ready = ::poll(&wanted, 1, static_cast<int>(std::min<int64_t>(timeout_ms_, INT32_MAX)));
  } while (ready < 0 && errno == EINTR);
  if (ready < 0) return Lost(errno);
  if (ready == 0) return Unavailable(Str("the server sent nothing for ", timeout_ms_ / 1000, " s"));
  return Ok();
}

void PacketReader::SetLowWater(int bytes) {
  if (bytes == low_water_) return;
  low_water_ = bytes;
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
}

}  // namespace sluice::mysql
