// SPDX-License-Identifier: Apache-2.0
#include "connector/paimon/sink.h"

#include <malloc.h>

#include <algorithm>
#include <utility>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/text.h"
#include "connector/paimon/alter_options.h"
#include "connector/paimon/partition_keys.h"
#include "lake/mirror/catalog_publisher.h"
#include "lake/mirror/iceberg_form.h"
#include "lake/mirror/iceberg_mirror.h"
#include "lake/mirror/snapshots_to_show.h"
#include "lake/paimon/evolve.h"
#include "lake/paimon/orphans.h"
#include "lake/paimon/table_compaction.h"
#include "lake/paimon/table_writer.h"
#include "lake/parquet/file_writer.h"
#include "pipeline/lake_sink.h"
#include "pipeline/prepared_epoch.h"

namespace sluice {
namespace {

using paimon::Table;
using paimon::TableChange;
using paimon::TableWriter;

constexpr int64_t kFirstWaitMs = 500, kLastWaitMs = 8'000;  // between tries to tell an Iceberg catalog
constexpr int64_t kBufferedBytesMax = 128 << 20;  // of all tables together, unless one may have more alone

// Before anything is committed: the Iceberg metadata beside a table could not show such a column.
Status CheckMirrored(const TableId& id, const std::string& column, const DataType& type) {
  Status shown = mirror::CheckShown(column, type);
  return shown.ok() ? Ok() : Status(std::move(shown).error().With(Str("table ", id.ToString())));
}

// A table that was there before the pipeline has options and partitions of its own; what the source is asked for
// follows from those of the pipeline.
Status CheckOldRows(const TableId& id, const paimon::Schema& table, const TableSchema& source) {
  TRY_SET(const auto options, paimon::TableOptions::Of(table));
  const auto needed_for = [&](const char* what, const char* hint) {
    return Invalid(Str("table ", id.ToString(), " is there with ", what, ", and the pipeline does not say so"), hint);
  };
  if (options.merge.needs_old_rows()) {
    return needed_for("a merge-engine that takes old values back",
                      "set table.properties.merge-engine and the table's other merge options in the sink");
  }
  if (source.primary_key.empty()) return Ok();
  if (options.changelog == paimon::ChangelogProducer::kInput) {
    return needed_for("changelog-producer input", "set table.properties.changelog-producer: input in the sink");
  }
  for (const std::string& name : table.partition_keys) {
    if (std::find(source.primary_key.begin(), source.primary_key.end(), name) != source.primary_key.end()) continue;
    return needed_for("partitions by columns that are not in the source's key",
                      "name the table and its partition columns in partition.key of the sink");
  }
  return Ok();
}

// Paimon's sync actions have the clock as their watermark if their --table_conf says so, and none otherwise.
bool HasWatermarkTags(const paimon::Options& options) {
  const auto mode = options.find("tag.automatic-creation");
  return mode != options.end() && Lower(Trim(mode->second)) == "watermark";
}

}  // namespace

PaimonSink::PaimonSink(Env& env, PaimonSinkConfig config, std::unique_ptr<paimon::Catalog> catalog)
    : env_(env), config_(std::move(config)), catalog_(std::move(catalog)), tables_(kBufferedBytesMax),
      upkeep_(env, config_.job) {
  // A row that moves between partitions or buckets must go from where it was, and a changelog names both images.
  const auto producer = config_.table_options.find("changelog-producer");
  const bool changelog = producer != config_.table_options.end() && Lower(Trim(producer->second)) == "input";
  const bool keyed_by_values = config_.table_options.contains("sequence.field");
  const bool taken_back = paimon::MayNeedOldRows(config_.table_options);
  const bool partitions = !config_.partition_keys.empty() || !config_.all_partition_keys.empty();
  if (partitions || changelog || keyed_by_values || taken_back) before_ = BeforeImage::kFull;
}

PaimonSink::~PaimonSink() = default;

Result<std::unique_ptr<PaimonSink>> PaimonSink::Make(Env& env, PaimonSinkConfig config) {
  paimon::Options catalog_options = config.catalog;
  catalog_options["warehouse"] = config.warehouse;
  TRY_SET(auto catalog, paimon::OpenCatalog(env, catalog_options));
  return std::unique_ptr<PaimonSink>(new PaimonSink(env, std::move(config), std::move(catalog)));
}

DataType PaimonSink::StoredType(const DataType& type) const { return PaimonStoredType(config_.table_options, type); }

Result<StoredEpochs> ReadPaimonEpochs(Env& env, paimon::Catalog& catalog, const std::string& job) {
  StoredEpochs out;
  TRY_SET(const auto tables, catalog.List());
  for (const TableId& id : tables) {
    TRY_SET(const auto table, catalog.Open(env, id));
    TRY_SET(const auto ids, table->SnapshotIds());
    out.versions[id] = ids.empty() ? 0 : ids.back();
    TRY_SET(const auto own, paimon::LatestOfUser(*table, job));
    if (own) out.Add(id, own->properties, job);
  }
  return out;
}

Status PaimonSink::Open() {
  if (catalog_->folder().empty()) return Ok();  // its tables' folders are another's
  return CheckWarehouse(env_, catalog_->folder(), config_.warehouse);
}

Result<std::unique_ptr<Table>> PaimonSink::OpenTable(const TableId& id) {
  auto table = catalog_->Open(env_, id);
  if (table.ok() || table.error().code != ErrorCode::kNotFound) return table;
  Error error = std::move(table).error().With(Str("table ", id.ToString(), " of this job is gone"));
  if (error.hint.empty()) {
    error.hint = "put it back; or, to copy anew, remove the state directory and the other tables of this job, too";
  }
  return error;
}

Result<std::optional<EpochInfo>> PaimonSink::StoredEpoch() {
  TRY_SET(stored_, ReadPaimonEpochs(env_, *catalog_, config_.job));
  // The process that committed them may have died before they were durable.
  for (const auto& [id, epoch] : stored_.epochs) {
    TRY_SET(const auto table, OpenTable(id));
    TRY(paimon::SyncTable(env_, *table));
  }
  return stored_.Newest();
}

Result<std::map<TableId, TableSchema>> PaimonSink::CompleteStoredEpoch() {
  TRY_SET(const std::string commits, CommitsToComplete(env_, stored_));
  TRY(Commit(commits));
  std::map<TableId, TableSchema> out;
  for (const auto& [id, epoch] : stored_.epochs) {
    TRY_SET(const auto table, OpenTable(id));
    TRY_SET(const auto own, paimon::LatestOfUser(*table, config_.job));
    if (!own || own->properties.contains(JobProperty(config_.job, "dropped"))) continue;
    auto key = own->properties.find(JobProperty(config_.job, "key"));
    out[id] = paimon::ToTableSchema(table->newest_schema(), key == own->properties.end() ? "" : key->second);
  }
  return out;
}

Status PaimonSink::CreateOrAdopt(const TableId& id, const TableSchema& schema) {
  TRY_SET(const bool exists, catalog_->Exists(id));
  if (!exists) {
    TRY_SET(paimon::Schema wanted, PaimonSchemaOf(config_.partition_keys, config_.all_partition_keys, id, schema,
                                                  config_.table_options, /*keep_key=*/config_.alter_options));
    wanted.time_ms = env_.NowMs();
    TRY_SET(const auto wanted_options, paimon::TableOptions::Of(wanted));
    for (const paimon::Field& field : wanted.fields) {
      if (wanted_options.iceberg.storage == paimon::IcebergStorage::kNone) break;
      TRY(CheckMirrored(id, field.name, field.type));
    }
    const auto publisher = mirror::MakeCatalogPublisher(id, wanted_options.iceberg);
    if (!publisher.ok()) return Error(publisher.error()).With(Str("table ", id.ToString()));
    Status created = catalog_->Create(id, wanted);
    if (created.ok()) LogInfo(Str("table ", id.ToString(), " created"));
    if (!created.ok() && created.error().code != ErrorCode::kConflict) return created;  // else somebody was faster
  }
  PassFailpoint("table.after_create");
  TRY_SET(auto table, OpenTable(id));
  // A checkpoint will name the table: the process that made it may have died before its entry was durable.
  TRY(paimon::SyncTable(env_, *table));
  if (exists && config_.alter_options) TRY(AlterOptions(env_, id.ToString(), *table, config_.own_options));
  if (exists && !config_.alter_options) TellKeptOptions(id.ToString(), table->newest_schema(), config_.own_options);
  TRY(paimon::CommitterOf(table->folder())->OnSchema(env_, *table, table->newest_schema()));
  paimon::TableWriterOptions options;
  options.name = id.ToString();
  options.user = config_.job;
  options.backfill = config_.backfill;
  options.take_columns = config_.take_columns;
  options.helper = &helper_;
  options.clock_watermarks = HasWatermarkTags(config_.table_options);
  options.may_become = mirror::CheckBecomes;
  Status kept = PaimonUpkeep::Check(table->newest_schema());
  if (!kept.ok()) return std::move(kept).error().With(Str("table ", options.name));
  if (!options.clock_watermarks && HasWatermarkTags(table->newest_schema().options)) {
    LogInfo(Str("table ", options.name, " has the option tag.automatic-creation=watermark, and this job no watermark: "
                "its snapshots get no tag unless table.properties or --table_conf name that option"));
  }
  if (before_ != BeforeImage::kFull) TRY(CheckOldRows(id, table->newest_schema(), schema));
  TRY_SET(auto writer, TableWriter::Make(env_, std::move(table), std::move(options)));
  TRY(writer->Adopt(schema));
  TRY(Mirror(id));  // what a killed process committed last
  tables_.Add(id, std::move(writer));
  return Ok();
}

Status PaimonSink::Apply(const SchemaChange& change) {
  if (change.kind == SchemaChangeKind::kCreateTable && tables_.Find(change.table) == nullptr) {
    return CreateOrAdopt(change.table, *change.schema);
  }
  const bool types = change.kind == SchemaChangeKind::kAddColumn || change.kind == SchemaChangeKind::kAlterColumn;
  const auto mirror = mirrors_.find(change.table);
  if (types && mirror != mirrors_.end() && mirror->second != nullptr) {
    TRY(CheckMirrored(change.table, change.column.name, change.column.type));
  }
  TRY_SET(TableWriter * writer, tables_.Of(change.table));
  return writer->Change(change);
}

Status PaimonSink::Write(const ChangeBatch& batch) { return tables_.Write(batch); }

void PaimonSink::TellIdlePartitions() {
  if (std::exchange(told_partitions_, true)) return;
  const std::vector<std::string> named = PartitionedTables(config_.partition_keys);
  for (const std::string& note : IdlePartitions(named, tables_.names())) LogWarn(note);
}

Result<std::string> PaimonSink::Prepare(const EpochInfo& epoch) {
  TellIdlePartitions();
  const auto file_of = [&](const TableId& first) { return EpochFile(first, epoch.epoch); };
  const auto hold = [](TableChange& change, const std::string& property, const auto& value) {
    if (value) change.properties[property] = *value;
  };
  TRY_SET(std::string prepared, tables_.Prepare(config_.job, epoch, file_of, hold));
  ReleaseWriteMemory();
  return prepared;
}

// In the first table's folder: whoever finds one table of the epoch can make the commits of the others.
Result<std::string> PaimonSink::EpochFile(const TableId& first, int64_t epoch) {
  TRY_SET(const std::string folder, catalog_->TableFolder(first));
  return Str(folder, "/manifest/epoch-", config_.job, "-", epoch, ".json");
}

Status PaimonSink::Commit(const std::string& text) {
  if (text.empty()) return Ok();
  TRY_SET(PreparedEpoch prepared, PreparedEpoch::Parse(text));
  std::string epoch_file;
  if (prepared.tables.size() > 1) {
    TRY_SET(epoch_file, EpochFile(prepared.tables[0].id, prepared.epoch));
    TRY(env_.WriteFileDurably(epoch_file, text));
    PassFailpoint("paimon.after_epoch_file");
  }
  bool first = true;
  for (const PreparedTable& table : prepared.tables) {
    if (!std::exchange(first, false)) PassFailpoint("paimon.between_tables");
    TRY_SET(const TableChange change, TableChange::Parse(table.change));
    if (TableWriter* writer = tables_.Finished(table.id)) {
      TRY_SET(const int64_t made, writer->Commit(change, prepared.epoch));
      commits_ += made;
    } else {  // after a restart, or done by an earlier try
      TRY_SET(const auto opened, OpenTable(table.id));
      TRY_SET(const auto outcome, paimon::CommitChange(env_, *opened, change, {prepared.job, prepared.epoch},
                                                       table.base.value_or(0), /*prepared=*/true));
      commits_ += outcome.snapshots_made;
    }
    TRY(Mirror(table.id));
    committed_.insert(table.id);
  }
  // Every table has the epoch now. A file that stays behind is an orphan, nothing more.
  if (!epoch_file.empty()) (void)env_.Remove(epoch_file).ok();
  return Ok();
}

// A catalog that is away at the start is waited for; later the job's own attempts do that.
Status PaimonSink::Mirror(const TableId& id) {
  for (int64_t wait_ms = kFirstWaitMs;; wait_ms *= 2) {
    Status followed = TryMirror(id);
    const bool heals = !followed.ok() && (followed.error().code == ErrorCode::kUnavailable ||
                                          followed.error().code == ErrorCode::kUnknownOutcome);
    if (mirrored_ || !heals || wait_ms > kLastWaitMs) return followed;
    LogWarn(Str(followed.error().message, "; trying again in ", wait_ms, " ms"));
    env_.Wait(wait_ms, nullptr);
  }
}

Status PaimonSink::TryMirror(const TableId& id) {
  auto found = mirrors_.find(id);
  if (found != mirrors_.end() && found->second == nullptr) return Ok();
  TRY_SET(const auto table, OpenTable(id));
  if (found == mirrors_.end()) {
    TRY_SET(const auto options, paimon::TableOptions::Of(table->newest_schema()));
    TRY_SET(auto made, mirror::IcebergMirror::Make(env_, table->folder(), options));
    found = mirrors_.emplace(id, std::move(made)).first;
  }
  if (found->second == nullptr) return Ok();
  Status followed = found->second->Follow(*table);
  mirrored_ |= followed.ok();
  if (followed.ok()) return followed;
  mirrors_.erase(found);  // what it knows may be half of a commit
  return std::move(followed).error().With(Str("Iceberg metadata of table ", id.ToString()));
}

Status PaimonSink::RemoveUnreachable(const std::vector<std::string>& files) {
  TRY_SET(const auto tables, catalog_->List());
  int64_t removed = 0;
  for (const TableId& id : tables) {
    TRY_SET(const int64_t of_table, RemoveUnreachable(id, files));
    removed += of_table;
  }
  if (removed > 0) LogInfo(Str(removed, " files that a killed process left were removed"));
  return Ok();
}

Result<int64_t> PaimonSink::RemoveUnreachable(const TableId& id, const std::vector<std::string>& files) {
  TRY_SET(const std::string folder, catalog_->TableFolder(id));
  TRY_SET(const auto table, OpenTable(id));
  std::unique_ptr<mirror::IcebergMirror> mirror;  // null for a table that is not ours, with options we have not
  const auto options = paimon::TableOptions::Of(table->newest_schema());
  if (options.ok()) {
    TRY_SET(mirror, mirror::IcebergMirror::Make(env_, folder, *options));
  }
  const auto begins = [](const std::string& path, const std::string& with) { return path.starts_with(with + "/"); };
  std::vector<std::string> of_table, of_mirror;
  for (const std::string& file : files) {
    const bool mirrored = mirror != nullptr && begins(file, mirror->folder());
    if (!mirrored && !begins(file, folder)) continue;
    TRY_SET(const bool exists, env_.Exists(file));
    if (exists) (mirrored ? of_mirror : of_table).push_back(file);
  }
  int64_t removed = 0, removed_beside = 0;
  if (!of_table.empty()) {
    TRY_SET(removed, paimon::RemoveUnreachable(env_, *table, of_table));
  }
  if (!of_mirror.empty()) {
    TRY_SET(removed_beside, mirror->RemoveUnreachable(of_mirror));
  }
  return removed + removed_beside;
}

// Through a table of its own: the writer's must not see a new schema before the writer looks for one.
Result<bool> PaimonSink::Keep(const TableId& id) {
  const bool committed = committed_.contains(id);
  if (!committed && !upkeep_.PartitionsDue(id)) return false;
  TRY_SET(const auto table, OpenTable(id));
  bool more = false;
  if (committed) {
    TRY_SET(more, upkeep_.AfterCommits(id, *table));
  }
  if (upkeep_.PartitionsDue(id)) TRY(upkeep_.ExpirePartitions(id, *table));
  TRY(Mirror(id));  // no more what has expired
  return more;
}

Status PaimonSink::Compact(const TableId& id, TableWriter& writer) {
  paimon::CompactionRequest request;
  request.only = writer.BucketsToRest();
  if (request.only.empty()) return Ok();
  TRY_SET(const std::string folder, catalog_->TableFolder(id));
  TRY_SET(const auto report, paimon::CompactTable(env_, folder, request));
  writer.Rested(request.only);
  if (report.snapshot == 0) return Ok();
  ++commits_;
  LogInfo(Str("table ", id.ToString(), ": compacted while nothing comes: ", report.files_before, " files of ",
              report.buckets, " buckets became ", report.files_after));
  committed_.insert(id);
  return Mirror(id);
}

Status PaimonSink::Rest() {
  for (const TableId& id : tables_.ids()) {
    Status done = Compact(id, *tables_.Find(id));
    if (done.ok()) continue;
    LogWarn(Str("table ", id.ToString(), ": the compaction at rest failed and is tried again at the next rest: ",
                done.error().message));
  }
  return Ok();
}

Status PaimonSink::Maintain() {
  std::set<TableId> tables = tables_.ids(), again;
  tables.insert(committed_.begin(), committed_.end());
  for (const TableId& id : tables) {
    const auto more = Keep(id);
    if (more.ok() && *more) again.insert(id);
    if (more.ok()) continue;
    LogWarn(Str("table ", id.ToString(),
                ": upkeep failed and is tried again after the next commit: ", more.error().message));
  }
  if (!committed_.empty()) malloc_trim(0);
  committed_ = std::move(again);
  return Ok();
}

SinkStats PaimonSink::stats() const {
  SinkStats sum = tables_.stats();
  sum.commits = commits_;
  return sum;
}

}  // namespace sluice
