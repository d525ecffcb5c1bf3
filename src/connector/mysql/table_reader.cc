// SPDX-License-Identifier: Apache-2.0
#include "connector/mysql/table_reader.h"

#include "base/text.h"
#include "format/mysql/text_row.h"

namespace sluice::mysql {
namespace {

constexpr int64_t kBatchRows = 16'384;
constexpr int64_t kBatchBytes = 8 << 20;

Status ReadOne(Connection& connection, const SourceConfig& config, const TableId& id, const MysqlTable& definition,
               const ReadVisitor& visitor) {
  TRY_SET(auto plan, TextPlan::Make(definition, config.mapping));
  TRY_SET(TableSchema schema, MapTable(definition, config.mapping));
  BatchBuilder builder(id, std::make_shared<const TableSchema>(std::move(schema)));
  auto flush = [&]() -> Status {
    if (builder.rows() == 0) return Ok();
    TRY_SET(ChangeBatch batch, builder.Finish());
    batch.snapshot = true;
    return visitor.rows(batch);
  };
  std::string sql = Str("SELECT ", SelectList(definition), " FROM ", QuoteName(id.schema), ".", QuoteName(id.table));
  Status read = connection.Stream(sql, [&](const char* const* values, const unsigned long* lengths) -> Status {
    TRY(plan->Decode(values, lengths, builder));
    return builder.rows() >= kBatchRows || builder.bytes() >= kBatchBytes ? flush() : Ok();
  });
  TRY(std::move(read));
  TRY(flush());
  return visitor.end(id);
}

}  // namespace

Result<TablesView> ReadAllTables(const SourceConfig& config, const ReadVisitor& visitor) {
  TRY_SET(auto connection, Connection::Open(config.connect));
  TablesView view;
  TRY_SET(ServerInfo info, ReadServerInfo(*connection));
  view.server_uid = info.uid;
  TRY_SET(view.position, BeginSnapshot(*connection));
  TRY_SET(auto ids, ListTables(*connection, config.wanted));
  if (ids.empty()) return view;
  TRY_SET(view.definitions, ReadTables(*connection, ids));
  for (const TableId& id : ids) {
    auto found = view.definitions.find(id);
    if (found == view.definitions.end()) return Conflict(Str("table ", id.ToString(), " was dropped meanwhile"));
    TRY_SET(const TableSchema schema, MapTable(found->second, config.mapping));
    TRY(visitor.table(id, schema));
  }
  for (const TableId& id : ids) TRY(ReadOne(*connection, config, id, view.definitions.at(id), visitor));
  return view;
}

}  // namespace sluice::mysql
