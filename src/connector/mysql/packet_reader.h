// SPDX-License-Identifier: Apache-2.0
// PacketReader: packets of the MySQL protocol from a plain socket (no TLS, no compression), read in large pieces and
// given out where they were received. Owned by one thread; `shutdown` of the socket ends a wait.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::mysql {

class PacketReader {
 public:
  // The socket stays the caller's, who does not read from it while this lives. `timeout_ms`: the longest wait for any
  // byte. `gather`: while data streams it waits for more, at most a millisecond, as each wake-up costs more than what
  // stands in one packet; the socket is then of no use to others afterwards (SO_RCVLOWAT).
  PacketReader(int socket, int64_t timeout_ms, bool gather);

  // The payload of the next packet, whole (parts of 16 MiB are joined); borrowed until the next call.
  // kUnavailable: the peer is gone or silent; kCorrupt: more than the protocol's 1 GiB.
  Result<std::string_view> Next();

 private:
  Status Need(size_t bytes);  // that many after begin_
  Status Receive();
  Status Wait();
  void SetLowWater(int bytes);
  size_t Room() const { return buffer_.size() - end_; }

  int socket_;
  int64_t timeout_ms_;
  bool gather_;
  std::vector<char> buffer_;
  size_t begin_ = 0, end_ = 0;  // what is received and not given out
  size_t burst_ = 0;            // bytes since the last wait
  int low_water_ = 1;
};

}  // namespace sluice::mysql
