// SPDX-License-Identifier: Apache-2.0
// TableCommit: one TableChange made visible: filter, write, merge manifests, swap the metadata, retry on conflict.
// Lives for one Table::Commit; used by the table's thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lake/iceberg/manifest.h"
#include "lake/iceberg/table.h"

namespace sluice::iceberg {

uint64_t HashPath(std::string_view path);

class TableCommit {
 public:
  TableCommit(Table& table, const TableChange& change, const CommitGuard& guard)
      : table_(table), change_(change), guard_(guard), snapshot_id_(change.snapshot_id) {}
  Result<int64_t> Run();

 private:
  // Manifests of one kind and one spec, newest first.
  struct Group {
    std::vector<ManifestEntry> fresh;     // added files, and the entries of manifests that lose a file
    std::vector<ManifestFile> untouched;
  };
  using Groups = std::map<std::pair<bool, int>, Group>;  // deletes?, spec

  // One try on the loaded metadata. kConflict from the catalog is told from the one of validation by `retry`.
  Status Try(bool& retry);
  Status Plan(Groups& groups);
  Status CheckAdded(const std::vector<ManifestFile>& manifests);
  Status Filter(const ManifestFile& manifest, Group& group, std::set<std::string>& left);
  Result<std::vector<ManifestFile>> WriteGroups(Groups& groups);
  Status Merge(bool deletes, int spec_id, bool has_fresh, std::vector<ManifestFile>& files);
  Status WriteManifest(bool deletes, int spec_id, std::vector<ManifestEntry> entries, std::vector<ManifestFile>& out);
  Status WriteFile(const std::string& uri, std::string_view bytes);
  Result<std::string> WriteSnapshot(Snapshot& snapshot);
  void GiveRowIds(std::vector<ManifestFile>& manifests, Snapshot& snapshot) const;
  Properties Summary() const;
  Result<TableMetadata> WithSchema(Properties& set) const;
  Result<TableMetadata> NextMetadata(std::vector<std::string>& trimmed);
  bool IsThere() const;
  void RemoveWritten();
  void Unwrite(const std::string& uri);
  void CleanUp(const std::vector<std::string>& trimmed);
  int64_t CurrentId() const;

  Table& table_;
  const TableChange& change_;
  const CommitGuard& guard_;
  int64_t snapshot_id_ = 0;
  int64_t sequence_number_ = 0;
  int attempt_ = 0;
  int manifests_written_ = 0;
  std::string uuid_;
  std::optional<TableMetadata> written_as_;  // the base with the change's schema: what manifests say of themselves
  std::vector<DataFile> removed_;     // what the removed paths were
  std::vector<std::string> written_;  // local paths of this try
  std::vector<std::string> listed_;   // manifests of the new snapshot
};

}  // namespace sluice::iceberg
