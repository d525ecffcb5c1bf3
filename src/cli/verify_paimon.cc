// SPDX-License-Identifier: Apache-2.0
#include "cli/verify_paimon.h"

#include <arrow/record_batch.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <utility>

#include "base/text.h"
#include "cli/lake_tables.h"
#include "connector/iceberg/sink.h"
#include "connector/paimon/source.h"
#include "connector/paimon/source_state.h"
#include "io/routing_env.h"
#include "lake/iceberg/row_digest.h"
#include "lake/paimon/evolve.h"
#include "lake/paimon/scan.h"
#include "pipeline/router.h"
#include "pipeline/schema_evolver.h"

namespace sluice {
namespace {

using paimon::FeedState;

constexpr int64_t kPollMs = 200;
constexpr int kLooksMost = 100;

struct SourceTable {
  std::unique_ptr<paimon::Table> table;
  int64_t newest = 0;  // snapshot, at the start
  int64_t held = 0;    // the one whose rows the sink has
  int64_t added = 0;   // of the fallback branch, FeedState::added
  std::unique_ptr<paimon::Table> fallback;
  std::string branch;          // FeedState::branch
  paimon::FileChoice choice;   // with what max_pt() was
  bool copying = false;
};

struct SinkSide {
  std::unique_ptr<LakeTable> table;  // null: the sink has none
  TableSchema schema;
  std::unique_ptr<RowDigests> digests;
  std::vector<std::string> columns, missing_columns;

  bool equal() const { return digests != nullptr && digests->differences() == 0 && missing_columns.empty(); }
};

class PaimonVerifier {
 public:
  PaimonVerifier(const PipelineSpec& spec, std::unique_ptr<LakeTables> lake, std::string job, Router router,
                 PaimonSourceTables tables)
      : spec_(spec),
        lake_(std::move(lake)),
        job_(std::move(job)),
        router_(std::move(router)),
        tables_(std::move(tables)) {}

  Result<bool> Run(int64_t wait_ms) {
    TRY(OpenSources());
    const int64_t until = LakeEnv().MonotonicMs() + wait_ms;
    for (;;) {
      TRY(Look());
      const bool behind = std::any_of(sources_.begin(), sources_.end(), [](const auto& entry) {
        return entry.second.copying || entry.second.held < entry.second.newest;
      });
      if (!behind || LakeEnv().MonotonicMs() >= until) break;
      (void)LakeEnv().Wait(kPollMs, nullptr);
    }
    TRY(Compare());
    return Report();
  }

 private:
  Status OpenSources() {
    TRY_SET(const auto tables, InspectPaimonSource(LakeEnv(), spec_));
    for (const auto& [id, schema] : tables) {
      SourceTable& source = sources_[id];
      TRY_SET(source.table, tables_.Open(LakeEnv(), id));
      TRY_SET(const auto latest, source.table->LatestSnapshot());
      source.newest = latest ? latest->id : 0;
    }
    return sources_.empty() ? Status(NotFound("no table to compare", "check the option `tables`")) : Ok();
  }

  // The sink's tables at one moment, and what they hold of the source.
  Status Look() {
    for (int look = 1;; ++look) {
      sinks_.clear();
      TRY_SET(const StoredEpochs stored, lake_->ReadStoredEpochs(job_));
      if (stored.newest.epoch == 0) {
        return NotFound("the sink's tables hold no position: they have no epoch of this job",
                        "run the pipeline first; verify compares what it has written");
      }
      TRY_SET(const auto states, paimon::ParseFeedStates(stored.newest.end));
      bool same = stored.whole();
      for (auto& [id, source] : sources_) {
        auto state = states.find(id);
        source.copying = state != states.end() && state->second.copy > 0;
        source.added = state == states.end() ? 0 : state->second.added;
        source.choice = tables_.feed.choice;
        if (state != states.end()) source.branch = state->second.branch;
        if (state != states.end() && source.choice.greatest) source.choice.partitions = state->second.greatest;
        source.held = state == states.end() || source.copying ? 0 : state->second.next - 1;
        for (const TableId& sink_id : router_.Route(id)) {
          TRY_SET(const bool as_told, Open(sink_id, stored));
          same &= as_told;
        }
      }
      epoch_ = stored.newest.epoch;
      if (same) return Ok();
      if (look == kLooksMost) {
        return Unavailable("the tables change faster than they can be looked at",
                           "try again, or with a longer execution.checkpointing.interval of the job");
      }
      (void)LakeEnv().Wait(kPollMs / 4, nullptr);
    }
  }

