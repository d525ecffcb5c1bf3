// SPDX-License-Identifier: Apache-2.0
// The changes of a table: those of one snapshot, those between two, and the snapshots one after the other (docs of
// Paimon: "Incremental Query", "Streaming Query"). Borrow the Env and the table; one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/change_rules.h"
#include "lake/paimon/file_choice.h"
#include "lake/paimon/row_changes.h"
#include "lake/paimon/snapshot.h"
#include "lake/paimon/table.h"

namespace sluice::paimon {

enum class ChangeScan : uint8_t {
  kAuto,       // the changelog if the table has one, else delta; of one snapshot as ChangeRules::ByDifference says
  kDelta,      // the rows of the files that snapshots of kind APPEND added
  kChangelog,  // the rows of changelog files
  kDiff,       // what differs between the two states
};

struct ChangeRequest {
  const Schema* schema = nullptr;  // whose columns the rows have
  std::vector<std::string> columns;  // of it; none: all
  ChangeScan scan = ChangeScan::kAuto;
  bool overwrites = false;  // `streaming-read-overwrite`: a snapshot of kind OVERWRITE is told by its difference
  bool append_overwrites = false;  // `streaming-read-append-overwrite`: without a key, what it adds
  bool difference = false;  // each is, of a table with a key
  const FileChoice* choice = nullptr;  // null: all
};

// What one snapshot changed; null if it tells nothing. kNotFound if that is a difference and the snapshot before it has
// expired.
Result<std::unique_ptr<ChangeReader>> ReadChanges(Env& env, Table& table, const Snapshot& snapshot,
                                                  const ChangeRequest& request);

// Bounds of an incremental read: the changes after `from`, up to and with `to`.
struct SnapshotRange {
  std::optional<Snapshot> from;  // none: what was there before is not known, or nothing was
  std::optional<Snapshot> to;    // none: there are no changes
  int64_t after = 0;             // id of `from`, or the one before the first
  bool tags = false;
};

// "5,10": ids, or names of tags. kInvalid, kNotFound.
Result<SnapshotRange> FindRange(Env& env, Table& table, const std::string& text);
// Of times, in milliseconds since the epoch: what was committed after `from_ms` up to `to_ms`.
Result<SnapshotRange> FindTimeRange(Table& table, int64_t from_ms, int64_t to_ms);
// kUnsupported for kDiff of a table without a key. Of tags kAuto is kDiff.
Result<std::unique_ptr<ChangeReader>> ReadChangesBetween(Env& env, Table& table, const SnapshotRange& range,
                                                         const ChangeRequest& request);

// Goes from snapshot to snapshot.
class SnapshotFollower {
 public:
  SnapshotFollower(Table& table, int64_t next) : table_(table), next_(next) {}

  int64_t next() const { return next_; }
  // The next snapshot, if it is there. kNotFound names one that has expired; kInvalid if the table was made anew.
  Result<std::optional<Snapshot>> Next();

 private:
  Table& table_;
  int64_t next_;
};

// The id of the first snapshot of that time or later, of those too whose changelog alone is there; of the next one to
// come if there is none.
Result<int64_t> FirstSince(Table& table, int64_t time_ms);

// `error`, which reading the snapshot gave: by name if the snapshot has expired meanwhile.
Error ReadingError(Table& table, int64_t snapshot, Error error);

}  // namespace sluice::paimon
