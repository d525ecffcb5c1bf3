// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "base/check.h"
#include "lake/catalog/hadoop.h"
#include "lake/iceberg/metadata_impl.h"
#include "lake/iceberg/metadata_seal.h"

namespace sluice::iceberg {
namespace {

constexpr int64_t kPreviousVersionsMax = 100;

// `keep`'s list members filtered: those for which `drop` says true go.
template <typename Drop>
void RemoveIf(Json& json, const char* key, Drop drop) {
  auto it = json.find(key);
  if (it == json.end() || !it->is_array()) return;
  Json kept = Json::array();
  for (Json& item : *it) {
    if (!drop(item)) kept.push_back(std::move(item));
  }
  *it = std::move(kept);
}

int64_t IdOf(const Json& json) {
  auto id = LongMember(json, "snapshot-id");
  return id.ok() ? *id : -1;
}

// The new schema's JSON with what the old one's fields carry beyond what we know (defaults of v3).
Json MergeUnknown(const Schema& schema, const std::string& old_json) {
  Json out = *ParseJson(schema.ToJson());
  auto old = ParseJson(old_json);
  const Json* old_fields = old.ok() ? FindMember(*old, "fields") : nullptr;
  if (old_fields == nullptr) return out;
  std::map<int64_t, const Json*> by_id;
  for (const Json& field : *old_fields) {
    if (auto id = LongMember(field, "id"); id.ok()) by_id[*id] = &field;
  }
  for (Json& field : out["fields"]) {
    auto it = by_id.find(field["id"].get<int64_t>());
    if (it == by_id.end()) continue;
    for (const auto& [key, value] : it->second->items()) {
      if (!field.contains(key) && key != "doc") field[key] = value;
    }
  }
  return out;
}

}  // namespace

struct MetadataBuilder::State {
  TableMetadata base;
  std::string base_file;
  Json json;
  std::vector<Snapshot> added;
  bool schema_changed = false;
};

MetadataBuilder::MetadataBuilder(const TableMetadata& base, std::string base_file)
    : state_(new State{base, std::move(base_file), *ParseJson(base.ToJson()), {}, false}) {}
MetadataBuilder::~MetadataBuilder() = default;

void MetadataBuilder::SetSchema(const Schema& schema, int last_column_id) {
  Json& json = state_->json;
  json["last-column-id"] = std::max({state_->base.last_column_id(), schema.HighestId(), last_column_id});
  int next_id = 0;
  for (int id : state_->base.schema_ids()) {
    next_id = std::max(next_id, id + 1);
    auto known = state_->base.schema(id);
    if (!known.ok() || !known->SameFields(schema)) continue;
    state_->schema_changed |= id != state_->base.current_schema_id();
    json["current-schema-id"] = id;
    return;
  }
  Schema numbered = schema;
  numbered.schema_id = next_id;
  json["schemas"].push_back(MergeUnknown(numbered, state_->base.schema_json(state_->base.current_schema_id())));
  json["current-schema-id"] = next_id;
  state_->schema_changed = true;
}

void MetadataBuilder::SetProperties(const Properties& set, const std::vector<std::string>& remove) {
  Json& properties = state_->json["properties"];
  if (!properties.is_object()) properties = Json::object();
  for (const std::string& key : remove) properties.erase(key);
  for (const auto& [key, value] : set) properties[key] = value;
}

void MetadataBuilder::AddSnapshot(const Snapshot& snapshot) { state_->added.push_back(snapshot); }

void MetadataBuilder::RemoveRef(const std::string& name) {
  if (name != "main" && state_->json.contains("refs")) state_->json["refs"].erase(name);
}

void MetadataBuilder::SetTag(const std::string& name, int64_t snapshot_id) {
  if (name == "main") return;
  state_->json["refs"][name] = Json{{"snapshot-id", snapshot_id}, {"type", "tag"}};
}

void MetadataBuilder::RemoveSnapshots(const std::vector<int64_t>& ids) {
  std::set<int64_t> gone(ids.begin(), ids.end());
  if (const Snapshot* current = state_->base.current_snapshot()) gone.erase(current->id);
  auto is_gone = [&](const Json& item) { return gone.contains(IdOf(item)); };
  Json& json = state_->json;
  for (const char* key : {"snapshots", "statistics", "partition-statistics"}) RemoveIf(json, key, is_gone);
  // History before a snapshot that is gone is gone too, as in Java.
  Json& log = json["snapshot-log"];
  Json kept = Json::array();
  for (size_t i = 0; log.is_array() && i < log.size(); ++i) {
    if (is_gone(log[i])) {
      kept = Json::array();
    } else {
      kept.push_back(log[i]);
    }
  }
  log = std::move(kept);
  if (!json.contains("refs")) return;
  Json refs = Json::object();
  for (const auto& [name, ref] : json["refs"].items()) {
    if (!is_gone(ref)) refs[name] = ref;
  }
  json["refs"] = std::move(refs);
}

Result<TableMetadata> MetadataBuilder::Build(int64_t now_ms) {
  Json& json = state_->json;
  const TableMetadata& base = state_->base;
  now_ms = std::max(now_ms, base.last_updated_ms());
  for (Snapshot& snapshot : state_->added) {
    CHECK(snapshot.sequence_number == json["last-sequence-number"].get<int64_t>() + 1);
    snapshot.timestamp_ms = now_ms;
    if (!json["snapshots"].is_array()) json["snapshots"] = Json::array();
    if (!json["snapshot-log"].is_array()) json["snapshot-log"] = Json::array();
    json["snapshots"].push_back(SnapshotToJson(snapshot));
    json["snapshot-log"].push_back(Json{{"timestamp-ms", now_ms}, {"snapshot-id", snapshot.id}});
    json["last-sequence-number"] = snapshot.sequence_number;
    if (snapshot.first_row_id) {
      CHECK(*snapshot.first_row_id == json["next-row-id"].get<int64_t>());
      json["next-row-id"] = *snapshot.first_row_id + *snapshot.added_rows;
    }
    json["current-snapshot-id"] = snapshot.id;
    if (!json["refs"].is_object()) json["refs"] = Json::object();
    json["refs"]["main"]["snapshot-id"] = snapshot.id;
    json["refs"]["main"]["type"] = "branch";
  }
  json["last-updated-ms"] = now_ms;
  if (!state_->base_file.empty()) {
    Json& log = json["metadata-log"];
    if (!log.is_array()) log = Json::array();
    log.push_back(Json{{"timestamp-ms", base.last_updated_ms()}, {"metadata-file", state_->base_file}});
    auto texts = TextMapMember(json, "properties");
    int64_t keep = kPreviousVersionsMax;
    if (texts.ok()) (void)ParseNumber((*texts)["write.metadata.previous-versions-max"], keep);
    size_t extra = log.size() - std::min(log.size(), static_cast<size_t>(std::max<int64_t>(keep, 1)));
    for (size_t i = 0; i < extra; ++i) trimmed_.push_back(*OptionalText(log[i], "metadata-file"));
    log.erase(log.begin(), log.begin() + static_cast<std::ptrdiff_t>(extra));
  }
  const int64_t before = MetadataVersionOf(state_->base_file);
  std::string text = Sealed(json, before == 0 ? 0 : before + 1);
  TRY_SET(auto impl, MetadataDocument::Make(json, std::move(text)));
  TableMetadata built(std::move(impl));
  if (!state_->schema_changed) return built;
  TRY_SET(Schema schema, built.current_schema());
  for (const PartitionField& field : built.default_spec().fields) {
    if (field.transform == "void" || schema.FindId(field.source_id) != nullptr) continue;
    return Unsupported(Str("table at ", built.location(), ": the column of partition field ", field.name,
                           " cannot be dropped"),
                       "keep the column, or drop the Iceberg table and let it be copied again with other partitions");
  }
  return built;
}

}  // namespace sluice::iceberg
