// SPDX-License-Identifier: Apache-2.0
#include "lake/iceberg/metadata.h"

#include <algorithm>
#include <set>

#include "lake/catalog/hadoop.h"
#include "lake/iceberg/metadata_impl.h"
#include "lake/iceberg/metadata_seal.h"

namespace sluice::iceberg {
namespace {

constexpr int64_t kClockToleranceMs = 60'000;  // Java's

Result<PartitionSpec> ParseSpec(const Json& fields, int spec_id) {
  PartitionSpec spec;
  spec.spec_id = spec_id;
  for (const Json& json : fields) {
    PartitionField field;
    TRY_SET(field.name, TextMember(json, "name"));
    TRY_SET(field.transform, TextMember(json, "transform"));
    TRY_SET(field.source_id, IntMember(json, "source-id"));
    TRY_SET(auto id, OptionalLong(json, "field-id"));  // old v1 has none: they count from 1000
    field.field_id = id ? static_cast<int>(*id) : 1000 + static_cast<int>(spec.fields.size());
    spec.fields.push_back(std::move(field));
  }
  return spec;
}

Result<Snapshot> ParseSnapshot(const Json& json, int format_version) {
  Snapshot out;
  TRY_SET(out.id, LongMember(json, "snapshot-id"));
  TRY_SET(out.parent_id, OptionalLong(json, "parent-snapshot-id"));
  TRY_SET(out.timestamp_ms, LongMember(json, "timestamp-ms"));
  if (out.timestamp_ms < 0) return Corrupt(Str("snapshot ", out.id, " has a negative timestamp-ms"));
  TRY_SET(auto sequence, OptionalLong(json, "sequence-number"));
  out.sequence_number = sequence.value_or(0);
  TRY_SET(out.manifest_list, OptionalText(json, "manifest-list"));
  TRY_SET(out.summary, TextMapMember(json, "summary"));
  TRY_SET(auto schema_id, OptionalLong(json, "schema-id"));
  if (schema_id) out.schema_id = static_cast<int>(*schema_id);
  TRY_SET(out.first_row_id, OptionalLong(json, "first-row-id"));
  TRY_SET(out.added_rows, OptionalLong(json, "added-rows"));
  TRY_SET(const Json* manifests, ListMember(json, "manifests"));
  for (size_t i = 0; manifests != nullptr && i < manifests->size(); ++i) {
    if (!(*manifests)[i].is_string()) return Corrupt("a manifest path is no text");
    out.manifests.push_back((*manifests)[i].get<std::string>());
  }
  if (out.manifest_list.empty() && (format_version > 1 || manifests == nullptr)) {
    return Corrupt(Str("snapshot ", out.id, " has no manifest-list"));
  }
  return out;
}

struct Reader {
  const Json& json;
  MetadataDocument* out;

