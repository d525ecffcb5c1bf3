// SPDX-License-Identifier: Apache-2.0
// BinlogStream: follows the log from a position and turns its events into batches and schema changes, one thread. Owned
// by the source. A position leaves it only with an item that ends a transaction; nothing that was not understood is
// passed. It ends by itself where a table that waited for the log can be copied.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "connector/mysql/catalog.h"
#include "connector/mysql/item_queue.h"
#include "connector/mysql/prepared_xa.h"
#include "connector/mysql/server_id.h"
#include "format/mysql/binlog_event.h"
#include "format/mysql/row_plan.h"
#include "format/mysql/table_tracker.h"
#include "pipeline/source.h"

namespace sluice::mysql {

struct StreamOptions {
  ConnectOptions connect;
  MappingOptions mapping;
  ReaderId reader;
  int64_t heartbeat_ms = 250;       // also bounds how long finished rows wait for more
  BeforeImage before = BeforeImage::kKey;
  bool schema_changes = true;       // schema-change.enabled
  bool exact_times = false;         // no batch has rows of two times
  bool capture_new_tables = true;   // tables created while the job runs
  std::set<TableId> capture_created;  // those of them that are wanted in any case
  // Definitions of today for a start in the past: a table takes its own when its rows come before its CREATE TABLE.
  std::map<TableId, MysqlTable> todays;
  bool use_gtid = false;            // begin by GTID, not by file and offset
  int64_t skip_before_ms = 0;       // startup mode `timestamp`: row events before it are left out
  int64_t skip_events = 0;          // scan.startup.specific-offset.skip-events
  int64_t skip_rows = 0;
  std::function<bool(const TableId&)> wanted;
};

struct TableStream;

class BinlogStream {
 public:
  BinlogStream(StreamOptions options, SourceState state, TableTracker tracker, ItemQueue& queue);
  ~BinlogStream();

  void Start();
  void Stop();  // idempotent

 private:
  void Run();
  void WatchSecond(Connection* connection);  // null: it is gone
  Status Follow();
  Status BeginDump(Connection& connection);
  Status Handle(const BinlogEvent& event);
  Status HandleRows(const RowsEvent& rows);
  Status DecodeRows(TableStream& table, const RowsEvent& rows);
  Status CollectRows(TableStream& table, const RowsEvent& rows, RowFilter* filter);
  Status WithBegin(const TableStream& table, Status status) const;
  void BeginGroup(const MariadbGtidEvent& event, uint64_t offset);
  void NotePreparedRows();
  Status EndPreparedGroup();
  Status CompleteXa(std::string_view sql);
  Status ApplyPrepared(const std::string& xid);
  Status HandleQuery(const QueryEvent& query);
  Status HandleDdl(const QueryEvent& query);
  Result<std::string> ConvertTime(const std::string& text, const std::string& zone, bool to_utc);
  Status EndTransaction();
  Status EndForCopy();
  Result<TableStream*> StreamOf(const RowsEvent& rows);
  TableStream& MakeStream(const TableId& id, std::shared_ptr<const MysqlTable> definition);
  Status FitChange(const TableChange& change);
  Status PushChange(const TableChange& change, bool rows_in_sink);
  Status TakeTodays(const TableId& id);
  void Capture(const TableId& id);
  bool ConcernsTodays(const DdlStatement& statement, const std::string& database) const;
  Status FlushTable(TableStream& table);
  Status FlushAll(bool boundary);
  Status Push(QueueItem item, size_t weight);
  StreamStep MakeStep();
  Error At(Error error, const BinlogEvent& event) const;
  int64_t NowMs() const;

  StreamOptions options_;
  SourceState state_;        // tables: the overlap that is still to be filtered
  TableTracker tracker_;
  std::shared_ptr<const std::string> tracker_text_;  // not yet handed on
  std::shared_ptr<const std::set<TableId>> captured_;  // not yet handed on
  std::shared_ptr<const std::map<TableId, TableState>> copies_;  // not yet handed on
  bool Captured(const TableId& id) const { return state_.captured.contains(id); }
  void CopiesChanged();
  ItemQueue& queue_;
  EventParser parser_;
  SqlContext sql_context_;

  BinlogPosition position_;       // after the last event read
  GtidSet gtids_;                 // after the last whole transaction
  LogEnd committed_;              // end of the last whole transaction
  MariadbGtid gtid_;              // of the open transaction
  bool in_transaction_ = false;
  bool standalone_ = false;
  AlterPhase alter_ = AlterPhase::kWhole;  // of the open group
  BinlogPosition group_begin_;      // of the open group
  std::string prepares_;            // XID that the open group only prepares; empty: none
  std::string completes_;           // XID that the open group commits or rolls back; empty: none
  PreparedEvents prepared_events_;
  bool prepared_changed_ = false;   // state_.prepared is not yet handed on
  std::string_view event_bytes_;    // of the event at hand
  BinlogPosition overlap_end_;
  int64_t event_ms_ = 0;
  int64_t pending_rows_ = 0;
  int64_t pending_bytes_ = 0;
  int64_t boundary_ms_ = 0;  // when the last boundary was passed on
  bool passed_on_ = false;    // rows have been since
  bool unreported_ = false;       // committed_ moved since the last boundary item

  std::map<TableId, std::unique_ptr<TableStream>> tables_;
  std::unordered_map<const TableMap*, TableStream*> by_map_;  // null: not wanted
  std::vector<std::shared_ptr<const TableMap>> maps_held_;    // keeps the keys of by_map_ alive

  bool ended_ = false;            // for a copy
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  Connection* active_ = nullptr;  // guarded by mutex_
  Connection* second_ = nullptr;  // for older parts of the log, and questions; guarded by mutex_
  std::thread thread_;
};

}  // namespace sluice::mysql
