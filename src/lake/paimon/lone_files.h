// SPDX-License-Identifier: Apache-2.0
// Files of level 0 that can be part of the highest level as they are, without being read or written: a copy, and keys
// that only grow, leave such files. A function; any thread.
#pragma once

#include <vector>

#include "base/result.h"
#include "lake/paimon/manifest.h"
#include "lake/paimon/schema.h"
#include "lake/paimon/table_options.h"

namespace sluice::paimon {

// Those of a bucket's `files` that have no deletion, and no key in common with another of its files, but for newer ones
// of level 0. Small ones stay for a compaction to join them, and so do those beyond 64 in the highest level that are
// not large. None if the table's options have a use for a compaction that rewrites.
Result<std::vector<DataFileMeta>> LoneFiles(const Schema& schema, const TableOptions& options,
                                            const std::vector<DataFileMeta>& files);

}  // namespace sluice::paimon
