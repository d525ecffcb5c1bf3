// SPDX-License-Identifier: Apache-2.0
// CheckpointStore: the state directory of one job. Holds the last two checkpoints, each a checksummed file that is
// written, fsynced and renamed (docs/formats/checkpoint.md). Owned by the job; one thread. A lock keeps a second
// process out for the life of the store.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"

namespace sluice {

struct Checkpoint {
  int64_t epoch = 0;
  int64_t committed_epoch = 0;  // the newest that has something to commit, at most `epoch`; 0: none yet
  // Random, of the first epoch that began without a checkpoint to go on from. The sink stores it with its data, so that
  // epochs of equal numbers are told apart: a checkpoint fits the tables only if theirs is the same.
  std::string state_id;
  std::string job;             // fingerprint of what the file means: source, sink and name; refuses a foreign directory
  std::string source_state;    // Source::State() after this epoch
  std::string compact_state;   // Source::CompactState()
  std::string evolver_state;   // SchemaEvolver::ToJson()
  std::string prepared;        // Sink::Prepare() of this epoch
};

std::string EncodeCheckpoint(const Checkpoint& checkpoint);
// kCorrupt for anything that EncodeCheckpoint did not make.
Result<Checkpoint> DecodeCheckpoint(std::string_view bytes);

class CheckpointStore {
 public:
  // Makes the folder; kConflict if another process has it.
  static Result<std::unique_ptr<CheckpointStore>> Open(Env& env, const std::string& folder);

  struct Loaded {
    std::optional<Checkpoint> checkpoint;  // the newest that is intact
    int64_t newest_epoch = 0;              // of all, intact or not: numbers only grow
    std::vector<std::string> damaged;      // one sentence for each newer file that is not
  };
  Result<Loaded> Load();
  // Durable when it returns; then removes all but the last two.
  Status Save(const Checkpoint& checkpoint);

 private:
  CheckpointStore(Env& env, std::string folder, std::unique_ptr<FileLock> lock);
  Env& env_;
  std::string folder_;
  std::unique_ptr<FileLock> lock_;
};

}  // namespace sluice
