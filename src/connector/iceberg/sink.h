// SPDX-License-Identifier: Apache-2.0
// IcebergSink: pipeline batches -> Iceberg v2 tables of one Hadoop warehouse, a snapshot per table and epoch. Owned by
// the job, its one thread. What a commit stores and how a restart decides: docs/formats/epoch.md.
//
// DROP TABLE removes the rows and keeps the table with its history: a commit cannot undo the loss of files, and readers
// may be at work. Files that a killed process wrote and never prepared stay in data/ as orphans.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/helper_thread.h"
#include "connector/iceberg/stored_epochs.h"
#include "io/env.h"
#include "lake/catalog/catalog.h"
#include "lake/iceberg/metadata.h"
#include "lake/iceberg/transform.h"
#include "pipeline/pipeline_spec.h"
#include "pipeline/sink.h"
#include "pipeline/sink_tables.h"

namespace sluice {

namespace iceberg {
class TableWriter;
struct TableChange;
}  // namespace iceberg

struct IcebergSinkConfig {
  std::string warehouse;                 // path or file: URI
  std::string job;                       // tells jobs apart that write to one warehouse; letters, digits, '-', '_'
  iceberg::Properties table_properties;  // of tables that are made
  std::vector<iceberg::TablePartitioning> partitions;  // likewise
  bool backfill = true;                                // ADD COLUMN with a default rewrites the live files
};

// Sink::StoredType: timestamps have microseconds at most, those of nanoseconds are of format version 3.
DataType IcebergStoredType(const DataType& type);

class IcebergSink final : public Sink {
 public:
  // `env` outlives the sink.
  static Result<std::unique_ptr<IcebergSink>> Make(Env& env, IcebergSinkConfig config);
  ~IcebergSink() override;

  BeforeImage before_image() const override { return BeforeImage::kKey; }
  DataType StoredType(const DataType& type) const override { return IcebergStoredType(type); }
  // kInvalid if the warehouse cannot be written.
  Status Open() override;
  Result<std::optional<EpochInfo>> StoredEpoch() override;
  Result<std::map<TableId, TableSchema>> CompleteStoredEpoch() override;
  Status Apply(const SchemaChange& change) override;
  Status Write(const ChangeBatch& batch) override;
  Result<std::string> Prepare(const EpochInfo& epoch) override;
  Status Commit(const std::string& prepared) override;
  Status RemoveUnreachable(const std::vector<std::string>& files) override;
  Status Maintain() override;
  SinkStats stats() const override;

 private:
  IcebergSink(Env& env, IcebergSinkConfig config, std::unique_ptr<Catalog> catalog);
  Status CreateOrAdopt(const TableId& id, const TableSchema& schema);
  void TellIdlePartitions();
  Result<std::string> EpochFile(const TableId& first, int64_t epoch);  // its local path
  Status CheckFiles(const TableId& id, const iceberg::TableChange& change);

  Env& env_;
  const IcebergSinkConfig config_;
  std::unique_ptr<Catalog> catalog_;
  HelperThread helper_;  // encodes with the job's thread
  SinkTables<iceberg::TableWriter> tables_;
  std::set<TableId> committed_;  // since the last Maintain
  StoredEpochs stored_;          // at the last StoredEpoch()
  int64_t commits_ = 0;
  bool told_partitions_ = false;
};

// From the sink block of a pipeline file. Warnings get one sentence for each option without effect.
Result<std::unique_ptr<Sink>> MakeIcebergSink(Env& env, const PipelineSpec& spec, std::vector<std::string>& warnings);

// Whether the sink could make these tables: kInvalid at the option's place. `notes` gets a sentence for each entry of
// partition.key that is for none of them.
Status CheckIcebergTables(const PipelineSpec& spec, const std::map<TableId, TableSchema>& tables,
                          std::vector<std::string>& notes);

// LakeJobId with the prefix of the file.
Result<std::string> IcebergJobId(const PipelineSpec& spec);

}  // namespace sluice