  Status Schemas();
  Status Specs();
  Status SortOrders();
  Status Snapshots();
  Status Refs();
  Status Logs();
};

}  // namespace

Result<std::shared_ptr<MetadataDocument>> MetadataDocument::Make(const Json& json, std::string text) {
  auto out = std::make_shared<MetadataDocument>();
  out->text = std::move(text);
  if (!json.is_object()) return Corrupt("not a JSON object");
  TRY_SET(out->format_version, IntMember(json, "format-version"));
  if (out->format_version < 1 || out->format_version > 3) {
    return Unsupported(Str("format-version ", out->format_version, " is not supported: 1, 2 and 3 are"));
  }
  TRY_SET(out->uuid, OptionalText(json, "table-uuid"));
  if (out->uuid.empty() && out->format_version > 1) return Corrupt("field \"table-uuid\" is missing");
  TRY_SET(out->location, TextMember(json, "location"));
  while (out->location.size() > 1 && out->location.ends_with('/')) out->location.pop_back();
  TRY_SET(auto sequence, OptionalLong(json, "last-sequence-number"));
  if (!sequence && out->format_version > 1) return Corrupt("field \"last-sequence-number\" is missing");
  out->last_sequence_number = sequence.value_or(0);
  if (out->last_sequence_number < 0 || out->last_sequence_number == INT64_MAX) {
    return Corrupt(Str("last-sequence-number ", out->last_sequence_number, " is out of range"));
  }
  TRY_SET(out->last_updated_ms, LongMember(json, "last-updated-ms"));
  TRY_SET(out->last_column_id, IntMember(json, "last-column-id"));
  TRY_SET(const auto next_row_id, OptionalLong(json, "next-row-id"));
  if (out->format_version > 2 && !next_row_id) return Corrupt("field \"next-row-id\" is missing");
  out->next_row_id = next_row_id.value_or(0);
  TRY_SET(out->properties, TextMapMember(json, "properties"));
  Reader reader{json, out.get()};
  TRY(reader.Schemas());
  TRY(reader.Specs());
  TRY(reader.SortOrders());
  TRY(reader.Snapshots());
  TRY(reader.Refs());
  TRY(reader.Logs());
  return out;
}

namespace {

Status Reader::Schemas() {
  TRY_SET(const Json* list, ListMember(json, "schemas"));
  if (list == nullptr || list->empty()) {
    const Json* single = FindMember(json, "schema");
    if (out->format_version > 1 || single == nullptr) return Corrupt("field \"schemas\" is missing or empty");
    out->schemas.emplace_back(0, DumpJson(*single));
    return Ok();
  }
  TRY_SET(out->current_schema_id, IntMember(json, "current-schema-id"));
  bool found = false;
  for (const Json& schema : *list) {
    TRY_SET(int id, IntMember(schema, "schema-id"));
    TRY_SET(const Json* fields, ListMember(schema, "fields"));
    if (fields == nullptr) return Corrupt(Str("schema ", id, " has no fields"));
    found |= id == out->current_schema_id;
    out->schemas.emplace_back(id, DumpJson(schema));
  }
  if (!found) return Corrupt(Str("current-schema-id ", out->current_schema_id, " is not in schemas"));
  return Ok();
}

Status Reader::Specs() {
  TRY_SET(const Json* list, ListMember(json, "partition-specs"));
  if (list == nullptr || list->empty()) {
    TRY_SET(const Json* single, ListMember(json, "partition-spec"));
    if (out->format_version > 1 || single == nullptr) return Corrupt("field \"partition-specs\" is missing or empty");
    TRY_SET(auto spec, ParseSpec(*single, 0));
    out->specs.push_back(std::move(spec));
    return Ok();
  }
  TRY_SET(out->default_spec_id, IntMember(json, "default-spec-id"));
  bool found = false;
  for (const Json& entry : *list) {
    TRY_SET(int id, IntMember(entry, "spec-id"));
    TRY_SET(const Json* fields, ListMember(entry, "fields"));
    if (fields == nullptr) return Corrupt(Str("partition spec ", id, " has no fields"));
    TRY_SET(auto spec, ParseSpec(*fields, id));
    if (id == out->default_spec_id) {
      found = true;
      out->default_spec = out->specs.size();
    }
    out->specs.push_back(std::move(spec));
  }
  if (!found) return Corrupt(Str("default-spec-id ", out->default_spec_id, " is not in partition-specs"));
  return Ok();
}

Status Reader::SortOrders() {
  if (out->format_version == 1) return Ok();
  TRY_SET(const Json* list, ListMember(json, "sort-orders"));
  if (list == nullptr || list->empty()) return Corrupt("field \"sort-orders\" is missing or empty");
  TRY_SET(int chosen, IntMember(json, "default-sort-order-id"));
  for (const Json& order : *list) {
    TRY_SET(int id, IntMember(order, "order-id"));
    if (id == chosen) return Ok();
  }
  return Corrupt(Str("default-sort-order-id ", chosen, " is not in sort-orders"));
}

Status Reader::Snapshots() {
  TRY_SET(const Json* list, ListMember(json, "snapshots"));
  TRY_SET(auto current, OptionalLong(json, "current-snapshot-id"));
  std::set<int64_t> ids;
  for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
    TRY_SET(auto snapshot, ParseSnapshot((*list)[i], out->format_version));
    if (snapshot.sequence_number > out->last_sequence_number) {
      return Corrupt(Str("snapshot ", snapshot.id, " has sequence number ", snapshot.sequence_number,
                         ", above last-sequence-number ", out->last_sequence_number));
    }
    if (!ids.insert(snapshot.id).second) return Corrupt(Str("snapshot ", snapshot.id, " is there twice"));
    if (current == snapshot.id) out->current_snapshot = static_cast<int>(i);
    out->snapshots.push_back(std::move(snapshot));
  }
  if (current && *current != -1 && out->current_snapshot < 0) {
    return Corrupt(Str("current-snapshot-id ", *current, " is not in snapshots"));
  }
  return Ok();
}

Status Reader::Refs() {
  const Json* refs = FindMember(json, "refs");
  const Snapshot* current =
      out->current_snapshot < 0 ? nullptr : &out->snapshots[static_cast<size_t>(out->current_snapshot)];
  if (refs == nullptr) {
    if (current != nullptr) out->refs["main"].snapshot_id = current->id;
    return Ok();
  }
  if (!refs->is_object()) return Corrupt("field \"refs\" is no object");
  for (const auto& [name, value] : refs->items()) {
    SnapshotRef ref;
    TRY_SET(ref.snapshot_id, LongMember(value, "snapshot-id"));
    TRY_SET(std::string type, TextMember(value, "type"));
    ref.tag = type == "tag";
    TRY_SET(ref.min_snapshots_to_keep, OptionalLong(value, "min-snapshots-to-keep"));
    TRY_SET(ref.max_snapshot_age_ms, OptionalLong(value, "max-snapshot-age-ms"));
    TRY_SET(ref.max_ref_age_ms, OptionalLong(value, "max-ref-age-ms"));
    bool found = std::any_of(out->snapshots.begin(), out->snapshots.end(),
                             [&](const Snapshot& snapshot) { return snapshot.id == ref.snapshot_id; });
    if (!found) return Corrupt(Str("ref ", name, " is snapshot ", ref.snapshot_id, ", which is not in snapshots"));
    out->refs[name] = ref;
  }
  auto main = out->refs.find("main");
  if ((main == out->refs.end()) != (current == nullptr) || (current && main->second.snapshot_id != current->id)) {
    return Corrupt("ref main is not current-snapshot-id");
  }
  return Ok();
}

Status Reader::Logs() {
  TRY_SET(const Json* snapshot_log, ListMember(json, "snapshot-log"));
  for (size_t i = 0; snapshot_log != nullptr && i < snapshot_log->size(); ++i) {
    TRY_SET(int64_t time, LongMember((*snapshot_log)[i], "timestamp-ms"));
    TRY_SET(int64_t id, LongMember((*snapshot_log)[i], "snapshot-id"));
    if (time < 0) return Corrupt("snapshot-log has a negative time");
    if (i > 0 && time < out->snapshot_log.back().first - kClockToleranceMs)
      return Corrupt("snapshot-log is not sorted");
    out->snapshot_log.emplace_back(time, id);
  }
  TRY_SET(const Json* metadata_log, ListMember(json, "metadata-log"));
  for (size_t i = 0; metadata_log != nullptr && i < metadata_log->size(); ++i) {
    TRY_SET(int64_t time, LongMember((*metadata_log)[i], "timestamp-ms"));
    TRY_SET(std::string file, TextMember((*metadata_log)[i], "metadata-file"));
    if (time < 0) return Corrupt("metadata-log has a negative time");
    if (i > 0 && time < out->metadata_log.back().first - kClockToleranceMs)
      return Corrupt("metadata-log is not sorted");
    out->metadata_log.emplace_back(time, std::move(file));
  }
  int64_t last = 0;
  if (!out->snapshot_log.empty()) last = out->snapshot_log.back().first;
  if (!out->metadata_log.empty()) last = std::max(last, out->metadata_log.back().first);
  if (out->last_updated_ms < last - kClockToleranceMs) return Corrupt("last-updated-ms is before the last log entry");
  return Ok();
}

}  // namespace

