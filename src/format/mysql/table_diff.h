// SPDX-License-Identifier: Apache-2.0
// From two versions of a table to the events between them: drops, renames, then types, additions and places, one column
// an event, each with the whole schema after it. Applying the events in order gives MapTable(after). Pure; any thread.
#pragma once

#include <vector>

#include "base/result.h"
#include "format/mysql/column.h"
#include "row/schema_change.h"

namespace sluice::mysql {

// `origins`, `moved`: see AlteredTable. A change that leaves our types as they are gives no event. A changed primary
// key has no event of its own: it shows in the schema of the last event, if there is one, and the caller must look at
// it.
Result<std::vector<SchemaChange>> DiffTables(const TableId& id, const MysqlTable& before, const MysqlTable& after,
                                             const std::vector<int>& origins, const std::vector<bool>& moved,
                                             const MappingOptions& mapping);
// Columns that are not in the longest run that kept its order.
std::vector<bool> MovedColumns(const std::vector<int>& origins);

}  // namespace sluice::mysql
