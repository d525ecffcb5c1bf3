// SPDX-License-Identifier: Apache-2.0
#include "connector/mysql/snapshot_reader.h"

#include <algorithm>
#include <utility>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/text.h"
#include "row/schema.h"

namespace sluice::mysql {
namespace {

constexpr int64_t kBatchRows = 32'768;
constexpr int64_t kBatchBytes = 2 << 20;
constexpr int64_t kChunkRowsLeast = 250'000;
constexpr int kViewsMost = 5;         // tries to read a chunk of a table that is made anew again and again
constexpr int64_t kChunksMost = 512;  // of one table: bounds the checkpoint

const MysqlColumn& KeyColumn(const MysqlTable& table, size_t index) {
  int found = table.Find(table.primary_key[index]);
  return table.columns[static_cast<size_t>(found)];
}

bool IsInteger(const MysqlColumn& column) {
  return column.type == "tinyint" || column.type == "smallint" || column.type == "mediumint" || column.type == "int" ||
         column.type == "integer" || column.type == "bigint";
}

bool IsBytes(const MysqlColumn& column) { return column.type == "binary" || column.type == "varbinary"; }

// The value of a key column as a literal for WHERE.
std::string Literal(const MysqlColumn& column, std::string_view text) {
  if (IsInteger(column) || column.type == "year") return std::string(text);
  if (!IsBytes(column)) return Connection::Quote(text);
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out = "x'";
  for (char c : text) {
    out += kHex[static_cast<unsigned char>(c) >> 4];
    out += kHex[static_cast<unsigned char>(c) & 15];
  }
  return out + "'";
}

// "a > 1 OR (a = 1 AND (b > 2))": the keys after a bound. A bound may name only the first columns of the key.
std::string After(const MysqlTable& table, const std::vector<std::string>& literals, size_t index = 0) {
  std::string name = QuoteName(table.primary_key[index]);
  std::string out = Str(name, " > ", literals[index]);
  if (index + 1 < literals.size()) {
    out += Str(" OR (", name, " = ", literals[index], " AND (", After(table, literals, index + 1), "))");
  }
  return out;
}

// Defaults and comments change no row. And the server shows the default of a TIMESTAMP in the time zone of the session
// that asks, so it need not look as in the statement that gave it.
bool SameForRows(MysqlColumn a, MysqlColumn b) {
  for (MysqlColumn* column : {&a, &b}) {
    column->default_value.reset();
    column->comment.clear();
  }
  return a == b;
}

std::string FullName(const TableId& id) { return Str(QuoteName(id.schema), ".", QuoteName(id.table)); }

}  // namespace

std::string ChunkCondition(const MysqlTable& table, const KeyBound& from, const KeyBound& to) {
  std::string out;
  if (!from.infinite) {
    // The first comparison alone lets the server begin its range scan at the right place.
    if (from.literals.size() > 1) out += Str(QuoteName(table.primary_key[0]), " >= ", from.literals[0], " AND ");
    out += Str("(", After(table, from.literals), ")");
  }
  if (!to.infinite) {
    if (!out.empty()) out += " AND ";
    out += Str(QuoteName(table.primary_key[0]), " <= ", to.literals[0]);
  }
  return out;
}

SnapshotReader::SnapshotReader(SnapshotOptions options, std::map<TableId, MysqlTable> tables, SourceState state,
                               ItemQueue& queue)
    : options_(std::move(options)), tables_(std::move(tables)), initial_(std::move(state)), queue_(queue) {}

SnapshotReader::~SnapshotReader() { Stop(); }

void SnapshotReader::AddTasks(const TableId& table, const TableState& state) {
  std::lock_guard lock(mutex_);
  for (size_t i = 0; i < state.chunks.size(); ++i) {
    if (!state.chunks[i].done) tasks_.push_back({table, i, state.chunks[i], false, state.exact, state.recopied});
  }
  changed_.notify_all();
}

void SnapshotReader::Start() {
  for (const auto& [id, table] : initial_.tables) {
    if (!table.DueAt(initial_.log.position)) continue;
    if (table.chunks.empty()) {
      tasks_.push_back({.table = id, .plan = true, .recopied = table.recopied});
    } else {
      AddTasks(id, table);
    }
  }
  int useful = static_cast<int>(std::max<size_t>(1, tasks_.size() * 4));
  int threads = std::max(1, std::min<int>(options_.connections, useful));
  running_ = threads;
  active_.resize(static_cast<size_t>(threads));
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this, i] { RunWorker(static_cast<size_t>(i)); });
}

