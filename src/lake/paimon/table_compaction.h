// SPDX-License-Identifier: Apache-2.0
// The compaction of a whole table by a process that writes no rows, beside those that do (docs of Paimon: "Dedicated
// Compaction"). Borrows the Env; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/partition_filter.h"
#include "lake/paimon/schema.h"

namespace sluice::paimon {

struct CompactionRequest {
  bool full = true;                       // every bucket to one run, not only those that Paimon's rules ask for
  std::vector<PartitionSpec> partitions;  // none: all
  Options options;                        // in place of the table's, for this one
};

struct CompactionReport {
  int64_t buckets = 0;  // that were compacted
  int64_t files_before = 0, files_after = 0;
  int64_t snapshot = 0;  // that was made; 0: there was nothing to do
};

// In one snapshot COMPACT, whatever `write-only` says. kConflict if other writers took the files each time.
Result<CompactionReport> CompactTable(Env& env, const std::string& folder, const CompactionRequest& request);

}  // namespace sluice::paimon
