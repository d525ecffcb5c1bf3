// SPDX-License-Identifier: Apache-2.0
// Expiry: old snapshots of a Paimon table go, and the files that nothing reaches any more go after them (docs of
// Paimon: "Manage Snapshots", "Expire Snapshots"). Borrows all; one thread.
//
// The snapshots go first, from the oldest on, durably: whatever happens, each snapshot that is there has all its files,
// their numbers have no gaps, and a file that stays behind is an orphan.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/table.h"

namespace sluice::paimon {

struct Expired {
  int64_t snapshots = 0;  // that have gone
  bool more = false;      // `snapshot.expire.limit` ended it: others can go with the next call
  int64_t changelogs = 0;  // of snapshots that went before, likewise
  std::string held_by;    // the job whose position is in the oldest snapshot that stays, and would go else
};

// What the table's options say (`snapshot.num-retained.min`, `.max`, `snapshot.time-retained`). What stays:
// - the newest snapshot, and the newest of each user whose snapshots hold the position of a job (`sluice.*`);
// - all from the one on that a consumer reads next;
// - files that tags, branches and changelogs need.
// Nothing goes from a table that is `write-only`: another process does that. Where changelogs are to outlive their
// snapshots (`changelog.num-retained.*`, `changelog.time-retained`), a snapshot becomes changelog/changelog-N when it
// goes, with the files of its changes, until those bounds are reached too (changelog_expiry.h).
Result<Expired> ExpireSnapshots(Env& env, Table& table);

// In place of what the options say.
struct ExpiryBounds {
  std::optional<int64_t> snapshots_min, snapshots_max;
  std::optional<int64_t> older_than_ms;  // since the epoch, in place of `snapshot.time-retained`
  std::optional<int64_t> limit;
};

// By a process of its own: also where the table is `write-only`. The bounds of changelogs are the table's.
Result<Expired> ExpireSnapshots(Env& env, Table& table, const ExpiryBounds& bounds);

}  // namespace sluice::paimon