Json SnapshotToJson(const Snapshot& snapshot) {
  Json out = Json::object();
  out["sequence-number"] = snapshot.sequence_number;
  out["snapshot-id"] = snapshot.id;
  if (snapshot.parent_id) out["parent-snapshot-id"] = *snapshot.parent_id;
  out["timestamp-ms"] = snapshot.timestamp_ms;
  Json summary = Json::object();
  if (auto it = snapshot.summary.find("operation"); it != snapshot.summary.end()) summary["operation"] = it->second;
  for (const auto& [key, value] : snapshot.summary) summary[key] = value;
  out["summary"] = std::move(summary);
  out["manifest-list"] = snapshot.manifest_list;
  if (snapshot.schema_id) out["schema-id"] = *snapshot.schema_id;
  if (snapshot.first_row_id) out["first-row-id"] = *snapshot.first_row_id;
  if (snapshot.added_rows) out["added-rows"] = *snapshot.added_rows;
  return out;
}

Result<TableMetadata> TableMetadata::Parse(std::string_view text, std::string_view name) {
  auto parse = [&]() -> Result<TableMetadata> {
    TRY(CheckSeal(text, MetadataVersionOf(name)));
    TRY_SET(Json json, ParseJson(text));
    TRY_SET(auto impl, MetadataDocument::Make(json, std::string(text)));
    return TableMetadata(std::move(impl));
  };
  auto result = parse();
  if (result.ok()) return result;
  Error error = std::move(result).error().With(name);
  if (error.code == ErrorCode::kCorrupt) {
    error.hint = "the table's metadata is damaged: restore this file from a copy, or take the newest older "
                 "v<N>.metadata.json that is whole; sluice does not write to the table before";
  }
  return error;
}

