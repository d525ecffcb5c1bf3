// SPDX-License-Identifier: Apache-2.0
#include "connector/iceberg/sink.h"

#include <malloc.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/text.h"
#include "lake/catalog/hadoop.h"
#include "lake/iceberg/rebase.h"
#include "lake/iceberg/table_writer.h"

namespace sluice {
namespace {

using iceberg::CommitOrRebase;
using iceberg::Table;
using iceberg::TableChange;
using iceberg::TableMetadata;
using iceberg::TableWriter;
using Json = nlohmann::json;

constexpr int64_t kBufferedBytesMax = 192 << 20;  // of all open files together

std::string Property(const std::string& job, std::string_view name) { return Str("sluice.", job, ".", name); }

struct PreparedTable {
  TableId id;
  std::optional<int64_t> base;  // snapshot that the change was made on
  TableChange change;
};
struct Prepared {
  std::string job;
  int64_t epoch = 0;
  std::vector<PreparedTable> tables;
};

std::string ToJson(const Prepared& prepared) {
  std::string out = Str("{\"job\":\"", JsonEscape(prepared.job), "\",\"epoch\":", prepared.epoch, ",\"tables\":[");
  for (size_t i = 0; i < prepared.tables.size(); ++i) {
    const PreparedTable& table = prepared.tables[i];
    out += Str(i == 0 ? "" : ",", "{\"namespace\":\"", JsonEscape(table.id.schema), "\",\"table\":\"",
               JsonEscape(table.id.table), "\",\"base\":", table.base ? Str(*table.base) : "null",
               ",\"change\":", table.change.ToJson(), "}");
  }
  return out + "]}";
}

Result<Prepared> ParsePrepared(const std::string& text) {
  Error damaged = Corrupt("the prepared commit in the checkpoint cannot be read",
                          "remove the state directory: the job then resumes from the position in its tables");
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("job") || !json["job"].is_string() || !json.contains("epoch") ||
      !json["epoch"].is_number_integer() || !json.contains("tables") || !json["tables"].is_array()) {
    return damaged;
  }
  Prepared prepared;
  prepared.job = json["job"].get<std::string>();
  prepared.epoch = json["epoch"].get<int64_t>();
  for (const Json& table : json["tables"]) {
    if (!table.is_object() || !table.contains("namespace") || !table["namespace"].is_string() ||
        !table.contains("table") || !table["table"].is_string() || !table.contains("change")) {
      return damaged;
    }
    PreparedTable out;
    out.id = {table["namespace"].get<std::string>(), table["table"].get<std::string>()};
    if (table.contains("base") && table["base"].is_number_integer()) out.base = table["base"].get<int64_t>();
    TRY_SET(out.change, iceberg::ParseTableChange(table["change"].dump()));
    prepared.tables.push_back(std::move(out));
  }
  return prepared;
}

// The epoch that `metadata` holds of this job; 0 if none.
int64_t EpochOf(const TableMetadata& metadata, const std::string& job) {
  int64_t epoch = 0;
  return ParseNumber(metadata.property(Property(job, "epoch")), epoch) ? epoch : 0;
}

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
  TRY_SET(auto tables, catalog_->List(""));
  EpochInfo newest;
  int64_t with_epoch = 0, of_epoch = 0;  // tables that have the newest epoch, tables that it changed
  for (const TableId& id : tables) {
    TRY_SET(MetadataVersion version, catalog_->Load(id));
    TRY_SET(TableMetadata metadata, TableMetadata::Parse(version.json, version.file));
    int64_t epoch = EpochOf(metadata, config_.job);
    if (epoch <= 0) continue;
    TRY(catalog_->Sync(id));  // the process that committed it may have died before it was durable
    if (epoch < newest.epoch) continue;
    if (epoch > newest.epoch) {
      newest.epoch = epoch;
      newest.begin = metadata.property(Property(config_.job, "begin"));
      newest.end = metadata.property(Property(config_.job, "end"));
      with_epoch = 0;
      of_epoch = metadata.NumberProperty(Property(config_.job, "tables"), 0);
    }
    ++with_epoch;
  }
  if (newest.epoch == 0) return std::optional<EpochInfo>();
  if (with_epoch == of_epoch) {
    newest.begin = newest.end;
  } else {
    LogWarn(Str(
        "epoch ", newest.epoch, " is in ", with_epoch, " of ", of_epoch,
        " tables: it is read again; its rows are looked up by key (tables without a primary key may get rows twice)"));
  }
  replaying_ = with_epoch != of_epoch;
  return std::optional<EpochInfo>(std::move(newest));
}

