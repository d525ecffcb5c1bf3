// SPDX-License-Identifier: Apache-2.0
// Reads whole tables at one log position, for comparing: all of them inside one consistent view.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "connector/mysql/catalog.h"
#include "connector/mysql/source_config.h"
#include "row/change_batch.h"

namespace sluice::mysql {

struct ReadVisitor {
  std::function<Status(const TableId&, const TableSchema&)> table;  // of all tables, before the first rows
  std::function<Status(const ChangeBatch&)> rows;
  std::function<Status(const TableId&)> end;
};

struct TablesView {
  BinlogPosition position;  // of the log
  std::string server_uid;   // ServerInfo::uid
  std::map<TableId, MysqlTable> definitions;
};

// Every table of `config` is visited, in order of names; none is fine. kConflict if one was altered meanwhile.
Result<TablesView> ReadAllTables(const SourceConfig& config, const ReadVisitor& visitor);

}  // namespace sluice::mysql
