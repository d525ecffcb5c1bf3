// SPDX-License-Identifier: Apache-2.0
#include "cli/lake_tables.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "connector/iceberg/sink.h"
#include "connector/iceberg/stored_epochs.h"
#include "connector/paimon/sink.h"
#include "lake/catalog/hadoop.h"
#include "lake/iceberg/scan.h"
#include "lake/iceberg/table.h"
#include "lake/paimon/commit.h"
#include "lake/paimon/evolve.h"
#include "lake/paimon/merge_rules.h"
#include "lake/paimon/scan.h"
#include "row/arrow_status.h"

namespace sluice {
namespace {

std::string WarehouseOf(const PipelineSpec& spec) { return spec.sink.options.at("catalog.properties.warehouse").text; }

class IcebergLakeTable final : public LakeTable {
 public:
  IcebergLakeTable(Env& env, std::unique_ptr<iceberg::Table> table, iceberg::Schema schema)
      : env_(env), table_(std::move(table)), schema_(std::move(schema)) {}
  int64_t version() const override { return table_->version().version; }
  int64_t schema_id() const override { return table_->metadata().current_schema_id(); }
  TableSchema schema() const override { return iceberg::ToTableSchema(schema_); }
  Result<std::unique_ptr<LakeScan>> Scan(const std::vector<std::string>& columns) override {
    return MakeLakeScan(env_, *table_, {}, columns);
  }

 private:
  Env& env_;
  std::unique_ptr<iceberg::Table> table_;
  const iceberg::Schema schema_;
};

class IcebergLakeTables final : public LakeTables {
 public:
  IcebergLakeTables(Env& env, std::unique_ptr<Catalog> catalog) : env_(env), catalog_(std::move(catalog)) {}
  Result<StoredEpochs> ReadStoredEpochs(const std::string& job) override {
    return sluice::ReadStoredEpochs(*catalog_, job);
  }
  Result<std::unique_ptr<LakeTable>> Open(const TableId& id) override {
    TRY_SET(auto table, iceberg::Table::Open(env_, *catalog_, id));
    TRY_SET(iceberg::Schema schema, table->metadata().current_schema());
    return std::unique_ptr<LakeTable>(new IcebergLakeTable(env_, std::move(table), std::move(schema)));
  }
  Result<std::string> JobId(const PipelineSpec& spec) override { return IcebergJobId(spec); }

 private:
  Env& env_;
  std::unique_ptr<Catalog> catalog_;
};

// Of tables whose merging makes other rows than those of the source.
std::string WhyOtherRows(const paimon::Schema& schema) {
  if (schema.primary_keys.empty()) return {};
  const auto rules = paimon::MergeRules::Of(schema);
  if (!rules.ok()) return {};
  if (!schema.Option("rowkind.field", "").empty()) return "rowkind.field: its rows say what becomes of them";
  if (rules->ignore_delete) return "with ignore-delete it keeps rows that the source has no more";
  switch (rules->engine) {
    case paimon::MergeEngine::kDeduplicate: return {};
    case paimon::MergeEngine::kPartialUpdate:
      return "merge-engine partial-update: NULL changes nothing, and several tables may make one row";
    case paimon::MergeEngine::kFirstRow: return "merge-engine first-row: what came later does not show";
    case paimon::MergeEngine::kAggregation: break;
  }
  const bool newest = std::all_of(rules->aggregates.begin(), rules->aggregates.end(), [](const auto& column) {
    return column.second.function == paimon::AggregateFunction::kPrimaryKey ||
           column.second.function == paimon::AggregateFunction::kLastValue;
  });
  if (newest && rules->remove_on_delete) return {};
  return "merge-engine aggregation: its rows are made of all that came";
}

class PaimonLakeTable final : public LakeTable {
 public:
  PaimonLakeTable(Env& env, std::unique_ptr<paimon::Table> table, int64_t snapshot, paimon::Schema schema,
                  std::string source_key)
      : env_(env),
        table_(std::move(table)),
        snapshot_(snapshot),
        schema_(std::move(schema)),
        source_key_(std::move(source_key)) {}
  int64_t version() const override { return snapshot_; }
  int64_t schema_id() const override { return schema_.id; }
  TableSchema schema() const override { return paimon::ToTableSchema(schema_, source_key_); }
  Result<std::unique_ptr<LakeScan>> Scan(const std::vector<std::string>& columns) override {
    return MakeLakeScan(env_, *table_, snapshot_ > 0 ? std::optional(snapshot_) : std::nullopt, columns);
  }
  std::string WhyNotCompared() const override { return WhyOtherRows(schema_); }
  // TIME has milliseconds.
  Result<std::shared_ptr<arrow::RecordBatch>> AsStored(std::shared_ptr<arrow::RecordBatch> rows) const override {
    for (int i = 0; i < rows->num_columns(); ++i) {
      if (rows->column(i)->type_id() != arrow::Type::TIME64) continue;
      const auto& times = static_cast<const arrow::Time64Array&>(*rows->column(i));
      arrow::Time64Builder builder(times.type(), arrow::default_memory_pool());
      for (int64_t row = 0; row < times.length(); ++row) {
        ARROW_TRY(times.IsNull(row) ? builder.AppendNull() : builder.Append(times.Value(row) / 1000 * 1000));
      }
      ARROW_TRY_SET(auto cut, builder.Finish());
      ARROW_TRY_SET(rows, rows->SetColumn(i, rows->schema()->field(i), cut));
    }
    return rows;
  }

