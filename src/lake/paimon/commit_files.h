// SPDX-License-Identifier: Apache-2.0
// CommitFiles: the files that a try of a commit writes for its snapshot, beside the data files. Private to commit.cc;
// one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/manifest.h"
#include "lake/paimon/table.h"

namespace sluice::paimon {

class CommitFiles {
 public:
  // Both outlive it.
  CommitFiles(Env& env, Table& table) : env_(env), table_(table) {}

  // Give the name of the file in the folder "manifest".
  Result<std::string> WriteList(const std::vector<ManifestFile>& manifests, std::optional<int64_t>& size);
  Result<std::string> WriteIndexManifest(const std::vector<IndexEntry>& entries);
  // Of a change, with the number of the snapshot in its new files, in place of those that go once there is one.
  Result<std::vector<ManifestFile>> Number(int64_t snapshot, const std::vector<ManifestFile>& manifests);
  // Of dynamic buckets, in place of `before`, which goes once there is a snapshot.
  Result<IndexEntry> WriteIndex(IndexEntry before, const std::string& bytes);
  void Own(const std::vector<ManifestFile>& manifests);  // written elsewhere

  void Remove();          // another writer got the number
  void RemoveReplaced();  // there is a snapshot

 private:
  Result<std::string> Write(const char* prefix, const std::string& bytes);

  Env& env_;
  Table& table_;
  std::vector<std::string> paths_, replaced_;
};

}  // namespace sluice::paimon
