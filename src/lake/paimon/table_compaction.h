// SPDX-License-Identifier: Apache-2.0
// The compaction of a whole table by a process that writes no rows, beside those that do (docs of Paimon: "Dedicated
// Compaction"). Borrows the Env; one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/partition_filter.h"
#include "lake/paimon/row_router.h"
#include "lake/paimon/schema.h"
#include "lake/paimon/sort_order.h"

namespace arrow {
struct Scalar;
}

namespace sluice::paimon {

struct CompactionRequest {
  bool full = true;                       // every bucket to one run, not only those that Paimon's rules ask for
  std::vector<PartitionSpec> partitions;  // none: all
  // Of a partition's values, in the order of its columns: whether it is meant. Empty: all.
  std::function<Result<bool>(const std::vector<std::shared_ptr<arrow::Scalar>>&)> wanted;
  std::optional<int64_t> idle_ms;         // only partitions that got no file for so long
  std::string buckets;                    // "0-9,20", of a table with fixed ones; empty: all
  std::set<BucketId> only;                // likewise, of any table
  SortOrder::Curve curve = SortOrder::Curve::kOrder;
  // All rows of a bucket are sorted so, of tables without a key and buckets; of those with a key and dynamic buckets
  // all rows of a partition come to buckets in that order (sorted_buckets.h).
  std::vector<std::string> order_by;
  Options options;                        // in place of the table's, for this one
};

struct CompactionReport {
  int64_t buckets = 0;  // that were compacted
  int64_t files_before = 0, files_after = 0;
  int64_t snapshot = 0;  // that was made; 0: there was nothing to do
};

// In one snapshot COMPACT, whatever `write-only` says; sorted into buckets: with one OVERWRITE before it. kConflict if
// other writers took the files each time.
Result<CompactionReport> CompactTable(Env& env, const std::string& folder, const CompactionRequest& request);

}  // namespace sluice::paimon
