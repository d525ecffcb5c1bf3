// SPDX-License-Identifier: Apache-2.0
// ReadChanges: what the log says of some tables between two of its positions, for `sluice verify`. It reads over a
// connection and a server id of its own, so that a running job keeps its own. Free function; any thread.
#pragma once

#include <functional>
#include <map>

#include "connector/mysql/source_config.h"
#include "connector/mysql/source_state.h"
#include "row/change_batch.h"

namespace sluice::mysql {

struct LogRange {
  BinlogPosition from;  // both are ends of transactions
  BinlogPosition to;
};

struct ChangeRequest {
  const std::map<TableId, MysqlTable>& tables;           // as they are in the range
  const std::map<TableId, TableState>* copies = nullptr;  // what a copy holds already is no change
  // -U and -D have the key, or all columns if there is none. Null: changes are only noted.
  std::function<Status(const ChangeBatch&)> rows = {};
  bool full_images = false;  // -U and -D have all columns
};

// The end of the last change of each table: rows, or a statement that may alter it, also of a table that the source's
// options name and `tables` does not hold. kConflict, if rows are asked for: they cannot be told from the definitions
// in `tables`, because a statement altered one. kNotFound: the log ends before the range does.
Result<std::map<TableId, BinlogPosition>> ReadChanges(const SourceConfig& config, const LogRange& range,
                                                      const ChangeRequest& request);

}  // namespace sluice::mysql
