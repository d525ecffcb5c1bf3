// SPDX-License-Identifier: Apache-2.0
// Which files of a bucket are merged next (docs of Paimon: "Compaction"; the rules are those of RocksDB's universal
// compaction). A pure function; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lake/paimon/deletion_index.h"
#include "lake/paimon/manifest.h"
#include "lake/paimon/table_options.h"
#include "lake/parquet/page_index.h"

namespace sluice::paimon {

struct CompactionUnit {
  std::vector<DataFileMeta> files;
  int output_level = 0;
  bool drop_deletes = false;  // below the output there is nothing that a deletion could hide
  std::vector<DataFileMeta> below;  // the files that stay
  std::set<std::string> expired = {};  // names of files that are written again, since rows in them are over
  const DeletionsByFile* deletions = nullptr;  // of the bucket's files; outlives the work. Null: none
  PageIndexCache* pages = nullptr;  // of files that rows are looked up in; likewise. Null: forgotten after the work
};

// Sorted runs of a bucket's files: each file of level 0 is one, and each higher level.
int CountRuns(const std::vector<DataFileMeta>& files);

std::set<std::string> NamesOf(const std::vector<DataFileMeta>& files);

// Nothing if all is well; if TableOptions say that files are looked up nothing may stay in level 0.
// `full`: all files into one run of the highest level, if they are not that; if they are, those that are `expired`.
// `now_ms`: for the options that look at the clock.
std::optional<CompactionUnit> PickCompaction(const std::vector<DataFileMeta>& files, const TableOptions& options,
                                             bool full = false, const std::set<std::string>& expired = {},
                                             int64_t now_ms = 0);

}  // namespace sluice::paimon