Result<TableMetadata> TableMetadata::New(const NewTable& table, const std::string& uuid, int64_t now_ms) {
  TRY_SET(Json schema, ParseJson(table.schema.ToJson()));
  TRY_SET(Json fields, ParseJson(table.spec.FieldsJson()));
  int last_partition_id = 999;
  for (const PartitionField& field : table.spec.fields) {
    last_partition_id = std::max(last_partition_id, field.field_id);
    if (table.schema.FindId(field.source_id) == nullptr) {
      return Invalid(Str("partition field ", field.name, ": the table has no column with id ", field.source_id));
    }
  }
  Json json = Json::object();
  json["format-version"] = table.format_version;
  if (table.format_version > 2) json["next-row-id"] = 0;
  json["table-uuid"] = uuid;
  json["location"] = table.location;
  json["last-sequence-number"] = 0;
  json["last-updated-ms"] = now_ms;
  json["last-column-id"] = table.schema.HighestId();
  json["current-schema-id"] = table.schema.schema_id;
  json["schemas"] = Json::array({schema});
  json["default-spec-id"] = table.spec.spec_id;
  json["partition-specs"] = Json::array({Json{{"spec-id", table.spec.spec_id}, {"fields", fields}}});
  json["last-partition-id"] = last_partition_id;
  json["default-sort-order-id"] = 0;
  json["sort-orders"] = Json::array({Json{{"order-id", 0}, {"fields", Json::array()}}});
  json["properties"] = Json::object();
  for (const auto& [key, value] : table.properties) json["properties"][key] = value;
  json["current-snapshot-id"] = -1;
  json["refs"] = Json::object();
  for (const char* key : {"snapshots", "statistics", "partition-statistics", "snapshot-log", "metadata-log"}) {
    json[key] = Json::array();
  }
  std::string text = Sealed(json, 1);
  TRY_SET(auto impl, MetadataDocument::Make(json, std::move(text)));
  return TableMetadata(std::move(impl));
}

