// SPDX-License-Identifier: Apache-2.0
// `sluice verify`: source and lake tables, row by row, at one position of the source's log.
//
// The source is read in one view, whose position is known; so is that of the tables, whoever writes them meanwhile.
//   equal rows                     are equal, wherever the two positions are
//   the tables are ahead           the rows of the view are brought to the tables' position with the log between
//   the tables are behind          a difference counts unless the log between changes its table; then it is waited for
#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/lake_moment.h"
#include "cli/registry.h"
#include "cli/verify_paimon.h"
#include "connector/mysql/log_changes.h"
#include "connector/mysql/table_reader.h"
#include "io/routing_env.h"
#include "lake/iceberg/row_digest.h"
#include "pipeline/router.h"
#include "pipeline/schema_evolver.h"

namespace sluice {
namespace {

constexpr int kViewsMost = 3;
constexpr int kRoundsMost = 20;   // of looking at the tables, for one view
constexpr int kExpiredMost = 3;
constexpr int64_t kPollMs = 200;
constexpr int64_t kTellMs = 5'000;

struct SinkTable {
  int64_t schema_id = -1;  // -1: there is no such table
  TableSchema schema;
  std::unique_ptr<LakeTable> table;  // as it was then
  std::unique_ptr<RowDigests> digests;
  std::vector<std::string> columns;          // compared
  std::vector<std::string> missing_columns;  // of the source, not in the sink
  bool present = false;                      // at the moment that was compared
  bool behind = false;  // differs, and the log has changes of it that the tables do not hold

  bool equal() const { return present && digests->differences() == 0 && missing_columns.empty(); }
};

struct Ways {
  mysql::SourceConfig config;
  std::unique_ptr<LakeTables> lake;
  std::string job;
  Router router;
  std::string state_folder;
  int64_t wait_ms = 0;
};

enum class Verdict : uint8_t {
  kEqual,
  kDifferent,
  kBehind,    // not at one position, because the tables did not come so far
  kUndecided,  // not at one position, for a reason that is told
};

class Verifier {
  using Kind = HeldLog::Kind;

 public:
  Verifier(const PipelineSpec& spec, Ways ways) : spec_(spec), ways_(std::move(ways)), left_ms_(ways_.wait_ms) {}

  // True if all tables are equal.
  Result<bool> Run() {
    for (int views = 1;; ++views) {
      auto verdict = Compare();
      if (verdict.ok()) return Report(*verdict);
      if (verdict.error().code != ErrorCode::kConflict) return std::move(verdict).error();
      if (moment_.held.text.empty()) return std::move(verdict).error();  // no view could be read
      Blame(verdict.error());
      if (views == kViewsMost) return Report(Verdict::kUndecided);
      std::fprintf(stderr, "the source is read again: %s\n", why_.c_str());
    }
  }

 private:
  // kConflict: source or tables were altered meanwhile, a new view is needed.
  Result<Verdict> Compare() {
    compared_ = false;
    TRY(ReadSource());
    int expired = 0;
    for (int round = 0; round < kRoundsMost; ++round) {
      std::set<TableId> ids;
      for (const auto& [id, sink] : sinks_) ids.insert(id);
      TRY_SET(moment_, LookAtLake(LakeEnv(), *ways_.lake, ways_.job, view_.server_uid, ids));
      TRY(CheckShapes());
      compared_ = false;
      TRY_SET(bool comparable, BringForward());
      auto read = ReadTables();
      // A snapshot can expire while it is read.
      if (!read.ok() && read.error().code == ErrorCode::kNotFound && ++expired < kExpiredMost) continue;
      TRY(std::move(read));
      compared_ = true;
      if (AllEqual()) return Verdict::kEqual;
      if (!comparable) return Verdict::kUndecided;
      TRY_SET(std::optional<Verdict> settled, Settle());
      if (settled) return *settled;
    }
    why_ = "they went on changing";
    hint_ = "run it again";
    return Verdict::kUndecided;
  }

  Status ReadSource() {
    sinks_.clear();
    changes_ = 0;
    auto evolver = SchemaEvolver::Make(spec_);
    if (!evolver.ok()) return std::move(evolver).error();
    evolver_ = std::make_unique<SchemaEvolver>(*std::move(evolver));
    mysql::ReadVisitor visitor;
    visitor.table = [this](const TableId& id, const TableSchema& schema) { return Announce(id, schema); };
    visitor.rows = [this](const ChangeBatch& batch) { return AddSource(batch); };
    visitor.end = [](const TableId&) { return Ok(); };
    TRY_SET(view_, mysql::ReadAllTables(ways_.config, visitor));
    at_ = view_.position;
    if (sinks_.empty()) return NotFound("no table to compare", "check the option `tables`");
    return Ok();
  }

