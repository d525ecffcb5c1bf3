// SPDX-License-Identifier: Apache-2.0
// SqlSession: what the JDBC catalog asks of a database, one implementation for each kind. That of MySQL and MariaDB has
// its client above this layer: SetSqlOpener gives it, once, at the start of the program. One thread uses a session.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace sluice::paimon {

// Of an error that names a column: the table was not made for this catalog.
inline constexpr std::string_view kOtherSchemaHint =
    "the table is not as Paimon's JDBC catalog makes it: another program's, or of another version; use a database of "
    "the catalog's own";
// So much of a statement is shown with its error: the names of tables and columns.
inline constexpr size_t kShownOfStatement = 100;

using SqlRow = std::vector<std::optional<std::string>>;

class SqlSession {
 public:
  virtual ~SqlSession() = default;
  // kUnavailable: lost, or a lock timeout. kNotFound: no such table.
  virtual Result<std::vector<SqlRow>> Query(const std::string& sql) = 0;
  // The rows that it changed. kConflict: a key that is there already.
  virtual Result<int64_t> Change(const std::string& sql) = 0;
  // As a literal; here as the standard writes it.
  virtual std::string Quote(std::string_view text) const;

  // Where the languages of the databases differ: the query for the names of the tables that statements find, and the
  // expression for the seconds since the time in a column.
  virtual std::string NamesOfTables() const = 0;
  virtual std::string SecondsSince(std::string_view column) const = 0;
};

enum class SqlKind : uint8_t { kMysql, kPostgres, kSqlite };

enum class SqlTls : uint8_t { kDisabled, kPreferred, kRequired, kVerifyIdentity };

struct SqlAddress {
  SqlKind kind = SqlKind::kMysql;
  std::string host;
  uint16_t port = 3306;
  std::string database;  // of SQLite its file, or a URI of it
  std::string user, password;
  SqlTls tls = SqlTls::kPreferred;              // of MySQL
  std::map<std::string, std::string> settings;  // of PostgreSQL keywords of libpq, of SQLite pragmas
  std::string search_path;                      // of PostgreSQL; empty: the user's
  int64_t connect_timeout_ms = 30'000;          // of PostgreSQL
  int64_t request_timeout_ms = 120'000;
  std::vector<std::string> ignored;  // properties that have no effect here, though the driver may know them

  std::string ToString() const;  // host:port/database, or the file
};

using SqlOpener = std::function<Result<std::unique_ptr<SqlSession>>(const SqlAddress&)>;
void SetSqlOpener(SqlOpener opener);
Result<std::unique_ptr<SqlSession>> OpenSqlSession(const SqlAddress& address);

// Of `uri` (jdbc:mysql://host:port/database?…, jdbc:postgresql://host:port/database?…, jdbc:sqlite:file) and the
// options `jdbc.*`, in `more` without that prefix. kUnsupported names what is not taken. Errors show no password.
Result<SqlAddress> ParseJdbcAddress(const std::string& uri,
                                    const std::vector<std::pair<std::string, std::string>>& more);

}  // namespace sluice::paimon
