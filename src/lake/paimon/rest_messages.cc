// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/rest_messages.h"

#include <utility>

#include "base/text.h"
#include "lake/json.h"

namespace sluice::paimon {
namespace {

Result<RestTable> TableOf(const Json& json) {
  if (!json.is_object()) return Corrupt("a table is an object");
  RestTable out;
  TRY_SET(out.name, OptionalText(json, "name"));
  TRY_SET(out.uuid, OptionalText(json, "id"));
  TRY_SET(out.location, OptionalText(json, "path"));
  const Json* external = FindMember(json, "isExternal");
  out.external = external != nullptr && external->is_boolean() && external->get<bool>();
  const Json* schema = FindMember(json, "schema");
  if (schema == nullptr || !schema->is_object()) return Corrupt("a table has a `schema`");
  TRY_SET(const auto options, TextMapMember(*schema, "options"));
  const auto type = options.find("type");
  out.type = type == options.end() ? "table" : Lower(type->second);
  if (out.location.empty()) {
    const auto path = options.find("path");
    if (path != options.end()) out.location = path->second;
  }
  return out;
}

Result<Json> Object(std::string_view body) {
  TRY_SET(Json json, ParseJson(body));
  if (!json.is_object()) return Corrupt("the answer is no object");
  return json;
}

// As in a schema file, without what the catalog counts.
Json SchemaJson(const Schema& schema) {
  Json json = Json::parse(schema.ToJson());
  for (const char* own : {"version", "id", "highestFieldId", "timeMillis"}) json.erase(own);
  return json;
}

Json IdentifierJson(const TableId& id) { return {{"database", id.schema}, {"object", id.table}}; }

}  // namespace

Result<RestTable> ParseRestTable(std::string_view body) {
  TRY_SET(const Json json, Object(body));
  return TableOf(json);
}

Result<RestTables> ParseRestTables(std::string_view body) {
  TRY_SET(const Json json, Object(body));
  RestTables out;
  TRY_SET(out.next, OptionalText(json, "nextPageToken"));
  TRY_SET(const Json* list, ListMember(json, "tableDetails"));
  for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
    TRY_SET(RestTable table, TableOf((*list)[i]));
    if (table.name.empty()) return Corrupt("a table has a `name`");
    out.tables.push_back(std::move(table));
  }
  return out;
}

Result<RestNames> ParseRestDatabases(std::string_view body) {
  TRY_SET(const Json json, Object(body));
  RestNames out;
  TRY_SET(out.next, OptionalText(json, "nextPageToken"));
  TRY_SET(const Json* list, ListMember(json, "databases"));
  for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
    if (!(*list)[i].is_string()) return Corrupt("`databases` holds something else than names");
    out.names.push_back((*list)[i].get<std::string>());
  }
  return out;
}

std::string CreateDatabaseBody(const std::string& name) {
  return DumpJson({{"name", name}, {"options", Json::object()}});
}

std::string CreateTableBody(const TableId& id, const Schema& schema) {
  return DumpJson({{"identifier", IdentifierJson(id)}, {"schema", SchemaJson(schema)}});
}

std::string CommitBody(const std::string& table_uuid, const std::string& base, const Snapshot& next,
                       const std::vector<PartitionDelta>& deltas) {
  Json json;
  json["tableId"] = table_uuid;
  json["baseSnapshotUuid"] = base.empty() ? Json() : Json(base);
  json["snapshot"] = Json::parse(next.ToJson());
  json["statistics"] = Json::array();
  for (const PartitionDelta& delta : deltas) {
    Json spec = Json::object();
    for (const auto& [column, text] : delta.spec) spec[column] = text;
    json["statistics"].push_back({{"spec", std::move(spec)},
                                  {"recordCount", delta.rows},
                                  {"fileSizeInBytes", delta.bytes},
                                  {"fileCount", delta.files},
                                  {"lastFileCreationTime", delta.newest_ms},
                                  {"totalBuckets", delta.buckets}});
  }
  return DumpJson(json);
}

Result<bool> ParseCommitReply(std::string_view body) {
  TRY_SET(const Json json, Object(body));
  const Json* success = FindMember(json, "success");
  if (success == nullptr || !success->is_boolean()) return Corrupt("the answer has no `success`");
  return success->get<bool>();
}

Result<int64_t> ParseNewestSnapshot(std::string_view body) {
  TRY_SET(const Json json, Object(body));
  const Json* outer = FindMember(json, "snapshot");
  const Json* snapshot = outer != nullptr && outer->is_object() ? FindMember(*outer, "snapshot") : nullptr;
  if (snapshot == nullptr || !snapshot->is_object()) return Corrupt("the answer has no `snapshot`");
  TRY_SET(const int64_t id, LongMember(*snapshot, "id"));
  if (id < 1) return Corrupt(Str("snapshot ", id));
  return id;
}

Result<RestLent> ParseLentKeys(std::string_view body) {
  const auto json = ParseJson(body);
  if (!json.ok() || !json->is_object()) return Corrupt("the answer is no object");
  const auto options = TextMapMember(*json, "token");
  const auto ends = OptionalLong(*json, "expiresAtMillis");
  if (!options.ok() || FindMember(*json, "token") == nullptr) return Corrupt("the answer has no `token` of texts");
  if (!ends.ok()) return Corrupt("`expiresAtMillis` is no number");
  return RestLent{*options, ends->value_or(0)};
}

std::string RollbackBody(int64_t snapshot, const std::string& tag) {
  Json instant = {{"type", "tag"}, {"tagName", tag}};
  if (tag.empty()) instant = {{"type", "snapshot"}, {"snapshotId", snapshot}};
  Json body;
  body["instant"] = std::move(instant);
  return DumpJson(body);
}

std::string CreateBranchBody(const std::string& branch, const std::string& tag) {
  return DumpJson({{"branch", branch}, {"fromTag", tag.empty() ? Json() : Json(tag)}});
}

bool SameContent(const Schema& a, const Schema& b) {
  const auto plain = [](const Schema& schema) {
    auto json = nlohmann::json::parse(SchemaJson(schema).dump());  // which sorts: the order of members says nothing
    json["options"].erase("path");
    return json;
  };
  return plain(a) == plain(b);
}

}  // namespace sluice::paimon
