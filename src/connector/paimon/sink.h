// SPDX-License-Identifier: Apache-2.0
// PaimonSink: change batches and schema changes -> Paimon tables of one catalog, exactly once. Owned by the
// job, its one thread. What a commit stores and how a restart decides: docs/formats/epoch.md.
//
// DROP TABLE removes the rows and keeps the table with its history: a commit cannot undo the loss of files, and readers
// may be at work.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/helper_thread.h"
#include "connector/paimon/upkeep.h"
#include "io/env.h"
#include "lake/paimon/schema.h"
#include "lake/paimon/catalog.h"
#include "pipeline/pipeline_spec.h"
#include "pipeline/sink.h"
#include "pipeline/sink_tables.h"
#include "pipeline/stored_epochs.h"

namespace sluice {

namespace mirror {
class IcebergMirror;
}

namespace paimon {
class Table;
class TableWriter;
}  // namespace paimon

struct PaimonSinkConfig {
  std::string warehouse;             // path, file: or s3: URI
  paimon::Options catalog;           // the other options of its catalog
  std::string job;                   // tells jobs apart that write to one warehouse: their snapshots' commitUser
  paimon::Options table_options;     // of tables that are made: own_options, and the catalog's defaults
  paimon::Options own_options;       // those that the pipeline gives tables
  std::map<std::string, std::vector<std::string>> partition_keys;  // likewise, by database.table
  std::vector<std::string> all_partition_keys;  // of tables that have all of them and are not in partition_keys
  bool alter_options = false;        // tables that are there get `own_options`, too
  bool take_columns = false;         // ADD COLUMN of one that the table has fills that
  bool backfill = true;              // ADD COLUMN with a default rewrites the live files
};

class PaimonSink final : public Sink {
 public:
  // `env` outlives the sink.
  static Result<std::unique_ptr<PaimonSink>> Make(Env& env, PaimonSinkConfig config);
  ~PaimonSink() override;

  BeforeImage before_image() const override { return before_; }
  DataType StoredType(const DataType& type) const override;
  // kInvalid if the warehouse cannot be written.
  Status Open() override;
  Result<std::optional<EpochInfo>> StoredEpoch() override;
  Result<std::map<TableId, TableSchema>> CompleteStoredEpoch() override;
  Status Apply(const SchemaChange& change) override;
  Status Write(const ChangeBatch& batch) override;
  Result<std::string> Prepare(const EpochInfo& epoch) override;
  Status Commit(const std::string& prepared) override;
  Status RemoveUnreachable(const std::vector<std::string>& files) override;
  Status Rest() override;  // compacts what was written so often that it pays (docs/adr/0029)
  Status Maintain() override;
  SinkStats stats() const override;

 private:
  PaimonSink(Env& env, PaimonSinkConfig config, std::unique_ptr<paimon::Catalog> catalog);
  Status CreateOrAdopt(const TableId& id, const TableSchema& schema);
  Result<std::unique_ptr<paimon::Table>> OpenTable(const TableId& id);
  Status Mirror(const TableId& id);  // Iceberg metadata beside the table follows it
  Status TryMirror(const TableId& id);
  Result<int64_t> RemoveUnreachable(const TableId& id, const std::vector<std::string>& files);
  Result<bool> Keep(const TableId& id);  // whether there is more to do
  Status Compact(const TableId& id, paimon::TableWriter& writer);
  void TellIdlePartitions();
  Result<std::string> EpochFile(const TableId& first, int64_t epoch);  // its path

  Env& env_;
  const PaimonSinkConfig config_;
  const std::unique_ptr<paimon::Catalog> catalog_;
  BeforeImage before_ = BeforeImage::kRow;
  HelperThread helper_;  // encodes with the job's thread
  SinkTables<paimon::TableWriter> tables_;
  std::set<TableId> committed_;  // since the last Maintain, or with snapshots that it did not come to
  std::map<TableId, std::unique_ptr<mirror::IcebergMirror>> mirrors_;  // null: the table has none
  PaimonUpkeep upkeep_;
  StoredEpochs stored_;          // at the last StoredEpoch()
  int64_t commits_ = 0;
  bool told_partitions_ = false;
  bool mirrored_ = false;  // a table's Iceberg metadata was told to all that wait for it
};

// From the sink block of a pipeline file. Warnings get one sentence for each option without effect.
Result<std::unique_ptr<Sink>> MakePaimonSink(Env& env, const PipelineSpec& spec, std::vector<std::string>& warnings);

// What the tables of the catalog say of a job.
Result<StoredEpochs> ReadPaimonEpochs(Env& env, paimon::Catalog& catalog, const std::string& job);
// The catalog of the sink.
Result<std::unique_ptr<paimon::Catalog>> OpenPaimonCatalog(Env& env, const PipelineSpec& spec);
// Sink::StoredType of tables that are made with these options.
DataType PaimonStoredType(const paimon::Options& table_options, const DataType& type);
Result<std::function<DataType(const DataType&)>> PaimonStoredTypes(const PipelineSpec& spec);
// LakeJobId with the prefix of the file.
Result<std::string> PaimonJobId(const PipelineSpec& spec);

// Whether the sink could make these tables: kInvalid at the option's place. `notes` gets a sentence for each entry of
// partition.key that is for none of them.
Status CheckPaimonTables(const PipelineSpec& spec, const std::map<TableId, TableSchema>& tables,
                         std::vector<std::string>& notes);

}  // namespace sluice
