// SPDX-License-Identifier: Apache-2.0
// MysqlSource: a MariaDB (or MySQL) server as a source: snapshot, then log; in turns if tables are altered meanwhile.
// Owned by the job; see pipeline/source.h for the protocol. Reading threads stand behind a bounded queue; their
// progress is folded into the state here.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "connector/mysql/binlog_stream.h"
#include "connector/mysql/snapshot_reader.h"
#include "connector/mysql/source_config.h"
#include "io/env.h"
#include "pipeline/pipeline_spec.h"

namespace sluice::mysql {

class MysqlSource final : public Source {
 public:
  MysqlSource(SourceConfig config, Env& env);
  ~MysqlSource() override;

  Status Start(const std::string& state, BeforeImage before) override;
  Result<std::optional<SourceItem>> Next(std::chrono::milliseconds timeout) override;
  bool finished() const override { return finished_; }
  std::string State() const override { return state_.ToJson(false); }
  std::string CompactState() const override { return state_.ToJson(true); }
  Status SetTarget() override;
  bool ReachedTarget() const override;
  void Acknowledge(const std::string&) override {}
  SourceProgress progress() const override;
  void Stop() override;

 private:
  struct Server {  // what it says at the start, read once
    Connection& connection;
    ServerInfo info;
    std::vector<TableId> tables;  // all of them
  };
  Result<Server> LookAt(Connection& connection) const;
  std::vector<TableId> Wanted(const Server& server) const;
  Status RefuseVersioned(Connection& connection, const std::vector<TableId>& tables) const;
  Status StartFresh(Server& server);
  Status Resume(Server& server, const std::string& state);
  Status LoadTracker(Server& server, LogEnd* at);
  Status LoadTodays(const Server& server);
  bool starts_in_the_past() const;
  std::unique_ptr<TableTracker> NewTracker(const ServerInfo& info) const;
  std::vector<std::shared_ptr<const MysqlTable>> WantedTables() const;
  Status FindStartPosition(Connection& connection, const LogEnd& end);
  Status FindTimestamp(const std::vector<std::string>& logs);
  Status CheckPosition(Connection& connection);
  Status AddNewTables(const Server& server);
  bool DatabaseTracked(const std::string& database) const;
  Status AnnounceTables();
  Status StartCopy();
  Status StartStream();
  Status ReaderEnded();
  Status RefuseNoTables(Connection& connection) const;
  void TellReplaced(const TableId& table, const ReplacedValues& replaced);
  void Fold(QueueItem& item);
  void FoldSnapshot(const SnapshotStep& step);

  SourceConfig config_;
  Env& env_;
  BeforeImage before_ = BeforeImage::kKey;
  SourceState state_;
  std::unique_ptr<TableTracker> tracker_;  // at state_.log when the stream begins
  std::unique_ptr<ItemQueue> queue_;
  std::unique_ptr<SnapshotReader> snapshot_;
  std::unique_ptr<BinlogStream> stream_;
  std::map<TableId, MysqlTable> todays_;  // see StreamOptions
  std::set<TableId> created_later_;       // than the position that the job goes on from
  std::deque<SourceItem> announced_;
  std::map<TableId, TableProgress> tables_;  // of the snapshot, for the display
  int open_tables_ = 0;  // tables of inexact order that are partly consumed: no epoch may end
  std::map<TableId, bool> open_;
  std::optional<BinlogPosition> target_;
  bool finished_ = false;
  bool use_gtid_ = false;
  int64_t event_ms_ = 0;
  int64_t lag_ms_ = -1;
  std::map<std::string, int64_t> replaced_;  // SourceProgress::replaced_values
};

}  // namespace sluice::mysql
