// SPDX-License-Identifier: Apache-2.0
// SimSource: the Source that gives a History. It hangs, breaks off and is asked to stop at random. What was
// acknowledged is forgotten by its server: a start before that begins after it, so that an acknowledgement that comes
// too early loses rows. Owned by a Job; one thread.
#pragma once

#include <deque>
#include <string>

#include "base/stop.h"
#include "base/text.h"
#include "pipeline/source.h"
#include "sim/history.h"
#include "sim/sim_env.h"

namespace sluice::sim {

// The simulated database, which outlives every process of the job.
struct SimServer {
  const History& history;
  int64_t written = 0;  // transactions so far
  int64_t acknowledged = 0;
};

class SimSource final : public Source {
 public:
  // `breaks_1_in`: a Next fails once in so many; 0: never. `stops_1_in`: likewise for a stop by a signal.
  SimSource(SimEnv& env, SimServer& server, StopSignal& stop, uint64_t seed, uint64_t breaks_1_in, uint64_t stops_1_in)
      : env_(env), server_(server), stop_(stop), rng_(seed), breaks_1_in_(breaks_1_in), stops_1_in_(stops_1_in) {}

  Status Start(const std::string& state, BeforeImage before) override;
  Result<std::optional<SourceItem>> Next(std::chrono::milliseconds timeout) override;
  bool finished() const override { return false; }
  std::string State() const override { return Str("full:", position_); }
  std::string CompactState() const override { return Str("compact:", position_); }
  Status SetTarget() override {
    target_ = server_.written;
    return Ok();
  }
  bool ReachedTarget() const override { return position_ >= target_ && given_ == 0 && announced_.empty(); }
  void Acknowledge(const std::string& state) override;
  SourceProgress progress() const override;
  void Stop() override {}

 private:
  static int64_t PositionOf(const std::string& state);

  SimEnv& env_;
  SimServer& server_;
  StopSignal& stop_;
  Rng rng_;
  const uint64_t breaks_1_in_, stops_1_in_;
  int64_t position_ = 0;  // transactions given
  int64_t target_ = 0;
  size_t given_ = 0;  // events of the next transaction
  std::deque<SchemaChange> announced_;
};

}  // namespace sluice::sim
