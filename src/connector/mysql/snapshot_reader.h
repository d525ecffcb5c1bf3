// SPDX-License-Identifier: Apache-2.0
// SnapshotReader: copies tables by chunks of their primary key over several connections, without locks. Each chunk is
// read inside a consistent view whose log position the server tells. Owned by the source; has its own threads.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "base/stop.h"
#include "connector/mysql/catalog.h"
#include "connector/mysql/item_queue.h"
#include "format/mysql/text_row.h"

namespace sluice::mysql {

struct SnapshotOptions {
  ConnectOptions connect;
  MappingOptions mapping;
  int connections = 2;
  int64_t chunk_rows = 0;  // 0: chosen by the size of the table
  bool log_follows = true;  // tables that are altered meanwhile can wait for the log
};

class SnapshotReader {
 public:
  SnapshotReader(SnapshotOptions options, std::map<TableId, MysqlTable> tables, SourceState state, ItemQueue& queue);
  ~SnapshotReader();

  // Reads the tables of `state` that are due at its position; ends with an item with `end`, or one with an error. A
  // table whose definition is another one is given up with a PauseStep.
  void Start();
  void Stop();  // idempotent

 private:
  struct Task {
    TableId table;
    size_t chunk = 0;
    ChunkState state;
    bool plan = false;  // cut the table into chunks first
    bool exact = false;
    bool recopied = false;
  };
  void RunWorker(size_t index);
  Status Work(size_t index);
  bool TakeTask(Task& task);
  void AddTasks(const TableId& table, const TableState& state);
  Status RunTask(Connection& connection, const Task& task);
  Status PlanTable(Connection& connection, const Task& task);
  Result<std::vector<ChunkState>> CutTable(Connection& connection, const MysqlTable& table, int64_t rows);
  Status ReadChunk(Connection& connection, const Task& task);
  Result<std::string> Difference(Connection& connection, const TableId& id);
  Status Pause(Connection& connection, const TableId& id, const std::string& difference);

  SnapshotOptions options_;
  std::map<TableId, MysqlTable> tables_;
  SourceState initial_;
  std::map<TableId, int64_t> estimates_;
  ItemQueue& queue_;
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;           // guarded by mutex_
  std::map<TableId, std::string> checked_;  // SHOW CREATE TABLE of known definitions; guarded by mutex_
  int busy_ = 0;                     // workers that may still add tasks; guarded by mutex_
  int running_ = 0;                  // threads that have not ended; guarded by mutex_
  std::vector<Connection*> active_;  // one a worker; guarded by mutex_
  std::vector<std::thread> threads_;
};

// The condition "keys in (from, to]" of a chunk, without WHERE; empty for a whole table.
std::string ChunkCondition(const MysqlTable& table, const KeyBound& from, const KeyBound& to);

}  // namespace sluice::mysql
