// SPDX-License-Identifier: Apache-2.0
// A table goes back to what it was (docs of Paimon: "Rollback"): newer snapshots and tags go, with their files. Borrows
// all; one thread. No writer may be at work.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/table.h"

namespace sluice::paimon {

struct RolledBack {
  int64_t snapshot = 0;          // that is the newest one now
  int64_t snapshots_gone = 0;
  std::set<std::string> tags_gone;
  std::set<std::string> jobs;    // whose position was in a snapshot that has gone
};

// `version`: a snapshot's number, or the name of a tag. Schemas stay. kNotFound.
Result<RolledBack> RollBackTo(Env& env, Table& table, const std::string& version);
// The newest snapshot that was there at that time. kNotFound if all are younger.
Result<int64_t> SnapshotAt(Table& table, int64_t time_ms);

// The user of a snapshot that holds the position of a job.
void AddJobsOf(const Snapshot& snapshot, std::set<std::string>& jobs);

}  // namespace sluice::paimon
