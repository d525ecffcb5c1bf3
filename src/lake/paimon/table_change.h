// SPDX-License-Identifier: Apache-2.0
// TableChange: what an epoch changes in one Paimon table. Its files are written already, its manifests too; a
// checkpoint holds it until it is committed. A value; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/paimon/manifest.h"

namespace sluice::paimon {

// Manifests and what their entries sum up to.
struct ChangedFiles {
  std::vector<ManifestFile> manifests;
  int64_t rows = 0;  // of files that come, less those of files that go

  bool empty() const { return manifests.empty(); }
};

// An index file of deletion vectors in place of another one of the bucket; with a key it has one only.
struct NewVectors {
  IndexEntry entry;    // without a name: none takes its place
  std::string before;  // name of the index file that they were made from; empty: none
};

struct TableChange {
  std::vector<std::string> schemas;  // versions to be made, JSON, by id
  bool truncate = false;             // all files that are there go first
  std::vector<std::string> dropped;  // partitions (serialized rows) whose files that are there go first
  bool keeps_postponed = false;      // of these, files of bucket-postpone stay; of no job, so that ToJson has it not
  bool rewrites = false;             // `added` also takes files away, whose rows show other values now
  ChangedFiles added;                // rows of the epoch
  ChangedFiles changelog;
  ChangedFiles compacted;            // of no rows that readers would see change
  ChangedFiles compacted_changelog;
  std::vector<NewVectors> vectors;   // with what is compacted, or with `rewrites`
  std::vector<IndexEntry> indexes;   // in place of those of the same partition, bucket and type
  std::map<std::string, std::string> properties;  // of the snapshots
  std::optional<int64_t> watermark = {};  // likewise, ms; unless the snapshot before has a later one

  bool overwrites() const { return truncate || !dropped.empty(); }
  bool Overwrites(const std::string& partition) const;  // whether its files go

  std::string ToJson() const;                                 // one line
  static Result<TableChange> Parse(std::string_view json);  // kCorrupt
};

}  // namespace sluice::paimon
