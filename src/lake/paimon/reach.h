// SPDX-License-Identifier: Apache-2.0
// Reach: the names of the files that snapshots of a Paimon table need. Names are unique in a table, so folders are left
// out. Borrows the table; its thread. Memory: a name per file.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>

#include "base/result.h"
#include "lake/paimon/references.h"
#include "lake/paimon/snapshot.h"
#include "lake/paimon/table.h"

namespace sluice::paimon {

class Reach {
 public:
  enum class Data : uint8_t {
    kNone,   // no data files
    kDelta,  // those that it adds: for a snapshot whose predecessor's files are all in already
    kAll,
  };
  explicit Reach(Table& table) : table_(table) {}

  // Manifest lists, manifests, index files, statistics, data files. Not the changelog.
  Status Add(const Snapshot& snapshot, Data data);
  // A list of changelog files, with them. `may_be_gone`: it may have expired, and is nothing then.
  Status AddChangelog(const std::string& list, bool may_be_gone);
  // A list of data files, with those that were written or deleted by other than compactions: without changelog files
  // the readers of changelogs need what came, and the expiry puts off what went (changelog_expiry.h). It may be gone.
  Status AddDelta(const std::string& list);
  // A list and its manifests. It may be gone.
  Status AddManifests(const std::string& list);
  // Tags, branches and changelogs, with all data. The changelog of a tag goes with its snapshot.
  Status Add(const References& references);
  bool told() const;  // whether the table's changes are in changelog files: of changelogs nothing else is needed
  void AddName(std::string name) { names_.insert(std::move(name)); }
  bool Has(const std::string& name) const { return names_.contains(name); }

 private:
  enum class Files : uint8_t { kNone, kAdded, kChanged };
  Status AddList(const std::string& name, Files files);
  void AddFile(const DataFileMeta& file);

  Table& table_;
  std::unordered_set<std::string> names_;
};

}  // namespace sluice::paimon
