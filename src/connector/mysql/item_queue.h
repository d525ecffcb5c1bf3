// SPDX-License-Identifier: Apache-2.0
// What the reading threads of a MySQL source hand to the job's thread: items with the progress that each stands for.
// The job's thread folds the progress into SourceState, so that the state is always that of the items it has seen.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/queue.h"
#include "connector/mysql/source_state.h"
#include "format/mysql/batch_builder.h"
#include "pipeline/source.h"

namespace sluice::mysql {

struct PlanStep {  // a table's snapshot was cut into chunks
  TableId table;
  bool exact = false;
  int64_t rows_expected = 0;
  std::vector<ChunkState> chunks;
};

struct SnapshotStep {  // rows of a chunk were read, in key order
  TableId table;
  size_t chunk = 0;
  Segment segment;          // up to where, and the position of the view
  bool chunk_done = false;
  int64_t rows = 0;
};

struct PauseStep {  // a table's definition is not the one it is copied with
  TableId table;
  BinlogPosition until;  // its copy waits for the log; empty: it is gone and nobody reads the log, so it is left out
};

struct StreamStep {  // the log was read up to here; only with an item that is a boundary
  LogEnd log;
  std::shared_ptr<const std::string> tracker;  // null: unchanged
  std::shared_ptr<const std::set<TableId>> captured;  // null: unchanged
  std::shared_ptr<const std::map<TableId, TableState>> copies;  // SourceState::tables; null: unchanged
  std::shared_ptr<const std::map<std::string, PreparedXa>> prepared;  // SourceState::prepared; null: unchanged
  int64_t event_ms = 0;                        // time of the last event; 0 = unknown
};

struct QueueItem {
  SourceItem item;
  std::variant<std::monostate, PlanStep, SnapshotStep, PauseStep, StreamStep> step;
  std::vector<ReplacedValues> replaced;  // of the batch in `item`
  std::optional<Error> error;  // the reader ended with it
  bool end = false;            // the reader has nothing more: the copy is made, or tables wait for one
};

using ItemQueue = BoundedQueue<QueueItem>;

}  // namespace sluice::mysql
