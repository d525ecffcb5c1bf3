// SPDX-License-Identifier: Apache-2.0
#include "lake/mirror/name_mapping.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/text.h"
#include "lake/avro/field_ids.h"
#include "lake/orc/field_ids.h"
#include "lake/paimon/file_format.h"
#include "lake/paimon/special_fields.h"

namespace sluice::mirror {
namespace {

using Json = nlohmann::json;

constexpr const char* kAnew =
    "write the files anew: paimon compact with the table option compaction.force-rewrite-all-files";

// Ids of the columns that are no table's: PyIceberg wants names for them, and their own are those by which Iceberg's
// readers ask for a row's file and position.
constexpr int kMappedSequence = paimon::kKeyIds - 1, kMappedKind = paimon::kKeyIds - 2;

bool IsTimestamp(const DataType& type) {
  return type.kind == TypeKind::kTimestamp || type.kind == TypeKind::kTimestampLtz;
}

}  // namespace

Result<NameMapping> NameMapping::Parse(const std::string& json) {
  NameMapping out;
  if (json.empty()) return out;
  const Json parsed = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_array()) return Corrupt(Str("table property ", kProperty, " is no JSON array"));
  for (const Json& field : parsed) {
    const bool whole = field.is_object() && field.value("field-id", Json()).is_number_integer() &&
                       field.value("names", Json()).is_array();
    if (!whole) return Corrupt(Str("table property ", kProperty, " has a field without an id or names"));
    const int id = field["field-id"].get<int>();
    Column& column = out.columns_[id];
    for (const Json& name : field["names"]) {
      if (!name.is_string()) return Corrupt(Str("table property ", kProperty, " has a name that is no text"));
      column.names.insert(name.get<std::string>());
      out.owners_[name.get<std::string>()] = id;
    }
    if (field.contains("fields")) column.element_id = paimon::ElementId(id);
  }
  return out;
}

std::string NameMapping::ToJson() const {
  Json out = Json::array();
  for (const auto& [id, column] : columns_) {
    Json field = {{"field-id", id}, {"names", column.names}};
    if (column.element_id != 0) {
      field["fields"] = Json::array({{{"field-id", column.element_id}, {"names", {"element"}}}});
    }
    out.push_back(std::move(field));
  }
  return columns_.empty() ? std::string() : out.dump();
}

Status NameMapping::Add(const paimon::Schema& schema) {
  for (const std::string& key : schema.TrimmedKey()) {
    columns_[paimon::kKeyIds + schema.Find(key)->id].names.insert(paimon::kKeyPrefix + key);
    columns_[kMappedSequence].names = {paimon::kSequenceName};
    columns_[kMappedKind].names = {paimon::kKindName};
  }
  for (const paimon::Field& field : schema.fields) {
    const auto [owner, added] = owners_.emplace(field.name, field.id);
    if (!added && owner->second != field.id) {
      return Unsupported(Str("column ", field.name, " is another one than that of the same name in data files that "
                             "other programs wrote without field ids"),
                         kAnew);
    }
    Column& column = columns_[field.id];
    column.names.insert(field.name);
    if (field.type.kind == TypeKind::kArray) column.element_id = paimon::ElementId(field.id);
  }
  return Ok();
}

Status CheckColumns(Env& env, const std::string& path, const paimon::Schema& schema, NameMapping& names) {
  const auto format = paimon::FormatOfFile(path);
  if (format == paimon::FileFormat::kParquet) return Ok();
  TRY_SET(const auto columns, format == paimon::FileFormat::kOrc ? ColumnsOfOrc(env, path) : ColumnsOfAvro(env, path));
  for (const FoundColumn& column : columns) {
    const paimon::Field* field = schema.Find(column.name);
    const bool time = field != nullptr && IsTimestamp(field->type);
    if (column.known && (!time || column.zoned == (field->type.kind == TypeKind::kTimestampLtz))) continue;
    return Unsupported(Str("data file ", path, ": Iceberg readers do not know the type that column ", column.name,
                           " has in it"),
                       kAnew);
  }
  size_t ids = 0, own = 0;
  for (const FoundColumn& column : columns) {
    if (schema.Find(column.name) == nullptr) continue;
    ++own;
    if (column.has_id) ++ids;
  }
  if (ids == own) return Ok();
  if (ids > 0) return Unsupported(Str("data file ", path, " has field ids for some columns only"), kAnew);
  Status added = names.Add(schema);
  if (!added.ok()) return std::move(added).error().With(Str("data file ", path));
  return Ok();
}

}  // namespace sluice::mirror
