// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/jdbc_store.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/log.h"
#include "base/text.h"

namespace sluice::paimon {
namespace {

struct OwnTable {
  const char* name;
  std::string columns;
  bool of_locks = false;
};

constexpr int64_t kFirstSleepMs = 100;
constexpr std::string_view kKeyTooLong = "(error 1071)";

std::vector<OwnTable> OwnTables(int64_t lock_key_max) {
  const std::string name = " VARCHAR(255) NOT NULL, ";
  const std::string table = Str("catalog_key", name, "database_name", name);
  return {
      {"paimon_tables", Str(table, "table_name", name, "PRIMARY KEY (catalog_key, database_name, table_name)")},
      {"paimon_database_properties",
       Str(table, "property_key VARCHAR(255), property_value VARCHAR(1000), ",
           "PRIMARY KEY (catalog_key, database_name, property_key)")},
      {"paimon_table_properties",
       Str(table, "table_name", name, "property_key", name, "property_value VARCHAR(1000), ",
           "PRIMARY KEY (catalog_key, database_name, table_name, property_key)")},
      {"paimon_views",
       Str(table, "view_name", name, "view_schema TEXT NOT NULL, ",
           "PRIMARY KEY (catalog_key, database_name, view_name)")},
      {"paimon_distributed_locks",
       Str("lock_id VARCHAR(", lock_key_max, ") NOT NULL, acquired_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL, ",
           "expire_time_seconds BIGINT DEFAULT 0 NOT NULL, PRIMARY KEY (lock_id)"),
       true},
  };
}

bool IsMissing(const Error& error) { return error.code == ErrorCode::kNotFound; }

}  // namespace

Status JdbcStore::Connect() {
  if (session_ != nullptr) return Ok();
  if (!std::exchange(warned_, true) && !settings_.address.ignored.empty()) {
    LogWarn(Str("JDBC catalog: these properties of the driver have no effect: ",
                Join(settings_.address.ignored, ", ")));
  }
  auto opened = OpenSqlSession(settings_.address);
  if (!opened.ok()) return std::move(opened).error().With("JDBC catalog");
  session_ = *std::move(opened);
  return Ok();
}

// A session that was idle for long may be gone: once anew.
template <typename Request>
auto JdbcStore::Ask(Request request) -> decltype(request()) {
  const bool fresh = session_ == nullptr;
  TRY(Connect());
  auto answer = request();
  if (answer.ok() || answer.error().code != ErrorCode::kUnavailable) return answer;
  session_.reset();
  if (fresh) return answer;
  TRY(Connect());
  return request();
}

Result<std::vector<SqlRow>> JdbcStore::Query(const std::string& sql) {
  return Ask([&] { return session_->Query(sql); });
}

Result<int64_t> JdbcStore::Change(const std::string& sql) {
  return Ask([&] { return session_->Change(sql); });
}

Status JdbcStore::Transaction(const std::vector<std::string>& statements) {
  auto done = Ask([&]() -> Result<int64_t> {
    TRY(session_->Change("BEGIN"));
    for (const std::string& sql : statements) TRY(session_->Change(sql));
    return session_->Change("COMMIT");
  });
  if (done.ok()) return Ok();
  session_.reset();  // rolls back
  return std::move(done).error();
}

std::string JdbcStore::Quote(std::string_view text) { return session_->Quote(text); }

std::string JdbcStore::Where(const TableId& id) {
  return Str(" WHERE catalog_key = ", Quote(settings_.catalog_key), " AND database_name = ", Quote(id.schema),
             " AND table_name = ", Quote(id.table));
}

Status JdbcStore::MakeTables() {
  if (made_) return Ok();
  TRY(Connect());
  TRY_SET(const auto rows, Query(session_->NamesOfTables()));
  std::set<std::string> there;
  for (const SqlRow& row : rows) there.insert(Lower(row[0].value_or("")));
  for (const OwnTable& table : OwnTables(settings_.lock_key_max)) {
    if (there.contains(table.name) || (table.of_locks && !settings_.locks)) continue;
    const std::string sql = Str("CREATE TABLE IF NOT EXISTS ", table.name, " (", table.columns, ")");
    auto made = Change(sql);
    // A key of four names is too long for InnoDB with four bytes a letter.
    const bool too_long = !made.ok() && made.error().message.find(kKeyTooLong) != std::string::npos;
    if (too_long) made = Change(sql + " CHARACTER SET utf8mb3");
    if (made.ok() || made.error().code == ErrorCode::kConflict) continue;  // another process made it meanwhile
    return std::move(made).error().With(Str("table ", table.name, " of the JDBC catalog cannot be made"));
  }
  made_ = true;
  return Ok();
}

Result<std::vector<TableId>> JdbcStore::Tables() {
  TRY(Connect());
  auto rows = Query(Str("SELECT database_name, table_name FROM paimon_tables WHERE catalog_key = ",
                        Quote(settings_.catalog_key)));
  std::vector<TableId> out;
  if (!rows.ok() && IsMissing(rows.error())) return out;
  if (!rows.ok()) return std::move(rows).error();
  for (const SqlRow& row : *rows) out.push_back({row[0].value_or(""), row[1].value_or("")});
  std::sort(out.begin(), out.end());
  return out;
}

Result<bool> JdbcStore::HasTable(const TableId& id) {
  TRY(Connect());
  auto rows = Query(Str("SELECT database_name, table_name FROM paimon_tables", Where(id)));
  if (!rows.ok() && IsMissing(rows.error())) return false;
  if (!rows.ok()) return std::move(rows).error();
  if (rows->empty()) return false;
  const TableId there{(*rows)[0][0].value_or(""), (*rows)[0][1].value_or("")};
  if (there == id) return true;
  return Unsupported(Str("table ", id.ToString(), ": the JDBC catalog has ", there.ToString(),
                         ", which is the same name for its database"),
                     "give the table another name with a route");
}

Result<bool> JdbcStore::HasView(const TableId& id) {
  TRY(Connect());
  TRY_SET(const auto rows, Query(Str("SELECT 1 FROM paimon_views WHERE catalog_key = ", Quote(settings_.catalog_key),
                                     " AND database_name = ", Quote(id.schema), " AND view_name = ", Quote(id.table))));
  return !rows.empty();
}

// Another process may have been faster.
Status JdbcStore::Insert(const std::string& sql) {
  auto made = Change(sql);
  if (made.ok() || made.error().code == ErrorCode::kConflict) return Ok();
  return std::move(made).error();
}

Status JdbcStore::AddDatabase(const std::string& name, const std::string& location) {
  TRY(Connect());
  for (const auto& [key, value] : {std::pair<std::string_view, std::string_view>("exists", "true"),
                                   std::pair<std::string_view, std::string_view>("location", location)}) {
    TRY(Insert(Str("INSERT INTO paimon_database_properties (catalog_key, database_name, property_key, ",
                   "property_value) VALUES (", Quote(settings_.catalog_key), ", ", Quote(name), ", ", Quote(key), ", ",
                   Quote(value), ")")));
  }
  return Ok();
}

Status JdbcStore::AddTable(const TableId& id) {
  TRY(Connect());
  return Insert(Str("INSERT INTO paimon_tables (catalog_key, database_name, table_name) VALUES (",
                    Quote(settings_.catalog_key), ", ", Quote(id.schema), ", ", Quote(id.table), ")"));
}

Status JdbcStore::SetProperties(const TableId& id, const Options& properties) {
  TRY(Connect());
  auto rows = Query(Str("SELECT property_key, property_value FROM paimon_table_properties", Where(id)));
  if (!rows.ok()) return std::move(rows).error();
  Options there;
  for (const SqlRow& row : *rows) there[row[0].value_or("")] = row[1].value_or("");
  if (there == properties) return Ok();
  std::vector<std::string> statements = {Str("DELETE FROM paimon_table_properties", Where(id))};
  for (const auto& [key, value] : properties) {
    statements.push_back(Str("INSERT INTO paimon_table_properties (catalog_key, database_name, table_name, ",
                             "property_key, property_value) VALUES (", Quote(settings_.catalog_key), ", ",
                             Quote(id.schema), ", ", Quote(id.table), ", ", Quote(key), ", ", Quote(value), ")"));
  }
  Status done = Transaction(statements);
  if (done.ok()) return done;
  Error error = std::move(done).error().With(Str("options of table ", id.ToString(), " in the JDBC catalog"));
  if (error.hint.empty()) error.hint = "sync-all-properties=false of the catalog leaves them out";
  return error;
}

// Java's: a row that only one can insert, and that anybody may take away when its time is over.
Status JdbcStore::Lock(const std::string& name) {
  const int64_t begun = env_.MonotonicMs();
  int64_t sleep = kFirstSleepMs;
  while (true) {
    TRY(Connect());
    TRY_SET(const int64_t expired, Change(Str("DELETE FROM paimon_distributed_locks WHERE ",
                                              session_->SecondsSince("acquired_at"),
                                              " > expire_time_seconds AND lock_id = ", Quote(name))));
    if (expired > 0) LogWarn(Str("lock ", name, " of the JDBC catalog was left by a process that is gone"));
    auto made = session_->Change(Str("INSERT INTO paimon_distributed_locks (lock_id, expire_time_seconds) VALUES (",
                                     Quote(name), ", ", settings_.lock_timeout_ms / 1000, ")"));
    if (made.ok()) return Ok();
    if (made.error().code == ErrorCode::kUnavailable) session_.reset();
    if (made.error().code != ErrorCode::kConflict) return std::move(made).error();
    if (env_.MonotonicMs() - begun > settings_.lock_timeout_ms) {
      return Unavailable(Str("lock ", name, " of the JDBC catalog is another writer's for more than ",
                             settings_.lock_timeout_ms / 1000, " s"),
                         "a writer at work holds it only for a moment: look at paimon_distributed_locks");
    }
    (void)env_.Wait(std::min(sleep, settings_.lock_sleep_max_ms), nullptr);
    sleep *= 2;
  }
}

Status JdbcStore::Locked(const TableId& id, const std::function<Status()>& run) {
  if (!settings_.locks) return run();
  const std::string name = Str(settings_.catalog_key, ".", id.schema, ".", id.table);
  if (static_cast<int64_t>(name.size()) > settings_.lock_key_max) {
    return Invalid(Str("lock ", name, " of the JDBC catalog is longer than lock-key-max-length, ",
                       settings_.lock_key_max),
                   "make the column lock_id of paimon_distributed_locks wider, and set lock-key-max-length");
  }
  TRY(MakeTables());
  TRY(Lock(name));
  Status done = run();
  auto released = Connect();
  if (released.ok()) {
    auto gone = Change(Str("DELETE FROM paimon_distributed_locks WHERE lock_id = ", Quote(name)));
    if (!gone.ok()) released = std::move(gone).error();
  }
  if (!released.ok()) {
    LogWarn(Str("lock ", name, " of the JDBC catalog stays until its time is over: ", released.error().message));
  }
  return done;
}

}  // namespace sluice::paimon
