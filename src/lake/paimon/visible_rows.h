// SPDX-License-Identifier: Apache-2.0
// What readers see of a bucket, told as rows of its files: for readers that do not merge. Functions; any thread.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/deletion_index.h"
#include "lake/paimon/merge_reader.h"
#include "lake/paimon/table.h"

namespace arrow {
class RecordBatch;
}

namespace sluice::paimon {

// Takes rows, with all columns of the table, that are in no file: the merge engine makes them of several.
using TakeMade = std::function<Status(const arrow::RecordBatch&)>;

// The files of which readers see rows: not those that wait for a compaction. `order`: of a table with a key, else null.
std::vector<LiveFile> VisibleFiles(std::vector<LiveFile> files, const MergeOrder* order);

// By name, the rows of these files, all visible ones of a bucket, that readers do not see. Files whose keys meet no
// other file's are not read.
Result<DeletionsByFile> HiddenRows(Env& env, Table& table, const MergeOrder* order, const std::vector<LiveFile>& files,
                                   const TakeMade& take);

}  // namespace sluice::paimon
