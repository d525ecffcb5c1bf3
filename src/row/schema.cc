// SPDX-License-Identifier: Apache-2.0
// TableSchema: look-up, the Arrow schema, and JSON for checkpoints.
#include "row/schema.h"

#include <arrow/type.h>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace sluice {
namespace {

using nlohmann::json;

Error BadSchema(std::string_view why) { return Corrupt(Str("table schema in the state: ", why)); }

Result<Column> ParseColumn(const json& node) {
  if (!node.is_object() || !node.contains("name") || !node["name"].is_string() || !node.contains("type") ||
      !node["type"].is_string()) {
    return BadSchema("a column without name and type");
  }
  Column column;
  column.name = node["name"].get<std::string>();
  TRY_SET(column.type, ParseDataType(node["type"].get_ref<const std::string&>()));
  if (node.contains("comment") && node["comment"].is_string()) column.comment = node["comment"].get<std::string>();
  if (node.contains("default") && node["default"].is_string())
    column.default_value = node["default"].get<std::string>();
  return column;
}

}  // namespace

int TableSchema::Find(std::string_view column) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == column) return static_cast<int>(i);
  }
  return -1;
}

bool TableSchema::IsKey(std::string_view column) const {
  return std::find(primary_key.begin(), primary_key.end(), column) != primary_key.end();
}

std::shared_ptr<arrow::Schema> TableSchema::ToArrow() const {
  arrow::FieldVector fields;
  fields.reserve(columns.size());
  for (const Column& column : columns) {
    fields.push_back(arrow::field(column.name, column.type.ToArrow(), column.type.nullable));
  }
  return arrow::schema(std::move(fields));
}

std::string TableSchema::ToJson() const {
  json list = json::array();
  for (const Column& column : columns) {
    json node = {{"name", column.name}, {"type", column.type.ToString()}};
    if (!column.comment.empty()) node["comment"] = column.comment;
    if (column.default_value) node["default"] = *column.default_value;
    list.push_back(std::move(node));
  }
  json out = {{"columns", std::move(list)}, {"primary_key", primary_key}};
  if (!comment.empty()) out["comment"] = comment;
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<TableSchema> ParseTableSchema(std::string_view text) {
  json node = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!node.is_object()) return BadSchema("not a JSON object");
  if (!node.contains("columns") || !node["columns"].is_array()) return BadSchema("no list of columns");
  TableSchema schema;
  for (const json& item : node["columns"]) {
    TRY_SET(Column column, ParseColumn(item));
    if (schema.Find(column.name) >= 0) return BadSchema(Str("column ", column.name, " stands twice"));
    schema.columns.push_back(std::move(column));
  }
  if (node.contains("primary_key")) {
    if (!node["primary_key"].is_array()) return BadSchema("primary_key is not a list");
    for (const json& item : node["primary_key"]) {
      if (!item.is_string() || schema.Find(item.get_ref<const std::string&>()) < 0) {
        return BadSchema("primary_key names no column");
      }
      schema.primary_key.push_back(item.get<std::string>());
    }
  }
  if (node.contains("comment") && node["comment"].is_string()) schema.comment = node["comment"].get<std::string>();
  return schema;
}

}  // namespace sluice