  // Opens the sink tables of a source table; merged shards share one. Rows are compared in the sink's types.
  Status Announce(const TableId& id, const TableSchema& schema) {
    for (const TableId& sink_id : ways_.router.Route(id)) {
      if (sinks_.contains(sink_id)) continue;
      SinkTable& sink = sinks_[sink_id];
      auto opened = ways_.lake->Open(sink_id);
      if (!opened.ok() && opened.error().code == ErrorCode::kNotFound) continue;
      TRY_SET(auto table, std::move(opened));
      sink.schema_id = table->schema_id();
      sink.schema = table->schema();
      evolver_->Seed(sink_id, sink.schema);
      sink.table = std::move(table);
    }
    SchemaChange create;
    create.table = id;
    create.schema = std::make_shared<const TableSchema>(schema);
    TRY(evolver_->OnSchemaChange(create));
    for (const TableId& sink_id : ways_.router.Route(id)) Describe(id, schema, sinks_[sink_id]);
    return Ok();
  }

  static void Describe(const TableId& id, const TableSchema& schema, SinkTable& sink) {
    if (sink.schema_id < 0) return;
    std::vector<std::string> columns;
    for (const Column& column : schema.columns) {
      if (sink.schema.Find(column.name) >= 0) {
        columns.push_back(column.name);
      } else {
        sink.missing_columns.push_back(Str(id.ToString(), ".", column.name));
      }
    }
    if (sink.digests != nullptr) return;
    sink.columns = columns;
    sink.digests = std::make_unique<RowDigests>(schema.primary_key, columns);
  }

  Status AddSource(const ChangeBatch& batch) {
    TRY_SET(auto routed, evolver_->Route(batch));
    for (const ChangeBatch& part : routed) {
      SinkTable& sink = sinks_.at(part.table);
      if (sink.digests == nullptr) continue;
      TRY_SET(const auto rows, sink.table->AsStored(part.rows));
      sink.digests->AddLeft(*rows);
    }
    return Ok();
  }

  Status ChangeSource(const ChangeBatch& batch) {
    changes_ += batch.row_count();
    TRY_SET(auto routed, evolver_->Route(batch));
    for (const ChangeBatch& part : routed) {
      SinkTable& sink = sinks_.at(part.table);
      if (sink.digests == nullptr) continue;
      ChangeBatch stored = part;
      TRY_SET(stored.rows, sink.table->AsStored(part.rows));
      sink.digests->ChangeLeft(stored);
    }
    return Ok();
  }

  // The rows of the view were made for tables of these columns.
  Status CheckShapes() {
    for (auto& [id, sink] : sinks_) {
      auto table = moment_.tables.find(id);
      sink.present = table != moment_.tables.end();
      if (!sink.present) continue;
      const int64_t schema_id = table->second->schema_id();
      if (schema_id == sink.schema_id) continue;
      return Conflict(Str("table ", id.ToString(), sink.schema_id < 0 ? " was made" : " got other columns"));
    }
    return Ok();
  }

  // Where the tables are ahead of the source's rows. False if that cannot be done; why_ tells.
  Result<bool> BringForward() {
    const HeldLog& held = moment_.held;
    if (held.kind != Kind::kHeld || held.to <= at_) return true;
    const int64_t changes_before = changes_;
    auto changed = mysql::ReadChanges(ways_.config, {at_, held.to},
                                      {.tables = view_.definitions,
                                       .rows = [this](const ChangeBatch& batch) { return ChangeSource(batch); }});
    if (!changed.ok() && changed.error().code != ErrorCode::kConflict && changes_ == changes_before) {
      Blame(changed.error());
      return false;
    }
    TRY(std::move(changed));
    at_ = held.to;
    return true;
  }

  Status ReadTables() {
    for (auto& [id, sink] : sinks_) {
      sink.behind = false;
      if (!sink.present) continue;
      sink.digests->BeginRight();
      TRY_SET(auto scan, moment_.tables.at(id)->Scan(sink.columns));
      DataBatch batch;
      while (true) {
        TRY_SET(bool more, scan->Next(batch));
        if (!more) break;
        sink.digests->AddRight(*batch.rows);
      }
      sink.digests->Finish();
    }
    return Ok();
  }

  bool AllEqual() const {
    return std::all_of(sinks_.begin(), sinks_.end(), [](const auto& entry) { return entry.second.equal(); });
  }

