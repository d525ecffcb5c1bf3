// SPDX-License-Identifier: Apache-2.0
// Statements of the log: schema changes, and what they mean for tables that are still being copied.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "connector/mysql/binlog_stream.h"
#include "connector/mysql/copy_overlap.h"
#include "connector/mysql/table_stream.h"
#include "format/mysql/initial_default.h"

namespace sluice::mysql {

Status BinlogStream::HandleQuery(const QueryEvent& query) {
  std::string_view sql = Trim(query.sql);
  if (EqualsIgnoreCase(sql.substr(0, 16), "BEGIN")) {
    in_transaction_ = true;
    return Ok();
  }
  if (EqualsIgnoreCase(sql, "COMMIT")) return EndTransaction();
  const bool to_savepoint = EqualsIgnoreCase(sql.substr(0, 9), "ROLLBACK ");
  if (to_savepoint || EqualsIgnoreCase(sql, "ROLLBACK")) {  // the log has them only behind rows of such a table
    return Unsupported(Str("a transaction that wrote non-transactional tables was rolled back",
                           to_savepoint ? " to a savepoint" : "", ": which of its rows stay is not known"),
                       "do not mix MyISAM or Aria with InnoDB tables in one transaction");
  }
  if (!completes_.empty()) return CompleteXa(sql);
  // binlog_alter_two_phase: START ALTER when it begins, COMMIT or ROLLBACK ALTER, with the same text, when it is known.
  bool happened = alter_ == AlterPhase::kWhole || alter_ == AlterPhase::kCommit;
  if (happened) TRY(HandleDdl(query));
  return standalone_ || !in_transaction_ ? EndTransaction() : Ok();
}

Status BinlogStream::HandleDdl(const QueryEvent& query) {
  SqlContext context = sql_context_;
  context.now_micros = query.began_micros;
  context.utc_offset = UtcOffset(query.time_zone);
  context.sql_mode = query.sql_mode;
  StatementKind kind = Classify(query.sql, context);
  if (kind == StatementKind::kRows) {
    for (const auto& table : tracker_.tables()) {
      bool named = table->database == query.database || query.sql.find(table->database) != std::string::npos;
      if (!named || !Captured({table->database, table->name})) continue;
      return Unsupported(Str("a statement that changes rows stands in the log as text, so binlog_format was not ROW: ",
                             query.sql.substr(0, 200)),
                         "SET GLOBAL binlog_format='ROW', reconnect the writers, and copy the tables anew");
    }
    return Ok();
  }
  if (kind != StatementKind::kTable && kind != StatementKind::kDatabase) return Ok();
  context.error_code = query.error_code;
  DdlStatement statement = ParseDdl(query.sql, context);
  if (ConcernsTodays(statement, query.database)) {
    LogWarn(Str("left out, because today's definition holds it already: ", query.sql.substr(0, 200)));
    return Ok();
  }
  Status asked;
  if (!context.utc_offset && !query.time_zone.empty()) {
    context.convert_time = [&](const std::string& text, bool to_utc) -> std::optional<std::string> {
      if (!asked.ok()) return {};
      auto converted = ConvertTime(text, query.time_zone, to_utc);
      if (converted.ok()) return *std::move(converted);
      asked = std::move(converted).error();
      return {};
    };
  }
  TRY_SET(auto changes, tracker_.Apply(statement, query.database, context));
  TRY(std::move(asked));
  if (changes.empty()) return Ok();
  TRY(FlushAll(false));
  for (const TableChange& change : changes) {
    const bool taken = options_.capture_new_tables || options_.capture_created.contains(change.table);
    if (change.kind == TableChange::Kind::kCreated && taken && options_.wanted(change.table)) {
      Capture(change.table);
      options_.todays.erase(change.table);
    }
    if (Captured(change.table)) TRY(FitChange(change));
    tables_.erase(change.table);
  }
  by_map_.clear();
  maps_held_.clear();
  for (auto& [id, table] : tables_) {
    table->plans.clear();
    table->last_map = nullptr;
  }
  tracker_text_ = std::make_shared<const std::string>(tracker_.ToJson());
  return Ok();
}

// By the server's own tables of time zones; empty if it has not that zone.
Result<std::string> BinlogStream::ConvertTime(const std::string& text, const std::string& zone, bool to_utc) {
  TRY_SET(auto connection, Connection::Open(options_.connect));
  WatchSecond(connection.get());
  const std::string from = Connection::Quote(to_utc ? zone : "+00:00");
  const std::string to = Connection::Quote(to_utc ? "+00:00" : zone);
  auto value = connection->QueryValue(Str("SELECT CONVERT_TZ(", Connection::Quote(text), ", ", from, ", ", to, ")"));
  WatchSecond(nullptr);
  return value;
}

void BinlogStream::Capture(const TableId& id) {
  state_.captured.insert(id);
  captured_ = std::make_shared<const std::set<TableId>>(state_.captured);
}

// Rows of a table whose CREATE TABLE lies before the start: it had today's columns, or its rows will not fit and say
// so.
Status BinlogStream::TakeTodays(const TableId& id) {
  MysqlTable definition = std::move(options_.todays.at(id));
  options_.todays.erase(id);
  TRY_SET(TableSchema schema, MapTable(definition, options_.mapping));
  tracker_.SetTable(std::move(definition));
  tracker_text_ = std::make_shared<const std::string>(tracker_.ToJson());
  Capture(id);
  QueueItem item;
  SchemaChange create;
  create.table = id;
  create.schema = std::make_shared<const TableSchema>(std::move(schema));
  item.item.payload = std::move(create);
  item.item.boundary = false;
  return Push(std::move(item), 0);
}

bool BinlogStream::ConcernsTodays(const DdlStatement& statement, const std::string& database) const {
  bool creates = std::any_of(statement.operations.begin(), statement.operations.end(),
                             [](const auto& operation) { return std::holds_alternative<CreateTable>(operation); });
  return !creates && std::any_of(statement.tables.begin(), statement.tables.end(), [&](const TableName& name) {
    return options_.todays.contains({name.database.empty() ? database : name.database, name.table});
  });
}

Status BinlogStream::FitChange(const TableChange& change) {
  auto copy = state_.tables.find(change.table);
  if (copy == state_.tables.end()) return PushChange(change, true);
  bool rows_in_sink = HasCopiedRows(copy->second);
  DdlFit fit = FitDdl(change, position_, state_.tables);
  CopiesChanged();
  return fit == DdlFit::kHeld ? Ok() : PushChange(change, rows_in_sink);
}

void BinlogStream::CopiesChanged() {
  overlap_end_ = state_.OverlapEnd();
  copies_ = std::make_shared<const std::map<TableId, TableState>>(state_.tables);
}

Status BinlogStream::PushChange(const TableChange& change, bool rows_in_sink) {
  std::string name = change.table.ToString();
  if (change.primary_key_changed) {
    return Unsupported(Str("the primary key of ", name, " was changed"),
                       "rows in the sink are found by the old key: remove the table in the sink and the state "
                       "directory, and start again");
  }
  bool other_rows = change.replaced && change.renamed_from && !change.online_swap && rows_in_sink;
  if (other_rows || (change.kind == TableChange::Kind::kCreated && change.renamed_from)) {
    return Unsupported(Str("by RENAME TABLE the name ", name,
                           " now means another table, whose rows are not in the sink"),
                       "remove the table in the sink and the state directory, and start again");
  }
  if (!change.rewritten.empty() && rows_in_sink) {
    LogWarn(Str("table ", name, ": ALTER TABLE may have changed stored values (", Join(change.rewritten, ", "),
                ") without row events; rows that are in the sink keep the values from before. To copy it again: stop "
                "this job, copy the table with a file of its own (another pipeline name, another --state, "
                "scan.startup.mode: snapshot), and start this job again"));
  }
  for (const SchemaChange& event : change.events) {
    if (!options_.schema_changes && event.kind != SchemaChangeKind::kCreateTable) continue;
    QueueItem item;
    item.item.payload = event;
    item.item.boundary = false;
    TRY(Push(std::move(item), 0));
  }
  return Ok();
}

}  // namespace sluice::mysql
