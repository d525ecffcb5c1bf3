// SPDX-License-Identifier: Apache-2.0
// Files of S3Env. Owned by one thread; borrow the client.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/env.h"
#include "io/s3_client.h"

namespace sluice {

class S3WritableFile final : public WritableFile {
 public:
  S3WritableFile(S3Client& client, S3Place place) : client_(client), place_(std::move(place)) {}
  ~S3WritableFile() override;  // unclosed: what was uploaded goes
  Status Append(std::string_view bytes) override;
  Status Sync() override { return failed_ ? Status(*failed_) : Ok(); }  // at Close
  Status Close() override;
  int64_t size() const override { return size_; }

 private:
  Status SendPart();
  Status Finish();
  Status Fail(Error error);

  S3Client& client_;
  const S3Place place_;
  std::string buffer_;  // at most a part
  int64_t size_ = 0;
  std::string upload_;  // id; empty: no part was sent yet
  std::vector<std::string> parts_;
  std::optional<Error> failed_;
  bool closed_ = false;
};

class S3ReadableFile final : public ReadableFile {
 public:
  // Its end is read at once: there are the footers, and small files are whole.
  static Result<std::unique_ptr<ReadableFile>> Open(S3Client& client, const S3Place& place);
  Result<int64_t> ReadAt(int64_t offset, int64_t count, void* out) override;
  int64_t size() const override { return size_; }

 private:
  struct Block {
    int64_t offset = 0;
    std::string bytes;
    // Copies what it has from `offset` on; 0 if that is not in it.
    int64_t CopyAt(int64_t offset, int64_t count, char* out) const;
  };

  S3ReadableFile(S3Client& client, S3Place place) : client_(client), place_(std::move(place)) {}

  S3Client& client_;
  const S3Place place_;
  int64_t size_ = 0;
  Block tail_;
  Block ahead_;  // what was read last
};

}  // namespace sluice
