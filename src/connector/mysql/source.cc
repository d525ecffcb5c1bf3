// SPDX-License-Identifier: Apache-2.0
#include "connector/mysql/source.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/text.h"

namespace sluice::mysql {
namespace {

constexpr size_t kQueueBytes = 16 << 20;
constexpr int64_t kHeartbeatLeastMs = 10;

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

MysqlSource::MysqlSource(SourceConfig config, Env& env) : config_(std::move(config)), env_(env) {}

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
  TRY_SET(Server server, LookAt(*connection));
  const ServerInfo& info = server.info;
  if (config_.mode != StartupMode::kSnapshot) {
    TRY(RefuseProblems(FindProblems(info)));
    TRY_SET(auto grants, FindMissingGrants(*connection));
    TRY(RefuseProblems(grants));
    TRY_SET(auto clash, FindServerIdClash(*connection, info, config_.reader));
    TRY(RefuseProblems(clash));
  }
  if (state.empty()) {
    state_.server_uid = info.uid;
    TRY(StartFresh(server));
  } else {
    TRY(Resume(server, state));
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
      state_.prepared.clear();  // found again by their XIDs
      state_.server_uid = info.uid;
    }
    TRY(CheckPosition(*connection));
    TRY(starts_in_the_past() ? LoadTodays(server) : AddNewTables(server));
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
  if (config_.mode == StartupMode::kSnapshot) {
    LogInfo(Str("snapshot complete, of log position ", state_.log.position.ToString()));
    finished_ = true;
    return Ok();
  }
  bool waits = state_.CopyPending();
  LogInfo(Str(waits ? "snapshot not complete yet" : "snapshot complete", "; following the log from ",
              state_.log.position.ToString()));
  return StartStream();
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

bool MysqlSource::starts_in_the_past() const {
  return config_.mode == StartupMode::kEarliest || config_.mode == StartupMode::kSpecific ||
         config_.mode == StartupMode::kTimestamp;
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
  options.reader = config_.reader;
  options.heartbeat_ms = std::clamp<int64_t>(config_.epoch_ms, kHeartbeatLeastMs, options.heartbeat_ms);
  options.before = before_;
  options.schema_changes = config_.schema_changes;
  options.exact_times = config_.exact_times;
  options.capture_new_tables = config_.capture_new_tables;
  options.capture_created = created_later_;
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
    if (stream->prepared != nullptr) state_.prepared = *stream->prepared;
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
    lag_ms_ = batch->source_ms > 0 ? std::max<int64_t>(0, env_.NowMs() - batch->source_ms) : -1;
    for (const ReplacedValues& replaced : item->replaced) TellReplaced(batch->table, replaced);
  }
  return std::optional<SourceItem>(std::move(item->item));
}

// Once a column and kind; the counts are for the summary.
void MysqlSource::TellReplaced(const TableId& table, const ReplacedValues& replaced) {
  const std::string name = Str(table.ToString(), ".", replaced.column);
  const auto tell = [&](int64_t count, std::string_view what, std::string_view becomes) {
    if (count == 0) return;
    if ((replaced_[Str(name, ": ", what)] += count) > count) return;
    LogWarn(Str("column ", name, " holds ", what, ": ", becomes,
                " at the sink (said once a column; the summary has the number)"));
  };
  tell(replaced.zero_dates, "dates that are none, such as 0000-00-00", "NULL");
  tell(replaced.time_range, "times that are no time of the day", "NULL");
  tell(replaced.invalid_text, "bytes that are no text of its character set", "U+FFFD");
  tell(replaced.bad_geometry, "geometries that are not plane and simple", "NULL");
}

Status MysqlSource::SetTarget() {
  if (config_.mode == StartupMode::kSnapshot) return Ok();
  TRY_SET(auto connection, ConnectWithRetries(config_));
  TRY_SET(target_, ReadLogPosition(*connection));
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
  out.replaced_values = replaced_;
  return out;
}

}  // namespace sluice::mysql
