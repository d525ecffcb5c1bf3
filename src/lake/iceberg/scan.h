// SPDX-License-Identifier: Apache-2.0
// TableScan: the rows of a table at a snapshot, deletes applied, file after file. Borrows the table; one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/parquet/data_reader.h"
#include "lake/iceberg/schema.h"
#include "lake/iceberg/table.h"

namespace sluice::iceberg {

class TableScan {
 public:
  // `columns`: names in the wanted order; empty: all. kNotFound for an unknown column or snapshot; kUnsupported for a
  // table with equality deletes.
  static Result<TableScan> Make(Env& env, Table& table, std::optional<int64_t> snapshot,
                                const std::vector<std::string>& columns);

  const Schema& schema() const { return schema_; }  // of the batches
  Result<bool> Next(DataBatch& out);                // false at the end

 private:
  TableScan(Env& env, Schema schema, std::vector<LiveFile> files)
      : env_(&env), schema_(std::move(schema)), files_(std::move(files)) {}
  Env* env_;
  Schema schema_;
  std::vector<LiveFile> files_;
  size_t next_file_ = 0;
  std::unique_ptr<DeleteSet> deletes_;
  std::unique_ptr<DataFileReader> reader_;
};

// All position deletes of a live file, merged.
Result<DeleteSet> LoadDeletes(Env& env, const LiveFile& file);

}  // namespace sluice::iceberg
