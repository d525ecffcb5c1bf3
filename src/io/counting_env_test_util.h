// SPDX-License-Identifier: Apache-2.0
// CountingEnv: an Env for tests that passes everything on to another one and counts the bytes that are read of opened
// files. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "io/passing_env_test_util.h"

namespace sluice {

class CountingEnv final : public PassingEnv {
 public:
  explicit CountingEnv(Env& real) : PassingEnv(real) {}

  int64_t bytes_read() const { return bytes_read_; }
  int64_t files_opened() const { return files_opened_; }

  Result<std::unique_ptr<ReadableFile>> OpenFile(const std::string& path) override {
    TRY_SET(auto file, real_.OpenFile(path));
    ++files_opened_;
    return std::unique_ptr<ReadableFile>(std::make_unique<File>(*this, std::move(file)));
  }
  Result<int64_t> ModifiedMs(const std::string& path) override { return real_.ModifiedMs(path); }

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

  int64_t bytes_read_ = 0, files_opened_ = 0;
};

}  // namespace sluice
