// SPDX-License-Identifier: Apache-2.0
#include "connector/mysql/catalog.h"

#include <algorithm>
#include <mutex>
#include <set>

#include "base/text.h"
#include "format/mysql/text_row.h"

namespace sluice::mysql {
namespace {

constexpr size_t kSingleLooksMost = 8;  // tables of a database that are asked for one by one

std::string Cell(const TextRow& row, size_t index) { return row[index].value_or(""); }

// The account that the server took this user for, as GRANT wants it: 'flow'@'%'.
Result<std::string> Account(Connection& connection) {
  TRY_SET(const std::string user, connection.QueryValue("SELECT CURRENT_USER()"));
  const size_t at = user.rfind('@');
  return Str(Connection::Quote(user.substr(0, at)), "@", Connection::Quote(user.substr(at + 1)));
}

// Conditions that together cover the tables. The server reads the files of all tables of all databases unless database
// and table are compared with constants, so a few tables are asked for one by one and many as their whole database.
std::vector<std::string> Conditions(const std::vector<TableId>& tables) {
  std::map<std::string, std::vector<std::string>> databases;
  for (const TableId& id : tables) databases[id.schema].push_back(id.table);
  std::vector<std::string> out;
  for (const auto& [database, names] : databases) {
    std::string schema = Str("TABLE_SCHEMA = ", Connection::Quote(database));
    if (names.size() > kSingleLooksMost) {
      out.push_back(schema);
      continue;
    }
    for (const std::string& name : names) out.push_back(Str(schema, " AND TABLE_NAME = ", Connection::Quote(name)));
  }
  return out;
}

// COLUMN_DEFAULT as information_schema of MariaDB >= 10.2 gives it: NULL, a quoted literal, a number, or an expression.
std::optional<std::string> DefaultLiteral(const std::optional<std::string>& text) {
  if (!text || *text == "NULL") return {};
  if (text->size() >= 2 && text->front() == '\'' && text->back() == '\'') {
    std::string out;
    for (size_t i = 1; i + 1 < text->size(); ++i) {
      char c = (*text)[i];
      if (c == '\'' && i + 2 < text->size() && (*text)[i + 1] == '\'') ++i;
      if (c == '\\' && i + 2 < text->size()) {
        char next = (*text)[++i];
        c = next == 'n' ? '\n' : next == 't' ? '\t' : next == 'r' ? '\r' : next == '0' ? '\0' : next;
      }
      out += c;
    }
    return out;
  }
  double number = 0;
  if (ParseNumber(*text, number)) return text;
  return {};
}

Result<MysqlColumn> ReadColumn(const TextRow& row) {
  MysqlColumn column;
  column.name = Cell(row, 2);
  column.charset = Cell(row, 5);
  column.collation = Cell(row, 6);
  auto parsed = ParseColumnType(Cell(row, 3), column);
  if (!parsed.ok()) return std::move(parsed).error().With(Str(Cell(row, 0), ".", Cell(row, 1), ".", column.name));
  bool bytes = column.type == "binary" || column.type == "varbinary" || column.type.ends_with("blob");
  if (bytes) column.charset = column.collation = "binary";  // NULL there; as the tracker has them
  column.nullable = Cell(row, 4) == "YES";
  column.default_value = DefaultLiteral(row[7]);
  std::string extra = Lower(Cell(row, 8));
  column.virtual_generated = extra.find("virtual generated") != std::string::npos;
  column.invisible = extra.find("invisible") != std::string::npos;
  column.comment = Cell(row, 9);
  return column;
}

Status ReadSlice(Connection& connection, const std::string& where, std::map<TableId, MysqlTable>& out) {
  TRY_SET(auto tables, connection.Query(Str(
      "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_COLLATION, TABLE_COMMENT FROM information_schema.TABLES WHERE ", where)));
  for (const TextRow& row : tables) {
    MysqlTable& table = out[{Cell(row, 0), Cell(row, 1)}];
    table.database = Cell(row, 0);
    table.name = Cell(row, 1);
    table.collation = Cell(row, 2);
    table.charset = table.collation.substr(0, table.collation.find('_'));
    table.comment = Cell(row, 3);
  }
  TRY_SET(auto columns, connection.Query(Str(
      "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, CHARACTER_SET_NAME, COLLATION_NAME, "
      "COLUMN_DEFAULT, EXTRA, COLUMN_COMMENT FROM information_schema.COLUMNS WHERE ", where,
      " ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION")));
  for (const TextRow& row : columns) {
    auto table = out.find({Cell(row, 0), Cell(row, 1)});
    if (table == out.end()) continue;
    TRY_SET(MysqlColumn column, ReadColumn(row));
    table->second.columns.push_back(std::move(column));
  }
  TRY_SET(auto keys, connection.Query(Str(
      "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME FROM information_schema.STATISTICS WHERE INDEX_NAME='PRIMARY' AND ",
      where, " ORDER BY TABLE_SCHEMA, TABLE_NAME, SEQ_IN_INDEX")));
  for (const TextRow& row : keys) {
    auto table = out.find({Cell(row, 0), Cell(row, 1)});
    if (table != out.end()) table->second.primary_key.push_back(Cell(row, 2));
  }
  return Ok();
}

}  // namespace

Result<ServerInfo> ReadServerInfo(Connection& connection) {
  TRY_SET(auto rows, connection.Query(
      "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('log_bin','binlog_format','binlog_row_image',"
      "'binlog_row_metadata','expire_logs_days','binlog_expire_logs_seconds','lower_case_table_names','server_uid',"
      "'server_uuid','server_id')"));
  ServerInfo info;
  info.version = connection.server_version();
  for (const TextRow& row : rows) {
    std::string name = Lower(Cell(row, 0));
    std::string value = Cell(row, 1);
    double number = 0;
    if (name == "log_bin") info.log_bin = value == "ON" || value == "1";
    if (name == "binlog_format") info.binlog_format = value;
    if (name == "binlog_row_image") info.binlog_row_image = value;
    if (name == "binlog_row_metadata") info.binlog_row_metadata = value;
    if (name == "server_uid" || (name == "server_uuid" && info.uid.empty())) info.uid = value;
    if (name == "server_id") info.server_id = value;
    if (name == "lower_case_table_names") ParseNumber(value, info.lower_case_table_names);
    if (name == "binlog_expire_logs_seconds" && ParseNumber(value, number) && number > 0) {
      info.expire_seconds = static_cast<int64_t>(number);
    }
    if (name == "expire_logs_days" && info.expire_seconds == 0 && ParseNumber(value, number)) {
      info.expire_seconds = static_cast<int64_t>(number * 86'400);
    }
  }
  return info;
}

std::vector<Finding> FindProblems(const ServerInfo& info) {
  std::vector<Finding> out;
  if (!info.log_bin) {
    out.push_back({true, "the binary log is off (log_bin=OFF): changes cannot be followed",
                   "set log_bin=binlog and server_id=1 under [mysqld] in the server's configuration and restart it"});
    return out;
  }
  if (!EqualsIgnoreCase(info.binlog_format, "ROW")) {
    out.push_back({true, Str("binlog_format is ", info.binlog_format, ": statements cannot be turned into rows"),
                   "SET GLOBAL binlog_format='ROW'; and binlog_format=ROW in the configuration; then reconnect the "
                   "writers"});
  }
  if (!EqualsIgnoreCase(info.binlog_row_image, "FULL") && !info.binlog_row_image.empty()) {
    out.push_back({true, Str("binlog_row_image is ", info.binlog_row_image, ": the log lacks columns"),
                   "SET GLOBAL binlog_row_image='FULL'; and binlog_row_image=FULL in the configuration"});
  }
  if (!EqualsIgnoreCase(info.binlog_row_metadata, "FULL")) {
    out.push_back({false, Str("binlog_row_metadata is ",
                              info.binlog_row_metadata.empty() ? "not known" : info.binlog_row_metadata,
                              ": column names come from information_schema and the DDL in the log"),
                   "SET GLOBAL binlog_row_metadata='FULL'; makes the log describe itself"});
  }
  if (info.expire_seconds > 0 && info.expire_seconds < 86'400) {
    out.push_back({false, Str("the server deletes its log after ", info.expire_seconds,
                              " s: a longer stop loses the position"),
                   "SET GLOBAL binlog_expire_logs_seconds=604800;"});
  }
  return out;
}

Result<std::vector<Finding>> FindMissingGrants(Connection& connection) {
  TRY_SET(auto rows, connection.Query("SHOW GRANTS"));
  TRY_SET(const std::string who, Account(connection));
  bool replica = false;
  bool monitor = !connection.is_mariadb();
  for (const TextRow& row : rows) {
    std::string line = Cell(row, 0);
    bool global = line.find(" ON *.*") != std::string::npos;
    bool all = line.find("GRANT ALL PRIVILEGES") == 0;
    replica |= global && (all || line.find("REPLICATION SLAVE") != std::string::npos ||
                          line.find("REPLICATION REPLICA") != std::string::npos ||
                          line.find("SUPER") != std::string::npos);
    monitor |= global && (all || line.find("BINLOG MONITOR") != std::string::npos ||
                          line.find("REPLICATION CLIENT") != std::string::npos ||
                          line.find("SUPER") != std::string::npos);
  }
  std::vector<Finding> out;
  auto miss = [&](bool has, std::string_view privilege, std::string_view why) {
    if (has) return;
    out.push_back({true, Str("user ", who, " lacks ", privilege, ": ", why),
                   Str("GRANT ", privilege, " ON *.* TO ", who, ";")});
  };
  miss(replica, "REPLICATION SLAVE", "the binlog cannot be read");
  miss(monitor, connection.is_mariadb() ? "BINLOG MONITOR" : "REPLICATION CLIENT", "log positions cannot be asked for");
  return out;
}

Result<std::vector<Finding>> FindUnreadable(Connection& connection, const std::vector<TableId>& tables) {
  std::vector<Finding> out;
  for (const TableId& id : tables) {
    const std::string name = Str(QuoteName(id.schema), ".", QuoteName(id.table));
    // Without waiting for an ALTER: what is locked now is told when it is read.
    Status read = connection.Execute(Str("SET STATEMENT lock_wait_timeout=0 FOR SELECT * FROM ", name, " LIMIT 0"));
    if (read.ok() || read.error().message.find("command denied") == std::string::npos) continue;
    TRY_SET(const std::string who, Account(connection));
    out.push_back({true, Str("user ", who, " may not read all of table ", id.ToString()),
                   Str("GRANT SELECT ON ", name, " TO ", who, ";")});
  }
  return out;
}

Result<Finding> NoTables(Connection& connection, const std::string& tables,
                         const std::vector<std::string>& databases) {
  TRY_SET(const std::string who, Account(connection));
  std::string grants;
  for (const std::string& database : databases) {
    grants += Str(" GRANT SELECT ON ", QuoteName(database), ".* TO ", who, ";");
  }
  if (grants.empty()) grants = Str(" GRANT SELECT ON `database`.* TO ", who, ";");
  return Finding{true, Str("cannot find any table by the option 'tables' = ", tables),
                 Str("check the pattern (a plain dot separates database and table, `\\.` is the regex dot), and that "
                     "the user may read the tables:", grants)};
}

Result<std::vector<TableId>> ListTables(Connection& connection, const std::function<bool(const TableId&)>& wanted) {
  TRY_SET(auto rows, connection.Query(
      "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE IN ('BASE TABLE', "
      "'SYSTEM VERSIONED') AND "
      "TABLE_SCHEMA NOT IN ('information_schema','mysql','performance_schema','sys') ORDER BY 1, 2"));
  std::vector<TableId> out;
  for (const TextRow& row : rows) {
    TableId id{Cell(row, 0), Cell(row, 1)};
    if (wanted(id)) out.push_back(std::move(id));
  }
  return out;
}

Result<std::map<TableId, MysqlTable>> ReadTables(Connection& connection, const std::vector<TableId>& tables) {
  std::map<TableId, MysqlTable> out;
  for (const std::string& condition : Conditions(tables)) TRY(ReadSlice(connection, condition, out));
  const std::set<TableId> wanted(tables.begin(), tables.end());
  std::erase_if(out, [&](const auto& entry) { return !wanted.contains(entry.first); });
  return out;
}

Result<std::string> ReadCreateTable(Connection& connection, const TableId& table) {
  TRY_SET(auto rows, connection.Query(Str("SHOW CREATE TABLE ", QuoteName(table.schema), ".", QuoteName(table.table))));
  if (rows.empty() || rows[0].size() < 2) return NotFound(Str("table ", table.ToString(), " is not there"));
  std::string text = Cell(rows[0], 1);
  constexpr std::string_view kNext = " AUTO_INCREMENT=";
  size_t at = text.find(kNext, text.find("\n)"));  // among the table's options
  if (at != std::string::npos) {
    size_t end = text.find_first_not_of("0123456789", at + kNext.size());
    text.erase(at, end == std::string::npos ? end : end - at);
  }
  return text;
}

Result<std::vector<Finding>> FindUnloggedChanges(Connection& connection, const std::vector<TableId>& tables) {
  const std::set<TableId> wanted(tables.begin(), tables.end());
  std::set<std::string> databases;
  for (const TableId& id : tables) databases.insert(id.schema);
  std::vector<Finding> out;
  for (const std::string& database : databases) {
    TRY_SET(auto cascades, connection.Query(Str(
        "SELECT TABLE_NAME, CONSTRAINT_NAME, REFERENCED_TABLE_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS "
        "WHERE CONSTRAINT_SCHEMA = ", Connection::Quote(database),
        " AND (DELETE_RULE IN ('CASCADE', 'SET NULL') OR UPDATE_RULE IN ('CASCADE', 'SET NULL')) ORDER BY 1, 2")));
    for (const TextRow& row : cascades) {
      if (!wanted.contains({database, Cell(row, 0)})) continue;
      out.push_back({false, Str("table ", database, ".", Cell(row, 0), ": the foreign key ", Cell(row, 1),
                                " lets the server change rows when ", Cell(row, 2),
                                " changes, which is not in the log: those rows stay as they were in the sink"),
                     "change both tables in the application, or by triggers, and make the foreign key RESTRICT"});
    }
    TRY_SET(auto engines, connection.Query(Str(
        "SELECT TABLE_NAME, ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = ", Connection::Quote(database),
        " AND TABLE_TYPE = 'BASE TABLE' AND ENGINE IN ('MyISAM', 'Aria', 'MEMORY', 'CSV', 'ARCHIVE') ORDER BY 1")));
    for (const TextRow& row : engines) {
      if (!wanted.contains({database, Cell(row, 0)})) continue;
      out.push_back({false, Str("table ", database, ".", Cell(row, 0), " has the engine ", Cell(row, 1),
                                ", which has no consistent view: rows that are written while it is copied may come "
                                "twice if it has no primary key"),
                     "write nothing to it during the copy, or use InnoDB"});
    }
  }
  return out;
}

Result<std::vector<Finding>> FindVersioned(Connection& connection, const std::vector<TableId>& tables) {
  const std::set<TableId> wanted(tables.begin(), tables.end());
  TRY_SET(auto rows, connection.Query("SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE "
                                      "= 'SYSTEM VERSIONED' ORDER BY 1, 2"));
  std::vector<Finding> out;
  for (const TextRow& row : rows) {
    TableId id{Cell(row, 0), Cell(row, 1)};
    if (!wanted.contains(id)) continue;
    out.push_back({true, Str("table ", id.ToString(), " is a table WITH SYSTEM VERSIONING, which is not followed: the "
                             "log mixes rows of the past with today's"),
                   "leave it out of `tables`, or copy it with scan.startup.mode: snapshot"});
  }
  return out;
}

Result<std::map<std::string, std::pair<std::string, std::string>>> ReadDatabaseCharsets(Connection& connection) {
  TRY_SET(auto rows, connection.Query(
      "SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA"));
  std::map<std::string, std::pair<std::string, std::string>> out;
  for (const TextRow& row : rows) out[Cell(row, 0)] = {Cell(row, 1), Cell(row, 2)};
  return out;
}

Result<EventParser::ClientCharsets> ReadCollationCharsets(Connection& connection) {
  TRY_SET(auto rows, connection.Query("SELECT ID, CHARACTER_SET_NAME FROM information_schema.COLLATIONS "
                                      "WHERE ID IS NOT NULL AND CHARACTER_SET_NAME IS NOT NULL"));
  EventParser::ClientCharsets out;
  for (const TextRow& row : rows) {
    uint16_t id = 0;
    if (ParseNumber(Cell(row, 0), id)) out[id] = Cell(row, 1);
  }
  return out;
}

Result<std::map<TableId, int64_t>> ReadRowEstimates(Connection& connection, const std::vector<TableId>& tables) {
  std::map<TableId, int64_t> out;
  for (const std::string& condition : Conditions(tables)) {
    std::string sql = "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_ROWS FROM information_schema.TABLES WHERE ";
    TRY_SET(auto rows, connection.Query(sql + condition));
    for (const TextRow& row : rows) {
      int64_t count = 0;
      ParseNumber(Cell(row, 2), count);
      out[{Cell(row, 0), Cell(row, 1)}] = count;
    }
  }
  return out;
}

Result<BinlogPosition> ReadLogPosition(Connection& connection) {
  TRY_SET(auto rows, connection.Query("SHOW MASTER STATUS"));
  if (rows.empty()) return Invalid("the binary log is off", "set log_bin in the server's configuration and restart it");
  BinlogPosition end;
  end.file = Cell(rows[0], 0);
  ParseNumber(Cell(rows[0], 1), end.offset);
  return end;
}

Result<LogEnd> ReadLogEnd(Connection& connection) {
  LogEnd end;
  TRY_SET(end.position, ReadLogPosition(connection));
  if (connection.is_mariadb()) {
    TRY_SET(std::string gtids, connection.QueryValue(
        Str("SELECT BINLOG_GTID_POS(", Connection::Quote(end.position.file), ", ", end.position.offset, ")")));
    TRY_SET(end.gtids, GtidSet::Parse(gtids));
  }
  return end;
}

Result<std::vector<std::string>> ListLogs(Connection& connection) {
  TRY_SET(auto rows, connection.Query("SHOW BINARY LOGS"));
  std::vector<std::string> out;
  for (const TextRow& row : rows) out.push_back(Cell(row, 0));
  return out;
}

namespace {

Result<BinlogPosition> ReadSnapshotPosition(Connection& connection) {
  TRY_SET(auto rows, connection.Query("SHOW STATUS LIKE 'binlog_snapshot_%'"));
  BinlogPosition view;
  for (const TextRow& row : rows) {
    std::string name = Lower(Cell(row, 0));
    if (name == "binlog_snapshot_file") view.file = Cell(row, 1);
    if (name == "binlog_snapshot_position") ParseNumber(Cell(row, 1), view.offset);
  }
  return view;
}

// MariaDB keeps the answer in one place for all its sessions while it makes it: one that is asked at the same moment
// may get the position of another session's view, or the newest one. Rows between the two would be lost, or come twice.
// So this program asks once at a time, and believes what it hears three times in a row, since monitors ask too.
Result<BinlogPosition> ReadSnapshotPositionSurely(Connection& connection) {
  constexpr int kSame = 3, kReadsMax = 100;
  static std::mutex one_at_a_time;
  std::lock_guard lock(one_at_a_time);
  BinlogPosition view;
  for (int reads = 0, same = 0; reads < kReadsMax; ++reads) {
    TRY_SET(const BinlogPosition now, ReadSnapshotPosition(connection));
    same = reads > 0 && now == view ? same + 1 : 1;
    view = now;
    if (same == kSame) return view;
  }
  return Unavailable("the server tells another log position of the same snapshot each time it is asked",
                     "other sessions ask for SHOW STATUS all the time: ask less often");
}

}  // namespace

Result<BinlogPosition> BeginSnapshot(Connection& connection) {
  TRY(connection.Execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"));
  TRY(connection.Execute("START TRANSACTION WITH CONSISTENT SNAPSHOT"));
  TRY_SET(const BinlogPosition view, ReadSnapshotPositionSurely(connection));
  if (view.file.empty()) {
    return Unsupported("the server does not tell the log position of a snapshot (binlog_snapshot_file is empty)",
                       "snapshots need MariaDB 10.6 or newer with the binary log on");
  }
  return view;
}

}  // namespace sluice::mysql
