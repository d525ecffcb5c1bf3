// SPDX-License-Identifier: Apache-2.0
#include "lake/json.h"
#include "lake/iceberg/table.h"

namespace sluice::iceberg {
namespace {

Json FilesJson(const std::vector<DataFile>& files) {
  Json out = Json::array();
  for (const DataFile& file : files) out.push_back(*ParseJson(file.ToJson()));
  return out;
}

Status ParseFiles(const Json& json, const char* key, std::vector<DataFile>& out) {
  TRY_SET(const Json* list, ListMember(json, key));
  for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
    TRY_SET(auto file, ParseDataFile(DumpJson((*list)[i])));
    out.push_back(std::move(file));
  }
  return Ok();
}

Status ParseTexts(const Json& json, const char* key, std::vector<std::string>& out) {
  TRY_SET(const Json* list, ListMember(json, key));
  for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
    if (!(*list)[i].is_string()) return Corrupt(Str("member of \"", key, "\" is no text"));
    out.push_back((*list)[i].get<std::string>());
  }
  return Ok();
}

}  // namespace

std::string TableChange::ToJson() const {
  Json out = Json::object();
  out["added_data"] = FilesJson(added_data);
  out["added_deletes"] = FilesJson(added_deletes);
  out["removed_data"] = removed_data;
  out["removed_deletes"] = removed_deletes;
  if (schema) {
    out["schema"] = *ParseJson(schema->ToJson());
    out["last_column_id"] = last_column_id;
  }
  out["set_properties"] = set_properties;
  out["remove_properties"] = remove_properties;
  out["summary"] = summary;
  out["replace"] = replace;
  return DumpJson(out);
}

Result<TableChange> ParseTableChange(std::string_view text) {
  auto parse = [&]() -> Result<TableChange> {
    TRY_SET(Json json, ParseJson(text));
    if (!json.is_object()) return Corrupt("not a JSON object");
    TableChange out;
    TRY(ParseFiles(json, "added_data", out.added_data));
    TRY(ParseFiles(json, "added_deletes", out.added_deletes));
    TRY(ParseTexts(json, "removed_data", out.removed_data));
    TRY(ParseTexts(json, "removed_deletes", out.removed_deletes));
    if (const Json* schema = FindMember(json, "schema")) {
      TRY_SET(out.schema, ParseSchema(DumpJson(*schema)));
      const Json* last = FindMember(json, "last_column_id");
      if (last != nullptr && last->is_number_integer()) out.last_column_id = last->get<int>();
    }
    TRY_SET(out.set_properties, TextMapMember(json, "set_properties"));
    TRY(ParseTexts(json, "remove_properties", out.remove_properties));
    TRY_SET(out.summary, TextMapMember(json, "summary"));
    const Json* replace = FindMember(json, "replace");
    out.replace = replace != nullptr && replace->is_boolean() && replace->get<bool>();
    return out;
  };
  auto result = parse();
  if (!result.ok()) return std::move(result).error().With("prepared Iceberg commit");
  return result;
}

}  // namespace sluice::iceberg
