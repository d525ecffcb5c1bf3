// SPDX-License-Identifier: Apache-2.0
#include "connector/mysql/log_changes.h"

#include <algorithm>
#include <variant>

#include "base/text.h"
#include "connector/mysql/binlog_dump.h"
#include "connector/mysql/copy_overlap.h"
#include "connector/mysql/prepared_xa.h"
#include "format/mysql/ddl_statement.h"

namespace sluice::mysql {
namespace {

constexpr int64_t kBatchRows = 16'384;
constexpr int64_t kBatchBytes = 8 << 20;

class ChangeReader {
 public:
  ChangeReader(const SourceConfig& config, const LogRange& range, const ChangeRequest& request)
      : config_(config), range_(range), request_(request), end_(range.from) {}

  Result<std::map<TableId, BinlogPosition>> Run() {
    bool passed = false;
    auto visit = [&](const BinlogEvent& event, const BinlogPosition& begin) -> Result<bool> {
      passed = begin >= range_.to;
      if (passed) return false;
      if (begin >= range_.from) TRY(Handle(event, begin));
      return true;
    };
    TRY(ScanLog(config_.connect, kUnwatched, range_.from, visit));
    if (!passed && end_ < range_.to) {
      return NotFound(Str("the log of the server ends at ", end_.ToString(), ", before ", range_.to.ToString()));
    }
    for (auto& [id, table] : readers_) TRY(Flush(table));
    return std::move(last_);
  }

 private:
  struct TableReader {
    std::unique_ptr<BatchBuilder> builder;
    RowGroup waiting;
    std::map<const TableMap*, std::shared_ptr<const RowPlan>> plans;
    std::vector<std::shared_ptr<const TableMap>> maps;  // keeps the keys of `plans` alive

    int64_t rows() const { return builder->rows() + waiting.rows(); }
  };
  static inline const ConnectionWatch kUnwatched = [](Connection*) {};

  Status Handle(const BinlogEvent& event, const BinlogPosition& begin) {
    const EventHeader& header = event.header;
    end_ = begin;
    if (!header.artificial() && header.end_position != 0) {
      end_.offset = AdvanceOffset(begin.offset, header.end_position);
    }
    if (auto* rotate = std::get_if<RotateEvent>(&event.body)) end_ = rotate->next;
    if (auto* gtid = std::get_if<MariadbGtidEvent>(&event.body)) {
      group_ = *gtid;
      group_begin_ = begin;
    }
    auto* rows = std::get_if<RowsEvent>(&event.body);
    if (rows != nullptr && !group_.prepared_xa) return Rows(*rows);  // those of a prepared group count at its XA COMMIT
    auto* query = std::get_if<QueryEvent>(&event.body);
    return query == nullptr ? Ok() : Query(*query);
  }

  Status Query(const QueryEvent& query) {
    if (group_.completed_xa) {
      const bool commit = EqualsIgnoreCase(Trim(query.sql).substr(0, 9), "XA COMMIT");
      return commit ? PreparedRows() : Ok();
    }
    if (group_.alter == AlterPhase::kStart || group_.alter == AlterPhase::kRollback) return Ok();
    SqlContext context;
    context.sql_mode = query.sql_mode;
    StatementKind kind = Classify(query.sql, context);
    if (kind != StatementKind::kTable && kind != StatementKind::kDatabase) return Ok();
    DdlStatement statement = ParseDdl(query.sql, context);
    if (!MayAlter(statement)) return Ok();
    for (const TableName& name : statement.tables) {
      TRY(Altered({name.database.empty() ? query.database : name.database, name.table}, query));
    }
    for (const auto& operation : statement.operations) {
      auto* drop = std::get_if<DropDatabase>(&operation);
      if (drop == nullptr) continue;
      for (const auto& [id, table] : request_.tables) {
        if (id.schema == drop->name) TRY(Altered(id, query));
      }
    }
    return Ok();
  }

  // False for an ALTER TABLE that leaves columns and rows as they are, as those of indexes do.
  static bool MayAlter(const DdlStatement& statement) {
    if (statement.problem || statement.operations.empty()) return true;
    auto* alter = std::get_if<AlterTable>(&statement.operations[0]);
    if (alter == nullptr || !alter->unlogged.empty()) return true;
    return !std::all_of(alter->operations.begin(), alter->operations.end(), [](const AlterOperation& operation) {
      return std::holds_alternative<SetColumnDefault>(operation) || std::holds_alternative<SetColumnVisible>(operation);
    });
  }

