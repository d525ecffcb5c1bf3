// SPDX-License-Identifier: Apache-2.0
#include "connector/mysql/binlog_stream.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/bytes.h"
#include "base/log.h"
#include "base/text.h"
#include "connector/mysql/copy_overlap.h"
#include "connector/mysql/table_stream.h"

namespace sluice::mysql {
namespace {

constexpr int64_t kSoftRows = 8'192;        // flushed at the end of a transaction
constexpr int64_t kSoftBytes = 2 << 20;
constexpr int64_t kHardRows = 65'536;        // flushed inside a transaction
constexpr int64_t kHardBytes = 24 << 20;
constexpr size_t kPreparedBytesMost = 16 << 20;
constexpr size_t kMapsMost = 20'000;
constexpr int64_t kSilenceLeastMs = 10'000;  // a server that looks for a GTID in a large file is silent for seconds
constexpr int64_t kPositionEveryMs = 1'000;  // progress of a log without rows for us

// "10.11.4-MariaDB" is 101104.
uint32_t VersionNumber(const std::string& text) {
  std::vector<std::string> parts = Split(text.substr(0, text.find('-')), '.');
  uint32_t out = 0;
  for (size_t i = 0; i < 3; ++i) {
    uint32_t part = 0;
    if (i < parts.size()) ParseNumber(parts[i], part);
    out = out * 100 + part;
  }
  return out;
}

}  // namespace

BinlogStream::BinlogStream(StreamOptions options, SourceState state, TableTracker tracker, ItemQueue& queue)
    : options_(std::move(options)), state_(std::move(state)), tracker_(std::move(tracker)), queue_(queue),
      prepared_events_(kPreparedBytesMost) {
  position_ = state_.log.position;
  gtids_ = state_.log.gtids;
  committed_ = state_.log;
  overlap_end_ = state_.OverlapEnd();
}

BinlogStream::~BinlogStream() { Stop(); }

void BinlogStream::Start() {
  thread_ = std::thread([this] { Run(); });
}

void BinlogStream::Stop() {
  stopped_ = true;
  {
    std::lock_guard lock(mutex_);
    if (active_ != nullptr) active_->Interrupt();
    if (second_ != nullptr) second_->Interrupt();
  }
  if (thread_.joinable()) thread_.join();
}

void BinlogStream::WatchSecond(Connection* connection) {
  std::lock_guard lock(mutex_);
  second_ = connection;
  if (stopped_ && connection != nullptr) connection->Interrupt();
}

void BinlogStream::Run() {
  Status status = Follow();
  {
    std::lock_guard lock(mutex_);
    active_ = nullptr;
  }
  if (stopped_ || status.ok()) return;
  QueueItem item;
  item.error = std::move(status).error();
  queue_.Push(std::move(item), 0);
}

int64_t BinlogStream::NowMs() const {
  auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

Error BinlogStream::At(Error error, const BinlogEvent& event) const {
  return std::move(error).With(
      Str("binlog ", position_.ToString(), ", event type ", static_cast<int>(event.header.type)));
}

Status BinlogStream::BeginDump(Connection& connection) {
  TRY_SET(parser_, NegotiateDump(connection));
  TRY(ShowServerId(connection, options_.reader));
  TRY(connection.Execute(Str("SET @master_heartbeat_period=", options_.heartbeat_ms * 1'000'000)));
  std::string file = position_.file;
  uint64_t offset = position_.offset;
  bool gtid = options_.use_gtid || offset > UINT32_MAX;
  if (gtid && connection.is_mariadb() && !gtids_.empty()) {
    TRY(connection.Execute(Str("SET @slave_connect_state=", Connection::Quote(gtids_.ToString()))));
    TRY(connection.Execute("SET @slave_gtid_strict_mode=0"));
    TRY(connection.Execute("SET @slave_gtid_ignore_duplicates=0"));
    file.clear();
    offset = 4;
  } else if (offset > UINT32_MAX) {
    return Unsupported(Str("log position ", position_.ToString(), " lies behind 4 GiB and no GTID is known"),
                       "set max_binlog_size to at most 1G on the server");
  }
  return SendDump(connection, {.file = file,
                               .offset = static_cast<uint32_t>(offset),
                               .wait = true,
                               .server_id = options_.reader.server_id});
}

Status BinlogStream::Follow() {
  // Heartbeats come several times a second: a line that is silent for so long is dead, whatever TCP believes.
  ConnectOptions options = options_.connect;
  options.read_timeout_ms = std::max(options.connect_timeout_ms, kSilenceLeastMs);
  TRY_SET(auto connection, Connection::Open(options));
  {
    std::lock_guard lock(mutex_);
    active_ = connection.get();
  }
  sql_context_.mariadb = connection->is_mariadb();
  sql_context_.server_version = VersionNumber(connection->server_version());
  TRY_SET(sql_context_.server_collation, connection->QueryValue("SELECT @@global.collation_server"));
  TRY(BeginDump(*connection));
  boundary_ms_ = NowMs();
  BinlogEvent event;
  while (!stopped_ && !ended_) {
    auto bytes = ReadDumpEvent(*connection);
    if (!bytes.ok()) {
      return std::move(bytes).error().With(
          Str("binlog ", position_.ToString(), " read as server-id ", options_.reader.server_id));
    }
    if (!*bytes) return Unavailable(Str("the server ended the binlog at ", position_.ToString()));
    event_bytes_ = **bytes;
    Status parsed = parser_.Parse(event_bytes_, event);
    if (!parsed.ok()) return std::move(parsed).error().With(Str("binlog ", position_.ToString()));
    Status handled = Handle(event);
    if (!handled.ok()) {
      if (handled.error().code == ErrorCode::kCancelled) return handled;
      return At(std::move(handled).error(), event);
    }
  }
  return Ok();
}

Status BinlogStream::Handle(const BinlogEvent& event) {
  const EventHeader& header = event.header;
  const uint64_t begin = position_.offset;
  if (!header.artificial() && header.end_position != 0 && !std::holds_alternative<HeartbeatEvent>(event.body)) {
    position_.offset = AdvanceOffset(position_.offset, header.end_position);
    const int64_t event_ms = header.timestamp != 0 ? static_cast<int64_t>(header.timestamp) * 1000 : event_ms_;
    if (options_.exact_times && event_ms != event_ms_) TRY(FlushAll(/*boundary=*/false));
    event_ms_ = event_ms;
  }
  if (options_.skip_events > 0 && header.timestamp != 0 && !header.artificial()) {
    --options_.skip_events;
    if (!std::holds_alternative<FormatDescription>(event.body) &&
        !std::holds_alternative<std::shared_ptr<const TableMap>>(event.body)) {
      return Ok();
    }
  }
  bool map = std::holds_alternative<std::shared_ptr<const TableMap>>(event.body);
  auto* rows = std::get_if<RowsEvent>(&event.body);
  if (!prepares_.empty() && (map || rows != nullptr)) prepared_events_.Add(prepares_, event_bytes_);
  if (rows != nullptr) return HandleRows(*rows);
  if (auto* gtid = std::get_if<MariadbGtidEvent>(&event.body)) {
    BeginGroup(*gtid, begin);
    return Ok();
  }
  if (std::holds_alternative<XidEvent>(event.body)) return EndTransaction();
  if (std::holds_alternative<XaPrepareEvent>(event.body)) return EndPreparedGroup();
  if (std::holds_alternative<FormatDescription>(event.body)) prepared_events_.Clear();  // they had another one
  if (auto* query = std::get_if<QueryEvent>(&event.body)) return HandleQuery(*query);
  if (auto* rotate = std::get_if<RotateEvent>(&event.body)) {
    position_ = rotate->next;
    if (!in_transaction_ && position_ > committed_.position) {
      committed_.position = position_;
      unreported_ = true;
    }
    return Ok();
  }
  if (auto* incident = std::get_if<IncidentEvent>(&event.body)) {
    return Corrupt(Str("the server reports that its log lacks events: ", incident->message),
                   "the tables must be copied anew: remove the state directory and the tables in the sink");
  }
  if (std::holds_alternative<HeartbeatEvent>(event.body)) {
    if (!in_transaction_ && state_.CopyDue(committed_.position)) return EndForCopy();
    return FlushAll(!in_transaction_);
  }
  if (!in_transaction_ && position_ > committed_.position) {  // between transactions: nothing to lose
    committed_.position = position_;
    unreported_ = true;
  }
  return Ok();
}

Status BinlogStream::EndTransaction() {
  if (in_transaction_) gtids_.Update(gtid_);
  in_transaction_ = false;
  standalone_ = false;
  committed_ = {position_, gtids_};
  unreported_ = true;
  if (!state_.tables.empty()) {
    if (state_.CopyDue(position_)) return EndForCopy();
    if (!state_.CopyPending() && position_ > overlap_end_) {
      for (auto& [id, table] : tables_) table->copy = nullptr;
      state_.tables.clear();
      CopiesChanged();
    }
  }
  bool due = pending_rows_ >= kSoftRows || pending_bytes_ >= kSoftBytes;
  if (!due && (pending_rows_ > 0 || unreported_)) {
    const bool rows = pending_rows_ > 0 || passed_on_;
    due = NowMs() - boundary_ms_ >= (rows ? options_.heartbeat_ms : kPositionEveryMs);
  }
  return due ? FlushAll(true) : Ok();
}

// The log has come to where a waiting table is as it was seen to be: the source copies it and begins a new stream.
Status BinlogStream::EndForCopy() {
  ended_ = true;
  unreported_ = true;
  TRY(FlushAll(true));
  QueueItem end;
  end.end = true;
  return Push(std::move(end), 0);
}

TableStream& BinlogStream::MakeStream(const TableId& id, std::shared_ptr<const MysqlTable> definition) {
  auto& stream = tables_[id];
  if (stream != nullptr) return *stream;
  stream = std::make_unique<TableStream>();
  stream->id = id;
  stream->definition = std::move(definition);
  auto copy = state_.tables.find(id);
  if (copy != state_.tables.end()) stream->copy = &copy->second;
  return *stream;
}

Result<TableStream*> BinlogStream::StreamOf(const RowsEvent& rows) {
  const TableMap* map = rows.table.get();
  auto known = by_map_.find(map);
  if (known != by_map_.end()) return known->second;
  TableId id{map->database, map->table};
  TableStream* stream = nullptr;
  if (options_.todays.contains(id)) TRY(TakeTodays(id));
  bool captured = Captured(id);
  auto definition = captured ? tracker_.Find(id.schema, id.table) : nullptr;
  if (definition != nullptr) {
    stream = &MakeStream(id, std::move(definition));
    if (stream->schema == nullptr) {
      TRY_SET(TableSchema schema, MapTable(*stream->definition, options_.mapping));
      stream->schema = std::make_shared<const TableSchema>(std::move(schema));
      stream->builder = std::make_unique<BatchBuilder>(id, stream->schema);
    }
    auto plan = RowPlan::Make(*map, *stream->definition, options_.mapping, options_.before);
    if (!plan.ok()) {  // no retry helps: the definition is not the one that these rows were written with
      Error error = std::move(plan).error();
      error.code = ErrorCode::kUnsupported;
      return error;
    }
    stream->plans[map] = *std::move(plan);
  } else if (captured) {
    return Corrupt(Str("rows of ", id.ToString(), ", a table whose definition is not known at this position"),
                   "its CREATE TABLE lies before the start position: begin with scan.startup.mode: initial");
  }
  if (by_map_.size() >= kMapsMost) {
    by_map_.clear();
    for (auto& [table, other] : tables_) {
      if (other.get() != stream) other->plans.clear();
      other->last_map = nullptr;
    }
    std::erase_if(maps_held_,
                  [&](const auto& held) { return stream == nullptr || !stream->plans.contains(held.get()); });
  }
  by_map_[map] = stream;
  maps_held_.push_back(rows.table);
  return stream;
}

Status BinlogStream::HandleRows(const RowsEvent& rows) {
  TRY_SET(TableStream* table, StreamOf(rows));
  if (table == nullptr) return Ok();
  if (prepares_.empty()) return DecodeRows(*table, rows);
  NotePreparedRows();
  return Ok();
}

Status BinlogStream::DecodeRows(TableStream& stream, const RowsEvent& rows) {
  TableStream* table = &stream;
  if (event_ms_ < options_.skip_before_ms) return Ok();
  if (table->last_map != rows.table.get()) {
    table->last_map = rows.table.get();
    table->last_plan = table->plans.at(table->last_map).get();
  }
  const int64_t before = table->rows();
  if (options_.skip_rows > 0) {
    TRY_SET(int64_t count, table->last_plan->CountRows(rows));
    options_.skip_rows -= count;  // whole events: the offset that users copy is that of an event
    return Ok();
  }
  switch (FitRows(table->copy, position_)) {
    case RowsFit::kNone:
      return Ok();
    case RowsFit::kAll:
      TRY(CollectRows(*table, rows, nullptr));
      break;
    case RowsFit::kByKey:
      OverlapFilter filter(*table->copy, position_);
      TRY(CollectRows(*table, rows, &filter));
  }
  pending_rows_ += table->rows() - before;
  pending_bytes_ -= std::exchange(table->counted_bytes, table->bytes());
  pending_bytes_ += table->counted_bytes;
  if (table->rows() >= kHardRows || table->counted_bytes >= kHardBytes) return FlushTable(*table);
  return Ok();
}

Status BinlogStream::CollectRows(TableStream& table, const RowsEvent& rows, RowFilter* filter) {
  if (table.waiting.rows() == 0) table.waiting_from = position_;
  return WithBegin(table, table.last_plan->Collect(rows, filter, table.waiting, *table.builder));
}

// The error may be one of a row that waited.
Status BinlogStream::WithBegin(const TableStream& table, Status status) const {
  if (status.ok() || table.waiting_from == position_) return status;
  return std::move(status).error().With(Str("rows of the events from ", table.waiting_from.ToString(), " on"));
}

StreamStep BinlogStream::MakeStep() {
  StreamStep step;
  step.log = committed_;
  step.tracker = std::exchange(tracker_text_, nullptr);
  step.captured = std::exchange(captured_, nullptr);
  step.copies = std::exchange(copies_, nullptr);
  if (std::exchange(prepared_changed_, false)) {
    step.prepared = std::make_shared<const std::map<std::string, PreparedXa>>(state_.prepared);
  }
  step.event_ms = event_ms_;
  unreported_ = false;
  return step;
}

Status BinlogStream::Push(QueueItem item, size_t weight) {
  if (!queue_.Push(std::move(item), weight)) return Cancelled("the source was stopped");
  return Ok();
}

Status BinlogStream::FlushTable(TableStream& table) {
  pending_rows_ -= table.rows();
  pending_bytes_ -= std::exchange(table.counted_bytes, 0);
  TRY(WithBegin(table, RowPlan::Flush(table.waiting, *table.builder)));
  table.waiting = RowGroup();  // with its memory: thousands of tables may be at rest
  TRY_SET(ChangeBatch batch, table.builder->Finish());
  batch.source_ms = event_ms_;
  auto weight = static_cast<size_t>(batch.bytes());
  QueueItem item;
  item.item.payload = std::move(batch);
  item.item.boundary = false;
  item.replaced = table.builder->TakeReplaced();
  return Push(std::move(item), weight);
}

Status BinlogStream::FlushAll(bool boundary) {
  passed_on_ |= pending_rows_ > 0;
  if (pending_rows_ > 0) {
    for (auto& [id, table] : tables_) {
      if (table->builder != nullptr && table->rows() > 0) TRY(FlushTable(*table));
    }
  }
  pending_rows_ = 0;
  pending_bytes_ = 0;
  if (!boundary) return Ok();
  boundary_ms_ = NowMs();
  passed_on_ = false;
  if (!unreported_) return Ok();
  QueueItem item;  // only progress; its boundary ends what went before
  item.step = MakeStep();
  return Push(std::move(item), 0);
}

}  // namespace sluice::mysql
