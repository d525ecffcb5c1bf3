// SPDX-License-Identifier: Apache-2.0
// Arrow's streams over the files of an Env, keeping our own error: Arrow's copy has lost its code and hint.
// Owned by one reader or writer; one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <arrow/io/interfaces.h>
#include <arrow/result.h>

#include "base/result.h"
#include "io/env.h"

namespace sluice {

class EnvOutputStream final : public arrow::io::OutputStream {
 public:
  explicit EnvOutputStream(std::unique_ptr<WritableFile> file);
  ~EnvOutputStream() override;

  arrow::Status Write(const void* data, int64_t count) override;
  arrow::Status Flush() override;
  arrow::Status Close() override { return Flush(); }  // Finish closes the file
  bool closed() const override { return abandoned_; }
  arrow::Result<int64_t> Tell() const override { return position_; }

  // Flushes, syncs if asked, closes.
  Status Finish(bool sync);
  // From now on nothing is written.
  void Abandon() { abandoned_ = true; }
  int64_t position() const { return position_; }
  const std::optional<Error>& error() const { return error_; }

 private:
  arrow::Status Put(std::string_view bytes);

  std::unique_ptr<WritableFile> file_;
  std::string buffer_;
  int64_t position_ = 0;
  bool abandoned_ = false;
  std::optional<Error> error_;
};

class EnvInputFile final : public arrow::io::RandomAccessFile {
 public:
  explicit EnvInputFile(std::unique_ptr<ReadableFile> file) : file_(std::move(file)) {}

  arrow::Result<int64_t> GetSize() override { return file_->size(); }
  arrow::Result<int64_t> ReadAt(int64_t position, int64_t count, void* out) override;
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t count) override;
  arrow::Result<int64_t> Read(int64_t count, void* out) override;
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t count) override;
  arrow::Status Seek(int64_t position) override;
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Close() override { return arrow::Status::OK(); }
  bool closed() const override { return false; }

  const std::optional<Error>& error() const { return error_; }

 private:
  std::unique_ptr<ReadableFile> file_;
  int64_t position_ = 0;
  std::optional<Error> error_;
};

}  // namespace sluice