  Result<bool> Open(const TableId& id, const StoredEpochs& stored) {
    SinkSide& sink = sinks_[id];
    if (sink.table != nullptr) return true;
    auto opened = lake_->Open(id);
    if (!opened.ok() && opened.error().code == ErrorCode::kNotFound) return true;
    TRY_SET(sink.table, std::move(opened));
    sink.schema = sink.table->schema();
    auto before = stored.versions.find(id);
    return before != stored.versions.end() && before->second == sink.table->version();
  }

  Status Compare() {
    auto evolver = SchemaEvolver::Make(spec_);
    if (!evolver.ok()) return std::move(evolver).error();
    if (spec_.sink.type == "iceberg") evolver->StoreAs(IcebergStoredType);
    for (const auto& [id, sink] : sinks_) {
      if (sink.table != nullptr) evolver->Seed(id, sink.schema);
    }
    for (auto& [id, source] : sources_) {
      if (source.copying) continue;
      Status read = Read(id, source, *evolver);
      if (!read.ok() && read.error().code == ErrorCode::kNotFound) {
        return NotFound(Str("table ", id.ToString(), " has no snapshot ", source.held, " any more, which the sink ",
                            "holds: ", read.error().message),
                        "run the pipeline, so that it holds a newer one, then verify again");
      }
      TRY(std::move(read));
    }
    for (auto& [id, sink] : sinks_) {
      if (sink.digests == nullptr) continue;
      TRY_SET(auto scan, sink.table->Scan(sink.columns));
      sink.digests->BeginRight();
      for (DataBatch batch;;) {
        TRY_SET(const bool more, scan->Next(batch));
        if (!more) break;
        sink.digests->AddRight(*batch.rows);
      }
      sink.digests->Finish();
    }
    return Ok();
  }

  // The source table's rows, as the pipeline told them up to the snapshot, to where they belong.
  Status Read(const TableId& id, SourceTable& source, SchemaEvolver& evolver) {
    if (!source.branch.empty()) {
      TRY_SET(source.table, tables_.Open(LakeEnv(), id, source.branch));
    }
    std::optional<paimon::Snapshot> snapshot;
    const paimon::Schema* schema = &source.table->newest_schema();
    if (source.held > 0) {
      TRY_SET(snapshot, source.table->SnapshotOf(source.held));
      TRY_SET(schema, source.table->SchemaOf(snapshot->schema_id));
    }
    const auto shape = std::make_shared<const TableSchema>(paimon::ToTableSchema(*schema));
    SchemaChange create;
    create.table = id;
    create.schema = shape;
    TRY(evolver.OnSchemaChange(create));
    for (const TableId& sink_id : router_.Route(id)) Describe(id, *shape, sinks_.at(sink_id));
    if (!snapshot) return Ok();
    std::vector<std::string> names;
    for (const Column& column : shape->columns) names.push_back(column.name);
    TRY_SET(const auto rules, paimon::ChangeRules::Of(*schema));
    paimon::ScanOptions told = rules.Told();
    if (spec_.bounded) told = {};
    told.choice = &source.choice;
    TRY_SET(auto scan, paimon::TableScan::OfSnapshot(LakeEnv(), *source.table, *snapshot, names, told));
    TRY(AddFallback(source, scan));
    for (DataBatch rows;;) {
      TRY_SET(const bool more, scan.Next(rows));
      if (!more) return Ok();
      ChangeBatch batch;
      batch.table = id;
      batch.schema = shape;
      batch.rows = arrow::RecordBatch::Make(shape->ToArrow(), rows.rows->num_rows(), rows.rows->columns());
      batch.snapshot = true;
      TRY(AddSource(batch, evolver));
    }
  }

  Status AddFallback(SourceTable& source, paimon::TableScan& scan) const {
    if (source.added == 0) return Ok();
    TRY_SET(source.fallback, paimon::OpenOther(LakeEnv(), *source.table, tables_.feed));
    if (source.fallback == nullptr) return Invalid("the sink's rows came of two branches, and the file names one");
    TRY_SET(const auto snapshot, source.fallback->SnapshotOf(source.added));
    return scan.AddMissingPartitions(*source.fallback, snapshot, &source.choice);
  }