void SnapshotReader::Stop() {
  stopped_ = true;
  {
    std::lock_guard lock(mutex_);
    for (Connection* connection : active_) {
      if (connection != nullptr) connection->Interrupt();
    }
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void SnapshotReader::RunWorker(size_t index) {
  Status status = Work(index);
  bool last = false;
  {
    std::lock_guard lock(mutex_);
    active_[index] = nullptr;
    last = --running_ == 0;
    if (!status.ok()) tasks_.clear();
  }
  changed_.notify_all();
  if (stopped_) return;
  if (!status.ok()) {
    QueueItem item;
    item.error = std::move(status).error();
    queue_.Push(std::move(item), 0);
    stopped_ = true;
    changed_.notify_all();
  } else if (last) {
    QueueItem item;
    item.end = true;
    queue_.Push(std::move(item), 0);
  }
}

bool SnapshotReader::TakeTask(Task& task) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopped_ || !tasks_.empty() || busy_ == 0; });
  if (stopped_ || tasks_.empty()) return false;
  task = std::move(tasks_.front());
  tasks_.pop_front();
  ++busy_;
  return true;
}

Status SnapshotReader::Work(size_t index) {
  std::unique_ptr<Connection> connection;
  Task task;
  while (TakeTask(task)) {
    auto run = [&]() -> Status {
      if (connection == nullptr) {
        TRY_SET(connection, Connection::Open(options_.connect));
        std::lock_guard lock(mutex_);
        active_[index] = connection.get();
      }
      return RunTask(*connection, task);
    };
    Status status = run();
    {
      std::lock_guard lock(mutex_);
      --busy_;
      if (!status.ok()) active_[index] = nullptr;
    }
    changed_.notify_all();
    if (!status.ok()) return std::move(status).error().With(Str("snapshot of ", task.table.ToString()));
  }
  std::lock_guard lock(mutex_);
  active_[index] = nullptr;
  return Ok();
}

Status SnapshotReader::RunTask(Connection& connection, const Task& task) {
  for (int view = 1;; ++view) {
    Status status = task.plan ? PlanTable(connection, task) : ReadChunk(connection, task);
    if (status.ok()) return status;
    if (status.error().code == ErrorCode::kNotFound) return Pause(connection, task.table, "");
    // The table was made anew (any ALTER can do that) after the view, which then cannot read it: a later one can.
    if (status.error().code != ErrorCode::kConflict || view >= kViewsMost) return status;
  }
}

// The table cannot be read with the definition that is known at our place of the log; no difference: it is not there.
Status SnapshotReader::Pause(Connection& connection, const TableId& id, const std::string& difference) {
  TRY(connection.Execute("ROLLBACK"));
  PauseStep step{.table = id, .until = {}};
  const bool gone = difference.empty();
  std::string_view how = gone ? " was dropped or renamed" : " was altered";
  std::string what = Str("table ", id.ToString(), how, " during its copy");
  if (!gone) what += Str(" (", difference, ")");
  if (options_.log_follows) {
    TRY_SET(step.until, ReadLogPosition(connection));  // the statement is in the log up to here
    if (!gone && step.until == initial_.log.position) {  // all of it is read: waiting would never end
      return Unsupported(Str("the definition of table ", id.ToString(), " that follows from the log is not the one at "
                             "the server (", difference, ")"),
                         "remove the state directory and the table in the sink to copy anew; please report the "
                         "statements that made the table");
    }
    LogInfo(Str(what, ": the copy goes on when the log is read up to ", step.until.ToString()));
  } else if (gone) {
    LogWarn(Str(what, ": it is left out"));
  } else {
    return Invalid(Str(what, ", and scan.startup.mode: snapshot does not read the log that tells how"),
                   "remove the state directory and the table in the sink and start again, without DDL meanwhile");
  }
  {
    std::lock_guard lock(mutex_);
    std::erase_if(tasks_, [&](const Task& task) { return task.table == id; });
  }
  QueueItem item;
  item.step = std::move(step);
  queue_.Push(std::move(item), 0);
  return Ok();
}

