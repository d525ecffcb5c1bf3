// SPDX-License-Identifier: Apache-2.0
// What the server writes into the rows of a table when ALTER TABLE adds a column. Pure; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "format/mysql/column.h"
#include "format/mysql/ddl_statement.h"
#include "row/schema_change.h"

namespace sluice::mysql {

// `definition`: as the statement has it; `column`: as the server resolved it; `mapped`: as it is replicated. Without a
// default a NOT NULL column gets its type's implicit one. CURRENT_TIMESTAMP is the statement's own time; kComputed if
// the statement's time zone would have to be known and is not.
InitialDefault InitialDefaultOf(const ColumnDefinition& definition, const MysqlColumn& column, const Column& mapped,
                                const SqlContext& context);

// Seconds of a session's time zone that is written as "+05:45" (or UTC). None for a name, whose rules are not known.
std::optional<int> UtcOffset(std::string_view time_zone);

}  // namespace sluice::mysql
