// SPDX-License-Identifier: Apache-2.0
// TableTracker as JSON and back, for checkpoints.
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "format/mysql/table_tracker.h"

namespace sluice::mysql {

using Json = nlohmann::json;

namespace {

constexpr const char* kInitialKinds[] = {"of_column", "null", "literal", "computed"};  // InitialDefault::Kind

// The name of the column that is copied, or [kind, text] of the initial value.
Json CopiedColumnJson(const CopiedColumn& column) {
  if (!column.name.empty()) return column.name;
  return {kInitialKinds[static_cast<size_t>(column.initial.kind)], column.initial.text};
}

Result<CopiedColumn> ParseCopiedColumn(const Json& json) {
  if (json.is_string()) return CopiedColumn{json.get<std::string>(), {}};
  const auto kind = json.at(0).get<std::string>();
  const auto* found = std::find(std::begin(kInitialKinds), std::end(kInitialKinds), kind);
  if (found == std::end(kInitialKinds)) {
    return Corrupt(Str("the stored definitions of the source's tables have an initial value of kind \"", kind, '"'));
  }
  return CopiedColumn{"", {static_cast<InitialDefault::Kind>(found - kInitialKinds), json.at(1).get<std::string>()}};
}

}  // namespace

std::string TableTracker::ToJson() const {
  Json databases = Json::object(), tables = Json::array();
  for (const auto& [name, choice] : state_.databases) databases[name] = {choice.charset, choice.collation};
  for (const auto& [key, entry] : state_.tables) {
    Json table = Json::parse(mysql::ToJson(*entry.table), nullptr, false);
    Json out{{"table", std::move(table)}};
    if (!entry.copied_columns.empty()) {
      out["copy_of"] = {entry.copy_of.schema, entry.copy_of.table};
      Json& columns = out["copied_columns"] = Json::array();
      for (const CopiedColumn& column : entry.copied_columns) columns.push_back(CopiedColumnJson(column));
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
      for (const Json& column : one.value("copied_columns", Json::array())) {
        TRY_SET(CopiedColumn copied, ParseCopiedColumn(column));
        entry.copied_columns.push_back(std::move(copied));
      }
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
