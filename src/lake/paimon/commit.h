// SPDX-License-Identifier: Apache-2.0
// Commits to a Paimon table: schema versions and snapshots, each made by a link that only one writer can win (docs of
// Paimon: "Snapshot", "Concurrency Control"). Borrow all; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/table.h"
#include "lake/paimon/table_change.h"

namespace sluice::paimon {

// Who commits what: snapshots of a user have identifiers that never fall, by which a commit is found again.
struct CommitIdentity {
  std::string user;
  int64_t identifier = 0;
  // kConflict if another writer has committed since the change was made: what it did depends on the rows of then.
  bool alone = false;
};

struct CommitOutcome {
  int64_t snapshot = 0;        // the newest one that this commit made, or that has it already
  int64_t snapshots_made = 0;
  bool alone = true;           // nobody else committed since the snapshot that the change was made on
  bool compacted = true;       // false: left out, as another writer compacted the same files or keys
};

// Makes the schema of a table that is not there: kConflict if it is.
Status CreateTable(Env& env, const std::string& folder, const Schema& schema);

// Makes the change visible: schemas, then a snapshot of its rows (OVERWRITE if it truncates or drops partitions, else
// APPEND), then one of its compaction. Each is made once, also when tried again after a crash. `base`: the newest
// snapshot when the change was made; 0 if there was none. kConflict: the schema was changed by another writer.
// `prepared`: by a process that is gone, perhaps long ago: kCorrupt names a file that was cleaned away since.
Result<CommitOutcome> CommitChange(Env& env, Table& table, const TableChange& change, const CommitIdentity& identity,
                                   int64_t base, bool prepared = false);

// A snapshot COMPACT alone, of a process that writes no rows. Its outcome says whether it was made: `compacted`.
Result<CommitOutcome> CommitCompaction(Env& env, Table& table, const TableChange& change,
                                       const CommitIdentity& identity, int64_t base);

// The newest snapshot of a user; nothing if there is none (any more).
Result<std::optional<Snapshot>> LatestOfUser(Table& table, const std::string& user);

// Hints, EARLIEST and LATEST, only save a look into the folder; one that is lost or old does no harm.
void WriteHint(Env& env, const Table& table, const char* name, int64_t id);

// Makes what is found survive a power failure, also if its writer died before it had done so.
Status SyncTable(Env& env, const Table& table);

}  // namespace sluice::paimon
