// SPDX-License-Identifier: Apache-2.0
// Adds the files of a branch that a table has not to the table (merge_branch of Paimon 2.0). Both are tables without a
// primary key that were only appended to since their first snapshot: no row is there twice. Borrows all; one thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "io/env.h"

namespace sluice::paimon {

struct BranchMerge {
  int64_t files = 0, rows = 0;
  int64_t snapshot = 0;  // 0: the table has them all
};

// kNotFound, and kInvalid or kUnsupported with what Java requires and is not so.
Result<BranchMerge> MergeBranch(Env& env, const std::string& folder, const std::string& branch);

}  // namespace sluice::paimon
