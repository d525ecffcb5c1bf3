// SPDX-License-Identifier: Apache-2.0
// FaultyEnv: an Env for tests that passes everything on to another one, and fails at a chosen step. Steps are the calls
// that can change something: NewFile, Append, Sync, Rename, RenameNoReplace, Remove, MakeFolders. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "io/env.h"

namespace sluice {

enum class Fault : uint8_t {
  kFail,       // the step fails and does nothing
  kFailAfter,  // the step is done, but an error is returned
  kTear,       // an Append writes half, then fails; other steps as kFail
  kCrash,      // as kTear, and every later call fails: the process is gone
};

class FaultyEnv final : public Env {
 public:
  explicit FaultyEnv(Env& real) : real_(real) {}

  // The `step`-th step from now (1 = the next) fails.
  void Arm(Fault fault, int64_t step);
  void Disarm() { Arm(Fault::kFail, 0); }
  bool fired() const { return fired_; }
  int64_t steps() const { return steps_; }  // since Arm
  int64_t reads() const { return reads_; }  // files read
  void SetNowMs(int64_t now) { now_ms_ = now; }

  Result<std::unique_ptr<WritableFile>> NewFile(const std::string& path) override;
  Result<std::string> ReadFile(const std::string& path) override;
  Result<bool> Exists(const std::string& path) override;
  Result<int64_t> FileSize(const std::string& path) override;
  Result<int64_t> ModifiedMs(const std::string& path) override { return real_.ModifiedMs(path); }
  Result<std::vector<std::string>> List(const std::string& folder) override;
  Result<bool> MakeFolder(const std::string& folder) override;
  Status Remove(const std::string& path) override;
  Status Move(const std::string& from, const std::string& to) override;
  Status Link(const std::string& from, const std::string& to) override;
  Status SyncFolder(const std::string& folder) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override { return real_.Lock(path); }
  int64_t NowMs() override { return now_ms_ != 0 ? now_ms_ : real_.NowMs(); }
  int64_t MonotonicMs() override { return real_.MonotonicMs(); }
  uint64_t Random() override { return real_.Random(); }
  bool Wait(int64_t ms, StopSignal* stop) override { return real_.Wait(ms, stop); }

 private:
  friend class FaultyFile;
  // True if this step is the one. Counts it.
  bool Hit();
  bool gone() const { return fired_ && fault_ == Fault::kCrash; }
  Error Failure(const std::string& path) const;
  template <typename Do>
  Status Step(const std::string& path, Do what);

  Env& real_;
  Fault fault_ = Fault::kFail;
  int64_t fail_at_ = 0;
  int64_t steps_ = 0;
  bool fired_ = false;
  int64_t reads_ = 0;
  int64_t now_ms_ = 0;
};

}  // namespace sluice
