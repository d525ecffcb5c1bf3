// SPDX-License-Identifier: Apache-2.0
#include "connector/iceberg/sink.h"

#include <malloc.h>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/text.h"
#include "connector/iceberg/partitions.h"
#include "lake/catalog/hadoop.h"
#include "lake/iceberg/orphans.h"
#include "lake/iceberg/rebase.h"
#include "lake/iceberg/table_writer.h"
#include "lake/parquet/file_writer.h"
#include "pipeline/lake_sink.h"
#include "pipeline/prepared_epoch.h"
#include "row/timestamp.h"

namespace sluice {
namespace {

using iceberg::CommitOrRebase;
using iceberg::Table;
using iceberg::TableChange;
using iceberg::TableMetadata;
using iceberg::TableWriter;

constexpr int64_t kBufferedBytesMax = 192 << 20;  // of all open files together

}  // namespace

IcebergSink::IcebergSink(Env& env, IcebergSinkConfig config, std::unique_ptr<Catalog> catalog)
    : env_(env), config_(std::move(config)), catalog_(std::move(catalog)), tables_(kBufferedBytesMax) {}

IcebergSink::~IcebergSink() = default;

Result<std::unique_ptr<IcebergSink>> IcebergSink::Make(Env& env, IcebergSinkConfig config) {
  TRY_SET(auto catalog, HadoopCatalog::Make(env, config.warehouse));
  return std::unique_ptr<IcebergSink>(new IcebergSink(env, std::move(config), std::move(catalog)));
}

DataType IcebergStoredType(const DataType& type) {
  DataType out = type;
  if (HasNanos(type)) out.precision = kMicrosDigits;
  return out;
}

Status IcebergSink::Open() {
  TRY_SET(const std::string folder, LocalPath(config_.warehouse));
  return CheckWarehouse(env_, folder, config_.warehouse);
}

Result<std::optional<EpochInfo>> IcebergSink::StoredEpoch() {
  TRY_SET(stored_, ReadStoredEpochs(*catalog_, config_.job));
  // The process that committed them may have died before they were durable.
  for (const auto& [id, epoch] : stored_.epochs) TRY(catalog_->Sync(id));
  return stored_.Newest();
}

Result<std::map<TableId, TableSchema>> IcebergSink::CompleteStoredEpoch() {
  TRY_SET(const std::string commits, CommitsToComplete(env_, stored_));
  TRY(Commit(commits));
  std::map<TableId, TableSchema> out;
  TRY_SET(auto tables, catalog_->List(""));
  for (const TableId& id : tables) {
    TRY_SET(MetadataVersion version, catalog_->Load(id));
    TRY_SET(TableMetadata metadata, TableMetadata::Parse(version.json, version.file));
    const bool dropped = metadata.property(JobProperty(config_.job, "dropped")) == "true";
    if (EpochOf(metadata.properties(), config_.job) <= 0 || dropped) continue;
    TRY_SET(iceberg::Schema schema, metadata.current_schema());
    out[id] = iceberg::ToTableSchema(schema);
  }
  return out;
}

Status IcebergSink::CreateOrAdopt(const TableId& id, const TableSchema& schema) {
  TRY_SET(bool exists, catalog_->Exists(id));
  std::unique_ptr<Table> table;
  // A checkpoint will name the table: the process that made it may have died before its entry was durable.
  auto open = [&]() -> Status {
    TRY_SET(table, Table::Open(env_, *catalog_, id));
    return catalog_->Sync(id);
  };
  if (exists) {
    TRY(open());
  } else {
    iceberg::NewTable wanted;
    wanted.schema = iceberg::FromTableSchema(schema);
    TRY_SET(wanted.spec, PartitionSpecOf(config_.partitions, id, wanted.schema));
    wanted.properties = config_.table_properties;
    wanted.properties[iceberg::SchemaProperty(config_.job)] = "0";  // these columns are this job's own
    if (!schema.comment.empty()) wanted.properties["comment"] = schema.comment;
    auto created = Table::Create(env_, *catalog_, id, std::move(wanted));
    if (created.ok()) {
      table = *std::move(created);
      LogInfo(Str("table ", id.ToString(), " created"));
    } else if (created.error().code == ErrorCode::kConflict) {  // somebody was faster
      TRY(open());
    } else {
      return std::move(created).error();
    }
  }
  PassFailpoint("table.after_create");
  iceberg::TableWriterOptions options;
  options.writer = config_.job;
  options.backfill = config_.backfill;
  options.helper = &helper_;
  TRY_SET(auto writer, TableWriter::Make(env_, std::move(table), std::move(options)));
  TRY(writer->Adopt(schema));
  tables_.Add(id, std::move(writer));
  return Ok();
}

Status IcebergSink::Apply(const SchemaChange& change) {
  if (change.kind == SchemaChangeKind::kCreateTable && tables_.Find(change.table) == nullptr) {
    return CreateOrAdopt(change.table, *change.schema);
  }
  TRY_SET(TableWriter * writer, tables_.Of(change.table));
  return writer->Change(change);
}

Status IcebergSink::Write(const ChangeBatch& batch) { return tables_.Write(batch); }

void IcebergSink::TellIdlePartitions() {
  if (std::exchange(told_partitions_, true)) return;
  const std::vector<std::string> named = PartitionedTables(config_.partitions);
  for (const std::string& note : IdlePartitions(named, tables_.names())) LogWarn(note);
}

Result<std::string> IcebergSink::Prepare(const EpochInfo& epoch) {
  TellIdlePartitions();
  const auto file_of = [&](const TableId& first) { return EpochFile(first, epoch.epoch); };
  // Properties of a table stay until they are changed.
  const auto hold = [](TableChange& change, const std::string& property, const auto& value) {
    if (value) change.set_properties[property] = *value;
    if (!value) change.remove_properties.push_back(property);
  };
  TRY_SET(std::string prepared, tables_.Prepare(config_.job, epoch, file_of, hold));
  ReleaseWriteMemory();
  PassFailpoint("iceberg.after_data_files");
  return prepared;
}

// In the first table's folder: whoever finds one table of the epoch can make the commits of the others.
Result<std::string> IcebergSink::EpochFile(const TableId& first, int64_t epoch) {
  TRY_SET(std::string location, catalog_->Location(first));
  TRY_SET(std::string folder, LocalPath(location));
  return Str(folder, "/metadata/epoch-", config_.job, "-", epoch, ".json");
}

// After a restart: what was prepared may lie there for long, and files that no metadata names are easily cleaned away.
Status IcebergSink::CheckFiles(const TableId& id, const TableChange& change) {
  for (const auto* files : {&change.added_data, &change.added_deletes}) {
    for (const iceberg::DataFile& file : *files) {
      TRY_SET(std::string path, LocalPath(file.path));
      TRY_SET(bool there, env_.Exists(path));
      if (there) continue;
      return Corrupt(Str("table ", id.ToString(), ": file ", path, " of the commit that is to be completed is gone"),
                     "remove the state directory: the job then resumes from the position in its tables");
    }
  }
  return Ok();
}

Status IcebergSink::Commit(const std::string& text) {
  if (text.empty()) return Ok();
  TRY_SET(PreparedEpoch prepared, PreparedEpoch::Parse(text));
  const bool several = prepared.tables.size() > 1;
  std::string epoch_file;  // once written
  iceberg::CommitGuard guard{prepared.job, prepared.epoch};
  for (PreparedTable& table : prepared.tables) {
    if (!epoch_file.empty()) PassFailpoint("iceberg.between_tables");
    TableWriter* writer = tables_.Finished(table.id);
    TRY_SET(const TableChange change, iceberg::ParseTableChange(table.change));
    std::unique_ptr<Table> opened;  // after a restart, or done by an earlier try
    if (writer == nullptr) {
      TRY_SET(opened, Table::Open(env_, *catalog_, table.id));
    }
    const bool done = (writer != nullptr ? writer->table() : *opened).IsDone(guard);
    if (!done && several && epoch_file.empty()) {
      TRY_SET(epoch_file, EpochFile(prepared.tables[0].id, prepared.epoch));
      TRY(env_.WriteFileDurably(epoch_file, text));
      PassFailpoint("iceberg.after_epoch_file");
    }
    if (writer != nullptr) {
      TRY(writer->Commit(change, prepared.epoch));
    } else if (!done) {
      TRY(CheckFiles(table.id, change));
      TRY(CommitOrRebase(env_, *opened, change, guard, table.base));
    }
    commits_ += !done && change.touches_files();
    committed_.insert(table.id);
  }
  if (!several) return Ok();
  // Every table has the epoch now. A file that stays behind is an orphan, nothing more.
  TRY_SET(epoch_file, EpochFile(prepared.tables[0].id, prepared.epoch));
  (void)env_.Remove(epoch_file).ok();
  return Ok();
}

Status IcebergSink::RemoveUnreachable(const std::vector<std::string>& files) {
  TRY_SET(auto tables, catalog_->List(""));
  int64_t removed = 0;
  for (const TableId& id : tables) {
    TRY_SET(std::string location, catalog_->Location(id));
    TRY_SET(std::string folder, LocalPath(location));
    std::vector<std::string> there;
    for (const std::string& file : files) {
      if (!file.starts_with(folder + "/")) continue;
      TRY_SET(bool exists, env_.Exists(file));
      if (exists) there.push_back(file);
    }
    if (there.empty()) continue;
    TRY_SET(auto table, Table::Open(env_, *catalog_, id));
    TRY_SET(int64_t of_table, iceberg::RemoveUnreachable(env_, *table, there));
    removed += of_table;
  }
  if (removed > 0) LogInfo(Str(removed, " files that a killed process left were removed"));
  return Ok();
}

Status IcebergSink::Maintain() {
  if (committed_.empty()) return Ok();
  for (const TableId& id : committed_) {
    TableWriter* writer = tables_.Find(id);
    if (writer == nullptr) continue;
    auto expired = writer->table().Maintain();
    if (expired.ok()) continue;
    LogWarn(Str("table ", id.ToString(),
                ": upkeep failed and is tried again after the next commit: ", expired.error().message));
  }
  committed_.clear();
  malloc_trim(0);
  return Ok();
}

SinkStats IcebergSink::stats() const {
  SinkStats sum = tables_.stats();
  sum.commits = commits_;
  return sum;
}

}  // namespace sluice
