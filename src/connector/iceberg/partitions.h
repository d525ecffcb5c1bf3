// SPDX-License-Identifier: Apache-2.0
// What the option `partition.key` means for one table. A pure function; any thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "lake/iceberg/partition_spec.h"
#include "lake/iceberg/schema.h"
#include "lake/iceberg/transform.h"
#include "row/table_id.h"

namespace sluice {

// Not partitioned if no entry is for the table. kInvalid names the table and what is wrong.
Result<iceberg::PartitionSpec> PartitionSpecOf(const std::vector<iceberg::TablePartitioning>& partitions,
                                               const TableId& id, const iceberg::Schema& schema);
// The tables that have an entry, schema.table.
std::vector<std::string> PartitionedTables(const std::vector<iceberg::TablePartitioning>& partitions);

}  // namespace sluice
