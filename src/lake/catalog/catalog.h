// SPDX-License-Identifier: Apache-2.0
// Catalog: where tables are and which metadata file is theirs now. Here it is Hadoop's layout of folders.
// Knows no table format beyond the metadata file's bytes. Thread safe as far as the Env is.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "row/table_id.h"

namespace sluice {

// One version of a table's metadata, as the catalog points to it. `version` 0: no table yet (base of a creation).
struct MetadataVersion {
  int64_t version = 0;
  std::string file;  // URI
  std::string json;
  bool hinted = true;  // readers find it without a look at older versions, which may be cleaned away then
};

class Catalog {
 public:
  virtual ~Catalog() = default;
  // URI of the table's folder, whether it exists or not. kInvalid for a name that cannot be one.
  virtual Result<std::string> Location(const TableId& table) = 0;
  virtual Result<bool> Exists(const TableId& table) = 0;
  virtual Result<MetadataVersion> Load(const TableId& table) = 0;  // kNotFound
  // Makes `json` the metadata after `base`; returns where it is. kConflict: another commit won, nothing changed.
  // kUnknownOutcome: load and look. Any other error: nothing changed.
  virtual Result<MetadataVersion> Commit(const TableId& table, const MetadataVersion& base,
                                         const std::string& json) = 0;
  // Makes the version that Load gives survive a power failure, also if its writer died before it had done so. For
  // whoever goes on from what he has found. Nothing to do where a commit is durable once it is visible.
  virtual Status Sync(const TableId&) { return Ok(); }
  // Tables of a namespace, sorted; of all for an empty one.
  virtual Result<std::vector<TableId>> List(const std::string& name_space) = 0;
  // Removes the table with all its files. kNotFound.
  virtual Status Drop(const TableId& table) = 0;
};

// "file:///a/b", "file:/a/b" and "/a/b" are /a/b; the rest is kUnsupported. Percent signs are not decoded: no Iceberg
// reader does.
Result<std::string> LocalPath(const std::string& uri);

}  // namespace sluice
