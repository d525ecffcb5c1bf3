// SPDX-License-Identifier: Apache-2.0
// A table becomes what a branch of it is (docs of Paimon: "Manage Branches", fast forward). Borrows all; one thread. No
// writer may be at work.
//
// Java removes and copies in any order; here the table can be read at each step: it goes back to the snapshot at which
// the branch began, newest first, then forward, oldest first. Done again it goes on where it was ended.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/table.h"

namespace sluice::paimon {

struct FastForwarded {
  int64_t snapshot = 0;         // that is the newest one now
  int64_t snapshots_gone = 0;   // that only the table had
  int64_t snapshots_taken = 0;  // that only the branch had
  std::set<std::string> tags_gone;
  std::set<std::string> jobs;   // whose position was in a snapshot that has gone
};

// The branch stays. Tags of snapshots that both have stay, too, where Java removes them. kNotFound without the branch;
// kInvalid if it has no snapshots; kConflict if the two have no common past.
Result<FastForwarded> FastForward(Env& env, Table& table, const std::string& branch);

}  // namespace sluice::paimon
