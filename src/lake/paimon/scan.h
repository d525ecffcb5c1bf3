// SPDX-License-Identifier: Apache-2.0
// TableScan: the rows of a Paimon table at a snapshot, merged by key and without deleted ones, bucket after bucket.
// Borrows the table; one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/merge_reader.h"
#include "lake/paimon/table.h"
#include "lake/parquet/data_reader.h"

namespace sluice::paimon {

class TableScan {
 public:
  // `columns`: names in the wanted order; empty: all. `snapshot`: its rows in the columns of its time; none: the newest
  // ones. kNotFound for an unknown column or snapshot; kUnsupported names what this version does not read.
  static Result<TableScan> Make(Env& env, Table& table, std::optional<int64_t> snapshot,
                                const std::vector<std::string>& columns);
  // Of a tag: its rows in the columns of its time.
  static Result<TableScan> OfSnapshot(Env& env, Table& table, const Snapshot& snapshot,
                                      const std::vector<std::string>& columns);

  const std::vector<FileColumn>& columns() const { return columns_; }
  Result<bool> Next(DataBatch& out);  // false at the end

 private:
  // Files that are read together: one file of distinct keys, or those of a bucket that are merged.
  struct Split {
    std::vector<LiveFile> files;
    bool merge = false;
  };
  TableScan(Env& env, Table& table, const Schema& schema) : env_(&env), table_(&table), schema_(&schema) {}
  Status Choose(const std::vector<std::string>& names);  // columns
  Status Plan(std::vector<LiveFile> files);
  Status OpenNext();

  Env* env_;
  Table* table_;
  const Schema* schema_;
  MergeOrder order_;
  std::vector<FileColumn> columns_;
  std::vector<Split> splits_;
  size_t next_split_ = 0;
  std::unique_ptr<DeleteSet> deletes_;
  std::unique_ptr<DataFileReader> file_;
  std::unique_ptr<MergeReader> merged_;
};

}  // namespace sluice::paimon
