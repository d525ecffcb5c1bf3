// SPDX-License-Identifier: Apache-2.0
// Schemas of tables that sluice makes, and their evolution (docs of Paimon: "Schema Evolution"): by field id, so that
// old files keep their values. Pure functions; any thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "lake/paimon/schema.h"
#include "row/schema.h"
#include "row/schema_change.h"

namespace sluice::paimon {

// Ids from 0 in the order of the columns. The columns of `partition_keys` become part of the primary key, if there is
// one. kInvalid if one of them is no column; kUnsupported for a name that Paimon keeps for itself.
Result<Schema> FromTableSchema(const TableSchema& table, const std::vector<std::string>& partition_keys,
                               const Options& options);
// Columns that rows cannot hold are left out.
TableSchema ToTableSchema(const Schema& schema);
// The same with the key of the source's table, without the partition columns that joined it: what the newest snapshot
// of a job tells (SourceKeyText). An empty text: the table's.
TableSchema ToTableSchema(const Schema& schema, const std::string& source_key);
std::string SourceKeyText(const std::vector<std::string>& key);

// What `schema` becomes; its id is not changed. kUnsupported, naming the column and both types, for what Paimon or its
// readers cannot do (type_change.h), or the drop of a key column. A column that is added is nullable, and one that is
// nullable stays so. `any_text`: StepTo's.
Result<Schema> Evolve(const Schema& schema, const SchemaChange& change, bool any_text = false);

}  // namespace sluice::paimon
