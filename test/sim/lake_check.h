// SPDX-License-Identifier: Apache-2.0
// LakeCheck: whether the lake holds what the history says. Every snapshot of a table names the position that it was
// made at, and must hold exactly the table's rows of that position; so each transaction is whole in it. One thread.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "lake/catalog/hadoop.h"
#include "lake/iceberg/table.h"
#include "sim/history.h"
#include "sim/metadata_check.h"
#include "sim/sim_env.h"

namespace sluice::sim {

class LakeCheck {
 public:
  LakeCheck(World& world, const History& history, const std::string& warehouse, const std::string& job);

  // Of all tables as they are now. An error says what differs.
  Status Check();
  // The same, and the tables hold the rows and columns after `position`.
  Status CheckAt(int64_t position);
  // The power was lost: all files are looked at again.
  void Forget();
  int64_t snapshots() const { return snapshots_; }

 private:
  using Rows = std::multiset<std::string>;
  struct Seen {
    int64_t position = 0;
    std::set<std::string> foreign;  // ids of rows that somebody else appended
  };
  Status CheckTable(size_t table);
  Status CheckSnapshot(size_t table, iceberg::Table& lake, const iceberg::Snapshot& snapshot);
  Status ReadRows(iceberg::Table& lake, std::optional<int64_t> snapshot, Rows& rows, std::set<std::string>& foreign);
  Status Compare(size_t table, int64_t position, const Rows& rows) const;
  std::string Folder(const TableId& id) const;

  World& world_;
  const History& history_;
  const std::string warehouse_, job_;
  SimEnv env_;
  std::unique_ptr<HadoopCatalog> catalog_;
  std::map<TableId, MetadataCheck> metadata_;
  std::map<int64_t, Seen> seen_;  // by snapshot
  int64_t snapshots_ = 0;
};

}  // namespace sluice::sim
