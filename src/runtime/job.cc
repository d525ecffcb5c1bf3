// SPDX-License-Identifier: Apache-2.0
#include "runtime/job.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/journal_env.h"
#include "pipeline/schema_evolver.h"
#include "runtime/checkpoint_store.h"

namespace sluice {
namespace {

constexpr std::chrono::milliseconds kPoll{100};
constexpr std::chrono::milliseconds kLastPoll{1};
constexpr int64_t kReadingMs = 1'000;  // after a commit that took as long or longer, unless the interval is longer
constexpr int64_t kPublishMs = 200;
constexpr int64_t kMaintainMs = 2'000;
constexpr int64_t kReleaseMs = 5'000;    // without rows, until the sink rests and memory goes back to the system
constexpr int64_t kMaintainEpochs = 20;  // upkeep also of a sink that is never idle
constexpr int64_t kStopGraceMs = 3'000;  // how long a stop waits for the end of a transaction

bool TimeCanHeal(ErrorCode code) {
  return code == ErrorCode::kUnavailable || code == ErrorCode::kConflict || code == ErrorCode::kUnknownOutcome;
}

}  // namespace

// One try: from the last checkpoint to the end or to an error.
struct Job::Attempt {
  Attempt(Env& environment, const PipelineSpec& pipeline, CheckpointStore& checkpoints, SchemaEvolver route,
          const std::string& state_folder)
      : env(environment), spec(pipeline), store(checkpoints), evolver(std::move(route)), files(env, state_folder) {}

  Env& env;
  const PipelineSpec& spec;
  CheckpointStore& store;
  SchemaEvolver evolver;
  JournalEnv files;  // of the sink
  std::unique_ptr<Sink> sink;
  std::unique_ptr<Source> source;

  int64_t epoch = 0;            // last committed
  int64_t committed_epoch = 0;  // the newest that had something to commit
  std::string state_id;         // Checkpoint::state_id
  std::string state;            // full state of that epoch
  bool dirty = false;          // rows or schema changes since then
  bool boundary = true;        // the last item allows an epoch
  int64_t epoch_due_ms = 0;    // when the open epoch is to end
  int64_t published_ms = 0;
  int64_t maintained_ms = 0;
  int64_t rows_read = 0;
  int64_t last_commit_ms = 0;
  bool leftovers = true;  // files of dead processes were not looked for yet
  bool moved = false;  // an epoch took the source further: errors count anew
  std::vector<SchemaChange> announced;  // kCreateTable in a row: shards of a sink table are merged before it is made

