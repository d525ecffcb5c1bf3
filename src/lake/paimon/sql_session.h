// SPDX-License-Identifier: Apache-2.0
// SqlSession: what the JDBC catalog asks of a database. The client is above this layer: SetSqlOpener gives it, once, at
// the start of the program. One thread uses a session.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace sluice::paimon {

using SqlRow = std::vector<std::optional<std::string>>;

class SqlSession {
 public:
  virtual ~SqlSession() = default;
  // kUnavailable: lost, or a lock timeout. kNotFound: no such table.
  virtual Result<std::vector<SqlRow>> Query(const std::string& sql) = 0;
  // The rows that it changed. kConflict: a key that is there already.
  virtual Result<int64_t> Change(const std::string& sql) = 0;
  // As a literal.
  virtual std::string Quote(std::string_view text) const = 0;
};

enum class SqlTls : uint8_t { kDisabled, kPreferred, kRequired, kVerifyIdentity };

struct SqlAddress {
  std::string host;
  uint16_t port = 3306;
  std::string database;
  std::string user, password;
  SqlTls tls = SqlTls::kPreferred;

  std::string ToString() const;  // host:port/database
};

using SqlOpener = std::function<Result<std::unique_ptr<SqlSession>>(const SqlAddress&)>;
void SetSqlOpener(SqlOpener opener);
Result<std::unique_ptr<SqlSession>> OpenSqlSession(const SqlAddress& address);

// Of `uri` (jdbc:mysql://host:port/database?…) and the options `jdbc.*`, in `more` without that prefix. kUnsupported
// names another kind of database. Errors show no password.
Result<SqlAddress> ParseJdbcAddress(const std::string& uri,
                                    const std::vector<std::pair<std::string, std::string>>& more);

}  // namespace sluice::paimon
