// SPDX-License-Identifier: Apache-2.0
// Compaction of tables without a primary key: small files of a bucket become one (docs of Paimon: "Append Table").
// Picking is a pure function; the merging is of one thread, and nobody sees what it writes before a commit.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/compaction.h"
#include "lake/paimon/deletion_index.h"
#include "lake/paimon/manifest.h"
#include "lake/paimon/row_file.h"
#include "lake/paimon/table_options.h"

namespace sluice::paimon {

// Groups of files of a bucket that each become one file, or a few of the target size; in each they are in the order of
// their rows. Files of `compaction.small-file-ratio` of the target size are large and stay. With fixed buckets, whose
// rows have an order, a group has no gaps. `full`: two files are enough, where `compaction.min.file-num` says more.
// Files with deletion vectors are not waited with: without buckets small ones and those of which more than
// `compaction.delete-ratio-threshold` is gone are taken, one alone too; with buckets if `full`, all of them.
std::vector<std::vector<DataFileMeta>> PickAppendCompactions(const std::vector<DataFileMeta>& files,
                                                             const TableOptions& options,
                                                             const BucketDeletions& deletions, bool full = false);

// Whether its rows can be read here: not of other formats, places and shapes.
bool CanJoin(const DataFileMeta& file);
// The numbers of the rows of new files go on from the first of the old ones', as Java counts them.
void NumberRows(const std::vector<DataFileMeta>& before, std::vector<DataFileMeta>& after);

// Files that stayed small for long, because few came: all that are small, if they are two; without buckets only.
std::vector<DataFileMeta> PickAged(const std::vector<DataFileMeta>& files, const TableOptions& options,
                                   const BucketDeletions& deletions);

// The rows of the files that are not deleted, one after the other, in files of the newest schema. After an error the
// files that were written are removed.
Result<CompactionResult> JoinFiles(Env& env, const SchemasById& schemas, const TableOptions& options,
                                   const std::shared_ptr<const RowLayout>& layout, const RowFileOptions& files,
                                   const std::vector<DataFileMeta>& inputs, const BucketDeletions& deletions);

}  // namespace sluice::paimon
