// SPDX-License-Identifier: Apache-2.0
// ForeignWriter: another engine at work on the job's tables. It appends rows of its own (their id begins with a minus),
// rewrites all files of a table into new ones without deletes, and sets properties. It never fails. One thread.
#pragma once

#include "lake/catalog/hadoop.h"
#include "lake/iceberg/table.h"
#include "sim/history.h"
#include "sim/sim_env.h"

namespace sluice::sim {

class ForeignWriter {
 public:
  ForeignWriter(World& world, const History& history, const std::string& warehouse, uint64_t seed);

  // Does one thing to one table. Nothing if the table is not there yet.
  Status Act();

 private:
  Status Append(iceberg::Table& table);
  Status Compact(iceberg::Table& table);
  Result<iceberg::DataFile> Rewrite(iceberg::Table& table, const std::vector<const iceberg::LiveFile*>& files);

  World& world_;
  const History& history_;
  Rng rng_;
  SimEnv env_;
  std::unique_ptr<HadoopCatalog> catalog_;
  int64_t rows_ = 0;
};

}  // namespace sluice::sim
