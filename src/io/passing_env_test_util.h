// SPDX-License-Identifier: Apache-2.0
// PassingEnv: an Env for tests that passes everything on to another one, to override what a test is about. Files are
// opened by ReadFile, as by any Env that does not say otherwise. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "io/env.h"

namespace sluice {

class PassingEnv : public Env {
 public:
  explicit PassingEnv(Env& real) : real_(real) {}

  Result<std::unique_ptr<WritableFile>> NewFile(const std::string& path) override { return real_.NewFile(path); }
  Result<std::string> ReadFile(const std::string& path) override { return real_.ReadFile(path); }
  Result<bool> Exists(const std::string& path) override { return real_.Exists(path); }
  Result<int64_t> FileSize(const std::string& path) override { return real_.FileSize(path); }
  Result<std::vector<std::string>> List(const std::string& folder) override { return real_.List(folder); }
  Result<bool> MakeFolder(const std::string& folder) override { return real_.MakeFolder(folder); }
  Status Remove(const std::string& path) override { return real_.Remove(path); }
  Status Move(const std::string& from, const std::string& to) override { return real_.Move(from, to); }
  Status Link(const std::string& from, const std::string& to) override { return real_.Link(from, to); }
  Status SyncFolder(const std::string& folder) override { return real_.SyncFolder(folder); }
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override { return real_.Lock(path); }
  int64_t NowMs() override { return real_.NowMs(); }
  int64_t MonotonicMs() override { return real_.MonotonicMs(); }
  uint64_t Random() override { return real_.Random(); }
  bool Wait(int64_t ms, StopSignal* stop) override { return real_.Wait(ms, stop); }

 protected:
  Env& real_;
};

}  // namespace sluice
