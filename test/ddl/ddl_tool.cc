// SPDX-License-Identifier: Apache-2.0
// ddl_tool: follows DDL from standard input with a TableTracker, for test/ddl/follow_ddl.py. A line is one request,
// a JSON object {"sql", "database", "mode"} or {"databases": {name: [charset, collation]}}; the answer is one line:
// {"error"} or {"tables": {name: table}, "changes": n}. After each statement it checks that the events lead from the
// old schema to the new one, and that the tracker survives a checkpoint.
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "format/mysql/table_tracker.h"

namespace {

using sluice::Result;
using sluice::Status;
using sluice::Str;
using Json = nlohmann::json;
namespace mysql = sluice::mysql;

Status CheckEvents(const mysql::TableChange& change) {
  using Kind = mysql::TableChange::Kind;
  if (change.kind == Kind::kDropped) return sluice::Ok();
  sluice::TableSchema schema;
  if (change.before != nullptr) {
    TRY_SET(schema, mysql::MapTable(*change.before, {}));
  }
  for (const sluice::SchemaChange& event : change.events) {
    if (event.kind == sluice::SchemaChangeKind::kDropTable) continue;
    TRY_SET(schema, sluice::ApplySchemaChange(schema, event));
    bool last = &event == &change.events.back();
    if (!last && schema.columns != event.schema->columns) {
      return sluice::Invalid(Str("schema of the event differs: ", Describe(event)));
    }
  }
  TRY_SET(sluice::TableSchema wanted, mysql::MapTable(*change.after, {}));
  if (!change.primary_key_changed && schema.columns != wanted.columns) {
    return sluice::Invalid(
        Str("events of ", change.table.ToString(), " lead to ", schema.ToJson(), " not to ", wanted.ToJson()));
  }
  return sluice::Ok();
}

Result<Json> Run(mysql::TableTracker& tracker, const Json& request) {
  if (request.contains("databases")) {
    for (const auto& [name, choice] : request["databases"].items()) {
      tracker.SetDatabase(name, choice[0].get<std::string>(), choice[1].get<std::string>());
    }
    return Json::object();
  }
  mysql::SqlContext context;
  context.sql_mode = request.value("mode", uint64_t{0});
  context.error_code = request.value("code", uint16_t{0});
  context.server_collation = request.value("server_collation", "");
  TRY_SET(auto changes, tracker.Apply(mysql::ParseDdl(request.at("sql").get<std::string>(), context),
                                      request.value("database", ""), context));
  for (const mysql::TableChange& change : changes) TRY(CheckEvents(change));
  std::string saved = tracker.ToJson();
  mysql::TableTracker other({});
  TRY(other.LoadJson(saved));
  if (other.ToJson() != saved) return sluice::Invalid("a checkpoint changes the tracker");
  Json out{{"tables", Json::object()}, {"changes", changes.size()}};
  for (const auto& table : tracker.tables()) {
    out["tables"][Str(table->database, ".", table->name)] = Json::parse(mysql::ToJson(*table));
  }
  return out;
}

}  // namespace

int main() {
  mysql::TableTracker tracker({});
  for (std::string line; std::getline(std::cin, line);) {
    auto out = Run(tracker, Json::parse(line));
    std::cout << (out.ok() ? out->dump() : Json{{"error", out.error().ToString()}}.dump()) << std::endl;
  }
}
