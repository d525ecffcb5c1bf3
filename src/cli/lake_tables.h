// SPDX-License-Identifier: Apache-2.0
// LakeTables: the tables of a sink's warehouse, of any format, as `sluice verify` looks at them. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/lake_scan.h"
#include "pipeline/pipeline_spec.h"
#include "pipeline/stored_epochs.h"
#include "row/schema.h"
#include "row/table_id.h"

namespace sluice {

// A table at one moment.
class LakeTable {
 public:
  virtual ~LakeTable() = default;
  virtual int64_t version() const = 0;    // as in StoredEpochs::versions
  virtual int64_t schema_id() const = 0;
  virtual TableSchema schema() const = 0;
  // The rows of that moment. Borrows the table. kNotFound if they are gone.
  virtual Result<std::unique_ptr<LakeScan>> Scan(const std::vector<std::string>& columns) = 0;
  // Why its rows need not be those of its source; empty: they must be.
  virtual std::string WhyNotCompared() const { return {}; }
  // Rows of the source as the format keeps them.
  virtual Result<std::shared_ptr<arrow::RecordBatch>> AsStored(std::shared_ptr<arrow::RecordBatch> rows) const;
};

class LakeTables {
 public:
  // kUnsupported for a sink that has no tables.
  static Result<std::unique_ptr<LakeTables>> Of(Env& env, const PipelineSpec& spec);
  virtual ~LakeTables() = default;
  virtual Result<StoredEpochs> ReadStoredEpochs(const std::string& job) = 0;
  virtual Result<std::unique_ptr<LakeTable>> Open(const TableId& id) = 0;  // kNotFound
  // The identity of the file's job.
  virtual Result<std::string> JobId(const PipelineSpec& spec) = 0;
};

}  // namespace sluice
