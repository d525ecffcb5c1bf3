// SPDX-License-Identifier: Apache-2.0
#include "io/s3_file.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace sluice {
namespace {

constexpr size_t kPartBytes = 8 << 20;
constexpr int64_t kTailBytes = 64 << 10;
constexpr int64_t kAheadBytes = 256 << 10;  // the least that a request reads

}  // namespace

S3WritableFile::~S3WritableFile() {
  if (!closed_ && !upload_.empty()) (void)client_.AbortUpload(place_, upload_).ok();
}

// An upload that is gone, as one that a rule of the bucket has given up, is no missing file: the next try begins anew.
Status S3WritableFile::Fail(Error error) {
  if (error.code == ErrorCode::kNotFound) error.code = ErrorCode::kUnavailable;
  failed_ = std::move(error);
  return *failed_;
}

Status S3WritableFile::Append(std::string_view bytes) {
  if (failed_) return *failed_;
  size_ += static_cast<int64_t>(bytes.size());
  while (!bytes.empty()) {
    const size_t take = std::min(bytes.size(), kPartBytes - buffer_.size());
    buffer_.append(bytes.substr(0, take));
    bytes.remove_prefix(take);
    if (buffer_.size() < kPartBytes) continue;
    Status sent = SendPart();
    if (!sent.ok()) return Fail(std::move(sent).error());
  }
  return Ok();
}

Status S3WritableFile::SendPart() {
  if (upload_.empty()) {
    TRY_SET(upload_, client_.BeginUpload(place_));
  }
  TRY_SET(std::string tag, client_.PutPart(place_, upload_, static_cast<int>(parts_.size()) + 1, buffer_));
  parts_.push_back(std::move(tag));
  buffer_.clear();
  return Ok();
}

Status S3WritableFile::Finish() {
  if (upload_.empty()) return client_.Put(place_, buffer_);
  if (!buffer_.empty()) TRY(SendPart());
  return client_.FinishUpload(place_, upload_, parts_, size_);
}

Status S3WritableFile::Close() {
  if (failed_) return *failed_;
  if (closed_) return Ok();
  Status done = Finish();
  if (!done.ok()) return Fail(std::move(done).error());
  closed_ = true;
  buffer_ = {};
  return Ok();
}

Result<std::unique_ptr<ReadableFile>> S3ReadableFile::Open(S3Client& client, const S3Place& place) {
  std::unique_ptr<S3ReadableFile> file(new S3ReadableFile(client, place));
  TRY_SET(const auto object, client.Head(place));
  file->size_ = object.bytes;
  const int64_t tail = std::min(object.bytes, kTailBytes);
  if (tail > 0) {
    TRY_SET(auto read, client.Get(place, tail, object.bytes - tail));
    if (static_cast<int64_t>(read.bytes.size()) != tail || read.total != object.bytes) {
      return Corrupt(Str(place.ToString(), " changed while it was opened"));
    }
    file->tail_ = {object.bytes - tail, std::move(read.bytes)};
  }
  return std::unique_ptr<ReadableFile>(std::move(file));
}

int64_t S3ReadableFile::Block::CopyAt(int64_t from, int64_t count, char* out) const {
  const auto held = static_cast<int64_t>(bytes.size());
  if (from < offset || from >= offset + held) return 0;
  count = std::min(count, offset + held - from);
  std::memcpy(out, bytes.data() + (from - offset), static_cast<size_t>(count));
  return count;
}

Result<int64_t> S3ReadableFile::ReadAt(int64_t offset, int64_t count, void* out) {
  if (offset < 0 || offset >= size_) return int64_t{0};
  count = std::min(count, size_ - offset);
  char* to = static_cast<char*>(out);
  for (int64_t done = 0; done < count;) {
    int64_t copied = tail_.CopyAt(offset + done, count - done, to + done);
    if (copied == 0) copied = ahead_.CopyAt(offset + done, count - done, to + done);
    done += copied;
    if (copied > 0) continue;
    const int64_t at = offset + done;
    const int64_t want = std::min(std::max(count - done, kAheadBytes), tail_.offset - at);
    TRY_SET(auto read, client_.Get(place_, want, at));
    if (read.bytes.empty() || read.total != size_) {
      return Corrupt(Str(place_.ToString(), " changed while it was read"));
    }
    ahead_ = {at, std::move(read.bytes)};
  }
  return count;
}

}  // namespace sluice
