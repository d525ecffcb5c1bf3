// SPDX-License-Identifier: Apache-2.0
// Snapshots by what is known of them: a watermark, a version, a compaction, a tag (docs of Paimon: "Time Travel"); by a
// time: SnapshotAt in rollback.h. Borrow the Env and the table; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/snapshot.h"
#include "lake/paimon/table.h"
#include "lake/paimon/table_changes.h"

namespace sluice::paimon {

// The first one whose watermark is not lower. kNotFound.
Result<Snapshot> SnapshotOfWatermark(Table& table, int64_t watermark);
// The newest one that a compaction made, with `full-compaction` a full one; else the newest. Nothing: there is none.
Result<std::optional<Snapshot>> LastCompacted(Table& table);

// The newest one that is not younger; of no time the newest. Nothing: there is none.
Result<std::optional<Snapshot>> NewestUpTo(Table& table, std::optional<int64_t> time_ms);

struct FoundSnapshot {
  Snapshot snapshot;
  std::string tag;  // whose snapshot it is; empty: one of the table
};
// `scan.version`: the name of a tag, "watermark-N" or the number of a snapshot. kNotFound, kInvalid.
Result<FoundSnapshot> FindVersion(Env& env, Table& table, const std::string& version);

// The first snapshot of that time or later, if the time lies between those of the table; nothing if it does not.
Result<std::optional<int64_t>> FirstBetween(Table& table, int64_t time_ms);

// What changed between the tag of a period and the one before it (`incremental-to-auto-tag`); no changes if one of them
// is not there. kInvalid for a name that is none of a period.
Result<SnapshotRange> FindAutoTagRange(Env& env, Table& table, const std::string& tag);
// As FindRange; `tags_as_snapshots`: two tags stand for the numbers of their snapshots.
Result<SnapshotRange> FindRange(Env& env, Table& table, const std::string& text, bool tags_as_snapshots);

}  // namespace sluice::paimon
