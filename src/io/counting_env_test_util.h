// SPDX-License-Identifier: Apache-2.0
// CountingEnv: an Env for tests that passes everything on to another one and counts the bytes that are read of opened
// files. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "io/env.h"

namespace sluice {

class CountingEnv final : public Env {
 public:
  explicit CountingEnv(Env& real) : real_(real) {}

  int64_t bytes_read() const { return bytes_read_; }
  int64_t files_opened() const { return files_opened_; }

  Result<std::unique_ptr<WritableFile>> NewFile(const std::string& path) override { return real_.NewFile(path); }
  Result<std::string> ReadFile(const std::string& path) override { return real_.ReadFile(path); }
  Result<std::unique_ptr<ReadableFile>> OpenFile(const std::string& path) override {
    TRY_SET(auto file, real_.OpenFile(path));
    ++files_opened_;
    return std::unique_ptr<ReadableFile>(std::make_unique<File>(*this, std::move(file)));
  }
  Result<bool> Exists(const std::string& path) override { return real_.Exists(path); }
  Result<int64_t> FileSize(const std::string& path) override { return real_.FileSize(path); }
  Result<int64_t> ModifiedMs(const std::string& path) override { return real_.ModifiedMs(path); }
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

 private:
  class File final : public ReadableFile {
   public:
    File(CountingEnv& env, std::unique_ptr<ReadableFile> file) : env_(env), file_(std::move(file)) {}
    Result<int64_t> ReadAt(int64_t offset, int64_t count, void* out) override {
      auto read = file_->ReadAt(offset, count, out);
      if (read.ok()) env_.bytes_read_ += *read;
      return read;
    }
    int64_t size() const override { return file_->size(); }

   private:
    CountingEnv& env_;
    std::unique_ptr<ReadableFile> file_;
  };

  Env& real_;
  int64_t bytes_read_ = 0, files_opened_ = 0;
};

}  // namespace sluice
