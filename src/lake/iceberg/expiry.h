// SPDX-License-Identifier: Apache-2.0
// TableExpiry: takes old snapshots out of the metadata and removes the files that nothing reaches any more.
// Lives for one Table::Maintain or Expire; used by the table's thread.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lake/iceberg/manifest.h"
#include "lake/iceberg/table.h"

namespace sluice::iceberg {

// Our own: at most so many snapshots on main; absent = no such bound. Set on the tables that we make.
inline constexpr std::string_view kMaxSnapshotsProperty = "sluice.history.max-snapshots";

class TableExpiry {
 public:
  explicit TableExpiry(Table& table) : table_(table) {}
  Result<int64_t> Run();
  // Of a table whose data files are another's (Table::Expire).
  Result<bool> Run(const std::vector<int64_t>& snapshots, const std::map<std::string, int64_t>& tags,
                   const std::string& own_folder);

 private:
  struct Garbage {
    std::vector<std::string> lists, manifests, files;  // URIs
  };
  void Choose();
  void ChooseTags(const std::map<std::string, int64_t>& tags);
  Result<bool> Take(const Garbage& garbage);  // false: another writer was faster
  void KeepBranch(const SnapshotRef& ref, bool main, std::set<int64_t>& kept);
  Result<Garbage> Collect();
  Result<std::map<std::string, ManifestFile>> Manifests(const std::vector<int64_t>& snapshots);

  Table& table_;
  std::vector<int64_t> expired_, kept_;
  std::vector<std::string> old_refs_;
  std::map<std::string, int64_t> new_tags_;
};

}  // namespace sluice::iceberg
