// SPDX-License-Identifier: Apache-2.0
// Gives the data files that a table has the file indexes that its options ask for now (docs of Paimon:
// "rewrite_file_index"). The data files stay as they are. Borrows the Env; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/partition_filter.h"

namespace sluice::paimon {

struct IndexRewriteReport {
  int64_t files = 0;      // that were looked at
  int64_t rewritten = 0;  // that have another index now, or none
  int64_t snapshot = 0;   // 0: none was made
};

// In one snapshot COMPACT. `partitions`: none: all. kConflict if other writers took the files each time.
Result<IndexRewriteReport> RewriteFileIndexes(Env& env, const std::string& folder,
                                              const std::vector<PartitionSpec>& partitions);

}  // namespace sluice::paimon
