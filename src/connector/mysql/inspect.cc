// SPDX-License-Identifier: Apache-2.0
#include "connector/mysql/inspect.h"

#include "base/text.h"
#include "format/mysql/key.h"

namespace sluice::mysql {
namespace {

std::string HowRead(const MysqlTable& table) {
  if (table.primary_key.empty()) return "as a whole, append-only: no primary key";
  if (HasExactOrder(table)) return "in chunks of its primary key";
  return "as a whole: only the server can compare its key";
}

}  // namespace

Result<Inspection> Inspect(const SourceConfig& config) {
  TRY_SET(auto connection, Connection::Open(config.connect));
  Inspection out;
  out.version = connection->server_version();
  TRY_SET(ServerInfo info, ReadServerInfo(*connection));
  bool follows = config.mode != StartupMode::kSnapshot;
  if (follows) {
    out.findings = FindProblems(info);
    TRY_SET(auto grants, FindMissingGrants(*connection));
    out.findings.insert(out.findings.end(), grants.begin(), grants.end());
    TRY_SET(auto clash, FindServerIdClash(*connection, info, config.reader));
    out.findings.insert(out.findings.end(), clash.begin(), clash.end());
  }
  if (info.log_bin) {
    auto end = ReadLogPosition(*connection);
    if (end.ok()) out.position = end->ToString();
  }
  TRY_SET(auto ids, ListTables(*connection, config.wanted));
  TRY_SET(auto unreadable, FindUnreadable(*connection, ids));
  out.findings.insert(out.findings.end(), unreadable.begin(), unreadable.end());
  TRY_SET(auto unlogged, FindUnloggedChanges(*connection, ids));
  out.findings.insert(out.findings.end(), unlogged.begin(), unlogged.end());
  if (follows) {
    TRY_SET(auto versioned, FindVersioned(*connection, ids));
    out.findings.insert(out.findings.end(), versioned.begin(), versioned.end());
  }
  TRY_SET(auto definitions, ReadTables(*connection, ids));
  TRY_SET(auto estimates, ReadRowEstimates(*connection, ids));
  for (const TableId& id : ids) {
    InspectedTable table;
    table.id = id;
    table.definition = definitions[id];
    auto schema = MapTable(table.definition, config.mapping);
    if (!schema.ok()) {
      out.findings.push_back({true, Str("table ", id.ToString(), ": ", schema.error().message), schema.error().hint});
      continue;
    }
    table.schema = *std::move(schema);
    table.rows = estimates[id];
    table.how = HowRead(table.definition);
    out.tables.push_back(std::move(table));
  }
  if (ids.empty()) {
    TRY_SET(Finding none, NoTables(*connection, config.tables_text, config.databases));
    out.findings.push_back(std::move(none));
  }
  return out;
}

}  // namespace sluice::mysql
