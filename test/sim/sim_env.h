// SPDX-License-Identifier: Apache-2.0
// SimEnv: the Env of one simulated process on a SimDisk. Every call is a step: it moves the simulated clock, goes into
// the trace, and can be the one that fails, happens although it says that it failed, or is the process's last. Owned by
// one life of a simulation; one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "io/env.h"
#include "sim/sim_disk.h"

namespace sluice::sim {

// What a simulation has in common for all its processes: the clock and the trace.
struct World {
  SimDisk disk;
  int64_t now_ms = 1'700'000'000'000;
  int64_t monotonic_ms = 1'000;
  uint64_t trace_hash = 0xCBF29CE484222325ull;
  int64_t steps = 0;
  std::deque<std::string> tail;  // of the trace
  bool quiet = false;            // no trace: the simulation itself looks at the disk
  bool print = false;            // each line at once, to stdout
  bool locked = false;           // by the running process

  void Trace(std::string line);
  void Note(std::string line);  // beside the trace: not part of its hash
};

struct FaultPlan {
  int64_t crash_at = 0;        // step of this process that is its last; 0: none
  int64_t crash_at_entry = 0;  // likewise, but counting only changes and syncs of folders
  uint64_t error_1_in = 0;     // a step fails once in so many; 0: never
  bool forbidden = false;      // some errors are of the kind that time does not heal
  int64_t foreign_at = 0;      // step before which somebody else acts; 0: none
  // Aimed at what is built upon before it is durable. 0: none.
  int64_t crash_at_link = 0;   // the sync of the folder after so many links is the last step, and does not happen
  int64_t crash_at_save = 0;   // some steps after so many checkpoints were made durable comes the last one
  uint64_t hint_error_1_in = 0;  // a step on a table's version hint fails once in so many; a link is denied as often
};

class SimEnv final : public Env {
 public:
  SimEnv(World& world, uint64_t seed, FaultPlan plan) : world_(world), rng_(seed), plan_(plan) {}
  ~SimEnv() override { Unlock(); }

  bool dead() const { return dead_; }
  void Die(std::string_view why);
  int64_t steps() const { return steps_; }
  void OnForeign(std::function<void()> act) { foreign_ = std::move(act); }
  void Advance(int64_t ms);
  World& world() { return world_; }

  Result<std::unique_ptr<WritableFile>> NewFile(const std::string& path) override;
  Result<std::string> ReadFile(const std::string& path) override;
  Result<std::unique_ptr<ReadableFile>> OpenFile(const std::string& path) override;
  Result<bool> Exists(const std::string& path) override;
  Result<int64_t> FileSize(const std::string& path) override;
  Result<std::vector<std::string>> List(const std::string& folder) override;
  Status Remove(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override;
  int64_t NowMs() override;
  int64_t MonotonicMs() override { return world_.monotonic_ms; }
  uint64_t Random() override { return rng_(); }
  bool Wait(int64_t ms, StopSignal* stop) override;
  Result<bool> MakeFolder(const std::string& folder) override;
  Status Move(const std::string& from, const std::string& to) override;
  Status Link(const std::string& from, const std::string& to) override;
  Status SyncFolder(const std::string& folder) override;

 private:
  friend class SimFile;
  friend class SimReadable;
  friend class SimLock;
  enum class Fate : uint8_t { kDone, kFails, kDoneButFails };
  // What becomes of the next step. After kFails and kDoneButFails Failure() is what it returns.
  Fate Step(const char* name, const std::string& path);
  Error Failure(const std::string& path);
  template <typename Do>
  Status Change(const char* name, const std::string& path, Do what);
  Status Look(const char* name, const std::string& path);
  void Unlock();

  World& world_;
  Rng rng_;
  FaultPlan plan_;
  std::function<void()> foreign_;
  int64_t steps_ = 0;
  bool CrashesHere(std::string_view what, const std::string& path);
  int64_t entries_ = 0;  // steps that change or sync a folder's entries by a rename
  int64_t links_ = 0, saves_ = 0;
  int burst_ = 0;        // steps in which errors are likely
  bool dead_ = false;
  bool has_lock_ = false;
};

}  // namespace sluice::sim
