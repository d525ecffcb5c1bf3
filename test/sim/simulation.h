// SPDX-License-Identifier: Apache-2.0
// Simulation: one seed. A job is started again and again over one history; each life ends at its target, by a crash at
// some step, a power failure, an error or a signal; between lives the state directory may be lost, damaged or put back
// from a copy. After each life the lake must be what the history says. The same seed gives the same trace.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/stop.h"
#include "connector/iceberg/sink.h"
#include "runtime/job.h"
#include "sim/foreign.h"
#include "sim/history.h"
#include "sim/lake_check.h"
#include "sim/sim_env.h"
#include "sim/sim_source.h"

namespace sluice::sim {

struct Counts {
  int64_t steps = 0;
  int64_t lives = 0;
  int64_t crashes = 0;
  int64_t power_losses = 0;
  int64_t snapshots = 0;  // of all tables, each compared with the history
};

struct Outcome : Counts {
  std::string problem;  // empty: the seed passed
  uint64_t trace_hash = 0;
};

class Simulation {
 public:
  explicit Simulation(uint64_t seed);

  Outcome Run();
  World& world() { return world_; }

 private:
  Status Play();
  Status Life(bool last);
  FaultPlan PlanFaults();
  void AfterDeath(const FaultPlan& plan);
  bool PlanAimed(FaultPlan& plan);
  void Meddle();
  void DamageNewestCheckpoint();
  PipelineSpec Spec() const;
  IcebergSinkConfig SinkConfig();

  World world_;
  Rng rng_;
  History history_;
  SimServer server_;
  ForeignWriter foreign_;
  LakeCheck check_;
  std::map<std::string, std::string> state_copy_;  // of the state directory, by file
  std::map<std::string, std::string> properties_;  // of new tables
  Status foreign_status_;
  bool built_on_sand_ = false;  // the last life died between a link and the sync of its folder, and the power stayed
  Outcome outcome_;
};

}  // namespace sluice::sim
