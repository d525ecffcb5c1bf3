// SPDX-License-Identifier: Apache-2.0
// Sort compaction: all rows of a bucket of a table without a key become files in a given order. Rows are sorted
// in memory up to a bound; more than that go to files of their own, which are merged. One thread; nobody sees what it
// writes before a commit.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/compaction.h"
#include "lake/paimon/deletion_index.h"
#include "lake/paimon/manifest.h"
#include "lake/paimon/row_file.h"
#include "lake/paimon/sort_order.h"
#include "lake/paimon/table_options.h"

namespace sluice::paimon {

// The rows that are not deleted, of the newest schema. After an error the files that were written are removed. Memory:
// `run_bytes`, and a batch a run while they are merged. kUnsupported names a file that cannot be read.
Result<CompactionResult> SortFiles(Env& env, const SchemasById& schemas, const TableOptions& options,
                                   const std::shared_ptr<const RowLayout>& layout, const RowFileOptions& files,
                                   const std::vector<DataFileMeta>& inputs, const DeletionsByFile& deletions,
                                   const SortOrder& order, int64_t run_bytes);

}  // namespace sluice::paimon
