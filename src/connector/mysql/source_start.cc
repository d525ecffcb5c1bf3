// SPDX-License-Identifier: Apache-2.0
// Where a source begins: definitions and position of a first start, the state of an earlier one.
#include <algorithm>
#include <set>
#include <utility>

#include "base/bytes.h"
#include "base/log.h"
#include "base/text.h"
#include "connector/mysql/binlog_dump.h"
#include "connector/mysql/inspect.h"
#include "connector/mysql/source.h"

namespace sluice::mysql {
namespace {

bool AnyTable(const TableId&) { return true; }

// The first event's time in a log file, seconds since the epoch; 0 if it has none yet.
Result<uint32_t> FirstEventSeconds(const ConnectOptions& options, const std::string& file, uint32_t server_id) {
  TRY_SET(auto connection, Connection::Open(options));
  TRY(NegotiateDump(*connection));
  TRY(SendDump(*connection, {.file = file, .offset = 4, .wait = false, .server_id = server_id}));
  while (true) {
    TRY_SET(auto event, ReadDumpEvent(*connection));
    if (!event || event->size() < 4) return 0u;
    auto seconds = LoadLe<uint32_t>(event->data());
    if (seconds != 0) return seconds;
  }
}

}  // namespace

Result<MysqlSource::Server> MysqlSource::LookAt(Connection& connection) const {
  TRY_SET(ServerInfo info, ReadServerInfo(connection));
  TRY_SET(auto tables, ListTables(connection, AnyTable));
  return Server{connection, std::move(info), std::move(tables)};
}

std::vector<TableId> MysqlSource::Wanted(const Server& server) const {
  auto wanted = server.tables;
  std::erase_if(wanted, [&](const TableId& id) { return !config_.wanted(id); });
  return wanted;
}

// Definitions and the log position at which they hold: read, position, read again until both readings agree. All tables
// of a database are tracked: LIKE and RENAME TABLE bring the columns of one into another.
Status MysqlSource::LoadTracker(Server& server, LogEnd* at) {
  TRY_SET(auto charsets, ReadDatabaseCharsets(server.connection));
  for (int attempt = 0; attempt < 10; ++attempt) {
    std::set<std::string> databases;
    for (const TableId& id : Wanted(server)) databases.insert(id.schema);
    auto ids = server.tables;
    std::erase_if(ids, [&](const TableId& id) { return !databases.contains(id.schema); });
    TRY_SET(auto first, ReadTables(server.connection, ids));
    TRY_SET(LogEnd end, ReadLogEnd(server.connection));
    TRY_SET(auto again, ListTables(server.connection, AnyTable));
    bool same_tables = again == server.tables;
    server.tables = std::move(again);
    if (!same_tables) continue;
    TRY_SET(auto second, ReadTables(server.connection, ids));
    if (first != second || first.size() != ids.size()) continue;
    if (at != nullptr) *at = end;
    tracker_ = NewTracker(server.info);
    for (const auto& [name, charset] : charsets) tracker_->SetDatabase(name, charset.first, charset.second);
    for (auto& [id, table] : first) tracker_->SetTable(std::move(table));
    return Ok();
  }
  return Unavailable("the tables are being altered all the time: their definitions cannot be read at one position");
}

Status MysqlSource::RefuseNoTables(Connection& connection) const {
  TRY_SET(Finding none, NoTables(connection, config_.tables_text, config_.databases));
  return Invalid(none.text, none.fix);
}

// The wanted tables that the tracker does not know, as they are now.
Status MysqlSource::LoadTodays(const Server& server) {
  auto ids = Wanted(server);
  if (ids.empty()) return RefuseNoTables(server.connection);
  TRY_SET(todays_, ReadTables(server.connection, ids));
  std::erase_if(todays_, [&](const auto& entry) { return state_.captured.contains(entry.first); });
  return Ok();
}

Status MysqlSource::RefuseVersioned(Connection& connection, const std::vector<TableId>& tables) const {
  if (config_.mode == StartupMode::kSnapshot) return Ok();
  TRY_SET(auto versioned, FindVersioned(connection, tables));
  return versioned.empty() ? Ok() : Status(Unsupported(versioned[0].text, versioned[0].fix));
}

Status MysqlSource::StartFresh(Server& server) {
  TRY(RefuseVersioned(server.connection, Wanted(server)));
  TRY_SET(auto unreadable, FindUnreadable(server.connection, Wanted(server)));
  if (!unreadable.empty()) return Invalid(unreadable[0].text, unreadable[0].fix);
  LogEnd end;
  TRY(LoadTracker(server, &end));
  state_.log = end;
  if (starts_in_the_past()) {
    TRY(LoadTodays(server));
    for (const auto& [id, table] : todays_) tracker_->Forget(id);
    state_.tracker = tracker_->ToJson();
    state_.snapshot_done = true;
    return FindStartPosition(server.connection, end);
  }
  state_.tracker = tracker_->ToJson();
  for (const auto& table : tracker_->tables()) {
    TableId id{table->database, table->name};
    if (config_.wanted(id)) state_.captured.insert(id);
  }
  if (WantedTables().empty()) return RefuseNoTables(server.connection);
  TRY_SET(auto unlogged, FindUnloggedChanges(server.connection, {state_.captured.begin(), state_.captured.end()}));
  for (const Finding& finding : unlogged) LogWarn(finding.text);
  bool snapshot = config_.mode == StartupMode::kInitial || config_.mode == StartupMode::kSnapshot;
  state_.snapshot_done = !snapshot;
  if (!snapshot) return FindStartPosition(server.connection, end);
  for (const auto& table : WantedTables()) {
    TableId id{table->database, table->name};
    if (table->primary_key.empty()) {
      LogWarn(Str("table ", id.ToString(),
                  " has no primary key: it is copied in one transaction and only appended to"));
    }
    state_.tables[id] = {};
  }
  return Ok();
}

Status MysqlSource::Resume(Server& server, const std::string& state) {
  TRY_SET(state_, SourceState::Parse(state));
  std::erase_if(state_.captured, [&](const TableId& id) {
    if (config_.wanted(id)) return false;
    LogWarn(Str("table ", id.ToString(), " is known to this job, and `tables` does not name it any more: its "
                "changes are left out from now on, and its sink table stays as it is; named again it is copied anew"));
    state_.tables.erase(id);
    return true;
  });
  if (!state_.tracker_known) {
    TRY(LoadTracker(server, nullptr));
    state_.tracker = tracker_->ToJson();
    state_.tracker_known = true;
    return Ok();
  }
  tracker_ = NewTracker(server.info);
  return tracker_->LoadJson(state_.tracker);
}

// Tables that match now and were not there, or not wanted, when the job began.
Status MysqlSource::AddNewTables(const Server& server) {
  auto wanted = Wanted(server);
  std::erase_if(wanted, [&](const TableId& id) { return state_.captured.contains(id); });
  for (const TableId& id : wanted) {
    const bool created_later = tracker_->Find(id.schema, id.table) == nullptr;
    if (created_later && DatabaseTracked(id.schema) && (config_.capture_new_tables || config_.scan_new_tables)) {
      created_later_.insert(id);  // its CREATE TABLE is still to come in the log, and all its rows after it
      continue;
    }
    if (!config_.scan_new_tables) {
      LogWarn(Str("table ", id.ToString(),
                  " is new to this job and is left out; set scan.newly-added-table.enabled: true to copy it"));
      continue;
    }
    TRY(RefuseVersioned(server.connection, {id}));
    LogInfo(Str("table ", id.ToString(), " is new to this job: it is copied now"));
    TRY_SET(auto definitions, ReadTables(server.connection, {id}));
    for (auto& [name, definition] : definitions) tracker_->SetTable(std::move(definition));
    state_.captured.insert(id);
    state_.tables[id] = {};
    for (auto& [xid, group] : state_.prepared) group.rows = true;  // perhaps of this table
    state_.snapshot_done = false;
    state_.tracker = tracker_->ToJson();
  }
  return Ok();
}

bool MysqlSource::DatabaseTracked(const std::string& database) const {
  auto all = tracker_->tables();
  return std::any_of(all.begin(), all.end(), [&](const auto& table) { return table->database == database; });
}

Status MysqlSource::CheckPosition(Connection& connection) {
  if (use_gtid_ || config_.mode == StartupMode::kSnapshot) return Ok();
  TRY_SET(auto logs, ListLogs(connection));
  if (std::find(logs.begin(), logs.end(), state_.log.position.file) != logs.end()) return Ok();
  if (!state_.log.gtids.empty()) {  // the file is gone; whether anything after our GTID is gone too, the server knows
    LogWarn(Str("the server no longer has the log file ", state_.log.position.file, ": going on by GTID ",
                state_.log.gtids.ToString()));
    use_gtid_ = true;
    return Ok();
  }
  return Invalid(Str("the server no longer has the log from ", state_.log.position.ToString(), " on (it begins at ",
                     logs.empty() ? "nothing" : logs.front(), "): changes in between are lost to this job"),
                 "remove the state directory and the tables in the sink to copy anew, and let the server keep its log "
                 "longer (binlog_expire_logs_seconds)");
}

Status MysqlSource::FindStartPosition(Connection& connection, const LogEnd& end) {
  if (config_.mode == StartupMode::kLatest) return Ok();
  TRY_SET(auto logs, ListLogs(connection));
  if (logs.empty()) return Invalid("the server has no binary log");
  state_.log.gtids = {};
  if (config_.mode == StartupMode::kEarliest) {
    state_.log.position = {logs.front(), 4};
    return Ok();
  }
  if (config_.mode == StartupMode::kTimestamp) return FindTimestamp(logs);
  if (!config_.start_gtids.empty()) {
    TRY_SET(state_.log.gtids, GtidSet::Parse(config_.start_gtids));
    state_.log.position = {};
    use_gtid_ = true;
    return Ok();
  }
  state_.log.position = {config_.start_file, std::max<uint64_t>(4, config_.start_offset)};
  TRY_SET(const auto nowhere, FindNoPosition(connection, config_, end.position));
  return nowhere ? Status(Invalid(nowhere->text, nowhere->fix)) : Ok();
}

// The last file whose first event is not younger than the wanted time; events before it are left out by their own time.
Status MysqlSource::FindTimestamp(const std::vector<std::string>& logs) {
  size_t low = 0;
  size_t high = logs.size();
  while (high - low > 1) {
    size_t middle = (low + high) / 2;
    TRY_SET(uint32_t seconds, FirstEventSeconds(config_.connect, logs[middle], config_.reader.server_id));
    bool after = static_cast<int64_t>(seconds) * 1000 > config_.start_ms;
    (after ? high : low) = middle;
  }
  state_.log.position = {logs[low], 4};
  return Ok();
}

}  // namespace sluice::mysql
