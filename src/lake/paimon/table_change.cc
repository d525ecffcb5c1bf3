// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/table_change.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "lake/json.h"

namespace sluice::paimon {
namespace {

constexpr const char* kBuckets[] = {"min-bucket", "max-bucket", "min-level", "max-level", "min-row", "max-row"};

auto Bounds(auto& file) {
  return std::array{&file.min_bucket, &file.max_bucket, &file.min_level, &file.max_level, &file.min_row_id,
                    &file.max_row_id};
}

Json ToJson(const ManifestFile& file) {
  Json json;
  json["name"] = file.name;
  json["size"] = file.size;
  json["added"] = file.added_files;
  json["deleted"] = file.deleted_files;
  json["schema"] = file.schema_id;
  json["min"] = Hex(file.partition_stats.min);
  json["max"] = Hex(file.partition_stats.max);
  json["nulls"] = Json::array();
  for (const auto& count : file.partition_stats.null_counts) json["nulls"].push_back(count ? Json(*count) : Json());
  const auto bounds = Bounds(file);
  for (size_t i = 0; i < bounds.size(); ++i) {
    if (*bounds[i]) json[kBuckets[i]] = **bounds[i];
  }
  return json;
}

Result<std::string> BytesMember(const Json& json, const char* key) {
  TRY_SET(const std::string text, TextMember(json, key));
  std::optional<std::string> bytes = FromHex(text);
  if (!bytes) return Corrupt(Str("`", key, "` is no hexadecimal text"));
  return *std::move(bytes);
}

Result<ManifestFile> ParseManifestFile(const Json& json) {
  ManifestFile file;
  TRY_SET(file.name, TextMember(json, "name"));
  TRY_SET(file.size, LongMember(json, "size"));
  TRY_SET(file.added_files, LongMember(json, "added"));
  TRY_SET(file.deleted_files, LongMember(json, "deleted"));
  TRY_SET(file.schema_id, LongMember(json, "schema"));
  TRY_SET(file.partition_stats.min, BytesMember(json, "min"));
  TRY_SET(file.partition_stats.max, BytesMember(json, "max"));
  TRY_SET(const Json* nulls, ListMember(json, "nulls"));
  for (size_t i = 0; nulls != nullptr && i < nulls->size(); ++i) {
    const Json& count = (*nulls)[i];
    file.partition_stats.null_counts.push_back(count.is_number_integer() ? std::optional(count.get<int64_t>())
                                                                         : std::nullopt);
  }
  const auto bounds = Bounds(file);
  for (size_t i = 0; i < bounds.size(); ++i) {
    TRY_SET(*bounds[i], OptionalLong(json, kBuckets[i]));
  }
  return file;
}

Json ToJson(const ChangedFiles& files) {
  Json json;
  json["rows"] = files.rows;
  json["manifests"] = Json::array();
  for (const ManifestFile& file : files.manifests) json["manifests"].push_back(ToJson(file));
  return json;
}

Result<ChangedFiles> ParseChangedFiles(const Json& parent, const char* key) {
  ChangedFiles files;
  const Json* json = FindMember(parent, key);
  if (json == nullptr) return files;
  TRY_SET(files.rows, LongMember(*json, "rows"));
  TRY_SET(const Json* manifests, ListMember(*json, "manifests"));
  for (size_t i = 0; manifests != nullptr && i < manifests->size(); ++i) {
    TRY_SET(ManifestFile file, ParseManifestFile((*manifests)[i]));
    files.manifests.push_back(std::move(file));
  }
  return files;
}

Json ToJson(const IndexEntry& entry) {
  Json json;
  json["partition"] = Hex(entry.partition);
  json["bucket"] = entry.bucket;
  json["type"] = entry.type;
  json["name"] = entry.name;
  json["size"] = entry.size;
  json["rows"] = entry.row_count;
  for (const DeletionRange& range : entry.deletions) {
    json["deletions"].push_back({{"file", range.data_file}, {"offset", range.offset}, {"length", range.length}});
    if (range.cardinality) json["deletions"].back()["rows"] = *range.cardinality;
  }
  return json;
}

Result<DeletionRange> ParseDeletionRange(const Json& json) {
  DeletionRange range;
  TRY_SET(range.data_file, TextMember(json, "file"));
  TRY_SET(range.offset, IntMember(json, "offset"));
  TRY_SET(range.length, IntMember(json, "length"));
  TRY_SET(range.cardinality, LongMember(json, "rows"));
  return range;
}

Result<IndexEntry> ParseIndexEntry(const Json& json) {
  IndexEntry entry;
  TRY_SET(entry.partition, BytesMember(json, "partition"));
  TRY_SET(entry.bucket, IntMember(json, "bucket"));
  TRY_SET(entry.type, TextMember(json, "type"));
  TRY_SET(entry.name, TextMember(json, "name"));
  TRY_SET(entry.size, LongMember(json, "size"));
  TRY_SET(entry.row_count, LongMember(json, "rows"));
  TRY_SET(const Json* deletions, ListMember(json, "deletions"));
  for (size_t i = 0; deletions != nullptr && i < deletions->size(); ++i) {
    TRY_SET(DeletionRange range, ParseDeletionRange((*deletions)[i]));
    entry.deletions.push_back(std::move(range));
  }
  return entry;
}

}  // namespace

bool TableChange::Overwrites(const std::string& partition) const {
  return truncate || std::find(dropped.begin(), dropped.end(), partition) != dropped.end();
}

std::string TableChange::ToJson() const {
  Json json;
  json["schemas"] = schemas;
  json["truncate"] = truncate;
  json["rewrites"] = rewrites;
  for (const std::string& partition : dropped) json["dropped"].push_back(Hex(partition));
  json["added"] = paimon::ToJson(added);
  json["changelog"] = paimon::ToJson(changelog);
  json["compacted"] = paimon::ToJson(compacted);
  json["compacted_changelog"] = paimon::ToJson(compacted_changelog);
  for (const NewVectors& file : vectors) {
    json["vectors"].push_back({{"entry", paimon::ToJson(file.entry)}, {"before", file.before}});
  }
  json["indexes"] = Json::array();
  for (const IndexEntry& entry : indexes) json["indexes"].push_back(paimon::ToJson(entry));
  json["properties"] = properties;
  if (watermark) json["watermark"] = *watermark;
  return DumpJson(json);
}

Result<TableChange> TableChange::Parse(std::string_view text) {
  TRY_SET(const Json json, ParseJson(text));
  TableChange change;
  TRY_SET(const Json* schemas, ListMember(json, "schemas"));
  for (size_t i = 0; schemas != nullptr && i < schemas->size(); ++i) {
    const Json& schema = (*schemas)[i];
    if (!schema.is_string()) return Corrupt("`schemas` holds something else than texts");
    change.schemas.push_back(schema.get<std::string>());
  }
  for (auto [key, flag] : {std::pair("truncate", &change.truncate), std::pair("rewrites", &change.rewrites)}) {
    const Json* value = FindMember(json, key);
    if (value == nullptr || !value->is_boolean()) return Corrupt(Str("`", key, "` is missing or no boolean"));
    *flag = value->get<bool>();
  }
  TRY_SET(const Json* dropped, ListMember(json, "dropped"));
  for (size_t i = 0; dropped != nullptr && i < dropped->size(); ++i) {
    const Json& partition = (*dropped)[i];
    std::optional<std::string> bytes = partition.is_string() ? FromHex(partition.get<std::string>()) : std::nullopt;
    if (!bytes) return Corrupt("`dropped` holds something else than hexadecimal texts");
    change.dropped.push_back(*std::move(bytes));
  }
  TRY_SET(change.added, ParseChangedFiles(json, "added"));
  TRY_SET(change.changelog, ParseChangedFiles(json, "changelog"));
  TRY_SET(change.compacted, ParseChangedFiles(json, "compacted"));
  TRY_SET(change.compacted_changelog, ParseChangedFiles(json, "compacted_changelog"));
  TRY_SET(const Json* vectors, ListMember(json, "vectors"));
  for (size_t i = 0; vectors != nullptr && i < vectors->size(); ++i) {
    const Json* entry = FindMember((*vectors)[i], "entry");
    if (entry == nullptr) return Corrupt("`vectors` holds something else than index files");
    NewVectors file;
    TRY_SET(file.entry, ParseIndexEntry(*entry));
    TRY_SET(file.before, TextMember((*vectors)[i], "before"));
    change.vectors.push_back(std::move(file));
  }
  TRY_SET(const Json* indexes, ListMember(json, "indexes"));
  for (size_t i = 0; indexes != nullptr && i < indexes->size(); ++i) {
    TRY_SET(IndexEntry entry, ParseIndexEntry((*indexes)[i]));
    change.indexes.push_back(std::move(entry));
  }
  TRY_SET(change.properties, TextMapMember(json, "properties"));
  if (FindMember(json, "watermark") != nullptr) {
    TRY_SET(change.watermark, LongMember(json, "watermark"));
  }
  return change;
}

}  // namespace sluice::paimon
