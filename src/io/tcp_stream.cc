// SPDX-License-Identifier: Apache-2.0
// ByteStream over a TCP socket.
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "io/byte_stream.h"

namespace sluice {
namespace {

constexpr int kConnectMs = 10'000;
constexpr int kSilentMs = 60'000;  // so long without a byte, and the request has failed

std::string Errno(int code) { return std::strerror(code); }

class TcpStream final : public ByteStream {
 public:
  TcpStream(int socket, std::string peer) : socket_(socket), peer_(std::move(peer)) {}
  ~TcpStream() override { ::close(socket_); }
  TcpStream(const TcpStream&) = delete;
  TcpStream& operator=(const TcpStream&) = delete;

  Status Connect(const addrinfo& address) {
    if (::connect(socket_, address.ai_addr, address.ai_addrlen) == 0) return Ok();
    if (errno != EINPROGRESS) return Unavailable(Str("cannot connect to ", peer_, ": ", Errno(errno)));
    TRY(Await(POLLOUT, kConnectMs, "connect to"));
    int code = 0;
    socklen_t size = sizeof code;
    ::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &code, &size);
    if (code != 0) return Unavailable(Str("cannot connect to ", peer_, ": ", Errno(code)));
    return Ok();
  }

  Status Send(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent >= 0) {
        bytes.remove_prefix(static_cast<size_t>(sent));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        TRY(Await(POLLOUT, kSilentMs, "send to"));
      } else if (errno != EINTR) {
        return Unavailable(Str("cannot send to ", peer_, ": ", Errno(errno)));
      }
    }
    return Ok();
  }

  Result<size_t> Receive(char* out, size_t count) override {
    while (true) {
      const ssize_t got = ::recv(socket_, out, count, 0);
      if (got >= 0) return static_cast<size_t>(got);
      if (errno == EAGAIN || errno == EWOULDBLOCK) {
        TRY(Await(POLLIN, kSilentMs, "receive from"));
      } else if (errno != EINTR) {
        return Unavailable(Str("cannot receive from ", peer_, ": ", Errno(errno)));
      }
    }
  }

  bool Fresh() override {
    pollfd wait{socket_, POLLIN, 0};
    return ::poll(&wait, 1, 0) == 0;
  }

 private:
  Status Await(short what, int ms, const char* action) {
    pollfd wait{socket_, what, 0};
    while (true) {
      const int ready = ::poll(&wait, 1, ms);
      if (ready > 0) return Ok();
      if (ready == 0) return Unavailable(Str("cannot ", action, " ", peer_, ": no answer for ", ms / 1000, " s"));
      if (errno != EINTR) return Unavailable(Str("cannot ", action, " ", peer_, ": ", Errno(errno)));
    }
  }

  const int socket_;
  const std::string peer_;
};

struct AddressEnd {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

Result<std::unique_ptr<ByteStream>> DialAddress(const addrinfo& address, const std::string& peer) {
  const int socket = ::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol);
  if (socket < 0) return Unavailable(Str("cannot make a socket for ", peer, ": ", Errno(errno)));
  auto stream = std::make_unique<TcpStream>(socket, peer);
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  TRY(stream->Connect(address));
  return std::unique_ptr<ByteStream>(std::move(stream));
}

}  // namespace

Result<std::unique_ptr<ByteStream>> DialTcp(const std::string& host, int port) {
  const std::string peer = Str(host, ":", port);
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), Str(port).c_str(), &hints, &found);
  if (failed != 0) return Unavailable(Str("cannot find host ", host, ": ", ::gai_strerror(failed)));
  const std::unique_ptr<addrinfo, AddressEnd> list(found);
  Error last = Unavailable(Str("host ", host, " has no address"));
  for (const addrinfo* at = list.get(); at != nullptr; at = at->ai_next) {
    auto stream = DialAddress(*at, peer);
    if (stream.ok()) return stream;
    last = std::move(stream).error();
  }
  return last;
}

}  // namespace sluice
