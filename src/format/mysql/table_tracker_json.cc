// SPDX-License-Identifier: Apache-2.0
// TableTracker as JSON and back, for checkpoints.
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "format/mysql/table_tracker.h"

namespace sluice::mysql {

using Json = nlohmann::json;

std::string TableTracker::ToJson() const {
  Json databases = Json::object(), tables = Json::array();
  for (const auto& [name, choice] : state_.databases) databases[name] = {choice.charset, choice.collation};
  for (const auto& [key, entry] : state_.tables) {
    Json table = Json::parse(mysql::ToJson(*entry.table), nullptr, false);
    Json out{{"table", std::move(table)}};
    if (!entry.copied_columns.empty()) {
      out["copy_of"] = {entry.copy_of.schema, entry.copy_of.table};
      out["copied_columns"] = entry.copied_columns;
    }
    tables.push_back(std::move(out));
  }
  Json out{{"databases", std::move(databases)}, {"tables", std::move(tables)}};
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Status TableTracker::LoadJson(std::string_view text) {
  State state;
  try {
    const Json json = Json::parse(text);
    for (const auto& [name, choice] : json.at("databases").items()) {
      state.databases[name] = {choice.at(0).get<std::string>(), choice.at(1).get<std::string>()};
    }
    for (const Json& one : json.at("tables")) {
      TRY_SET(MysqlTable table, ParseMysqlTable(one.at("table").dump()));
      Entry entry;
      entry.copied_columns = one.value("copied_columns", std::vector<std::string>());
      if (!entry.copied_columns.empty()) {
        if (entry.copied_columns.size() != table.columns.size()) {
          return Corrupt(Str("the stored definition of ", table.database, ".", table.name, " has ",
                             entry.copied_columns.size(), " copied columns of ", table.columns.size()));
        }
        entry.copy_of = {one.at("copy_of").at(0).get<std::string>(), one.at("copy_of").at(1).get<std::string>()};
      }
      Key key = KeyOf(table.database, table.name);
      entry.table = std::make_shared<MysqlTable>(std::move(table));
      state.tables[key] = std::move(entry);
    }
  } catch (const Json::exception& e) {
    return Corrupt(Str("the stored definitions of the source's tables are broken: ", e.what()));
  }
  state_ = std::move(state);
  return Ok();
}

}  // namespace sluice::mysql
