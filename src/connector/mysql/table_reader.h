// SPDX-License-Identifier: Apache-2.0
// Reads whole tables at one log position, for comparing: all of them inside one consistent view.
#pragma once

#include <functional>
#include <string>

#include "connector/mysql/source_config.h"
#include "row/change_batch.h"

namespace sluice::mysql {

struct ReadVisitor {
  std::function<Status(const TableId&, const TableSchema&)> table;  // before the rows of a table
  std::function<Status(const ChangeBatch&)> rows;
  std::function<Status(const TableId&)> end;
};

// The log position of the view. Every table of `config` is visited, in order of names.
Result<BinlogPosition> ReadAllTables(const SourceConfig& config, const ReadVisitor& visitor);

}  // namespace sluice::mysql
