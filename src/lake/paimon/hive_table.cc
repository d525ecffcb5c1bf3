// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/hive_table.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"
#include "lake/catalog/hive_objects.h"

namespace sluice::paimon {
namespace {

const hive::Formats kFormats = {"org.apache.paimon.hive.mapred.PaimonInputFormat",
                                "org.apache.paimon.hive.mapred.PaimonOutputFormat",
                                "org.apache.paimon.hive.PaimonSerDe"};
constexpr const char* kLocationProperty = "paimon_location";
constexpr size_t kCommentMax = 255;  // of a column

// As Java cuts it, but between characters of UTF-8.
std::string CommentOf(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::replace(text.begin(), text.end(), '\r', ' ');
  const auto begins = [&](size_t at) { return (static_cast<uint8_t>(text[at]) & 0xC0) != 0x80; };
  size_t characters = 0, cut = text.size();
  for (size_t i = 0; i < text.size(); ++i) {
    if (!begins(i)) continue;
    if (characters == kCommentMax - 3) cut = i;
    if (++characters > kCommentMax) return text.substr(0, cut) + "...";
  }
  return text;
}

// `before`: those of the metastore, which keep what another writer said of a type that rows cannot hold.
Result<std::vector<hive::Column>> ColumnsFor(const Schema& schema, const std::vector<hive::Column>& before,
                                             const HiveStyle& style) {
  std::vector<hive::Column> out;
  for (const Field& field : schema.fields) {
    if (!style.case_sensitive) TRY(CheckHiveName("column", field.name));
    hive::Column column{Lower(field.name), "", CommentOf(field.description)};
    const auto same = [&](const hive::Column& other) { return other.name == column.name; };
    const auto known = std::find_if(before.begin(), before.end(), same);
    if (field.supported) {
      column.type = hive::TypeOf(field.type);
    } else if (known != before.end()) {
      column.type = known->type;
    } else {
      return Unsupported(Str("column ", field.name, " is of type ", field.type_json,
                             ", which sluice cannot tell a Hive metastore"),
                         "let the program that made the column write it to the metastore");
    }
    out.push_back(std::move(column));
  }
  return out;
}

TextMap ParametersFor(const Schema& schema, const HiveStyle& style) {
  TextMap out;
  for (const auto& [key, value] : schema.options) {
    const bool always = key.starts_with("hive.") || key == "partition.expiration-time" ||
                        key == "data-file.path-directory";
    if (style.all_properties || always) out[key] = value;
  }
  if (style.all_properties) {
    if (!schema.primary_keys.empty()) out["primary-key"] = Join(schema.primary_keys, ",");
    if (!schema.partition_keys.empty()) out["partition"] = Join(schema.partition_keys, ",");
    const std::string bucket_key = schema.Option("bucket-key", Join(schema.TrimmedKey(), ","));
    if (!bucket_key.empty()) out["bucket-key"] = bucket_key;
  }
  out["table_type"] = "PAIMON";
  out["storage_handler"] = "org.apache.paimon.hive.PaimonStorageHandler";
  if (!schema.comment.empty()) out["comment"] = schema.comment;
  return out;
}

// Each partition would have to be added to the metastore, and taken out, with the commit that makes it.
Status CheckPartitions(const Schema& schema) {
  if (Lower(schema.Option("metastore.partitioned-table", "false")) == "true") {
    return Unsupported("table option metastore.partitioned-table is not supported yet", "leave it out");
  }
  if (!schema.Option("metastore.tag-to-partition", "").empty()) {
    return Unsupported("table option metastore.tag-to-partition is not supported yet", "leave it out");
  }
  return Ok();
}

}  // namespace

Status CheckHiveName(const char* what, const std::string& name) {
  if (Lower(name) == name) return Ok();
  return Unsupported(Str(what, " name \"", name, "\" has upper case letters, which a Hive metastore does not keep"),
                     what == std::string_view("column")
                         ? "give the column another name, or set case-sensitive: true of the catalog"
                         : "give it another name with a route");
}

bool IsPaimonTable(const ThriftValue& table) {
  return hive::StorageText(table, hive::storage_field::kInputFormat) == kFormats.input &&
         hive::StorageText(table, hive::storage_field::kOutputFormat) == kFormats.output;
}

std::string HiveLocation(const ThriftValue& object, bool in_properties) {
  const bool table = object.Find(hive::table_field::kStorage) != nullptr &&
                     object.Find(hive::table_field::kStorage)->type == ThriftType::kStruct;
  if (in_properties) {
    const TextMap parameters =
        object.MapAt(table ? hive::table_field::kParameters : hive::database_field::kParameters);
    const auto found = parameters.find(kLocationProperty);
    if (found != parameters.end()) return found->second;
  }
  return table ? hive::StorageText(object, hive::storage_field::kLocation)
               : object.TextAt(hive::database_field::kLocation);
}

Result<ThriftValue> MakeHiveTable(const TableId& id, const Schema& schema, const std::string& location,
                                  const std::string& owner, int64_t now_ms, const HiveStyle& style) {
  ThriftValue out = hive::NewTable(id, owner, now_ms, style.external);
  TextMap parameters;
  if (style.external) parameters["EXTERNAL"] = "TRUE";
  if (style.location_in_properties) {
    parameters[kLocationProperty] = location;
  } else {
    hive::StorageOf(out).Set(hive::storage_field::kLocation, ThriftValue::Text(location));
  }
  out.Set(hive::table_field::kParameters, ThriftValue::Map(parameters));
  TRY_SET(const bool changed, UpdateHiveTable(out, schema, style));
  (void)changed;
  return out;
}

Result<bool> UpdateHiveTable(ThriftValue& table, const Schema& schema, const HiveStyle& style) {
  TRY(CheckPartitions(schema));
  const std::vector<hive::Column> before = hive::ColumnsIn(table);
  TRY_SET(const auto columns, ColumnsFor(schema, before, style));
  const TextMap had = table.MapAt(hive::table_field::kParameters);
  TextMap parameters = had;
  for (const auto& [key, value] : ParametersFor(schema, style)) parameters[key] = value;
  if (columns == before && parameters == had && IsPaimonTable(table)) return false;
  hive::SetFormats(table, kFormats);
  hive::StorageOf(table).Set(hive::storage_field::kColumns, hive::ColumnsOf(columns));
  table.Set(hive::table_field::kParameters, ThriftValue::Map(parameters));
  return true;
}

}  // namespace sluice::paimon
