// SPDX-License-Identifier: Apache-2.0
// Sort compaction of a table with a primary key and dynamic buckets: the rows of a partition come to its buckets in a
// given order, so that a bucket has neighbours. Within a bucket they are sorted by the key, as ever (SortCompactAction
// of Paimon's Flink module). Borrows the Env; one thread.
#pragma once

#include <string>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/table_compaction.h"

namespace sluice::paimon {

// Whether the table is one of these, by its options and those of the request.
Result<bool> HasSortedBuckets(Env& env, const std::string& folder, const CompactionRequest& request);

// In a snapshot OVERWRITE and one COMPACT. Memory: twice `write-buffer-size`, and the hashes of all keys. kConflict if
// other writers committed each time; kUnsupported for keys that may move between partitions.
Result<CompactionReport> SortBuckets(Env& env, const std::string& folder, const CompactionRequest& request);

}  // namespace sluice::paimon
