// SPDX-License-Identifier: Apache-2.0
// The work of a compaction: files of a bucket -> files of a higher level. What it reads never changes and what it
// writes nobody sees before a commit, so it can be done on any thread; one call is of one thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/row_file.h"
#include "lake/paimon/schema.h"
#include "lake/paimon/table_options.h"
#include "lake/paimon/universal_compaction.h"

namespace arrow {
struct Scalar;
}

namespace sluice::paimon {

// What all rows of the files show in a column that they have not.
struct FilledColumn {
  int column = 0;  // of the table
  std::shared_ptr<arrow::Scalar> value;
};

struct CompactionResult {
  std::vector<DataFileMeta> before, after;
  std::vector<DataFileMeta> changelog;
  DeletionsByFile replaced;  // with deletion vectors: rows of the files that stay, whose keys are in `after` or gone
};

// By id, those that files were written with.
using SchemasById = std::map<int64_t, const Schema*>;

// `schema` and `layout`: the newest ones; `files`: of the bucket's folder. Files that need no merging only change
// their level; with `filled` all are written. With changelog-producer lookup the changelog has what the files of level
// 0 change; with full-compaction, if the output is the highest level, what all files below it change. After an error
// the files that were written are removed.
Result<CompactionResult> Compact(Env& env, const Schema& schema, const SchemasById& schemas,
                                 const TableOptions& options,
                                 const std::shared_ptr<const RowLayout>& layout, const RowFileOptions& files,
                                 const CompactionUnit& unit, const FilledColumn* filled = nullptr);

}  // namespace sluice::paimon
