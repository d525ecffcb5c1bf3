// SPDX-License-Identifier: Apache-2.0
// What the option `partition.key` means for one table. A pure function; any thread.
#pragma once

#include <set>
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
// A sentence for each entry whose table is not among `tables` (schema.table): a misspelt one would be made without
// partitions, and without a word.
std::vector<std::string> IdlePartitions(const std::vector<iceberg::TablePartitioning>& partitions,
                                        const std::set<std::string>& tables);

}  // namespace sluice
