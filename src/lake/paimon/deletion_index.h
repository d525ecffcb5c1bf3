// SPDX-License-Identifier: Apache-2.0
// Index files with the deletion vectors of a bucket's data files (docs of Paimon: "Table Index"), written. A commit
// replaces the bucket's index file as a whole. Pure but for WriteDeletionIndex; any thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/manifest.h"
#include "lake/paimon/row_router.h"
#include "lake/paimon/table.h"
#include "lake/parquet/delete_set.h"

namespace sluice::paimon {

using DeletionsByFile = std::map<std::string, DeleteSet>;  // by name of the data file, none of them empty

// Magic and Roaring bitmap; `wide`: in the form of 64 bits, which Iceberg's format version 3 has too.
std::string EncodeDeletionVector(const DeleteSet& deletions, bool wide);

// The bytes of an index file; `ranges` says where the vector of each data file is.
std::string EncodeDeletionIndex(const DeletionsByFile& deletions, bool wide, std::vector<DeletionRange>& ranges);

// Writes the index file. One without vectors takes away those that the bucket had.
Result<IndexEntry> WriteDeletionIndex(Env& env, const Table& table, const BucketId& bucket,
                                      const DeletionsByFile& deletions, bool wide);

}  // namespace sluice::paimon
