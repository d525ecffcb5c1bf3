// SPDX-License-Identifier: Apache-2.0
// Warehouse: the filesystem catalog of Paimon, WAREHOUSE/DATABASE.db/TABLE, on a local disk or in S3. Borrows the Env;
// any thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "row/table_id.h"

namespace sluice::paimon {

// The Env's path of a path, a file: URI, s3://bucket/path or s3a://bucket/path, without a slash at its end;
// kUnsupported for another.
Result<std::string> FolderOfLocation(const std::string& location);

class Warehouse {
 public:
  // Of what FolderOfLocation takes.
  static Result<Warehouse> Make(Env& env, const std::string& location);

  const std::string& folder() const { return folder_; }
  // kUnsupported for a name that cannot be a folder's.
  Result<std::string> TableFolder(const TableId& id) const;
  Result<bool> Exists(const TableId& id) const;
  // The tables in a folder, sorted by name; none if it is not there.
  static Result<std::vector<std::string>> TablesIn(Env& env, const std::string& folder);
  // The databases that have a folder, sorted.
  Result<std::vector<std::string>> Databases() const;
  // All tables, sorted.
  Result<std::vector<TableId>> List() const;

 private:
  Warehouse(Env& env, std::string folder) : env_(&env), folder_(std::move(folder)) {}

  Env* env_;
  std::string folder_;  // without a slash at its end
};

}  // namespace sluice::paimon
