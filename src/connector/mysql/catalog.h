// SPDX-License-Identifier: Apache-2.0
// What the server says about itself and its tables: settings, grants, table definitions, log positions. Reads only.
// Free functions on a borrowed Connection.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "connector/mysql/connection.h"
#include "format/mysql/binlog_event.h"
#include "format/mysql/column.h"
#include "format/mysql/position.h"
#include "row/table_id.h"

namespace sluice::mysql {

struct ServerInfo {
  std::string version;
  std::string uid;  // @@server_uid, else @@server_uuid; empty if the server has neither
  std::string server_id;
  bool log_bin = false;
  std::string binlog_format;        // "ROW"
  std::string binlog_row_image;     // "FULL"
  std::string binlog_row_metadata;  // "FULL"; empty if the server has no such setting
  int64_t expire_seconds = 0;       // 0 = kept
  int lower_case_table_names = 0;
};

Result<ServerInfo> ReadServerInfo(Connection& connection);

// What keeps this server from being followed: one sentence with the fix each (GRANT and SET lines that can be pasted).
struct Finding {
  bool fatal = true;
  std::string text;
  std::string fix;
};
std::vector<Finding> FindProblems(const ServerInfo& info);
// Missing privileges on the whole server, as the exact GRANT line.
Result<std::vector<Finding>> FindMissingGrants(Connection& connection);
// Tables of which this user may not read every column, likewise.
Result<std::vector<Finding>> FindUnreadable(Connection& connection, const std::vector<TableId>& tables);
// No table matches `tables`: perhaps because the user sees none of those in `databases`.
Result<Finding> NoTables(Connection& connection, const std::string& tables,
                         const std::vector<std::string>& databases);
// Tables whose rows the server changes without a row event, or whose copy has no exact position: never fatal.
Result<std::vector<Finding>> FindUnloggedChanges(Connection& connection, const std::vector<TableId>& tables);

// Tables WITH SYSTEM VERSIONING: their log cannot be followed.
Result<std::vector<Finding>> FindVersioned(Connection& connection, const std::vector<TableId>& tables);

// All base tables that `wanted` accepts, without the server's own, sorted.
Result<std::vector<TableId>> ListTables(Connection& connection, const std::function<bool(const TableId&)>& wanted);
// Definitions of the given tables (in one pass over information_schema); tables that are gone are left out.
Result<std::map<TableId, MysqlTable>> ReadTables(Connection& connection, const std::vector<TableId>& tables);
// SHOW CREATE TABLE without the next number of AUTO_INCREMENT: equal texts are equal definitions.
Result<std::string> ReadCreateTable(Connection& connection, const TableId& table);
// Default (charset, collation) of each database.
Result<std::map<std::string, std::pair<std::string, std::string>>> ReadDatabaseCharsets(Connection& connection);
// Character sets by the numbers of their collations.
Result<EventParser::ClientCharsets> ReadCollationCharsets(Connection& connection);
// Estimated rows of each table.
Result<std::map<TableId, int64_t>> ReadRowEstimates(Connection& connection, const std::vector<TableId>& tables);

// File and offset of the end of the log.
Result<BinlogPosition> ReadLogPosition(Connection& connection);

struct LogEnd {
  BinlogPosition position;
  GtidSet gtids;  // gtid_binlog_pos
};
// For the GTIDs the server reads its current log file from its beginning: seconds, if that has a gigabyte.
Result<LogEnd> ReadLogEnd(Connection& connection);
// Names of the log files that the server still has, oldest first.
Result<std::vector<std::string>> ListLogs(Connection& connection);

// Begins a transaction with a consistent view; the log position that the view reflects.
Result<BinlogPosition> BeginSnapshot(Connection& connection);

}  // namespace sluice::mysql
