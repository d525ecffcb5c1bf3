// SPDX-License-Identifier: Apache-2.0
#include "connector/mysql/inspect.h"

#include <algorithm>

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

Result<std::optional<Finding>> FindNoPosition(Connection& connection, const SourceConfig& config,
                                              const BinlogPosition& end) {
  if (config.mode != StartupMode::kSpecific || config.start_file.empty()) return std::optional<Finding>();
  TRY_SET(const auto logs, ListLogs(connection));
  const bool there = std::find(logs.begin(), logs.end(), config.start_file) != logs.end();
  const BinlogPosition wanted{config.start_file, config.start_offset};
  if (there && wanted <= end) return std::optional<Finding>();
  return std::optional<Finding>(
      {true,
       Str("the server has no log position ", wanted.ToString(), ": its log goes from ",
           logs.empty() ? "nothing" : logs.front(), " to ", end.ToString()),
       "set scan.startup.specific-offset.file and .pos to a position that SHOW BINLOG EVENTS gives"});
}

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
    if (end.ok()) {
      out.position = end->ToString();
      TRY_SET(auto nowhere, FindNoPosition(*connection, config, *end));
      if (nowhere) out.findings.push_back(*std::move(nowhere));
    }
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
