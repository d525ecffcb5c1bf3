// SPDX-License-Identifier: Apache-2.0
// JournalEnv: an Env that writes down the path of each file before it makes it, so that the next process knows what a
// killed one may have left. All else is passed on to another Env. One journal lives in a folder that one process has
// at a time (a lock is its owner's matter); thread safe as the other Env is, except Restart and the readers.
//
// The journal is not synced: after a loss of power its end may be missing, and files then stay. Its first line names
// the folder, so that a copy in another place is not taken for its own.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "io/env.h"

namespace sluice {

class JournalEnv final : public Env {
 public:
  JournalEnv(Env& real, std::string folder);

  // Files that earlier processes made, or earlier objects of this one, as far as their journals are there.
  Result<std::vector<std::string>> FormerFiles();
  // They are dealt with: their journals go.
  Status ForgetFormer();
  // All files made so far are where they belong: the journal begins anew.
  Status Restart();

  Result<std::unique_ptr<WritableFile>> NewFile(const std::string& path) override;
  Result<std::string> ReadFile(const std::string& path) override { return real_.ReadFile(path); }
  Result<std::unique_ptr<ReadableFile>> OpenFile(const std::string& path) override { return real_.OpenFile(path); }
  Result<bool> Exists(const std::string& path) override { return real_.Exists(path); }
  Result<int64_t> FileSize(const std::string& path) override { return real_.FileSize(path); }
  Result<int64_t> ModifiedMs(const std::string& path) override { return real_.ModifiedMs(path); }
  Result<std::vector<std::string>> List(const std::string& folder) override { return real_.List(folder); }
  Status Remove(const std::string& path) override { return real_.Remove(path); }
  Result<bool> MakeFolder(const std::string& folder) override { return real_.MakeFolder(folder); }
  Status Move(const std::string& from, const std::string& to) override;  // `to` is written down too
  Status Link(const std::string& from, const std::string& to) override { return real_.Link(from, to); }
  Status SyncFolder(const std::string& folder) override { return real_.SyncFolder(folder); }
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override { return real_.Lock(path); }
  bool IsObjectStore(const std::string& path) const override { return real_.IsObjectStore(path); }
  // Not written down: it is there, and then has its place, or it is not.
  Status PutNew(const std::string& path, std::string_view bytes) override { return real_.PutNew(path, bytes); }
  int64_t NowMs() override { return real_.NowMs(); }
  int64_t MonotonicMs() override { return real_.MonotonicMs(); }
  uint64_t Random() override { return real_.Random(); }
  bool Wait(int64_t ms, StopSignal* stop) override { return real_.Wait(ms, stop); }

 private:
  Status Note(const std::string& path);
  Result<std::vector<std::string>> Former();  // paths of journals that are not this object's

  Env& real_;
  const std::string folder_;
  const std::string own_;  // path of the journal
  std::mutex mutex_;
  std::unique_ptr<WritableFile> journal_;  // guarded by mutex_; null: no file since the start
};

}  // namespace sluice