Status IcebergSink::CreateOrAdopt(const TableId& id, const TableSchema& schema) {
  TRY_SET(bool exists, catalog_->Exists(id));
  std::unique_ptr<Table> table;
  if (exists) {
    TRY_SET(table, Table::Open(env_, *catalog_, id));
  } else {
    iceberg::NewTable wanted;
    wanted.schema = iceberg::FromTableSchema(schema);
    for (const iceberg::TablePartitioning& partitioning : config_.partitions) {
      if (partitioning.table != id.ToString()) continue;
      auto spec = iceberg::ToPartitionSpec(partitioning.terms, wanted.schema);
      if (!spec.ok()) return std::move(spec).error().With(Str("partition.key of ", partitioning.table));
      wanted.spec = *std::move(spec);
    }
    wanted.properties = config_.table_properties;
    if (!schema.comment.empty()) wanted.properties["comment"] = schema.comment;
    auto created = Table::Create(env_, *catalog_, id, std::move(wanted));
    if (created.ok()) {
      table = *std::move(created);
      LogInfo(Str("table ", id.ToString(), " created"));
    } else if (created.error().code == ErrorCode::kConflict) {  // somebody was faster
      TRY_SET(table, Table::Open(env_, *catalog_, id));
    } else {
      return std::move(created).error();
    }
  }
  PassFailpoint("table.after_create");
  iceberg::TableWriterOptions options;
  options.writer = config_.job;
  options.backfill = config_.backfill;
  options.upsert_snapshot = replaying_;
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

Result<std::string> IcebergSink::Prepare(const EpochInfo& epoch) {
  Prepared prepared;
  prepared.job = config_.job;
  prepared.epoch = epoch.epoch;
  for (auto& [id, writer] : writers_) {
    if (!writer->dirty()) continue;
    TRY_SET(TableChange change, writer->Finish({epoch.epoch, epoch.begin, epoch.end, epoch.position}));
    prepared.tables.push_back({id, writer->base_snapshot(), std::move(change)});
  }
  PassFailpoint("iceberg.after_data_files");
  if (prepared.tables.empty()) return std::string();
  for (auto& table : prepared.tables) {
    table.change.set_properties[Property(config_.job, "tables")] = Str(prepared.tables.size());
  }
  return ToJson(prepared);
}

Status IcebergSink::Commit(const std::string& text) {
  if (text.empty()) return Ok();
  TRY_SET(Prepared prepared, ParsePrepared(text));
  bool first = true;
  for (PreparedTable& table : prepared.tables) {
    if (!first) PassFailpoint("iceberg.between_tables");
    first = false;
    iceberg::CommitGuard guard{prepared.job, prepared.epoch};
    auto found = writers_.find(table.id);
    if (found != writers_.end() && found->second->finished()) {
      bool done = found->second->table().IsDone(guard);
      TRY(found->second->Commit(table.change, prepared.epoch));
      commits_ += !done && table.change.touches_files();
    } else {  // after a restart, or done by an earlier try
      TRY_SET(auto opened, Table::Open(env_, *catalog_, table.id));
      bool done = opened->IsDone(guard);
      TRY(CommitOrRebase(env_, *opened, table.change, guard, table.base));
      commits_ += !done && table.change.touches_files();
    }
    committed_.insert(table.id);
  }
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
