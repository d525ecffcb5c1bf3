// SPDX-License-Identifier: Apache-2.0
// RoutingEnv: local paths go to one Env, s3:// paths to that which is mounted for them. Locks, clocks, waits and
// randomness are the local one's. Thread safe.
#pragma once

#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <vector>

#include "io/env.h"
#include "io/unfinished_uploads.h"

namespace sluice {

class RoutingEnv final : public Env {
 public:
  explicit RoutingEnv(Env& local);
  ~RoutingEnv() override;

  // What lies at or below `path` (s3://bucket/key) is `env`'s; a longer path that is mounted goes first.
  void Mount(const std::string& path, std::unique_ptr<Env> env);

  // Of the Env that is mounted there; null where there are no uploads.
  UploadStore* UploadsAt(const std::string& path) const;

  Result<std::unique_ptr<WritableFile>> NewFile(const std::string& path) override { return At(path).NewFile(path); }
  Result<std::string> ReadFile(const std::string& path) override { return At(path).ReadFile(path); }
  Result<std::unique_ptr<ReadableFile>> OpenFile(const std::string& path) override { return At(path).OpenFile(path); }
  Result<bool> Exists(const std::string& path) override { return At(path).Exists(path); }
  Result<int64_t> FileSize(const std::string& path) override { return At(path).FileSize(path); }
  Result<int64_t> ModifiedMs(const std::string& path) override { return At(path).ModifiedMs(path); }
  Result<std::vector<std::string>> List(const std::string& folder) override { return At(folder).List(folder); }
  Status Remove(const std::string& path) override { return At(path).Remove(path); }
  Result<bool> MakeFolder(const std::string& folder) override { return At(folder).MakeFolder(folder); }
  Status Move(const std::string& from, const std::string& to) override { return At(to).Move(from, to); }
  Status Link(const std::string& from, const std::string& to) override { return At(to).Link(from, to); }
  Status SyncFolder(const std::string& folder) override { return At(folder).SyncFolder(folder); }
  bool IsObjectStore(const std::string& path) const override { return At(path).IsObjectStore(path); }
  Status PutNew(const std::string& path, std::string_view bytes) override { return At(path).PutNew(path, bytes); }
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override { return At(path).Lock(path); }
  int64_t NowMs() override { return local_.NowMs(); }
  int64_t MonotonicMs() override { return local_.MonotonicMs(); }
  uint64_t Random() override { return local_.Random(); }
  bool Wait(int64_t ms, StopSignal* stop) override { return local_.Wait(ms, stop); }

 private:
  Env& At(const std::string& path) const;

  Env& local_;
  mutable std::shared_mutex mutex_;
  std::map<std::string, std::unique_ptr<Env>> mounts_;  // by path; guarded by mutex_
  std::vector<std::unique_ptr<Env>> former_;            // of a path that was mounted again: files may be open; the same
  const std::unique_ptr<Env> unmounted_;                // has no keys, and says so
};

// The process' own, over PosixEnv(): for all that may be in a lake.
RoutingEnv& LakeEnv();

}  // namespace sluice