  // There are differences: nothing if the tables have come further since and are to be looked at again.
  Result<std::optional<Verdict>> Settle() {
    const HeldLog& held = moment_.held;
    if (held.kind == Kind::kForeign) return std::optional(Verdict::kDifferent);
    mysql::BinlogPosition target = at_;
    if (held.kind == Kind::kHeld) {
      auto last = mysql::ReadChanges(ways_.config, {held.from, at_},
                                     {.tables = view_.definitions, .copies = &held.copies});
      if (!last.ok()) {
        Blame(last.error());
        return std::optional(Verdict::kUndecided);
      }
      target = NoteBehind(*last);
    } else {
      for (auto& [id, sink] : sinks_) sink.behind = !sink.equal();
    }
    const bool wait = std::any_of(sinks_.begin(), sinks_.end(), [](const auto& entry) { return entry.second.behind; });
    if (!wait) return std::optional(Verdict::kDifferent);
    TRY_SET(bool moved, WaitFor(target));
    if (moved) return std::optional<Verdict>();
    return std::optional(Verdict::kBehind);
  }

  // Marks the differing tables that `last` names; the position from which on the tables hold all of their changes.
  mysql::BinlogPosition NoteBehind(const std::map<TableId, mysql::BinlogPosition>& last) {
    mysql::BinlogPosition target;
    for (const auto& [source, end] : last) {
      for (const TableId& id : ways_.router.Route(source)) {
        auto sink = sinks_.find(id);
        if (sink == sinks_.end() || sink->second.equal()) continue;
        sink->second.behind = true;
        target = std::max(target, end);
      }
    }
    return target;
  }

  // False if they do not come there in the time that is left.
  Result<bool> WaitFor(const mysql::BinlogPosition& target) {
    if (left_ms_ <= 0 || !Follows() || JobRuns() == Answer::kNo) return false;
    Env& env = PosixEnv();
    HeldLog held = moment_.held;
    const int64_t until = env.MonotonicMs() + left_ms_;
    int64_t tell = 0;
    while (true) {
      const int64_t now = env.MonotonicMs();
      left_ms_ = until - now;
      if (held.epoch != moment_.held.epoch) moves_ = true;
      if (held.kind == Kind::kForeign) return true;
      if (held.kind == Kind::kHeld && (moment_.held.kind != Kind::kHeld || held.from >= target)) return true;
      if (left_ms_ <= 0) return false;
      if (now >= tell) {
        std::fprintf(stderr, "waiting for the tables to reach %s, now at %s\n", target.ToString().c_str(),
                     held.text.c_str());
        tell = now + kTellMs;
      }
      (void)env.Wait(std::min(kPollMs, left_ms_), nullptr);
      TRY_SET(held, ReadHeldLog(*ways_.lake, ways_.job, view_.server_uid));
    }
  }

  // Why the two sides cannot be had at one position. The error's own hint is for a job.
  void Blame(const Error& error) {
    why_ = error.message;
    hint_ = error.code == ErrorCode::kConflict
                ? "run it again, when no table is being altered"
                : "what changed between the two stands in that part of the log: the server must still have it, and the "
                  "user needs REPLICATION SLAVE to read it";
  }

  // Whether a job of this file goes on after its first copy.
  bool Follows() const { return ways_.config.mode != mysql::StartupMode::kSnapshot; }

  enum class Answer : uint8_t { kYes, kNo, kUnknown };
  // A free lock is held for an instant: flock cannot be asked without.
  Answer JobRuns() const {
    if (moves_) return Answer::kYes;
    const std::string lock = ways_.state_folder + "/lock";
    auto there = PosixEnv().Exists(lock);
    if (!there.ok() || !*there) return Answer::kUnknown;
    auto taken = PosixEnv().Lock(lock);
    if (taken.ok()) return Answer::kNo;
    return taken.error().code == ErrorCode::kConflict ? Answer::kYes : Answer::kUnknown;
  }

  bool Report(Verdict verdict);
  void ReportTable(const TableId& id, const SinkTable& sink, Verdict verdict) const;
  std::string Advice() const;