Result<std::vector<ChunkState>> SnapshotReader::CutTable(Connection& connection, const MysqlTable& table,
                                                         int64_t rows) {
  std::vector<ChunkState> whole(1);
  const MysqlColumn& first = KeyColumn(table, 0);
  for (size_t i = 1; i < table.primary_key.size(); ++i) {
    if (IsBytes(KeyColumn(table, i))) return whole;
  }
  int64_t target = options_.chunk_rows > 0 ? options_.chunk_rows : std::max(kChunkRowsLeast, rows / 64);
  int64_t count = std::min(kChunksMost, rows / std::max<int64_t>(1, target) + 1);
  if (!IsInteger(first) || count < 2) return whole;
  std::string name = QuoteName(first.name);
  TRY_SET(auto range, connection.Query(Str("SELECT MIN(", name, "), MAX(", name, ") FROM ",
                                           FullName({table.database, table.name}))));
  if (range.empty() || !range[0][0]) return whole;
  auto parse = [](const std::string& text) -> __int128 {
    __int128 value = 0;
    for (char c : text) {
      if (c != '-') value = value * 10 + (c - '0');
    }
    return !text.empty() && text[0] == '-' ? -value : value;
  };
  __int128 low = parse(*range[0][0]);
  __int128 high = parse(*range[0][1]);
  std::vector<ChunkState> chunks;
  KeyPart part = KeyParts(table)[0];
  KeyBound from;
  for (int64_t i = 1; i < count; ++i) {
    __int128 cut = low + (high - low) * i / count;
    KeyBound to;
    to.infinite = false;
    to.literals = {cut < 0 ? Str("-", static_cast<uint64_t>(-cut)) : Str(static_cast<uint64_t>(cut))};
    if (!from.infinite && from.literals == to.literals) continue;
    TRY(EncodeKeyText(part, to.literals[0], to.encoded));
    if (table.primary_key.size() > 1) to.encoded.append(32, '\xff');  // after every key that begins with this value
    ChunkState chunk;
    chunk.from = from;
    chunk.to = to;
    chunks.push_back(chunk);
    from = to;
  }
  ChunkState last;
  last.from = from;
  chunks.push_back(last);
  return chunks;
}

Status SnapshotReader::PlanTable(Connection& connection, const Task& task) {
  const MysqlTable& table = tables_.at(task.table);
  TRY(connection.Execute("START TRANSACTION"));
  TRY_SET(std::string difference, Difference(connection, task.table));
  if (!difference.empty()) return Pause(connection, task.table, difference);
  TRY_SET(auto estimates, ReadRowEstimates(connection, {task.table}));
  TableState state;
  state.exact = HasExactOrder(table);
  state.recopied = task.recopied;
  state.chunks.resize(1);
  PlanStep step;
  step.table = task.table;
  step.exact = state.exact;
  step.rows_expected = estimates[task.table];
  if (state.exact) {
    TRY_SET(state.chunks, CutTable(connection, table, step.rows_expected));
  }
  TRY(connection.Execute("COMMIT"));
  step.chunks = state.chunks;
  QueueItem item;
  item.step = std::move(step);
  queue_.Push(std::move(item), 0);
  AddTasks(task.table, state);
  return Ok();
}

// Where the definition at the server is not the known one; empty: nowhere. In a transaction: from its first read on
// nobody can alter the table under us. information_schema is only asked when the text of the definition is not that of
// the last time.
Result<std::string> SnapshotReader::Difference(Connection& connection, const TableId& id) {
  TRY(connection.Execute(Str("SELECT 1 FROM ", FullName(id), " LIMIT 0")));
  TRY_SET(std::string text, ReadCreateTable(connection, id));
  {
    std::lock_guard lock(mutex_);
    auto checked = checked_.find(id);
    if (checked != checked_.end() && checked->second == text) return std::string();
  }
  TRY_SET(auto now, ReadTables(connection, {id}));
  const MysqlTable& known = tables_.at(id);
  auto found = now.find(id);
  if (found == now.end()) return NotFound(Str("table ", id.ToString(), " is not there"));
  if (found->second.primary_key != known.primary_key) return std::string("primary key");
  const std::vector<MysqlColumn>&there = found->second.columns, &here = known.columns;
  for (size_t i = 0; i < std::max(there.size(), here.size()); ++i) {
    if (i == there.size() || i == here.size() || !SameForRows(there[i], here[i])) {
      return Str("column ", i < there.size() ? there[i].name : here[i].name);
    }
  }
  std::lock_guard lock(mutex_);
  checked_[id] = std::move(text);
  return std::string();
}

