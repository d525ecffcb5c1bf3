// SPDX-License-Identifier: Apache-2.0
// Schemas of several source tables as one, and the changes that lead from one schema to another (compat.md A.7).
// Pure functions; any thread.
#pragma once

#include <vector>

#include "row/schema.h"
#include "row/schema_change.h"

namespace sluice {

// `current` widened so that rows of every table in `upstream` fit: types become the widest common one, columns that it
// lacks are appended, columns that one of the tables lacks become nullable. Key and comment stay those of `current`.
TableSchema WidenToFit(const TableSchema& current, const std::vector<const TableSchema*>& upstream);

// The kAddColumn (with places), kAlterColumn and kDropColumn that make `after` of `before`; renames are not guessed.
// The changes have no `schema`.
std::vector<SchemaChange> SchemaDifference(const TableId& table, const TableSchema& before, const TableSchema& after);

}  // namespace sluice
