// SPDX-License-Identifier: Apache-2.0
// Adds the files of a branch that another branch has not to that one (merge_branch of Paimon 2.0); `main` is the table
// itself. Both are without a primary key and were only appended to since their first snapshot: no row is there twice.
// Borrows all; one thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "io/env.h"

namespace sluice::paimon {

struct BranchMerge {
  int64_t files = 0, rows = 0;
  int64_t snapshot = 0;  // 0: it has them all
};

// kNotFound, and kInvalid or kUnsupported with what Java requires and is not so.
Result<BranchMerge> MergeBranch(Env& env, const std::string& folder, const std::string& from, const std::string& to);

}  // namespace sluice::paimon
