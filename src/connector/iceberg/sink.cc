// SPDX-License-Identifier: Apache-2.0
#include "connector/iceberg/sink.h"

#include <malloc.h>

#include "base/check.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/text.h"
#include "connector/iceberg/partitions.h"
#include "lake/catalog/hadoop.h"
#include "lake/iceberg/orphans.h"
#include "lake/iceberg/rebase.h"
#include "lake/iceberg/table_writer.h"
#include "lake/parquet/file_writer.h"

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
    : env_(env), config_(std::move(config)), catalog_(std::move(catalog)) {}

IcebergSink::~IcebergSink() = default;

Result<std::unique_ptr<IcebergSink>> IcebergSink::Make(Env& env, IcebergSinkConfig config) {
  TRY_SET(auto catalog, HadoopCatalog::Make(env, config.warehouse));
  return std::unique_ptr<IcebergSink>(new IcebergSink(env, std::move(config), std::move(catalog)));
}

// A file is made and removed: rights, a read-only mount and a full disk show now, not after an hour of reading.
Status IcebergSink::Open() {
  TRY_SET(std::string folder, LocalPath(config_.warehouse));
  auto probe = [&]() -> Status {
    TRY(env_.MakeFolders(folder));
    std::string path = Str(folder, "/.sluice-probe-", env_.Uuid());
    TRY_SET(auto file, env_.NewFile(path));
    Status written = file->Append("sluice");
    if (written.ok()) written = file->Close();
    TRY(env_.Remove(path));
    return written;
  };
  Status status = probe();
  if (status.ok()) return status;
  Error error = std::move(status).error().With(Str("warehouse ", config_.warehouse, " cannot be written"));
  bool full = error.code == ErrorCode::kUnavailable && error.hint.find("space") != std::string::npos;
  if (!full) error.code = ErrorCode::kInvalid;
  if (error.hint.empty()) error.hint = "catalog.properties.warehouse must be a folder that sluice may write to";
  return error;
}

Result<std::optional<EpochInfo>> IcebergSink::StoredEpoch() {
  TRY_SET(stored_, ReadStoredEpochs(*catalog_, config_.job));
  // The process that committed them may have died before they were durable.
  for (const auto& [id, epoch] : stored_.epochs) TRY(catalog_->Sync(id));
  if (stored_.newest.epoch == 0) return std::optional<EpochInfo>();
  EpochInfo newest = stored_.newest;
  newest.position.clear();
  return std::optional<EpochInfo>(std::move(newest));
}

Result<std::map<TableId, TableSchema>> IcebergSink::CompleteStoredEpoch() {
  if (!stored_.whole()) {
    std::string what =
        Str("epoch ", stored_.newest.epoch, " is in ", stored_.tables_with, " of ", stored_.tables_of, " tables");
    auto text = env_.ReadFile(stored_.epoch_file);
    if (!text.ok()) {
      return Corrupt(Str(what, ", and the file with its commits is gone: ", text.error().message),
                     "a table of this job was removed, or files of one: remove all tables of this job to copy anew");
    }
    LogWarn(Str(what, ": its commits are completed from ", stored_.epoch_file));
    TRY(Commit(*text));
  }
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
  writers_[id] = std::move(writer);
  return Ok();
}

Result<TableWriter*> IcebergSink::WriterOf(const TableId& id) {
  auto found = writers_.find(id);
  if (found == writers_.end()) {
    return Invalid(Str("table ", id.ToString(), " was not created before its first row"),
                   "this is a bug in the source");
  }
  return found->second.get();
}

Status IcebergSink::Apply(const SchemaChange& change) {
  if (change.kind == SchemaChangeKind::kCreateTable && !writers_.contains(change.table)) {
    return CreateOrAdopt(change.table, *change.schema);
  }
  TRY_SET(TableWriter * writer, WriterOf(change.table));
  return writer->Change(change);
}

Status IcebergSink::Write(const ChangeBatch& batch) {
  TRY_SET(TableWriter * writer, WriterOf(batch.table));
  TRY(writer->Write(batch));
  return BoundMemory();
}

Status IcebergSink::BoundMemory() {
  while (true) {
    int64_t sum = 0, most = 0;
    TableWriter* largest = nullptr;
    for (auto& [id, writer] : writers_) {
      int64_t bytes = writer->buffered_bytes();
      sum += bytes;
      if (bytes > most) {
        most = bytes;
        largest = writer.get();
      }
    }
    if (sum <= kBufferedBytesMax || largest == nullptr) return Ok();
    TRY(largest->CloseFiles());
  }
}

void IcebergSink::TellIdlePartitions() {
  if (std::exchange(told_partitions_, true)) return;
  std::set<std::string> tables;
  for (const auto& [id, writer] : writers_) tables.insert(id.ToString());
  for (const std::string& note : IdlePartitions(config_.partitions, tables)) LogWarn(note);
}

Result<std::string> IcebergSink::Prepare(const EpochInfo& epoch) {
  TellIdlePartitions();
  struct Finished {
    TableId id;
    std::optional<int64_t> base;
    TableChange change;
  };
  std::vector<Finished> changes;
  for (auto& [id, writer] : writers_) {
    if (!writer->dirty()) continue;
    TRY_SET(TableChange change, writer->Finish({epoch.epoch, epoch.end, epoch.position, epoch.state_id}));
    changes.push_back({id, writer->base_snapshot(), std::move(change)});
  }
  ReleaseWriteMemory();
  PassFailpoint("iceberg.after_data_files");
  if (changes.empty()) return std::string();
  PreparedEpoch prepared{config_.job, epoch.epoch, {}};
  const bool several = changes.size() > 1;
  std::string file;
  if (several) {
    TRY_SET(file, EpochFile(changes[0].id, epoch.epoch));
  }
  for (auto& [id, base, change] : changes) {
    change.set_properties[JobProperty(config_.job, "tables")] = Str(changes.size());
    std::string property = JobProperty(config_.job, "epoch-file");
    if (several) change.set_properties[property] = file;
    if (!several) change.remove_properties.push_back(property);
    prepared.tables.push_back({id, base, change.ToJson()});
  }
  return prepared.ToJson();
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
    auto found = writers_.find(table.id);
    TableWriter* writer = found != writers_.end() && found->second->finished() ? found->second.get() : nullptr;
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
    auto found = writers_.find(id);
    if (found == writers_.end()) continue;
    auto expired = found->second->table().Maintain();
    if (expired.ok()) continue;
    LogWarn(Str("table ", id.ToString(),
                ": upkeep failed and is tried again after the next commit: ", expired.error().message));
  }
  committed_.clear();
  malloc_trim(0);
  return Ok();
}

SinkStats IcebergSink::stats() const {
  SinkStats sum;
  sum.commits = commits_;
  for (auto& [id, writer] : writers_) {
    const iceberg::TableWriterStats& stats = writer->stats();
    sum.inserted += stats.inserted;
    sum.updated += stats.updated;
    sum.deleted += stats.deleted;
    sum.bytes_written += stats.bytes_written;
  }
  return sum;
}

}  // namespace sluice
