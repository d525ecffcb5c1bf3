// SPDX-License-Identifier: Apache-2.0
// HiveClient: the calls of a Hive metastore that catalogs need, of hive_metastore.thrift, over one connection that is
// made when it is needed. Tables and databases are Thrift values whose fields hive_objects.h names: what this program
// does not know of them goes back as it came. Plain connections only: no SASL, no Kerberos, no TLS, not framed. Servers
// 2.3 to 4. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/byte_stream.h"
#include "io/thrift.h"

namespace sluice::hive {

struct Address {
  std::string host;
  int port = 9083;
};

// "thrift://host:port,thrift://other"; kInvalid, kUnsupported naming the part.
Result<std::vector<Address>> ParseUris(std::string_view uris);
// Settings of a metastore's client that would need another protocol than this one: kUnsupported by name.
Status CheckClientSettings(const TextMap& settings);

enum class LockState : uint8_t { kAcquired, kWaiting, kLost };
struct Lock {
  int64_t id = 0;
  LockState state = LockState::kLost;
};

class Client {
 public:
  static Result<std::unique_ptr<Client>> Make(std::string_view uris, Dial dial = DialTcp);

  // Reads are tried again over a new connection once. Of a change whose answer is lost the error is kUnknownOutcome;
  // kUnavailable if it was not done.
  Result<std::vector<std::string>> Databases();
  Result<ThriftValue> Database(const std::string& name);  // kNotFound
  Status CreateDatabase(ThriftValue database);            // kConflict if it is there
  Result<std::vector<std::string>> Tables(const std::string& database);
  Result<ThriftValue> Table(const std::string& database, const std::string& name);  // kNotFound
  Result<std::vector<ThriftValue>> TablesOf(const std::string& database);
  Status CreateTable(ThriftValue table);  // kConflict if it is there, kNotFound without its database
  // `context`: what the server's alter_table is told besides (CASCADE, expected_parameter_key, …). kConflict if it
  // expected another value; kInvalid for what the server forbids.
  Status AlterTable(const std::string& database, const std::string& name, ThriftValue table, const TextMap& context);
  Status DropTable(const std::string& database, const std::string& name, bool with_data);  // kNotFound
  // An exclusive lock of a table; one that waits is asked for again by CheckLock.
  Result<Lock> LockTable(const std::string& database, const std::string& name, const std::string& agent);
  Result<Lock> CheckLock(int64_t id);
  Status Unlock(int64_t id);
  Status Heartbeat(int64_t id);  // kNotFound: it is lost

  const std::string& user() const { return user_; }  // who tables belong to that are made

 private:
  Client(std::vector<Address> servers, Dial dial, std::string user)
      : servers_(std::move(servers)), dial_(std::move(dial)), user_(std::move(user)) {}
  enum class Kind : uint8_t { kRead, kChange };
  // `exceptions`: what the exceptions of the call mean, by their field ids from 1 on.
  Result<ThriftValue> Call(const std::string& name, ThriftValue arguments, std::span<const ErrorCode> exceptions,
                           Kind kind);
  Result<ThriftMessage> Exchange(const std::string& name, const ThriftValue& arguments, bool& sent);
  Status Connect();
  Status Introduce();
  std::string Peer() const;

  const std::vector<Address> servers_;
  const Dial dial_;
  const std::string user_;
  std::unique_ptr<ByteStream> stream_;
  size_t server_ = 0;  // the one that stream_ goes to
  int32_t sequence_ = 0;
};

}  // namespace sluice::hive
