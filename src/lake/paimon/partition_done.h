// SPDX-License-Identifier: Apache-2.0
// Partitions are marked as done: a file _SUCCESS in their folders, for those who wait until a partition is complete
// (docs of Paimon: "Manage Partitions", `partition.mark-done-action`). Borrow all; one thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/partition_filter.h"
#include "lake/paimon/table.h"

namespace sluice::paimon {

// The files that were written. One that is there keeps its creation time. A spec without rows needs all columns: its
// folder has the texts as they are given, as in Java. kUnsupported for other actions than success-file.
Result<std::vector<std::string>> MarkPartitionsDone(Env& env, Table& table, const std::vector<PartitionSpec>& specs);

}  // namespace sluice::paimon
