// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/sqlite_session.h"

#include <sqlite3.h>

#include <utility>

#include "base/text.h"

namespace sluice::paimon {
namespace {

constexpr int kBusyMs = 10'000;  // another process writes for so long at most

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

class SqliteSession final : public SqlSession {
 public:
  SqliteSession(sqlite3* file, std::string name) : file_(file), name_(std::move(name)) {}
  ~SqliteSession() override { sqlite3_close_v2(file_); }
  SqliteSession(const SqliteSession&) = delete;
  SqliteSession& operator=(const SqliteSession&) = delete;

  Result<std::vector<SqlRow>> Query(const std::string& sql) override {
    sqlite3_stmt* made = nullptr;
    int code = sqlite3_prepare_v2(file_, sql.data(), static_cast<int>(sql.size()), &made, nullptr);
    const std::unique_ptr<sqlite3_stmt, Finalize> statement(made);
    if (code != SQLITE_OK) return LastError(code, sql);
    std::vector<SqlRow> rows;
    while ((code = sqlite3_step(made)) == SQLITE_ROW) {
      SqlRow row(static_cast<size_t>(sqlite3_column_count(made)));
      for (size_t i = 0; i < row.size(); ++i) {
        const int column = static_cast<int>(i);
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(made, column));
        if (text != nullptr) row[i].emplace(text, static_cast<size_t>(sqlite3_column_bytes(made, column)));
      }
      rows.push_back(std::move(row));
    }
    if (code != SQLITE_DONE) return LastError(code, sql);
    return rows;
  }
  Result<int64_t> Change(const std::string& sql) override {
    auto done = Query(sql);
    if (!done.ok()) return std::move(done).error();
    return int64_t{sqlite3_changes(file_)};
  }
  std::string NamesOfTables() const override { return "SELECT name FROM sqlite_master"; }
  std::string SecondsSince(std::string_view column) const override {
    return Str("strftime('%s', 'now') - strftime('%s', ", column, ")");
  }

  Error LastError(int code, std::string_view what) const {
    const std::string text = sqlite3_errmsg(file_);
    const std::string message =
        Str(name_, ": ", what.substr(0, kShownOfStatement), ": ", text, " (SQLite's error ", code, ")");
    if (code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_UNIQUE) return Conflict(message);
    switch (code & 0xff) {  // the kind of a code that says more
      case SQLITE_BUSY:
      case SQLITE_LOCKED:
        return Unavailable(message, "another process writes into the file for long, or reads it: see which one has it "
                                    "open; with journal_mode=WAL readers are in nobody's way");
      case SQLITE_IOERR:
      case SQLITE_FULL:
      case SQLITE_NOMEM: return Unavailable(message, "check the disk that the file is on");
      case SQLITE_CANTOPEN:
        return Invalid(message, "check that its folder is there, and that this user may write in it");
      case SQLITE_READONLY:
      case SQLITE_PERM: return Invalid(message, "this user must be able to write the file and into its folder");
      case SQLITE_NOTADB:
      case SQLITE_CORRUPT: return Corrupt(message, "name another file, or put back an undamaged copy of this one");
      default: break;
    }
    if (text.starts_with("no such table")) return NotFound(message);
    const bool column = text.starts_with("no such column") || text.find("has no column named") != std::string::npos;
    return Invalid(message, column ? std::string(kOtherSchemaHint) : "");
  }

 private:
  sqlite3* const file_;
  const std::string name_;
};

}  // namespace

Result<std::unique_ptr<SqlSession>> OpenSqliteSession(const SqlAddress& address) {
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  if (address.database.starts_with("file:")) flags |= SQLITE_OPEN_URI;
  sqlite3* file = nullptr;
  const int code = sqlite3_open_v2(address.database.c_str(), &file, flags, nullptr);
  if (file == nullptr) return Unavailable(Str(address.database, ": out of memory for a database of SQLite"));
  auto session = std::make_unique<SqliteSession>(file, address.database);
  if (code != SQLITE_OK) return session->LastError(sqlite3_extended_errcode(file), "open");
  sqlite3_extended_result_codes(file, 1);
  sqlite3_busy_timeout(file, kBusyMs);
  for (const auto& [pragma, value] : address.settings) TRY(session->Query(Str("PRAGMA ", pragma, " = ", value)));
  return std::unique_ptr<SqlSession>(std::move(session));
}

}  // namespace sluice::paimon