  Status Recover();
  static bool Covers(const Checkpoint& checkpoint, const EpochInfo& stored);
  Status RecoverFrom(const Checkpoint& checkpoint);
  Status Start();
  Status Consume(SourceItem item);
  Status ApplyAnnounced();
  bool LeavesOut(const SchemaChange& change, const Error& error) const;
  Status Apply(const std::vector<SchemaChange>& changes);
  Status EndEpoch();
  Status CommitEpoch();
  void RemoveLeftovers();
};

Status Job::Attempt::Recover() {
  TRY_SET(CheckpointStore::Loaded loaded, store.Load());
  for (const std::string& text : loaded.damaged) LogWarn(Str("checkpoint is damaged and is left out: ", text));
  if (loaded.checkpoint && loaded.checkpoint->job != JobFingerprint(spec)) {
    return Invalid(Str("the state directory belongs to another job (", loaded.checkpoint->job, ")"),
                   "give this file a directory of its own with --state, or remove the directory to start over");
  }
  // A state directory can be new, lost, or an old copy: if the sink's tables are ahead of it, they decide.
  TRY_SET(std::optional<EpochInfo> stored, sink->StoredEpoch());
  if (loaded.checkpoint && (!stored || Covers(*loaded.checkpoint, *stored))) return RecoverFrom(*loaded.checkpoint);
  // Epochs must never get a number that a table has already: its commit would be taken for done.
  epoch = loaded.newest_epoch;
  state_id = env.Uuid();
  if (!stored) {
    if (loaded.damaged.empty()) return Ok();
    return Corrupt(Str("no checkpoint in the state directory can be read: ", loaded.damaged[0]),
                   "the sink's tables carry no position of this job either; remove the directory and the tables to "
                   "start over");
  }
  std::string why = "no checkpoint";
  if (loaded.checkpoint) {
    why = Str("the state directory is an old copy, or of another run: its checkpoint is of epoch ",
              loaded.checkpoint->epoch);
  }
  LogWarn(Str(why, "; resuming from the position stored in the sink's tables, epoch ", stored->epoch));
  TRY_SET(auto tables, sink->CompleteStoredEpoch());
  // The sink's tables say what they look like. Where they could not follow the source, or kept what it no longer has,
  // they go on from there.
  if (spec.behavior == SchemaChangeBehavior::kTryEvolve || spec.behavior == SchemaChangeBehavior::kMerge) {
    for (auto& [id, schema] : tables) evolver.Seed(id, std::move(schema));
  }
  epoch = std::max(epoch, stored->epoch);
  state = stored->end;
  return Ok();
}

// Whether the epochs in the sink's tables are those of this checkpoint's past.
bool Job::Attempt::Covers(const Checkpoint& checkpoint, const EpochInfo& stored) {
  return stored.state_id == checkpoint.state_id && stored.epoch <= checkpoint.committed_epoch;
}

Status Job::Attempt::RecoverFrom(const Checkpoint& checkpoint) {
  if (!checkpoint.prepared.empty()) TRY(sink->Commit(checkpoint.prepared));
  epoch = checkpoint.epoch;
  committed_epoch = checkpoint.committed_epoch;
  state_id = checkpoint.state_id;
  state = checkpoint.source_state;
  return evolver.Restore(checkpoint.evolver_state);
}

Status Job::Attempt::Start() {
  TRY(source->Start(state, sink->before_image()));
  epoch_due_ms = env.MonotonicMs() + spec.checkpoint_interval_ms;
  return Ok();
}

Status Job::Attempt::ApplyAnnounced() {
  if (announced.empty()) return Ok();
  TRY_SET(auto changes, evolver.OnTables(announced));
  announced.clear();
  return Apply(changes);
}

// --ignore_incompatible: whether a table that does not fit what is there is no reason to stop.
bool Job::Attempt::LeavesOut(const SchemaChange& change, const Error& error) const {
  const bool wrong = error.code == ErrorCode::kInvalid || error.code == ErrorCode::kUnsupported;
  return wrong && change.kind == SchemaChangeKind::kCreateTable && spec.shape && spec.shape->ignore_incompatible;
}

Status Job::Attempt::Apply(const std::vector<SchemaChange>& changes) {
  for (const SchemaChange& derived : changes) {
    if (derived.kind != SchemaChangeKind::kCreateTable) LogInfo(Str("schema change: ", Describe(derived)));
    if (evolver.IsLeftOut(derived.table)) continue;
    Status applied = sink->Apply(derived);
    if (applied.ok()) continue;
    if (LeavesOut(derived, applied.error())) {
      LogWarn(Str("table ", derived.table.ToString(), " is left out: ", applied.error().message));
      evolver.LeaveOut(derived.table);
      continue;
    }
    if (applied.error().code != ErrorCode::kUnsupported) return applied;
    TRY_SET(auto instead, evolver.OnRefused(derived, applied.error()));
    LogWarn(Str("the sink keeps its schema: ", applied.error().message, "; a value that does not fit it ",
                spec.behavior == SchemaChangeBehavior::kTryEvolve ? "becomes NULL" : "stops the job"));
    for (const SchemaChange& change : instead) TRY(sink->Apply(change));
  }
  return Ok();
}

Status Job::Attempt::Consume(SourceItem item) {
  boundary = item.boundary;
  if (auto* change = std::get_if<SchemaChange>(&item.payload);
      change != nullptr && change->kind == SchemaChangeKind::kCreateTable) {
    dirty = true;
    announced.push_back(std::move(*change));
    return Ok();
  }
  TRY(ApplyAnnounced());
  if (auto* batch = std::get_if<ChangeBatch>(&item.payload)) {
    rows_read += batch->row_count();
    dirty = true;
    TRY_SET(auto batches, evolver.Route(*batch));
    for (const ChangeBatch& routed : batches) TRY(sink->Write(routed));
  } else if (auto* change = std::get_if<SchemaChange>(&item.payload)) {
    dirty = true;
    TRY_SET(auto changes, evolver.OnSchemaChange(*change));
    TRY(Apply(changes));
  }
  return Ok();
}

Status Job::Attempt::EndEpoch() {
  const int64_t began = env.MonotonicMs();
  TRY(CommitEpoch());
  // Epochs begin at a steady pace, but as much time as committing took is left for reading: else a job whose commits
  // take longer than the interval would end an epoch after every item, and fall behind for ever.
  const int64_t now = env.MonotonicMs(), interval = spec.checkpoint_interval_ms;
  epoch_due_ms = std::max(began + interval, now + std::min(now - began, std::max(interval, kReadingMs)));
  return Ok();
}

Status Job::Attempt::CommitEpoch() {
  std::string next_state = source->State();
  bool further = next_state != state;
  if (!dirty && !further) return Ok();
  PassFailpoint("epoch.before_prepare");
  Checkpoint checkpoint;
  checkpoint.epoch = epoch + 1;
  checkpoint.job = JobFingerprint(spec);
  checkpoint.state_id = state_id;
  checkpoint.source_state = next_state;
  checkpoint.compact_state = source->CompactState();
  checkpoint.evolver_state = evolver.ToJson();
  if (dirty) {
    TRY_SET(checkpoint.prepared,
            sink->Prepare({epoch + 1, checkpoint.compact_state, source->progress().position, state_id}));
  }
  checkpoint.committed_epoch = checkpoint.prepared.empty() ? committed_epoch : checkpoint.epoch;
  PassFailpoint("epoch.after_prepare");
  TRY(store.Save(checkpoint));
  if (!checkpoint.prepared.empty()) {
    TRY(sink->Commit(checkpoint.prepared));
    last_commit_ms = env.NowMs();
  }
  PassFailpoint("epoch.after_commit");
  source->Acknowledge(next_state);
  PassFailpoint("epoch.after_acknowledge");
  TRY(files.Restart());
  ++epoch;
  if (epoch % kMaintainEpochs == 0) {
    RemoveLeftovers();
    TRY(sink->Maintain());
  }
  committed_epoch = checkpoint.committed_epoch;
  state = std::move(next_state);
  dirty = false;
  moved |= further;
  return Ok();
}

// Not on the way of a restart: it reads manifests. Nothing depends on its success.
void Job::Attempt::RemoveLeftovers() {
  if (!leftovers) return;
  leftovers = false;
  auto remove = [&]() -> Status {
    TRY_SET(auto former, files.FormerFiles());
    if (!former.empty()) TRY(sink->RemoveUnreachable(former));
    return files.ForgetFormer();
  };
  Status status = remove();
  if (!status.ok()) {
    LogWarn(Str("files of a killed process stay until the next start: ", status.error().message));
  }
}

Job::Job(Env& env, PipelineSpec spec, JobFactories factories, JobOptions options)
    : env_(env), spec_(std::move(spec)), factories_(std::move(factories)), options_(std::move(options)) {}

Job::~Job() = default;

JobProgress Job::progress() const {
  std::lock_guard lock(mutex_);
  return progress_;
}

void Job::Publish(const Attempt& attempt) {
  SinkStats stats = attempt.sink->stats();
  std::lock_guard lock(mutex_);
  progress_.source = attempt.source->progress();
  progress_.sink.inserted = sink_before_.inserted + stats.inserted;
  progress_.sink.updated = sink_before_.updated + stats.updated;
  progress_.sink.deleted = sink_before_.deleted + stats.deleted;
  progress_.sink.commits = sink_before_.commits + stats.commits;
  progress_.sink.bytes_written = sink_before_.bytes_written + stats.bytes_written;
  progress_.rows_read = attempt.rows_read;
  progress_.epoch = attempt.epoch;
  progress_.finished = attempt.source->finished();
  if (attempt.last_commit_ms != 0) progress_.last_commit_ms = attempt.last_commit_ms;
}

namespace {

// The time in which nothing comes, and what is done in it, once each.
class Lull {
 public:
  explicit Lull(int64_t now_ms) : since_ms_(now_ms) {}

