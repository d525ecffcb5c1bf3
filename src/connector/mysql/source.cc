// SPDX-License-Identifier: Apache-2.0
#include "connector/mysql/source.h"

#include <algorithm>
#include <ctime>
#include <set>
#include <thread>
#include <utility>

#include "base/bytes.h"
#include "base/log.h"
#include "base/text.h"

namespace sluice::mysql {
namespace {

constexpr size_t kQueueBytes = 48 << 20;

int64_t WallMs() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

Result<std::unique_ptr<Connection>> ConnectWithRetries(const SourceConfig& config) {
  for (int attempt = 0;; ++attempt) {
    auto connection = Connection::Open(config.connect);
    if (connection.ok() || connection.error().code != ErrorCode::kUnavailable || attempt >= config.connect_retries) {
      return connection;
    }
    LogWarn(Str(connection.error().message, "; trying again (", attempt + 1, " of ", config.connect_retries, ")"));
    std::this_thread::sleep_for(std::chrono::milliseconds(300 << std::min(attempt, 4)));
  }
}

Status RefuseProblems(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    if (finding.fatal) return Invalid(finding.text, finding.fix);
  }
  return Ok();
}

}  // namespace

MysqlSource::MysqlSource(SourceConfig config) : config_(std::move(config)) {}

MysqlSource::~MysqlSource() { Stop(); }

void MysqlSource::Stop() {
  if (queue_ != nullptr) queue_->Close();
  if (snapshot_ != nullptr) snapshot_->Stop();
  if (stream_ != nullptr) stream_->Stop();
}

Status MysqlSource::Start(const std::string& state, BeforeImage before) {
  before_ = before;
  queue_ = std::make_unique<ItemQueue>(kQueueBytes);
  TRY_SET(auto connection, ConnectWithRetries(config_));
  TRY_SET(ServerInfo info, ReadServerInfo(*connection));
  if (config_.mode != StartupMode::kSnapshot) {
    TRY(RefuseProblems(FindProblems(info)));
    TRY_SET(auto grants, FindMissingGrants(*connection));
    TRY(RefuseProblems(grants));
  }
  if (state.empty()) {
    state_.server_uid = info.uid;
    TRY(StartFresh(*connection));
  } else {
    TRY(Resume(*connection, state));
    if (state_.server_uid != info.uid) {
      LogWarn(Str("this is another server than before (", info.uid, "): going on by GTID ",
                  state_.log.gtids.ToString()));
      if (state_.log.gtids.empty()) {
        return Invalid("the server is another one than before and no GTID is known: its log positions cannot be "
                       "trusted",
                       "connect to the former server, or remove the state directory and the tables to start over");
      }
      if (!state_.tables.empty()) {
        return Invalid("the server is another one than before, and the log has not passed the copy of all tables: the "
                       "positions of what was copied are those of the former server",
                       "connect to the former server, or remove the state directory and the tables to start over");
      }
      use_gtid_ = true;
      state_.server_uid = info.uid;
    }
    TRY(CheckPosition(*connection));
    TRY(starts_in_the_past() ? LoadTodays(*connection) : AddNewTables(*connection));
  }
  TRY(AnnounceTables());
  return state_.snapshot_done && !state_.CopyDue(state_.log.position) ? StartStream() : StartCopy();
}

// Copies the tables that are due at the log's position; it may find none.
Status MysqlSource::StartCopy() {
  state_.snapshot_done = false;
  SnapshotOptions options;
  options.connect = config_.connect;
  options.mapping = config_.mapping;
  options.connections = config_.connections;
  options.chunk_rows = config_.chunk_rows;
  options.log_follows = config_.mode != StartupMode::kSnapshot;
  std::map<TableId, MysqlTable> definitions;
  tables_.clear();
  for (auto& [id, table] : state_.tables) {
    auto definition = tracker_->Find(id.schema, id.table);
    if (definition != nullptr) definitions[id] = *definition;
    if (definition == nullptr) table.done = true;
    tables_[id] = {id, table.rows, table.rows_expected, table.done};
  }
  snapshot_ = std::make_unique<SnapshotReader>(std::move(options), std::move(definitions), state_, *queue_);
  snapshot_->Start();
  return Ok();
}