  const PipelineSpec& spec_;
  Ways ways_;
  std::unique_ptr<SchemaEvolver> evolver_;
  std::map<TableId, SinkTable> sinks_;
  mysql::TablesView view_;
  mysql::BinlogPosition at_;  // of the source's rows: the view's, or that to which they were brought
  int64_t changes_ = 0;       // rows of the log by which they were
  bool compared_ = false;     // `sinks_` are what stands in moment_
  LakeMoment moment_;
  int64_t left_ms_;           // of the time to wait
  bool moves_ = false;        // the tables were seen to come further
  std::string why_;   // kUndecided
  std::string hint_;  // likewise
};

bool Verifier::Report(Verdict verdict) {
  std::printf("source at %s", view_.position.ToString().c_str());
  if (at_ != view_.position) {
    std::printf(", brought to %s by %lld changes of the log", at_.ToString().c_str(), static_cast<long long>(changes_));
  }
  std::printf("\ntables at %s\n", moment_.held.text.c_str());
  size_t unequal = 0;
  for (const auto& [id, sink] : sinks_) {
    if (!compared_) break;
    ReportTable(id, sink, verdict);
    unequal += sink.equal() ? 0 : 1;
  }
  const std::string tables = moment_.held.epoch > 0 ? moment_.held.from.ToString() : std::string("no position");
  std::string last;
  switch (verdict) {
    case Verdict::kEqual: last = Str("equal: ", sinks_.size(), " tables"); break;
    case Verdict::kDifferent: last = Str("DIFFERENT: ", unequal, " of ", sinks_.size(), " tables"); break;
    case Verdict::kBehind:
      last = Str("BEHIND: the tables are at ", tables, " of ", at_.ToString(), "; ", unequal, " of ", sinks_.size(),
                 " tables differ\nhint: ", Advice());
      break;
    case Verdict::kUndecided:
      last = Str("NOT AT ONE POSITION: source at ", at_.ToString(), ", tables at ", tables, ": ", why_,
                 "\nhint: ", hint_);
  }
  std::puts(last.c_str());
  return verdict == Verdict::kEqual;
}

void Verifier::ReportTable(const TableId& id, const SinkTable& sink, Verdict verdict) const {
  if (!sink.present) {
    std::printf("MISSING    %s: the sink has no table of this name\n", id.ToString().c_str());
    return;
  }
  const RowDigests& digests = *sink.digests;
  const char* word = sink.equal()                       ? "equal    "
                     : verdict == Verdict::kUndecided   ? "unsettled"
                     : sink.behind                      ? "behind   "
                                                        : "DIFFERENT";
  std::printf("%s  %s  rows %lld / %lld  checksum %016llx / %016llx\n", word, id.ToString().c_str(),
              static_cast<long long>(digests.left_rows()), static_cast<long long>(digests.right_rows()),
              static_cast<unsigned long long>(digests.left_checksum()),
              static_cast<unsigned long long>(digests.right_checksum()));
  for (const std::string& column : sink.missing_columns) {
    std::printf("    column %s is not in the sink\n", column.c_str());
  }
  for (const std::string& example : digests.examples()) std::printf("    %s\n", example.c_str());
  const int64_t more = digests.differences() - static_cast<int64_t>(digests.examples().size());
  if (more > 0) std::printf("    and %lld more\n", static_cast<long long>(more));
}

std::string Verifier::Advice() const {
  const std::string run = Str("`sluice run ", spec_.file, " --until caught-up`");
  if (!Follows()) return "scan.startup.mode is snapshot: what the source changed after the copy is not followed";
  switch (JobRuns()) {
    case Answer::kYes:
      return Str("a job is running and commits every ", spec_.checkpoint_interval_ms / 1000.0,
                 " s if its options are those of this file: give it more time with --wait, or see its log");
    case Answer::kNo:
      return Str("no job is running with the state directory ", ways_.state_folder, ": ", run,
                 " brings the tables up to date");
    case Answer::kUnknown: break;
  }
  return Str("there is no state directory ", ways_.state_folder, ": name that of the job with --state. If its job is "
             "running give it more time with --wait; if not, ", run, " brings the tables up to date");
}

Result<bool> Verify(const VerifyArguments& arguments, const PipelineSpec& spec, int64_t wait_ms) {
  std::vector<std::string> warnings;
  if (spec.source.type == "paimon") return VerifyPaimonSource(spec, wait_ms);
  TRY_SET(auto lake, LakeTables::Of(LakeEnv(), spec));
  TRY_SET(mysql::SourceConfig config, mysql::MakeSourceConfig(spec, warnings));
  TRY_SET(std::string job, lake->JobId(spec));
  TRY_SET(Router router, Router::Make(spec.routes, spec.route_mode));
  Ways ways{std::move(config), std::move(lake), std::move(job), std::move(router),
            StateFolder(arguments.state, arguments.file.file), wait_ms};
  return Verifier(spec, std::move(ways)).Run();
}

}  // namespace

int VerifyCommand(const VerifyArguments& arguments) {
  std::vector<std::string> warnings;
  auto spec = LoadAndCheck(arguments.file, warnings);
  if (!spec) return 2;
  auto wait_ms = ParseDurationMs(arguments.wait);
  if (!wait_ms.ok()) return PrintError(std::move(wait_ms).error().With("--wait"), nullptr);
  auto equal = Verify(arguments, *spec, *wait_ms);
  if (equal.ok()) return FinishOutput(*equal ? 0 : 1);
  std::fflush(stdout);
  return PrintError(equal.error(), &*spec);
}

}  // namespace sluice
