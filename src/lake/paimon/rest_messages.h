// SPDX-License-Identifier: Apache-2.0
// What is sent to a Paimon REST catalog and what it answers, as JSON (docs of Paimon: rest-catalog-open-api.yaml). Pure
// functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/paimon/schema.h"
#include "lake/paimon/snapshot.h"
#include "row/table_id.h"

namespace sluice::paimon {

struct RestTable {
  std::string name;
  std::string uuid;
  std::string location;
  std::string type;       // "table", or what is none of Paimon's own: format-table, iceberg-table, object-table, …
  bool external = false;  // its snapshots are files alone, the catalog knows none
};

Result<RestTable> ParseRestTable(std::string_view body);

// One page; `next` is the token of the next one, empty at the end.
struct RestTables {
  std::vector<RestTable> tables;
  std::string next;
};
struct RestNames {
  std::vector<std::string> names;
  std::string next;
};
Result<RestTables> ParseRestTables(std::string_view body);
Result<RestNames> ParseRestDatabases(std::string_view body);

// Of a partition, what a commit adds to it.
struct PartitionDelta {
  std::vector<std::pair<std::string, std::string>> spec;  // column, text
  int64_t rows = 0, bytes = 0, files = 0;
  int64_t newest_ms = 0;
  int buckets = 0;
};

std::string CreateDatabaseBody(const std::string& name);
std::string CreateTableBody(const TableId& id, const Schema& schema);
// `base`: the uuid of the snapshot before; empty: it has none, or there is no snapshot before.
std::string CommitBody(const std::string& table_uuid, const std::string& base, const Snapshot& next,
                       const std::vector<PartitionDelta>& deltas);
// Of a commit: whether it was made.
Result<bool> ParseCommitReply(std::string_view body);
// The number of the newest snapshot.
Result<int64_t> ParseNewestSnapshot(std::string_view body);
// Keys of the storage that are lent for a table. The error shows nothing of them.
struct RestLent {
  Options options;      // as a catalog has them
  int64_t ends_ms = 0;  // 0 if it is not said
};
Result<RestLent> ParseLentKeys(std::string_view body);
// To a snapshot, or if `tag` is not empty to that of a tag.
std::string RollbackBody(int64_t snapshot, const std::string& tag);
std::string CreateBranchBody(const std::string& branch, const std::string& tag);

// The changes that make `to` of `from`, as a request; columns are the same by their ids. Nothing if they say the same.
// kUnsupported for a change of keys.
Result<std::optional<std::string>> AlterTableBody(const Schema& from, const Schema& to);
// Whether both say the same, but for ids and times of the schemas themselves and where the table lies.
bool SameContent(const Schema& a, const Schema& b);

}  // namespace sluice::paimon