 private:
  Env& env_;
  std::unique_ptr<paimon::Table> table_;
  const int64_t snapshot_;  // 0: none
  const paimon::Schema schema_;
  const std::string source_key_;
};

class PaimonLakeTables final : public LakeTables {
 public:
  PaimonLakeTables(Env& env, std::unique_ptr<paimon::Catalog> catalog, std::string job)
      : env_(env), catalog_(std::move(catalog)), job_(std::move(job)) {}
  Result<StoredEpochs> ReadStoredEpochs(const std::string& job) override {
    return ReadPaimonEpochs(env_, *catalog_, job);
  }
  Result<std::unique_ptr<LakeTable>> Open(const TableId& id) override {
    TRY_SET(auto table, catalog_->Open(env_, id));
    TRY_SET(const auto snapshot, table->LatestSnapshot());
    const paimon::Schema* schema = &table->newest_schema();
    if (snapshot) {
      TRY_SET(schema, table->SchemaOf(snapshot->schema_id));
    }
    const int64_t id_of_snapshot = snapshot ? snapshot->id : 0;
    TRY_SET(const auto own, paimon::LatestOfUser(*table, job_));
    std::string key;
    if (own) {
      auto found = own->properties.find(JobProperty(job_, "key"));
      if (found != own->properties.end()) key = found->second;
    }
    paimon::Schema copy = *schema;
    return std::unique_ptr<LakeTable>(
        new PaimonLakeTable(env_, std::move(table), id_of_snapshot, std::move(copy), std::move(key)));
  }
  Result<std::string> JobId(const PipelineSpec& spec) override { return PaimonJobId(spec); }

 private:
  Env& env_;
  const std::unique_ptr<paimon::Catalog> catalog_;
  const std::string job_;
};

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> LakeTable::AsStored(std::shared_ptr<arrow::RecordBatch> rows) const {
  return rows;
}

Result<std::unique_ptr<LakeTables>> LakeTables::Of(Env& env, const PipelineSpec& spec) {
  if (spec.sink.type == "iceberg") {
    TRY_SET(auto catalog, HadoopCatalog::Make(env, WarehouseOf(spec)));
    return std::unique_ptr<LakeTables>(new IcebergLakeTables(env, std::move(catalog)));
  }
  if (spec.sink.type == "paimon") {
    TRY_SET(auto catalog, OpenPaimonCatalog(env, spec));
    TRY_SET(std::string job, PaimonJobId(spec));
    return std::unique_ptr<LakeTables>(new PaimonLakeTables(env, std::move(catalog), std::move(job)));
  }
  return Unsupported(Str("a sink of type `", spec.sink.type, "` cannot be compared"),
                     "verify reads iceberg and paimon sinks");
}

}  // namespace sluice
