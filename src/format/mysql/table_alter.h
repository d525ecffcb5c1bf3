// SPDX-License-Identifier: Apache-2.0
// What CREATE TABLE and ALTER TABLE make of a table: the server's own order of steps (drops, changes in place, renames,
// then additions and moves), so that the result has the server's columns in the server's order. Pure; any thread.
#pragma once

#include <optional>
#include <vector>

#include "base/result.h"
#include "format/mysql/column.h"
#include "format/mysql/ddl_column.h"
#include "format/mysql/ddl_statement.h"

namespace sluice::mysql {

struct AlteredTable {
  MysqlTable table;
  std::vector<int> origins;  // for each column its index in the table before, or -1 if it is new
  std::vector<bool> moved;   // for each column: FIRST or AFTER put it there
  std::vector<const ColumnDefinition*> defined;  // for each column how the statement defines it, or null
  std::optional<TableName> rename_to;
};

// `database`: the default of the table's database. kInvalid if a named column is not as it must have been: the table
// that is tracked is not the one that the server altered. `operations` must outlive what is returned.
Result<AlteredTable> AlterMysqlTable(const MysqlTable& before, const std::vector<AlterOperation>& operations,
                                     const CharsetChoice& database, const SqlContext& context,
                                     const DefaultCollations& collations);

}  // namespace sluice::mysql