// The copy has ended: the log is next. Or the log has come to where tables are to be copied.
Status MysqlSource::ReaderEnded() {
  if (stream_ != nullptr) {
    stream_.reset();
    TRY(tracker_->LoadJson(state_.tracker));
    return StartCopy();
  }
  snapshot_.reset();
  state_.snapshot_done = true;
  bool waits = state_.CopyPending();
  LogInfo(Str(waits ? "snapshot not complete yet" : "snapshot complete", "; following the log from ",
              state_.log.position.ToString()));
  if (config_.mode != StartupMode::kSnapshot) return StartStream();
  finished_ = true;
  return Ok();
}

std::unique_ptr<TableTracker> MysqlSource::NewTracker(const ServerInfo& info) const {
  TrackerOptions options;
  options.lower_case_table_names = info.lower_case_table_names;
  options.mapping = config_.mapping;
  options.wanted = config_.wanted;
  return std::make_unique<TableTracker>(std::move(options));
}

std::vector<std::shared_ptr<const MysqlTable>> MysqlSource::WantedTables() const {
  auto all = tracker_->tables();
  std::erase_if(all, [&](const auto& table) { return !state_.captured.contains({table->database, table->name}); });
  return all;
}

// Definitions and the log position at which they hold: read, position, read again until both readings agree. All tables
// of a database are tracked: LIKE and RENAME TABLE bring the columns of one into another.
Status MysqlSource::LoadTracker(Connection& connection, LogEnd* at) {
  TRY_SET(auto charsets, ReadDatabaseCharsets(connection));
  TRY_SET(ServerInfo info, ReadServerInfo(connection));
  for (int attempt = 0; attempt < 10; ++attempt) {
    TRY_SET(auto wanted, ListTables(connection, config_.wanted));
    std::set<std::string> databases;
    for (const TableId& id : wanted) databases.insert(id.schema);
    TRY_SET(auto ids, ListTables(connection, [&](const TableId& id) { return databases.contains(id.schema); }));
    TRY_SET(auto first, ReadTables(connection, ids));
    TRY_SET(LogEnd end, ReadLogEnd(connection));
    TRY_SET(auto second, ReadTables(connection, ids));
    if (first != second || first.size() != ids.size()) continue;
    if (at != nullptr) *at = end;
    tracker_ = NewTracker(info);
    for (const auto& [name, charset] : charsets) tracker_->SetDatabase(name, charset.first, charset.second);
    for (auto& [id, table] : first) tracker_->SetTable(std::move(table));
    return Ok();
  }
  return Unavailable("the tables are being altered all the time: their definitions cannot be read at one position");
}

bool MysqlSource::starts_in_the_past() const {
  return config_.mode == StartupMode::kEarliest || config_.mode == StartupMode::kSpecific ||
         config_.mode == StartupMode::kTimestamp;
}

Error MysqlSource::NoTables() const {
  return Invalid(
      Str("cannot find any table by the option 'tables' = ", config_.tables_text),
      Str("check the pattern (a plain dot separates database and table, `\\.` is the regex dot), and that the "
          "user may read the tables: GRANT SELECT ON database.* TO ",
          Connection::Quote(config_.connect.user), ";"));
}

// The wanted tables that the tracker does not know, as they are now.
Status MysqlSource::LoadTodays(Connection& connection) {
  TRY_SET(auto ids, ListTables(connection, config_.wanted));
  if (ids.empty()) return NoTables();
  TRY_SET(todays_, ReadTables(connection, ids));
  std::erase_if(todays_, [&](const auto& entry) { return state_.captured.contains(entry.first); });
  return Ok();
}

