// SPDX-License-Identifier: Apache-2.0
// Connection: one session with a MariaDB or MySQL server, over libmariadb: log-in, TLS, text queries, streamed results
// and the raw packets of a binlog dump. Owned by one thread; only Interrupt() may come from another.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct st_mysql;

namespace sluice::mysql {

class PacketReader;

enum class TlsMode : uint8_t { kDisabled, kPreferred, kRequired, kVerifyIdentity };

struct ConnectOptions {
  std::string host;
  uint16_t port = 3306;
  std::string user;
  std::string password;
  TlsMode tls = TlsMode::kPreferred;
  std::string tls_ca;  // file of trusted certificates; empty = the system's
  int64_t connect_timeout_ms = 30'000;
  int64_t read_timeout_ms = 120'000;
};

using TextRow = std::vector<std::optional<std::string>>;

class Connection {
 public:
  // Errors: kUnavailable (host away: retry), kInvalid (wrong password, TLS refused).
  static Result<std::unique_ptr<Connection>> Open(const ConnectOptions& options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Errors of a statement: kUnavailable (lost, a lock timeout), kNotFound (no such table or database), kConflict (the
  // table was made anew after the transaction's view), kInvalid.
  Status Execute(const std::string& sql);
  // The whole result, for small ones.
  Result<std::vector<TextRow>> Query(const std::string& sql);
  // First column of the first row; kNotFound if there is no row. NULL is the empty text.
  Result<std::string> QueryValue(const std::string& sql);
  // Rows as they arrive: `row` gets the values (nullptr = NULL) and their lengths, borrowed for the call; a failure
  // ends the stream and the connection.
  using RowCallback = std::function<Status(const char* const* values, const unsigned long* lengths)>;
  Status Stream(const std::string& sql, const RowCallback& row);

  // Sends a command and leaves the answer to ReadPacket.
  Status SendCommand(int command, std::string_view argument);
  // The answer to a command that gives nothing.
  Status ReadAnswer();
  // The next packet, borrowed until the next call. An error packet is an error with the server's text.
  Result<std::string_view> ReadPacket();

  // Ends a blocking read of the owner from another thread; the connection is unusable afterwards.
  void Interrupt();

  const std::string& server_version() const { return server_version_; }
  bool is_mariadb() const { return server_version_.find("MariaDB") != std::string::npos; }
  // The text with the server's escapes, in single quotes.
  static std::string Quote(std::string_view text);

 private:
  explicit Connection(st_mysql* handle);
  bool plain() const;  // no TLS, no compression: a PacketReader can read
  Status StreamPackets(PacketReader& packets, const RowCallback& row, std::string_view what);
  Result<std::string_view> NextPacket(PacketReader& packets, std::string_view what);
  Error LastError(std::string_view what) const;
  Error ServerError(std::string_view what, unsigned int code, std::string_view text) const;
  st_mysql* handle_;
  std::string endpoint_;
  std::string server_version_;
  std::atomic<int> socket_{-1};
  int64_t read_timeout_ms_ = 0;
  std::unique_ptr<PacketReader> packets_;  // of ReadPacket without TLS; else libmariadb reads
};

}  // namespace sluice::mysql
