// SPDX-License-Identifier: Apache-2.0
#include "lake/parquet/file_streams.h"

#include <arrow/buffer.h>

#include <algorithm>

#include <string_view>

namespace sluice {
namespace {
constexpr size_t kBufferBytes = 256 << 10;
}

EnvOutputStream::EnvOutputStream(std::unique_ptr<WritableFile> file) : file_(std::move(file)) {}
EnvOutputStream::~EnvOutputStream() = default;

arrow::Status EnvOutputStream::Put(std::string_view bytes) {
  if (error_) return arrow::Status::IOError(error_->message);
  Status status = file_->Append(bytes);
  if (status.ok()) return arrow::Status::OK();
  error_ = std::move(status).error();
  return arrow::Status::IOError(error_->message);
}

arrow::Status EnvOutputStream::Write(const void* data, int64_t count) {
  if (abandoned_) return arrow::Status::Cancelled("the file was given up");
  position_ += count;
  std::string_view bytes(static_cast<const char*>(data), static_cast<size_t>(count));
  if (buffer_.size() + bytes.size() <= kBufferBytes) {
    buffer_.append(bytes);
    return arrow::Status::OK();
  }
  ARROW_RETURN_NOT_OK(Flush());
  if (bytes.size() >= kBufferBytes) return Put(bytes);
  buffer_.assign(bytes);
  return arrow::Status::OK();
}

arrow::Status EnvOutputStream::Flush() {
  if (abandoned_ || buffer_.empty()) return arrow::Status::OK();
  arrow::Status status = Put(buffer_);
  buffer_.clear();
  return status;
}

Status EnvOutputStream::Finish(bool sync) {
  if (arrow::Status status = Flush(); !status.ok()) return *error_;
  if (sync) TRY(file_->Sync());
  return file_->Close();
}

arrow::Result<int64_t> EnvInputFile::ReadAt(int64_t position, int64_t count, void* out) {
  Result<int64_t> read = file_->ReadAt(position, count, out);
  if (read.ok()) return *read;
  error_ = std::move(read).error();
  return arrow::Status::IOError(error_->message);
}

arrow::Result<std::shared_ptr<arrow::Buffer>> EnvInputFile::ReadAt(int64_t position, int64_t count) {
  // A corrupt file may ask for more than there is: allocate no more than that.
  count = std::max<int64_t>(0, std::min(count, file_->size() - position));
  ARROW_ASSIGN_OR_RAISE(std::unique_ptr<arrow::ResizableBuffer> buffer, arrow::AllocateResizableBuffer(count));
  ARROW_ASSIGN_OR_RAISE(int64_t read, ReadAt(position, count, buffer->mutable_data()));
  ARROW_RETURN_NOT_OK(buffer->Resize(read));
  return std::shared_ptr<arrow::Buffer>(std::move(buffer));
}

arrow::Result<int64_t> EnvInputFile::Read(int64_t count, void* out) {
  ARROW_ASSIGN_OR_RAISE(int64_t read, ReadAt(position_, count, out));
  position_ += read;
  return read;
}

arrow::Result<std::shared_ptr<arrow::Buffer>> EnvInputFile::Read(int64_t count) {
  ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position_, count));
  position_ += buffer->size();
  return buffer;
}

arrow::Status EnvInputFile::Seek(int64_t position) {
  position_ = position;
  return arrow::Status::OK();
}

}  // namespace sluice
