// SPDX-License-Identifier: Apache-2.0
// From one version of a table's schema to a later one, as the changes that a sink follows. Pure functions; any thread.
#pragma once

#include <vector>

#include "base/result.h"
#include "lake/paimon/schema.h"
#include "row/schema_change.h"
#include "row/table_id.h"

namespace sluice::paimon {

// Columns are told apart by their ids. Rows that were there have NULL in a column that is added. kUnsupported for
// another primary key, and for names that change places.
Result<std::vector<SchemaChange>> SchemaSteps(const TableId& table, const Schema& from, const Schema& to);

}  // namespace sluice::paimon