  Status Altered(const TableId& id, const QueryEvent& query) {
    if (!request_.tables.contains(id) && !config_.wanted(id)) return Ok();
    if (request_.rows != nullptr) {
      return Conflict(Str("table ", id.ToString(), " was altered: ", query.sql.substr(0, 200)));
    }
    last_[id] = end_;
    return Ok();
  }

  Status PreparedRows() {
    TRY_SET(BinlogPosition at, FindPreparedGroup(config_.connect, kUnwatched, group_.xid, group_begin_));
    return ReadPreparedGroup(config_.connect, kUnwatched, group_.xid, at,
                             [this](const RowsEvent& event) { return Rows(event); });
  }

  Status Rows(const RowsEvent& event) {
    const TableId id{event.table->database, event.table->table};
    auto found = request_.tables.find(id);
    if (found == request_.tables.end()) return Ok();
    const TableState* copy = nullptr;
    if (request_.copies != nullptr && request_.copies->contains(id)) copy = &request_.copies->at(id);
    const RowsFit fit = FitRows(copy, end_);
    if (fit == RowsFit::kNone) return Ok();
    const bool noted = request_.rows == nullptr;
    if (noted && fit == RowsFit::kAll) {
      last_[id] = end_;
      return Ok();
    }
    TableReader& table = readers_[id];
    auto plan = PlanOf(table, event, id, found->second);
    if (!plan.ok() && noted) {  // written with another definition: not known to be held
      last_[id] = end_;
      return Ok();
    }
    TRY(std::move(plan));
    const RowPlan& rows = *table.plans.at(event.table.get());
    const int64_t before = table.rows();
    if (fit == RowsFit::kByKey) {
      OverlapFilter filter(*copy, end_);
      TRY(rows.Collect(event, &filter, table.waiting, *table.builder));
    } else {
      TRY(rows.Collect(event, nullptr, table.waiting, *table.builder));
    }
    if (table.rows() > before) last_[id] = end_;
    const bool full = table.builder->rows() >= kBatchRows || table.builder->bytes() >= kBatchBytes;
    return full ? Flush(table) : Ok();
  }

  Status PlanOf(TableReader& table, const RowsEvent& event, const TableId& id, const MysqlTable& definition) {
    if (table.plans.contains(event.table.get())) return Ok();
    if (table.builder == nullptr) {
      TRY_SET(TableSchema schema, MapTable(definition, config_.mapping));
      table.builder = std::make_unique<BatchBuilder>(id, std::make_shared<const TableSchema>(std::move(schema)));
    }
    const bool whole = request_.full_images || definition.primary_key.empty();
    const BeforeImage before = whole ? BeforeImage::kFull : BeforeImage::kKey;
    TRY_SET(table.plans[event.table.get()], RowPlan::Make(*event.table, definition, config_.mapping, before));
    table.maps.push_back(event.table);
    return Ok();
  }

  Status Flush(TableReader& table) {
    if (table.builder == nullptr) return Ok();
    TRY(RowPlan::Flush(table.waiting, *table.builder));
    if (table.builder->rows() == 0) return Ok();
    TRY_SET(ChangeBatch batch, table.builder->Finish());
    return request_.rows == nullptr ? Ok() : request_.rows(batch);
  }

  const SourceConfig& config_;
  const LogRange& range_;
  const ChangeRequest& request_;
  BinlogPosition end_;  // of the event at hand
  MariadbGtidEvent group_;
  BinlogPosition group_begin_;
  std::map<TableId, TableReader> readers_;
  std::map<TableId, BinlogPosition> last_;
};

}  // namespace

Result<std::map<TableId, BinlogPosition>> ReadChanges(const SourceConfig& config, const LogRange& range,
                                                      const ChangeRequest& request) {
  if (range.from >= range.to) return std::map<TableId, BinlogPosition>();
  return ChangeReader(config, range, request).Run();
}

}  // namespace sluice::mysql
