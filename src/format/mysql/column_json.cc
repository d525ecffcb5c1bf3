// SPDX-License-Identifier: Apache-2.0
// MysqlTable as JSON and back, for checkpoints. Values that are the default are left out.
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "format/mysql/column.h"

namespace sluice::mysql {

namespace {

using Json = nlohmann::json;

Json ColumnToJson(const MysqlColumn& c) {
  Json out{{"name", c.name}, {"type", c.type}};
  if (c.length >= 0) out["length"] = c.length;
  if (c.scale >= 0) out["scale"] = c.scale;
  if (c.is_unsigned) out["unsigned"] = true;
  if (!c.nullable) out["not_null"] = true;
  if (c.virtual_generated) out["virtual"] = true;
  if (c.invisible) out["invisible"] = true;
  if (!c.charset.empty()) out["charset"] = c.charset;
  if (!c.collation.empty()) out["collation"] = c.collation;
  if (!c.labels.empty()) out["labels"] = c.labels;
  if (c.default_value) out["default"] = *c.default_value;
  if (!c.comment.empty()) out["comment"] = c.comment;
  return out;
}

MysqlColumn ColumnFromJson(const Json& json) {
  MysqlColumn c;
  c.name = json.at("name").get<std::string>();
  c.type = json.at("type").get<std::string>();
  c.length = json.value("length", int64_t{-1});
  c.scale = json.value("scale", int64_t{-1});
  c.is_unsigned = json.value("unsigned", false);
  c.nullable = !json.value("not_null", false);
  c.virtual_generated = json.value("virtual", false);
  c.invisible = json.value("invisible", false);
  c.charset = json.value("charset", "");
  c.collation = json.value("collation", "");
  c.labels = json.value("labels", std::vector<std::string>());
  if (json.contains("default")) c.default_value = json.at("default").get<std::string>();
  c.comment = json.value("comment", "");
  return c;
}

}  // namespace

std::string ToJson(const MysqlTable& table) {
  Json out{{"database", table.database}, {"name", table.name}, {"columns", Json::array()}};
  for (const MysqlColumn& column : table.columns) out["columns"].push_back(ColumnToJson(column));
  if (!table.primary_key.empty()) out["primary_key"] = table.primary_key;
  if (!table.charset.empty()) out["charset"] = table.charset;
  if (!table.collation.empty()) out["collation"] = table.collation;
  if (!table.comment.empty()) out["comment"] = table.comment;
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<MysqlTable> ParseMysqlTable(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    MysqlTable table;
    table.database = json.at("database").get<std::string>();
    table.name = json.at("name").get<std::string>();
    for (const Json& column : json.at("columns")) table.columns.push_back(ColumnFromJson(column));
    table.primary_key = json.value("primary_key", std::vector<std::string>());
    table.charset = json.value("charset", "");
    table.collation = json.value("collation", "");
    table.comment = json.value("comment", "");
    return table;
  } catch (const Json::exception& e) {
    return Corrupt(Str("the stored definition of a MySQL table is broken: ", e.what()));
  }
}

}  // namespace sluice::mysql
