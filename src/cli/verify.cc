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
#include "cli/compared_tables.h"
#include "cli/lake_moment.h"
#include "cli/registry.h"
#include "cli/verify_paimon.h"
#include "connector/mysql/log_changes.h"
#include "connector/mysql/table_reader.h"
#include "io/routing_env.h"
#include "pipeline/router.h"

namespace sluice {
namespace {

constexpr int kViewsMost = 3;
constexpr int kRoundsMost = 20;   // of looking at the tables, for one view
constexpr int kExpiredMost = 3;
constexpr int64_t kPollMs = 200;
constexpr int64_t kTellMs = 5'000;

struct Ways {
  mysql::SourceConfig config;
  std::unique_ptr<LakeTables> lake;
  std::string job;
  Router router;
  std::string state_folder;
  int64_t wait_ms = 0;
  SourceShape shape;
};

enum class Verdict : uint8_t {
  kEqual,
  kDifferent,
  kBehind,    // not at one position, because the tables did not come so far
  kUndecided,  // not at one position, for a reason that is told
};

constexpr int kExitNotCompared = 3;  // nothing differs, but some tables cannot be compared

class Verifier {
  using Kind = HeldLog::Kind;

 public:
  Verifier(const PipelineSpec& spec, Ways ways)
      : spec_(spec),
        ways_(std::move(ways)),
        tables_(spec, *ways_.lake, ways_.router, std::move(ways_.shape)),
        left_ms_(ways_.wait_ms) {
    // Rows that cannot be compared are not read.
    ways_.config.wanted = [this, wanted = std::move(ways_.config.wanted)](const TableId& id) {
      return wanted(id) && tables_.IsCompared(id);
    };
  }

  // The exit code.
  Result<int> Run() {
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
      for (const auto& [id, sink] : tables_.sinks()) ids.insert(id);
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
    changes_ = 0;
    TRY(tables_.Restart());
    mysql::ReadVisitor visitor;
    visitor.table = [this](const TableId& id, const TableSchema& schema) { return tables_.Announce(id, schema); };
    visitor.rows = [this](const ChangeBatch& batch) { return tables_.AddSource(batch); };
    visitor.end = [](const TableId&) { return Ok(); };
    TRY_SET(view_, mysql::ReadAllTables(ways_.config, visitor));
    at_ = view_.position;
    for (auto& [id, sink] : tables_.sinks()) sink.Begin();
    if (tables_.sinks().empty() && tables_.NotCompared().empty()) {
      return NotFound("no table to compare", "check the option `tables`");
    }
    return Ok();
  }

  // The rows of the view were made for tables of these columns.
  Status CheckShapes() {
    for (auto& [id, sink] : tables_.sinks()) {
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
                                       .rows = [this](const ChangeBatch& batch) { return ChangeSource(batch); },
                                       .full_images = tables_.needs_full_images()});
    if (!changed.ok() && changed.error().code != ErrorCode::kConflict && changes_ == changes_before) {
      Blame(changed.error());
      return false;
    }
    TRY(std::move(changed));
    at_ = held.to;
    return true;
  }

  Status ChangeSource(const ChangeBatch& batch) {
    changes_ += batch.row_count();
    return tables_.ChangeSource(batch);
  }

