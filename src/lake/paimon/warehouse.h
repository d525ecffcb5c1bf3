// SPDX-License-Identifier: Apache-2.0
// Warehouse: the filesystem catalog of Paimon on a local disk, WAREHOUSE/DATABASE.db/TABLE. Borrows the Env; any
// thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "row/table_id.h"

namespace sluice::paimon {

class Warehouse {
 public:
  // A path or a file: URI; kUnsupported for another.
  static Result<Warehouse> Make(Env& env, const std::string& location);

  const std::string& folder() const { return folder_; }
  // kUnsupported for a name that cannot be a folder's.
  Result<std::string> TableFolder(const TableId& id) const;
  Result<bool> Exists(const TableId& id) const;
  // All tables, sorted.
  Result<std::vector<TableId>> List() const;

 private:
  Warehouse(Env& env, std::string folder) : env_(&env), folder_(std::move(folder)) {}

  Env* env_;
  std::string folder_;  // without a slash at its end
};

}  // namespace sluice::paimon
