// SPDX-License-Identifier: Apache-2.0
// Branches: other histories of a table, in branch/branch-NAME, over the same data files (docs of Paimon: "Manage
// Branches"). Borrow all; one thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/table.h"

namespace sluice::paimon {

Result<std::vector<std::string>> ListBranches(Env& env, const std::string& folder);
// From the snapshot of a tag; of an empty `tag` with the table's schema and no rows. kConflict if there is one.
Status CreateBranch(Env& env, Table& table, const std::string& name, const std::string& tag);
// With the files that nothing else needs. kNotFound.
Status DeleteBranch(Env& env, Table& table, const std::string& name);

}  // namespace sluice::paimon