  Status AddSource(const ChangeBatch& batch, SchemaEvolver& evolver) {
    TRY_SET(const auto routed, evolver.Route(batch));
    for (const ChangeBatch& part : routed) {
      SinkSide& sink = sinks_.at(part.table);
      if (sink.digests == nullptr) continue;
      TRY_SET(const auto rows, sink.table->AsStored(part.rows));
      sink.digests->AddLeft(*rows);
    }
    return Ok();
  }

  static void Describe(const TableId& id, const TableSchema& schema, SinkSide& sink) {
    if (sink.table == nullptr) return;
    std::vector<std::string> columns;
    for (const Column& column : schema.columns) {
      const bool there = sink.schema.Find(column.name) >= 0;
      if (there) columns.push_back(column.name);
      if (!there) sink.missing_columns.push_back(Str(id.ToString(), ".", column.name));
    }
    if (sink.digests != nullptr) return;
    sink.columns = columns;
    sink.digests = std::make_unique<RowDigests>(schema.primary_key, columns);
  }

  bool Report();

  const PipelineSpec& spec_;
  const std::unique_ptr<LakeTables> lake_;
  const std::string job_;
  const Router router_;
  const PaimonSourceTables tables_;
  std::map<TableId, SourceTable> sources_;
  std::map<TableId, SinkSide> sinks_;
  int64_t epoch_ = 0;
};

void ReportSink(const TableId& id, const SinkSide& sink) {
  if (sink.table == nullptr) {
    std::printf("MISSING    %s: the sink has no table of this name\n", id.ToString().c_str());
    return;
  }
  if (sink.digests == nullptr) {
    std::printf("copying    %s\n", id.ToString().c_str());
    return;
  }
  const RowDigests& digests = *sink.digests;
  std::printf("%s  %s  rows %lld / %lld  checksum %016llx / %016llx\n", sink.equal() ? "equal    " : "DIFFERENT",
              id.ToString().c_str(), static_cast<long long>(digests.left_rows()),
              static_cast<long long>(digests.right_rows()), static_cast<unsigned long long>(digests.left_checksum()),
              static_cast<unsigned long long>(digests.right_checksum()));
  for (const std::string& column : sink.missing_columns) {
    std::printf("    column %s is not in the sink\n", column.c_str());
  }
  for (const std::string& example : digests.examples()) std::printf("    %s\n", example.c_str());
  const int64_t more = digests.differences() - static_cast<int64_t>(digests.examples().size());
  if (more > 0) std::printf("    and %lld more\n", static_cast<long long>(more));
}

bool PaimonVerifier::Report() {
  std::printf("tables at epoch %lld\n", static_cast<long long>(epoch_));
  bool behind = false;
  for (const auto& [id, source] : sources_) {
    const bool late = source.copying || source.held < source.newest;
    behind |= late && !spec_.bounded;
    std::printf("source %s at snapshot %s%s\n", id.ToString().c_str(),
                source.copying ? "none: it is being copied" : Str(source.held).c_str(),
                late ? Str(", the newest is ", source.newest).c_str() : "");
  }
  size_t unequal = 0;
  for (const auto& [id, sink] : sinks_) {
    ReportSink(id, sink);
    unequal += sink.equal() ? 0 : 1;
  }
  std::string last = Str("equal: ", sinks_.size(), " tables");
  if (unequal > 0) {
    last = Str("DIFFERENT: ", unequal, " of ", sinks_.size(), " tables");
  } else if (behind) {
    last = Str("BEHIND: the tables are equal to the snapshots that they hold, and there are newer ones\nhint: run the "
               "pipeline, or give its job more time with --wait");
  }
  std::puts(last.c_str());
  return unequal == 0 && !behind;
}

}  // namespace

Result<bool> VerifyPaimonSource(const PipelineSpec& spec, int64_t wait_ms) {
  TRY_SET(auto lake, LakeTables::Of(LakeEnv(), spec));
  TRY_SET(std::string job, lake->JobId(spec));
  TRY_SET(Router router, Router::Make(spec.routes, spec.route_mode));
  TRY_SET(auto tables, OpenPaimonSourceTables(LakeEnv(), spec));
  PaimonVerifier verifier(spec, std::move(lake), std::move(job), std::move(router), std::move(tables));
  return verifier.Run(spec.bounded ? 0 : wait_ms);
}

}  // namespace sluice
