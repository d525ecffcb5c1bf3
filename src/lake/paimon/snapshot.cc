// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/snapshot.h"

#include "base/text.h"
#include "lake/json.h"

namespace sluice::paimon {

namespace {
constexpr int64_t kVersion = 3;
}

Result<Snapshot> ParseSnapshot(std::string_view text) {
  TRY_SET(const Json json, ParseJson(text));
  TRY_SET(const auto version, OptionalLong(json, "version"));
  if (version.value_or(kVersion) > kVersion) {
    return Unsupported(Str("snapshot version ", *version), "this version of sluice reads snapshots up to version 3");
  }
  Snapshot snapshot;
  TRY_SET(snapshot.uuid, OptionalText(json, "uuid"));
  TRY_SET(snapshot.id, LongMember(json, "id"));
  TRY_SET(snapshot.schema_id, LongMember(json, "schemaId"));
  TRY_SET(snapshot.base_manifest_list, TextMember(json, "baseManifestList"));
  TRY_SET(snapshot.delta_manifest_list, TextMember(json, "deltaManifestList"));
  TRY_SET(snapshot.changelog_manifest_list, OptionalText(json, "changelogManifestList"));
  TRY_SET(snapshot.index_manifest, OptionalText(json, "indexManifest"));
  TRY_SET(snapshot.commit_user, TextMember(json, "commitUser"));
  TRY_SET(snapshot.commit_identifier, LongMember(json, "commitIdentifier"));
  TRY_SET(snapshot.commit_kind, TextMember(json, "commitKind"));
  TRY_SET(snapshot.time_ms, LongMember(json, "timeMillis"));
  TRY_SET(const auto total, OptionalLong(json, "totalRecordCount"));
  snapshot.total_record_count = total.value_or(0);
  TRY_SET(const auto delta, OptionalLong(json, "deltaRecordCount"));
  snapshot.delta_record_count = delta.value_or(0);
  TRY_SET(snapshot.changelog_record_count, OptionalLong(json, "changelogRecordCount"));
  TRY_SET(snapshot.base_list_size, OptionalLong(json, "baseManifestListSize"));
  TRY_SET(snapshot.delta_list_size, OptionalLong(json, "deltaManifestListSize"));
  TRY_SET(snapshot.changelog_list_size, OptionalLong(json, "changelogManifestListSize"));
  TRY_SET(snapshot.watermark, OptionalLong(json, "watermark"));
  TRY_SET(snapshot.next_row_id, OptionalLong(json, "nextRowId"));
  TRY_SET(snapshot.statistics, OptionalText(json, "statistics"));
  TRY_SET(snapshot.properties, TextMapMember(json, "properties"));
  return snapshot;
}

std::string Snapshot::ToJson() const {
  Json json;
  const auto put = [&](const char* key, const std::optional<int64_t>& value) {
    if (value) json[key] = *value;
  };
  const auto put_text = [&](const char* key, const std::string& value) {
    if (!value.empty()) json[key] = value;
  };
  json["version"] = kVersion;
  put_text("uuid", uuid);
  json["id"] = id;
  json["schemaId"] = schema_id;
  json["baseManifestList"] = base_manifest_list;
  put("baseManifestListSize", base_list_size);
  json["deltaManifestList"] = delta_manifest_list;
  put("deltaManifestListSize", delta_list_size);
  put_text("changelogManifestList", changelog_manifest_list);
  put("changelogManifestListSize", changelog_list_size);
  put_text("indexManifest", index_manifest);
  json["commitUser"] = commit_user;
  json["commitIdentifier"] = commit_identifier;
  json["commitKind"] = commit_kind;
  json["timeMillis"] = time_ms;
  json["totalRecordCount"] = total_record_count;
  json["deltaRecordCount"] = delta_record_count;
  put("changelogRecordCount", changelog_record_count);
  put("watermark", watermark);
  put_text("statistics", statistics);
  if (!properties.empty()) json["properties"] = properties;
  put("nextRowId", next_row_id);
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sluice::paimon
