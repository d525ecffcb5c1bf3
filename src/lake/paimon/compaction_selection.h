// SPDX-License-Identifier: Apache-2.0
// Which files of a table a CompactionRequest means: by partition, by how long its partition has been idle, by bucket. A
// free function; any thread.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/paimon/manifest.h"
#include "lake/paimon/schema.h"
#include "lake/paimon/table_compaction.h"
#include "lake/paimon/table_options.h"

namespace sluice::paimon {

// Leaves those that are meant. kInvalid names what is wrong with the request.
Status Select(const CompactionRequest& request, const Schema& schema, const TableOptions& options, int64_t now_ms,
              std::vector<ManifestEntry>& entries);

// "0-9,20" of `buckets`; kInvalid if it is none.
Result<std::set<int>> ParseBuckets(const std::string& text, int buckets);

}  // namespace sluice::paimon
