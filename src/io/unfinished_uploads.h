// SPDX-License-Identifier: Apache-2.0
// UploadStore: of an object store whose files are uploaded in parts. What a killed writer began stays, unseen, and
// takes space. An upload of a writer at work looks the same: only its age tells them apart. Thread safe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace sluice {

struct UnfinishedUpload {
  std::string path;  // of the file that it would become
  std::string id;
  int64_t begun_ms = 0;  // wall clock, since the epoch
};

class UploadStore {
 public:
  virtual ~UploadStore() = default;
  // Below the folder, by path.
  virtual Result<std::vector<UnfinishedUpload>> Uploads(const std::string& folder) = 0;
  virtual Status Abort(const UnfinishedUpload& upload) = 0;  // one that is gone is fine
};

}  // namespace sluice