namespace {

// Turns the rows of one chunk into queue items.
class ChunkSink {
 public:
  ChunkSink(const MysqlTable& table, const TextPlan& plan, BatchBuilder& builder, SnapshotStep step, bool begins,
            bool exact, bool recopied, ItemQueue& queue)
      : table_(table),
        plan_(plan),
        builder_(builder),
        step_(std::move(step)),
        begins_(begins),
        exact_(exact),
        recopied_(recopied),
        queue_(queue) {
    for (const std::string& name : table.primary_key) key_columns_.push_back(static_cast<size_t>(table.Find(name)));
  }

  Status Row(const char* const* values, const unsigned long* lengths) {
    TRY(plan_.Decode(values, lengths, builder_));
    if (builder_.rows() < kBatchRows && builder_.bytes() < kBatchBytes) return Ok();
    step_.segment.to = {};
    if (exact_) {
      step_.segment.to.infinite = false;
      TRY(plan_.EncodeKey(values, lengths, step_.segment.to.encoded));
      for (size_t column : key_columns_) {
        step_.segment.to.literals.push_back(Literal(table_.columns[column], {values[column], lengths[column]}));
      }
    }
    return Push(false);
  }

  Status End(const KeyBound& to) {
    step_.segment.to = to;
    return Push(true);
  }

 private:
  Status Push(bool done) {
    QueueItem item;
    step_.rows = builder_.rows();
    step_.chunk_done = done;
    item.item.boundary = exact_ || done;
    size_t weight = 0;
    if (builder_.rows() > 0) {
      TRY_SET(ChangeBatch batch, builder_.Finish());
      batch.snapshot = !recopied_;
      if (exact_) batch.part = {static_cast<int64_t>(step_.chunk), std::exchange(begins_, false), done};
      weight = static_cast<size_t>(batch.bytes());
      item.item.payload = std::move(batch);
      item.replaced = builder_.TakeReplaced();
    }
    item.step = step_;
    if (!queue_.Push(std::move(item), weight)) return Cancelled("the source was stopped");
    PassFailpoint("snapshot.after_batch");
    return Ok();
  }

  const MysqlTable& table_;
  const TextPlan& plan_;
  BatchBuilder& builder_;
  SnapshotStep step_;
  bool begins_;  // the next rows are the chunk's first
  bool exact_;
  bool recopied_;
  ItemQueue& queue_;
  std::vector<size_t> key_columns_;
};

}  // namespace

Status SnapshotReader::ReadChunk(Connection& connection, const Task& task) {
  const MysqlTable& table = tables_.at(task.table);
  TRY_SET(auto plan, TextPlan::Make(table, options_.mapping));
  TRY_SET(TableSchema schema, MapTable(table, options_.mapping));
  TRY_SET(BinlogPosition view, BeginSnapshot(connection));
  TRY_SET(std::string difference, Difference(connection, task.table));
  if (!difference.empty()) return Pause(connection, task.table, difference);
  BatchBuilder builder(task.table, std::make_shared<const TableSchema>(std::move(schema)));
  SnapshotStep step;
  step.table = task.table;
  step.chunk = task.chunk;
  step.segment.at = view;
  const bool begins = task.state.segments.empty();
  ChunkSink sink(table, *plan, builder, std::move(step), begins, task.exact, task.recopied, queue_);
  std::string sql = Str("SELECT ", SelectList(table), " FROM ", FullName(task.table));
  if (task.exact) {
    sql += " FORCE INDEX (PRIMARY)";
    std::string condition = ChunkCondition(table, task.state.next(), task.state.to);
    if (!condition.empty()) sql += Str(" WHERE ", condition);
    sql += " ORDER BY ";
    for (size_t i = 0; i < table.primary_key.size(); ++i) {
      if (i > 0) sql += ", ";
      sql += QuoteName(table.primary_key[i]);
    }
  }
  Status read = connection.Stream(sql, [&](const char* const* values, const unsigned long* lengths) -> Status {
    if (stopped_) return Cancelled("the source was stopped");
    return sink.Row(values, lengths);
  });
  TRY(std::move(read));
  TRY(sink.End(task.state.to));
  return connection.Execute("COMMIT");
}

}  // namespace sluice::mysql
