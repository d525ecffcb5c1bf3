// SPDX-License-Identifier: Apache-2.0
#include "sim/simulation.h"

#include <algorithm>

#include "base/text.h"
#include "connector/iceberg/sink.h"
#include "lake/iceberg/expiry.h"
#include "lake/iceberg/transform.h"

namespace sluice::sim {
namespace {

constexpr char kWarehouse[] = "/sim/lake";
constexpr char kState[] = "/sim/state";
constexpr char kJob[] = "sim-1";
constexpr char kVersionsKept[] = "write.metadata.previous-versions-max";

}  // namespace

Simulation::Simulation(uint64_t seed)
    : rng_(seed * 0x9E3779B97F4A7C15ull + 1),
      history_(History::Make(rng_(), 6 + static_cast<int64_t>(Pick(rng_, 16)))),
      server_{history_},
      foreign_(world_, history_, kWarehouse, rng_()),
      check_(world_, history_, kWarehouse, kJob) {
  if (OneIn(rng_, 2)) properties_[kVersionsKept] = "2";
  if (OneIn(rng_, 2)) properties_["commit.manifest.min-count-to-merge"] = "3";
  // Compression is Arrow's, and takes half of the time.
  if (!OneIn(rng_, 8)) properties_["write.parquet.compression-codec"] = "uncompressed";
  if (OneIn(rng_, 3)) properties_[std::string(iceberg::kMaxSnapshotsProperty)] = "4";
}

PipelineSpec Simulation::Spec() const {
  PipelineSpec spec;
  spec.name = "simulation";
  spec.source.type = "sim";
  spec.sink.type = "iceberg";
  spec.behavior = SchemaChangeBehavior::kEvolve;
  spec.sink_changes = {"create.table", "add.column", "alter.column.type", "rename.column",
                       "drop.column",  "drop.table", "truncate.table",    "alter.table.comment"};
  spec.checkpoint_interval_ms = 300;
  return spec;
}

IcebergSinkConfig Simulation::SinkConfig() {
  IcebergSinkConfig config;
  config.warehouse = kWarehouse;
  config.job = kJob;
  config.table_properties = properties_;
  config.partitions = *iceberg::ParsePartitionKey(history_.partition_key());
  return config;
}

// A state that was committed but is not durable must be built upon, and be lost then: random steps seldom meet twice.
// So some lives die right after a link, and the next one loses its power just after it has saved a checkpoint; or the
// version hint, whose writing syncs the link's folder too, cannot be written before that.
bool Simulation::PlanAimed(FaultPlan& plan) {
  const uint64_t aim = Pick(rng_, 12);
  if (!built_on_sand_ && aim < 3) {
    plan.crash_at_link = 1 + static_cast<int64_t>(Pick(rng_, 9));
  } else if (built_on_sand_ || aim < 6) {
    plan.crash_at_save = 1 + static_cast<int64_t>(Pick(rng_, built_on_sand_ ? 2 : 4));
    plan.hint_error_1_in = built_on_sand_ ? 0 : 5;
  }
  built_on_sand_ = false;
  return plan.crash_at_link != 0 || plan.crash_at_save != 0;
}

FaultPlan Simulation::PlanFaults() {
  FaultPlan plan;
  if (PlanAimed(plan)) return plan;
  const uint64_t mood = Pick(rng_, 8);
  if (mood < 5) plan.crash_at = 1 + static_cast<int64_t>(Pick(rng_, OneIn(rng_, 3) ? 60 : 500));
  if (mood >= 4 && mood < 7) plan.error_1_in = OneIn(rng_, 2) ? 300 : 60;
  if (plan.crash_at != 0 && OneIn(rng_, 3)) {
    plan.crash_at = 0;
    plan.crash_at_entry = 1 + static_cast<int64_t>(Pick(rng_, 60));
  }
  plan.forbidden = OneIn(rng_, 4);
  if (OneIn(rng_, 3)) plan.foreign_at = 1 + static_cast<int64_t>(Pick(rng_, 300));
  return plan;
}

Status Simulation::Life(bool last) {
  FaultPlan plan = last ? FaultPlan{} : PlanFaults();
  server_.written =
      last ? history_.size() : std::min(history_.size(), server_.written + static_cast<int64_t>(Pick(rng_, 9)));
  const uint64_t breaks = !last && OneIn(rng_, 3) ? 30 : 0, stops = !last && OneIn(rng_, 4) ? 40 : 0;
  world_.Trace(Str("-- life ", ++outcome_.lives, ": ", server_.written, " transactions, crash at ", plan.crash_at,
                   " or change of entries ", plan.crash_at_entry, " or link ", plan.crash_at_link, " or checkpoint ",
                   plan.crash_at_save, ", errors 1 in ", plan.error_1_in));
  SimEnv env(world_, rng_(), plan);
  env.OnForeign([&] {
    if (foreign_status_.ok()) foreign_status_ = foreign_.Act();
  });
  StopSignal stop;
  JobFactories factories;
  factories.source = [&]() -> Result<std::unique_ptr<Source>> {
    return std::unique_ptr<Source>(new SimSource(env, server_, stop, env.Random(), breaks, stops));
  };
  factories.sink = [&](Env& files) -> Result<std::unique_ptr<Sink>> {
    TRY_SET(auto sink, IcebergSink::Make(files, SinkConfig()));
    return std::unique_ptr<Sink>(std::move(sink));
  };
  JobOptions options;
  options.state_folder = kState;
  options.until_caught_up = true;
  options.retry_total_ms = 60'000;
  auto ended = Job(env, Spec(), std::move(factories), options).Run(stop);
  if (!ended.ok()) world_.Trace(Str("-- the job ends: ", ended.error().message));
  const bool disturbed = env.dead() || plan.error_1_in != 0 || plan.hint_error_1_in != 0 || breaks != 0;
  if (!ended.ok() && !disturbed) return std::move(ended).error().With("the job ends though nothing failed");
  if (!foreign_status_.ok()) return std::move(foreign_status_).error().With("the other writer");
  if (env.dead()) AfterDeath(plan);
  if (!ended.ok() || env.dead() || !ended->caught_up) return check_.Check();
  return check_.CheckAt(server_.written);
}

void Simulation::AfterDeath(const FaultPlan& plan) {
  ++outcome_.crashes;
  built_on_sand_ = plan.crash_at_link != 0;
  if (plan.crash_at_save == 0 && (built_on_sand_ || OneIn(rng_, 2))) return;
  ++outcome_.power_losses;
  world_.Trace("-- the power is lost");
  world_.disk.LosePower(rng_);
  check_.Forget();
}

// What happens to a state directory between two lives.
void Simulation::Meddle() {
  if (OneIn(rng_, 3)) state_copy_ = world_.disk.Copy(kState);
  const uint64_t what = Pick(rng_, 16);
  switch (what) {
    case 0: world_.Trace("-- the state directory is lost"); return world_.disk.RemoveTree(kState);
    case 1:
      if (state_copy_.empty()) return;
      world_.Trace("-- an old copy of the state directory is put back");
      world_.disk.RemoveTree(kState);
      (void)world_.disk.MakeFolder(kState).ok();
      (void)world_.disk.SyncFolder("/sim").ok();
      for (const auto& [name, bytes] : state_copy_) world_.disk.Write(Str(kState, "/", name), bytes);
      return;
    case 2: return DamageNewestCheckpoint();
    case 3: foreign_status_ = foreign_.Act(); return;
    case 4:
      world_.Trace("-- the wall clock is set back");
      world_.now_ms -= static_cast<int64_t>(Pick(rng_, 3'600'000));
      return;
    default: return;
  }
}

void Simulation::DamageNewestCheckpoint() {
  std::string name, bytes;
  int checkpoints = 0;
  for (auto& [file, content] : world_.disk.Copy(kState)) {
    if (!file.starts_with("checkpoint-") || file.ends_with(".tmp")) continue;
    name = file, bytes = content;
    ++checkpoints;
  }
  if (checkpoints < 2) return;  // without another one, and nothing in the tables, the start is refused
  world_.Trace(Str("-- ", name, " is damaged"));
  if (OneIn(rng_, 2)) {
    bytes.resize(Pick(rng_, bytes.size()));
  } else {
    bytes[Pick(rng_, bytes.size())] ^= 0x40;
  }
  world_.disk.Write(Str(kState, "/", name), std::move(bytes));
}

Status Simulation::Play() {
  for (uint64_t lives = 2 + Pick(rng_, 5); lives > 0; --lives) {
    TRY(Life(false));
    Meddle();
  }
  return Life(true);
}

Outcome Simulation::Run() {
  Status status = Play();
  if (!status.ok()) outcome_.problem = status.error().ToString();
  outcome_.trace_hash = world_.trace_hash;
  outcome_.steps = world_.steps;
  outcome_.snapshots = check_.snapshots();
  return outcome_;
}

}  // namespace sluice::sim
