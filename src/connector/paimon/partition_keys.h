// SPDX-License-Identifier: Apache-2.0
// The columns that tables are partitioned by, from `partition.key`: db.t1:k1,k2;db.t2:k3. Pure functions; any thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/paimon/schema.h"
#include "row/schema.h"
#include "row/table_id.h"

namespace sluice {

using PartitionKeys = std::map<std::string, std::vector<std::string>>;  // database.table -> columns

// kInvalid names the entry and what is wrong.
Result<PartitionKeys> ParsePartitionKeys(const std::string& text);

// The table that would be made; its options are checked. Errors name the table. `all`: the columns of tables that are
// not in `keys` and have all of them. `keep_key`: where buckets have a fixed number, or are postponed, partition
// columns do not join the key, as with Paimon's actions: a key is one of its partition.
Result<paimon::Schema> PaimonSchemaOf(const PartitionKeys& keys, const std::vector<std::string>& all,
                                      const TableId& id, const TableSchema& schema, const paimon::Options& options,
                                      bool keep_key);

// The tables that have an entry, schema.table.
std::vector<std::string> PartitionedTables(const PartitionKeys& keys);

}  // namespace sluice