int TableMetadata::format_version() const { return impl_->format_version; }
const std::string& TableMetadata::uuid() const { return impl_->uuid; }
const std::string& TableMetadata::location() const { return impl_->location; }
int64_t TableMetadata::last_sequence_number() const { return impl_->last_sequence_number; }
int64_t TableMetadata::next_row_id() const { return impl_->next_row_id; }
int64_t TableMetadata::last_updated_ms() const { return impl_->last_updated_ms; }
int TableMetadata::last_column_id() const { return impl_->last_column_id; }
int TableMetadata::current_schema_id() const { return impl_->current_schema_id; }
const std::vector<PartitionSpec>& TableMetadata::specs() const { return impl_->specs; }
const PartitionSpec& TableMetadata::default_spec() const { return impl_->specs[impl_->default_spec]; }
const Properties& TableMetadata::properties() const { return impl_->properties; }
const std::vector<Snapshot>& TableMetadata::snapshots() const { return impl_->snapshots; }
const std::map<std::string, SnapshotRef>& TableMetadata::refs() const { return impl_->refs; }
std::vector<std::pair<int64_t, int64_t>> TableMetadata::snapshot_log() const { return impl_->snapshot_log; }
std::string TableMetadata::ToJson() const { return impl_->text; }

Result<Schema> TableMetadata::current_schema() const { return schema(impl_->current_schema_id); }

Result<Schema> TableMetadata::schema(int schema_id) const {
  std::string json = schema_json(schema_id);
  if (json.empty()) return NotFound(Str("table at ", location(), " has no schema ", schema_id));
  auto parsed = ParseSchema(json);
  if (!parsed.ok()) return std::move(parsed).error().With(Str("table at ", location(), ", schema ", schema_id));
  parsed->schema_id = schema_id;
  return parsed;
}

std::string TableMetadata::schema_json(int schema_id) const {
  for (const auto& [id, json] : impl_->schemas) {
    if (id == schema_id) return json;
  }
  return {};
}

std::vector<int> TableMetadata::schema_ids() const {
  std::vector<int> out;
  for (const auto& schema : impl_->schemas) out.push_back(schema.first);
  return out;
}

const PartitionSpec* TableMetadata::spec(int spec_id) const {
  for (const PartitionSpec& spec : impl_->specs) {
    if (spec.spec_id == spec_id) return &spec;
  }
  return nullptr;
}

std::string TableMetadata::FieldType(int field_id) const {
  auto find = [&](const std::string& text) -> std::string {
    auto json = ParseJson(text);
    const Json* fields = json.ok() ? FindMember(*json, "fields") : nullptr;
    for (size_t i = 0; fields != nullptr && i < fields->size(); ++i) {
      auto id = IntMember((*fields)[i], "id");
      if (!id.ok() || *id != field_id) continue;
      const Json* type = FindMember((*fields)[i], "type");
      return type != nullptr && type->is_string() ? type->get<std::string>() : std::string();
    }
    return {};
  };
  std::string type = find(schema_json(impl_->current_schema_id));
  for (auto it = impl_->schemas.rbegin(); type.empty() && it != impl_->schemas.rend(); ++it) type = find(it->second);
  return type;
}

std::string TableMetadata::property(const std::string& key, const std::string& otherwise) const {
  auto it = impl_->properties.find(key);
  return it == impl_->properties.end() ? otherwise : it->second;
}

int64_t TableMetadata::NumberProperty(const std::string& key, int64_t otherwise) const {
  int64_t value = 0;
  return ParseNumber(property(key), value) ? value : otherwise;
}

bool TableMetadata::FlagProperty(const std::string& key, bool otherwise) const {
  std::string value = property(key);
  return value.empty() ? otherwise : EqualsIgnoreCase(value, "true");
}

const Snapshot* TableMetadata::snapshot(int64_t id) const {
  for (const Snapshot& snapshot : impl_->snapshots) {
    if (snapshot.id == id) return &snapshot;
  }
  return nullptr;
}

const Snapshot* TableMetadata::current_snapshot() const {
  return impl_->current_snapshot < 0 ? nullptr : &impl_->snapshots[static_cast<size_t>(impl_->current_snapshot)];
}

std::vector<std::string> TableMetadata::metadata_log() const {
  std::vector<std::string> out;
  for (const auto& entry : impl_->metadata_log) out.push_back(entry.second);
  return out;
}

}  // namespace sluice::iceberg
