// SPDX-License-Identifier: Apache-2.0
// TableScan: the rows of a Paimon table at a snapshot, merged by key and without deleted ones, bucket after bucket.
// Borrows the table; one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/file_choice.h"
#include "lake/paimon/file_conditions.h"
#include "lake/paimon/merge_reader.h"
#include "lake/paimon/table.h"
#include "lake/parquet/data_reader.h"

namespace sluice::paimon {

// Which files of a snapshot are read.
struct ScanOptions {
  int lowest_level = 0;      // files below are left out
  int64_t created_since_ms = 0;  // files that are older are left out
  std::function<bool(const LiveFile&)> wanted;  // the others are left out; empty: all
  bool every_level = false;  // level 0 is merged also where its rows show only after a compaction
  const Schema* schema = nullptr;  // whose columns the rows have; null: that of the snapshot
  const FileChoice* choice = nullptr;  // null: all
};

// The files of a bucket as inputs of a merge, without the rows that their deletion vectors name: those go to `deletes`,
// which must outlive the reader.
Result<std::vector<MergeInput>> MergeInputsOf(Env& env, Table& table, const std::vector<LiveFile>& files,
                                              std::vector<std::unique_ptr<DeleteSet>>& deletes);

class TableScan {
 public:
  // `columns`: names in the wanted order; empty: all. `snapshot`: its rows in the columns of its time; none: the newest
  // ones. kNotFound for an unknown column or snapshot; kUnsupported names what this version does not read.
  static Result<TableScan> Make(Env& env, Table& table, std::optional<int64_t> snapshot,
                                const std::vector<std::string>& columns);
  // Of a tag: its rows in the columns of its time.
  static Result<TableScan> OfSnapshot(Env& env, Table& table, const Snapshot& snapshot,
                                      const std::vector<std::string>& columns, const ScanOptions& options = {});

  // Adds the rows of the partitions that a snapshot of `branch` has and the scan has not, as Java reads
  // `scan.fallback-branch`; before the first Next. kInvalid if the branch has other columns or another key. Borrows it.
  Status AddMissingPartitions(Table& branch, const Snapshot& snapshot, const FileChoice* choice = nullptr);

  const std::vector<FileColumn>& columns() const { return columns_; }
  // Before the first Next: only rows that meet all conditions are wanted. Files whose statistics or index say that
  // they have none are passed over; other rows may come still.
  void Want(const std::vector<ColumnCondition>& conditions);
  int64_t files_skipped() const { return files_skipped_; }
  Result<bool> Next(DataBatch& out);  // false at the end

  // The rows come in parts, in the same order at each scan of a snapshot: the number of the last batch's one, and after
  // the end that of all parts.
  size_t part() const { return ended_ ? splits_.size() : next_split_ - 1; }
  size_t parts() const { return splits_.size(); }
  // Before the first Next: the rows from this part on.
  void BeginAt(size_t part) { next_split_ = std::min(part, splits_.size()); }

 private:
  struct Origin {  // the table, or a branch of it
    Table* table;
    const Schema* schema;
    MergeOrder order;
  };
  // Files that are read together: one file of distinct keys, or those of a bucket that are merged.
  struct Split {
    std::vector<LiveFile> files;
    bool merge = false;
    const Origin* of = nullptr;
  };
  TableScan(Env& env, Table& table, const Schema& schema) : env_(&env), schema_(&schema) {
    origins_.push_back(std::make_unique<Origin>(Origin{&table, &schema, {}}));
  }
  Status Choose(const std::vector<std::string>& names);  // columns
  Status Plan(std::vector<LiveFile> files, const ScanOptions& options = {});
  Status OpenNext();
  Status OpenMerged(const Split& split);
  Status SkipFiles(Split& split);
  Status SkipSections(const Origin& of, std::vector<LiveFile>& files);

  Env* env_;
  const Schema* schema_;
  std::vector<std::unique_ptr<Origin>> origins_;  // the last one is planned
  std::vector<FileColumn> columns_;
  std::vector<Split> splits_;
  size_t next_split_ = 0;
  bool ended_ = false;
  FileConditions wanted_, wanted_keys_;  // all, those on columns of the key
  std::vector<ColumnCondition> wanted_of_file_;  // that is open
  int64_t files_skipped_ = 0;
  std::vector<std::unique_ptr<DeleteSet>> deletes_;  // of the open files
  std::unique_ptr<DataFileReader> file_;
  std::unique_ptr<MergeReader> merged_;
};

}  // namespace sluice::paimon
