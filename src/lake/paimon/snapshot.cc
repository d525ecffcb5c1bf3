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
  TRY_SET(snapshot.properties, TextMapMember(json, "properties"));
  return snapshot;
}

}  // namespace sluice::paimon