  Status ReadTables() {
    for (auto& [id, sink] : tables_.sinks()) {
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
    const auto& sinks = tables_.sinks();
    return std::all_of(sinks.begin(), sinks.end(), [](const auto& entry) { return entry.second.equal(); });
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
      for (auto& [id, sink] : tables_.sinks()) sink.behind = !sink.equal();
    }
    const auto& sinks = tables_.sinks();
    const bool wait = std::any_of(sinks.begin(), sinks.end(), [](const auto& entry) { return entry.second.behind; });
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
        auto sink = tables_.sinks().find(id);
        if (sink == tables_.sinks().end() || sink->second.equal()) continue;
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

  int Report(Verdict verdict);
  std::string Equal() const;
  void ReportTable(const TableId& id, const SinkTable& sink, Verdict verdict) const;
  std::string Advice() const;

  const PipelineSpec& spec_;
  Ways ways_;
  ComparedTables tables_;
  mysql::TablesView view_;
  mysql::BinlogPosition at_;  // of the source's rows: the view's, or that to which they were brought
  int64_t changes_ = 0;       // rows of the log by which they were
  bool compared_ = false;     // the tables are what stands in moment_
  LakeMoment moment_;
  int64_t left_ms_;           // of the time to wait
  bool moves_ = false;        // the tables were seen to come further
  std::string why_;   // kUndecided
  std::string hint_;  // likewise
};

std::string Verifier::Equal() const {
  const size_t others = tables_.NotCompared().size();
  std::string out = tables_.sinks().empty() && others > 0 ? "" : Str("equal: ", tables_.sinks().size(), " tables");
  if (others > 0) out += Str(out.empty() ? "" : "; ", "cannot be compared: ", others, " tables");
  return out;
}

int Verifier::Report(Verdict verdict) {
  std::printf("source at %s", view_.position.ToString().c_str());
  if (at_ != view_.position) {
    std::printf(", brought to %s by %lld changes of the log", at_.ToString().c_str(), static_cast<long long>(changes_));
  }
  std::printf("\ntables at %s\n", moment_.held.text.c_str());
  size_t unequal = 0;
  for (const auto& [id, sink] : tables_.sinks()) {
    if (!compared_) break;
    ReportTable(id, sink, verdict);
    unequal += sink.equal() ? 0 : 1;
  }
  for (const auto& [id, why] : tables_.NotCompared()) {
    std::printf("NOT COMPARED  %s: cannot be compared: %s\n", id.ToString().c_str(), why.c_str());
  }
  const std::string tables = moment_.held.epoch > 0 ? moment_.held.from.ToString() : std::string("no position");
  std::string last;
  switch (verdict) {
    case Verdict::kEqual: last = Equal(); break;
    case Verdict::kDifferent: last = Str("DIFFERENT: ", unequal, " of ", tables_.sinks().size(), " tables"); break;
    case Verdict::kBehind:
      last = Str("BEHIND: the tables are at ", tables, " of ", at_.ToString(), "; ", unequal, " of ",
                 tables_.sinks().size(), " tables differ\nhint: ", Advice());
      break;
    case Verdict::kUndecided:
      last = Str("NOT AT ONE POSITION: source at ", at_.ToString(), ", tables at ", tables, ": ", why_,
                 "\nhint: ", hint_);
  }
  std::puts(last.c_str());
  if (verdict != Verdict::kEqual) return 1;
  return tables_.NotCompared().empty() ? 0 : kExitNotCompared;
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
  for (const auto& [column, why] : sink.left_out) {
    std::printf("    column %s is left out: %s\n", column.c_str(), why.c_str());
  }
  for (const std::string& example : digests.examples()) std::printf("    %s\n", example.c_str());
  const int64_t more = digests.differences() - static_cast<int64_t>(digests.examples().size());
  if (more > 0) std::printf("    and %lld more\n", static_cast<long long>(more));
}

std::string Verifier::Advice() const {
  const std::string run = spec_.shape ? Str("`sluice ", spec_.file, " … --until caught-up`")
                                      : Str("`sluice run ", spec_.file, " --until caught-up`");
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

Result<int> Verify(const VerifyArguments& arguments, const PipelineSpec& spec, int64_t wait_ms) {
  std::vector<std::string> warnings;
  if (spec.source.type == "paimon") {
    TRY_SET(const bool equal, VerifyPaimonSource(spec, wait_ms));
    return equal ? 0 : 1;
  }
  TRY_SET(auto lake, LakeTables::Of(LakeEnv(), spec));
  TRY_SET(mysql::SourceConfig config, mysql::MakeSourceConfig(spec, warnings));
  TRY_SET(std::string job, lake->JobId(spec));
  TRY_SET(Router router, Router::Make(spec.routes, spec.route_mode));
  TRY_SET(SourceShape shape, SourceShape::Make(spec.shape));
  Ways ways{std::move(config), std::move(lake), std::move(job), std::move(router),
            StateFolder(arguments.state, arguments.file.file), wait_ms, std::move(shape)};
  return Verifier(spec, std::move(ways)).Run();
}

}  // namespace

int VerifyLoaded(const VerifyArguments& arguments, const PipelineSpec& spec) {
  auto wait_ms = ParseDurationMs(arguments.wait);
  if (!wait_ms.ok()) return PrintError(std::move(wait_ms).error().With("--wait"), nullptr);
  auto code = Verify(arguments, spec, *wait_ms);
  if (code.ok()) return FinishOutput(*code);
  std::fflush(stdout);
  return PrintError(code.error(), &spec);
}

int VerifyCommand(const VerifyArguments& arguments) {
  std::vector<std::string> warnings;
  auto spec = LoadAndCheck(arguments.file, warnings);
  return spec ? VerifyLoaded(arguments, *spec) : 2;
}

}  // namespace sluice