  void End(int64_t now_ms) {
    since_ms_ = now_ms;
    rested_ = released_ = false;
  }
  bool RestIsDue(int64_t now_ms) { return IsLong(now_ms) && !std::exchange(rested_, true); }
  bool ReleaseIsDue(int64_t now_ms) { return IsLong(now_ms) && !std::exchange(released_, true); }

 private:
  bool IsLong(int64_t now_ms) const { return now_ms - since_ms_ >= kReleaseMs; }

  int64_t since_ms_;
  bool rested_ = false, released_ = false;
};

// Ends the source's threads on every way out.
class SourceStopper {
 public:
  explicit SourceStopper(Source& source) : source_(source) {}
  ~SourceStopper() { source_.Stop(); }

 private:
  Source& source_;
};

}  // namespace

Status Job::RunAttempt(StopSignal& stop, JobSummary& summary) {
  TRY_SET(auto store, CheckpointStore::Open(env_, options_.state_folder));
  TRY_SET(SchemaEvolver evolver, SchemaEvolver::Make(spec_));
  Attempt attempt(env_, spec_, *store, std::move(evolver), options_.state_folder);
  TRY_SET(attempt.sink, factories_.sink(attempt.files));
  attempt.evolver.StoreAs([&sink = *attempt.sink](const DataType& type) { return sink.StoredType(type); });
  TRY(attempt.sink->Open());
  TRY(attempt.Recover());
  TRY_SET(attempt.source, factories_.source());
  SourceStopper stopper(*attempt.source);
  TRY(attempt.Start());
  started_ = true;
  if (options_.until_caught_up) TRY(attempt.source->SetTarget());

  auto run = [&]() -> Status {
    int64_t stop_deadline_ms = 0;
    Lull lull(env_.MonotonicMs());
    while (true) {
      // At the target nothing more may come: what is there is taken, and then the job ends.
      const bool ending = options_.until_caught_up && attempt.source->ReachedTarget();
      TRY_SET(auto item, attempt.source->Next(ending ? kLastPoll : kPoll));
      bool idle = !item.has_value();
      bool work = item && !std::holds_alternative<std::monostate>(item->payload);
      TRY(item ? attempt.Consume(*std::move(item)) : attempt.ApplyAnnounced());
      int64_t now = env_.MonotonicMs();
      if (work) lull.End(now);
      if (!attempt.dirty && lull.RestIsDue(now)) TRY(attempt.sink->Rest());
      if (lull.ReleaseIsDue(now)) ReleaseMemory();
      bool stopping = stop.stopped();
      if (stopping && stop_deadline_ms == 0) stop_deadline_ms = now + kStopGraceMs;
      bool finished = idle && attempt.source->finished();
      bool reached = options_.until_caught_up && attempt.source->ReachedTarget();
      bool last = stopping || finished || reached;
      bool boundary = attempt.boundary && attempt.announced.empty();
      if (boundary && (last || now >= attempt.epoch_due_ms)) {
        TRY(attempt.EndEpoch());
        if (attempt.moved) epochs_done_ = attempt.epoch;
        if (last) {
          attempt.RemoveLeftovers();
          if (!stopping) {  // a run from cron is never idle
            TRY(attempt.sink->Rest());
            TRY(attempt.sink->Maintain());
          }
          summary.stopped = stopping;
          summary.caught_up = finished || reached;
          return Ok();
        }
      }
      if (stopping && now > stop_deadline_ms) {
        LogWarn("stopping inside a large transaction: it is read again from its start at the next run");
        summary.stopped = true;
        return Ok();
      }
      if (now - attempt.published_ms >= kPublishMs) {
        Publish(attempt);
        attempt.published_ms = now;
      }
      if (idle && now - attempt.maintained_ms >= kMaintainMs) {
        attempt.RemoveLeftovers();
        TRY(attempt.sink->Maintain());
        attempt.maintained_ms = now;
      }
    }
  };
  Status status = run();
  Publish(attempt);
  std::lock_guard lock(mutex_);
  sink_before_ = progress_.sink;
  return status;
}

Result<JobSummary> Job::Run(StopSignal& stop) {
  JobSummary summary;
  int64_t started = env_.MonotonicMs();
  int64_t wait_ms = options_.retry_first_ms;
  int64_t failing_since = 0;
  int64_t epochs_at_failure = -1;
  while (true) {
    Status status = RunAttempt(stop, summary);
    if (status.ok() || (stop.stopped() && TimeCanHeal(status.error().code))) {
      summary.stopped |= stop.stopped() && !summary.caught_up;
      break;
    }
    int64_t now = env_.MonotonicMs();
    if (epochs_done_ != epochs_at_failure) {
      failing_since = now;
      wait_ms = options_.retry_first_ms;
      epochs_at_failure = epochs_done_;
    }
    bool give_up = now - failing_since >= options_.retry_total_ms || !started_;
    if (!TimeCanHeal(status.error().code) || give_up) return std::move(status).error();
    LogWarn(Str(status.error().message, "; restarting from the last checkpoint in ", wait_ms, " ms"));
    {
      std::lock_guard lock(mutex_);
      ++progress_.restarts;
    }
    if (env_.Wait(wait_ms, &stop)) {
      summary.stopped = true;
      break;
    }
    wait_ms = std::min(wait_ms * 2, options_.retry_last_ms);
  }
  summary.progress = progress();
  summary.elapsed_ms = env_.MonotonicMs() - started;
  return summary;
}

std::string JobFingerprint(const PipelineSpec& spec) {
  auto text = [](const ConnectorSpec& connector, std::string_view key) -> std::string {
    auto found = connector.options.find(std::string(key));
    return found == connector.options.end() ? "" : found->second.text;
  };
  // Of a REST catalog it is a name that is known at one server.
  auto lake = [&](const ConnectorSpec& connector) {
    const bool named = Lower(text(connector, "catalog.properties.metastore")) == "rest";
    return Str(named ? text(connector, "catalog.properties.uri") + "/" : "",
               text(connector, "catalog.properties.warehouse"));
  };
  const std::string warehouse = lake(spec.source);
  const std::string place = !warehouse.empty() ? warehouse
                                               : Str(text(spec.source, "hostname"), ":", text(spec.source, "port"));
  return Str(spec.name, " | ", spec.source.type, "://", place, " -> ", spec.sink.type, ":",
             lake(spec.sink));
}

}  // namespace sluice
