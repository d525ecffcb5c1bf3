// SPDX-License-Identifier: Apache-2.0
#include "cli/sql_sessions.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "connector/mysql/connection.h"
#include "lake/paimon/sql_session.h"

namespace sluice {
namespace {

constexpr std::string_view kDuplicateKey = "(error 1062)", kNoColumn = "(error 1054)";

// What an error means to the catalog.
Error Told(Error error) {
  if (error.message.find(kDuplicateKey) != std::string::npos) error.code = ErrorCode::kConflict;
  if (error.message.find(kNoColumn) != std::string::npos) error.hint = paimon::kOtherSchemaHint;
  return error;
}

mysql::TlsMode TlsOf(paimon::SqlTls tls) {
  switch (tls) {
    case paimon::SqlTls::kDisabled: return mysql::TlsMode::kDisabled;
    case paimon::SqlTls::kPreferred: return mysql::TlsMode::kPreferred;
    case paimon::SqlTls::kRequired: return mysql::TlsMode::kRequired;
    case paimon::SqlTls::kVerifyIdentity: return mysql::TlsMode::kVerifyIdentity;
  }
  return mysql::TlsMode::kPreferred;
}

class MysqlSession final : public paimon::SqlSession {
 public:
  explicit MysqlSession(std::unique_ptr<mysql::Connection> connection) : connection_(std::move(connection)) {}

  Result<std::vector<paimon::SqlRow>> Query(const std::string& sql) override {
    auto rows = connection_->Query(sql);
    if (!rows.ok()) return Told(std::move(rows).error());
    return rows;
  }
  Result<int64_t> Change(const std::string& sql) override {
    Status done = connection_->Execute(sql);
    if (!done.ok()) return Told(std::move(done).error());
    TRY_SET(const std::string count, connection_->QueryValue("SELECT ROW_COUNT()"));
    int64_t rows = 0;
    (void)ParseNumber(count, rows);
    return rows;
  }
  std::string Quote(std::string_view text) const override { return mysql::Connection::Quote(text); }
  std::string NamesOfTables() const override {
    return "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()";
  }
  std::string SecondsSince(std::string_view column) const override {
    return Str("TIMESTAMPDIFF(SECOND, ", column, ", NOW())");
  }

 private:
  const std::unique_ptr<mysql::Connection> connection_;
};

Result<std::unique_ptr<paimon::SqlSession>> Open(const paimon::SqlAddress& address) {
  mysql::ConnectOptions options;
  options.host = address.host;
  options.port = address.port;
  options.user = address.user;
  options.password = address.password;
  options.tls = TlsOf(address.tls);
  auto connection = mysql::Connection::Open(options);
  if (!connection.ok()) {
    Error error = std::move(connection).error();
    if (error.code == ErrorCode::kInvalid) error.hint = "check jdbc.user, jdbc.password and jdbc.sslMode";
    return error;
  }
  // The reader of logs has no use for a mode; here a value that is too long must be an error.
  TRY((*connection)->Execute("SET SESSION sql_mode='STRICT_ALL_TABLES'"));
  std::string name = "`";
  for (const char c : address.database) name += c == '`' ? "``" : std::string(1, c);
  Status used = (*connection)->Execute(Str("USE ", name, "`"));
  if (!used.ok()) {
    Error error = std::move(used).error();
    if (error.code == ErrorCode::kNotFound) error.code = ErrorCode::kInvalid;
    if (error.hint.empty()) error.hint = "make the database of the JDBC catalog, and give its user all rights on it";
    return error;
  }
  return std::unique_ptr<paimon::SqlSession>(new MysqlSession(*std::move(connection)));
}

}  // namespace

void UseSqlSessions() { paimon::SetSqlOpener(Open); }

}  // namespace sluice
