// SPDX-License-Identifier: Apache-2.0
// ByteStream: a connection to a server, for protocols that io/ speaks itself. An interface, so that tests can give any
// answer. Owned by one thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice {

class ByteStream {
 public:
  virtual ~ByteStream() = default;
  virtual Status Send(std::string_view bytes) = 0;  // all of them; kUnavailable
  // Between 1 and `count` bytes, 0 at the end; kUnavailable: broken, or silent for too long.
  virtual Result<size_t> Receive(char* out, size_t count) = 0;
  // Whether a request can be sent: open, and nothing waits to be received.
  virtual bool Fresh() = 0;
};

using Dial = std::function<Result<std::unique_ptr<ByteStream>>(const std::string& host, int port)>;

// A plain TCP connection; kUnavailable naming host and port.
Result<std::unique_ptr<ByteStream>> DialTcp(const std::string& host, int port);

}  // namespace sluice