Status MysqlSource::StartFresh(Connection& connection) {
  LogEnd end;
  TRY(LoadTracker(connection, &end));
  state_.log = end;
  if (starts_in_the_past()) {
    TRY(LoadTodays(connection));
    for (const auto& [id, table] : todays_) tracker_->Forget(id);
    state_.tracker = tracker_->ToJson();
    state_.snapshot_done = true;
    return FindStartPosition(connection, end);
  }
  state_.tracker = tracker_->ToJson();
  for (const auto& table : tracker_->tables()) {
    TableId id{table->database, table->name};
    if (config_.wanted(id)) state_.captured.insert(id);
  }
  if (WantedTables().empty()) return NoTables();
  bool snapshot = config_.mode == StartupMode::kInitial || config_.mode == StartupMode::kSnapshot;
  state_.snapshot_done = !snapshot;
  if (!snapshot) return FindStartPosition(connection, end);
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

Status MysqlSource::Resume(Connection& connection, const std::string& state) {
  TRY_SET(state_, SourceState::Parse(state));
  if (!state_.tracker_known) {
    TRY(LoadTracker(connection, nullptr));
    state_.tracker = tracker_->ToJson();
    state_.tracker_known = true;
    return Ok();
  }
  TRY_SET(ServerInfo info, ReadServerInfo(connection));
  tracker_ = NewTracker(info);
  return tracker_->LoadJson(state_.tracker);
}

// Tables that match now and were not there, or not wanted, when the job began.
Status MysqlSource::AddNewTables(Connection& connection) {
  TRY_SET(auto wanted, ListTables(connection, config_.wanted));
  std::erase_if(wanted, [&](const TableId& id) { return state_.captured.contains(id); });
  for (const TableId& id : wanted) {
    bool created_later = tracker_->Find(id.schema, id.table) == nullptr && config_.capture_new_tables;
    if (created_later && DatabaseTracked(id.schema)) continue;  // its CREATE TABLE is still to come in the log
    if (!config_.scan_new_tables) {
      LogWarn(Str("table ", id.ToString(),
                  " is new to this job and is left out; set scan.newly-added-table.enabled: true to copy it"));
      continue;
    }
    LogInfo(Str("table ", id.ToString(), " is new to this job: it is copied now"));
    TRY_SET(auto definitions, ReadTables(connection, {id}));
    for (auto& [name, definition] : definitions) tracker_->SetTable(std::move(definition));
    state_.captured.insert(id);
    state_.tables[id] = {};
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
  if (state_.log.position > end.position) {
    return Invalid(Str("scan.startup.specific-offset ", state_.log.position.ToString(),
                       " lies behind the end of the log, ", end.position.ToString()));
  }
  return CheckPosition(connection);
}

// The last file whose first event is not younger than the wanted time; events before it are left out by their own time.
Status MysqlSource::FindTimestamp(const std::vector<std::string>& logs) {
  size_t low = 0;
  size_t high = logs.size();
  while (high - low > 1) {
    size_t middle = (low + high) / 2;
    TRY_SET(uint32_t seconds, FirstEventSeconds(config_.connect, logs[middle], config_.server_id));
    bool after = static_cast<int64_t>(seconds) * 1000 > config_.start_ms;
    (after ? high : low) = middle;
  }
  state_.log.position = {logs[low], 4};
  return Ok();
}

Result<uint32_t> FirstEventSeconds(const ConnectOptions& options, const std::string& file, uint32_t server_id) {
  TRY_SET(auto connection, Connection::Open(options));
  TRY(connection->Execute("SET @master_binlog_checksum='NONE'"));
  std::string command;
  AppendLe<uint32_t>(command, 4);
  AppendLe<uint16_t>(command, 1);  // do not wait at the end
  AppendLe<uint32_t>(command, server_id);
  command += file;
  TRY(connection->SendCommand(0x12, command));
  while (true) {
    TRY_SET(std::string_view packet, connection->ReadPacket());
    if (packet.size() < 20) return 0u;
    auto seconds = LoadLe<uint32_t>(packet.data() + 1);
    if (seconds != 0) return seconds;
  }
}

Status MysqlSource::AnnounceTables() {
  for (const auto& table : WantedTables()) {
    TRY_SET(TableSchema schema, MapTable(*table, config_.mapping));
    SchemaChange change;
    change.kind = SchemaChangeKind::kCreateTable;
    change.table = {table->database, table->name};
    change.schema = std::make_shared<const TableSchema>(std::move(schema));
    announced_.push_back({std::move(change), true});
  }
  return Ok();
}

Status MysqlSource::StartStream() {
  StreamOptions options;
  options.connect = config_.connect;
  options.mapping = config_.mapping;
  options.server_id = config_.server_id;
  options.before = before_;
  options.schema_changes = config_.schema_changes;
  options.capture_new_tables = config_.capture_new_tables;
  options.todays = todays_;
  options.use_gtid = use_gtid_;
  options.skip_before_ms = config_.mode == StartupMode::kTimestamp ? config_.start_ms : 0;
  options.wanted = config_.wanted;
  if (config_.mode == StartupMode::kSpecific &&
      state_.log.position == BinlogPosition{config_.start_file, config_.start_offset}) {
    options.skip_events = config_.skip_events;
    options.skip_rows = config_.skip_rows;
  }
  stream_ = std::make_unique<BinlogStream>(std::move(options), state_, *tracker_, *queue_);
  stream_->Start();
  return Ok();
}

void MysqlSource::FoldSnapshot(const SnapshotStep& step) {
  TableState& table = state_.tables[step.table];
  table.rows += step.rows;
  if (table.exact) {
    ChunkState& chunk = table.chunks[step.chunk];
    // Batches of one view follow each other: they are one segment.
    if (!chunk.segments.empty() && chunk.segments.back().at == step.segment.at) {
      chunk.segments.back().to = step.segment.to;
    } else {
      chunk.segments.push_back(step.segment);
    }
    chunk.done = step.chunk_done;
    table.done = std::all_of(table.chunks.begin(), table.chunks.end(), [](const ChunkState& c) { return c.done; });
  } else {
    table.whole_at = step.segment.at;
    table.done = step.chunk_done;
    if (table.done) {
      open_.erase(step.table);
      table.chunks.clear();
    } else {
      open_[step.table] = true;
    }
  }
  TableProgress& progress = tables_[step.table];
  progress = {step.table, table.rows, std::max(table.rows, table.rows_expected), table.done};
}

void MysqlSource::Fold(QueueItem& item) {
  if (auto* plan = std::get_if<PlanStep>(&item.step)) {
    TableState& table = state_.tables[plan->table];
    table.exact = plan->exact;
    table.rows_expected = plan->rows_expected;
    // A table of inexact order is read anew as a whole after a restart: its plan is not kept.
    if (plan->exact) table.chunks = std::move(plan->chunks);
    tables_[plan->table] = {plan->table, 0, plan->rows_expected, false};
  } else if (auto* snapshot = std::get_if<SnapshotStep>(&item.step)) {
    FoldSnapshot(*snapshot);
  } else if (auto* pause = std::get_if<PauseStep>(&item.step)) {
    TableState& table = state_.tables[pause->table];
    table.waits_for = std::max(table.waits_for, pause->until);
    if (pause->until.file.empty()) table.done = true;
  } else if (auto* stream = std::get_if<StreamStep>(&item.step)) {
    state_.log = stream->log;
    if (stream->tracker != nullptr) state_.tracker = *stream->tracker;
    if (stream->captured != nullptr) state_.captured = *stream->captured;
    if (stream->copies != nullptr) state_.tables = *stream->copies;
    event_ms_ = stream->event_ms;
  }
  if (!state_.snapshot_done) item.item.boundary = open_.empty();
}

Result<std::optional<SourceItem>> MysqlSource::Next(std::chrono::milliseconds timeout) {
  if (!announced_.empty()) {
    SourceItem item = std::move(announced_.front());
    announced_.pop_front();
    return std::optional<SourceItem>(std::move(item));
  }
  if (finished_) return std::optional<SourceItem>();
  std::optional<QueueItem> item = queue_->Pop(timeout);
  if (!item) return std::optional<SourceItem>();
  if (item->error) return *std::move(item->error);
  if (item->end) {
    TRY(ReaderEnded());
    return std::optional<SourceItem>(SourceItem{});
  }
  Fold(*item);
  if (auto* batch = std::get_if<ChangeBatch>(&item->item.payload)) {
    lag_ms_ = batch->source_ms > 0 ? std::max<int64_t>(0, WallMs() - batch->source_ms) : -1;
  }
  return std::optional<SourceItem>(std::move(item->item));
}

Status MysqlSource::SetTarget() {
  if (config_.mode == StartupMode::kSnapshot) return Ok();
  TRY_SET(auto connection, ConnectWithRetries(config_));
  TRY_SET(LogEnd end, ReadLogEnd(*connection));
  target_ = end.position;
  return Ok();
}

bool MysqlSource::ReachedTarget() const {
  return target_ && state_.snapshot_done && !state_.CopyPending() && announced_.empty() &&
         state_.log.position >= *target_;
}

SourceProgress MysqlSource::progress() const {
  SourceProgress out;
  out.snapshotting = !state_.snapshot_done;
  for (const auto& [id, table] : tables_) out.tables.push_back(table);
  out.position = state_.log.gtids.empty() ? state_.log.position.ToString()
                                          : Str(state_.log.position.ToString(), " gtid ", state_.log.gtids.ToString());
  // Tables that are being copied reflect later positions than the one from which the log will be read.
  if (!state_.snapshot_done) out.position = Str("snapshot, log from ", out.position);
  else if (!state_.tables.empty()) out.position = Str("after snapshot, log at ", out.position);
  out.lag_ms = state_.snapshot_done ? lag_ms_ : -1;
  return out;
}

}  // namespace sluice::mysql
