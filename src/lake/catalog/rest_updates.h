// SPDX-License-Identifier: Apache-2.0
// What makes one table metadata of another, as a REST catalog wants it (spec: "CommitTableRequest"). Pure functions.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "row/table_id.h"

namespace sluice {

// The body of the request that makes `wanted` (a metadata JSON) of `there`, which the catalog has, under the condition
// that the catalog still has it. Empty: nothing is to be changed. Nothing: no request can do that, since another writer
// has changed the table.
Result<std::optional<std::string>> RestUpdates(const TableId& table, const std::string& there,
                                               const std::string& wanted);

}  // namespace sluice
