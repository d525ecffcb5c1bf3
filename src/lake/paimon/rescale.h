// SPDX-License-Identifier: Apache-2.0
// Gives the rows of a table with fixed buckets, or of a partition of it, another number of buckets (docs of Paimon:
// "Rescale Bucket"). Borrows the Env; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/partition_filter.h"

namespace sluice::paimon {

struct RescaleRequest {
  std::optional<int64_t> buckets;  // none: as the table's option `bucket` says
  PartitionSpec partition;         // of none: all
};

struct RescaleReport {
  int64_t partitions = 0, rows = 0, snapshot = 0;
  int64_t buckets = 0;
  int64_t option = 0;  // what the table's option says; -2: buckets are postponed
};

// In a snapshot OVERWRITE, and one COMPACT: all rows are above level 0 then. Changelogs do not tell of it.
Result<RescaleReport> Rescale(Env& env, const std::string& folder, const RescaleRequest& request);

}  // namespace sluice::paimon
