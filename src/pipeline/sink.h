// SPDX-License-Identifier: Apache-2.0
// Sink: takes batches, makes them visible in epochs. Owned by the job; called from the job's one thread.
//
// Protocol of an epoch (design: Flink's two-phase commit):
//   Write/Apply* -> Prepare(epoch) -> [the checkpoint with the prepared bytes becomes durable] -> Commit(prepared).
// After a crash: Open -> Commit(prepared of the last checkpoint) -> Write...
// Commit is idempotent: what an earlier try made visible is found by (job, epoch) and not made twice.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/source.h"
#include "row/change_batch.h"
#include "row/schema_change.h"

namespace sluice {

// An epoch holds everything after the end of the epoch before up to its own.
struct EpochInfo {
  int64_t epoch = 0;          // 1, 2, 3… within a job
  std::string end;            // Source::CompactState()
  std::string position = {};  // the end for people, a short line
  std::string state_id = {};  // whose epochs these are: see Checkpoint::state_id
};

struct SinkStats {
  int64_t inserted = 0;  // rows of the sink tables; an update counts once
  int64_t updated = 0;
  int64_t deleted = 0;
  int64_t commits = 0;   // snapshots made
  int64_t bytes_written = 0;
};

class Sink {
 public:
  virtual ~Sink() = default;

  virtual BeforeImage before_image() const = 0;
  // What a column of that type is in the tables that this sink makes: the same, or a type that holds all its values.
  virtual DataType StoredType(const DataType& type) const { return type; }

  // Checks that the target can be written to. Makes nothing visible.
  virtual Status Open() = 0;

  // Newest epoch that this job stored with its data (without `position`): the state directory may be lost, or an old
  // copy. Nothing if the sink stores none.
  virtual Result<std::optional<EpochInfo>> StoredEpoch() = 0;
  // Makes what is left of the commits of the epoch that StoredEpoch gave: the process may have died between two.
  // kCorrupt if that is not possible. Gives the job's tables as they are then.
  virtual Result<std::map<TableId, TableSchema>> CompleteStoredEpoch() { return std::map<TableId, TableSchema>(); }

  // kCreateTable comes first for each table, after each Open: makes the table, or takes the one that is there and
  // evolves it to the schema. `table` is the sink's. kUnsupported if the sink cannot make this change (nothing
  // changed).
  virtual Status Apply(const SchemaChange& change) = 0;

  // Rows of a table that Apply(kCreateTable) named, with exactly its current columns.
  virtual Status Write(const ChangeBatch& batch) = 0;

  // Closes all files; the bytes, written into the checkpoint, are all that Commit needs. Empty: nothing to commit.
  virtual Result<std::string> Prepare(const EpochInfo& epoch) = 0;
  virtual Status Commit(const std::string& prepared) = 0;

  // Files that dead processes of this job made: removes those that no table reaches. After the Commit of a restart.
  virtual Status RemoveUnreachable(const std::vector<std::string>&) { return Ok(); }

  // Nothing has come for some seconds, or the run ends at its target, and nothing waits for a commit: time for work
  // that would be in the way of rows.
  virtual Status Rest() { return Ok(); }
  // Time for upkeep (merging of manifests, release of memory). Called when idle and after commits.
  virtual Status Maintain() { return Ok(); }

  virtual SinkStats stats() const = 0;
};

}  // namespace sluice
