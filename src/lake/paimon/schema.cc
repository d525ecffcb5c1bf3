// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/schema.h"

#include <utility>

#include "base/text.h"
#include "lake/json.h"
#include "lake/paimon/special_fields.h"
#include "lake/parquet/file_column.h"
#include "row/nested_type.h"
#include "row/variant.h"

namespace sluice::paimon {
namespace {

constexpr int64_t kVersion = 3;
constexpr int64_t kOldestVersion = 1;
constexpr std::string_view kNotNull = " NOT NULL";
constexpr std::string_view kLocalZone = " WITH LOCAL TIME ZONE";

Result<std::vector<std::string>> Texts(const Json& json, const char* key) {
  TRY_SET(const Json* list, ListMember(json, key));
  std::vector<std::string> out;
  if (list == nullptr) return out;
  for (const Json& item : *list) {
    if (!item.is_string()) return Corrupt(Str("`", key, "` holds something else than texts"));
    out.push_back(item.get<std::string>());
  }
  return out;
}

constexpr int kDepthMax = 32;  // of types in types

Result<DataType> FromNested(const Json& json, int depth);

Result<DataType> FromTypeJson(const Json& json, int depth) {
  if (json.is_string()) return FromPaimonType(json.get<std::string>());
  if (depth > kDepthMax) return Unsupported("a type in so many others");
  if (json.is_object()) return FromNested(json, depth);
  return Corrupt("a type is a text or an object");
}

Status AddPart(const Json& json, const char* key, int depth, std::vector<NestedPart>& parts) {
  const Json* type = FindMember(json, key);
  if (type == nullptr) return Corrupt(Str("type ", json.dump(), " has no ", key));
  NestedPart& part = parts.emplace_back();
  TRY_SET(part.type, FromTypeJson(*type, depth + 1));
  return Ok();
}

Result<std::vector<NestedPart>> RowParts(const Json& json, int depth) {
  std::vector<NestedPart> parts;
  TRY_SET(const Json* fields, ListMember(json, "fields"));
  if (fields == nullptr || fields->empty()) return Unsupported(Str("type ", json.dump(), ", which has no fields"));
  for (const Json& field : *fields) {
    TRY(AddPart(field, "type", depth, parts));
    TRY_SET(parts.back().name, TextMember(field, "name"));
    TRY_SET(parts.back().id, IntMember(field, "id"));
  }
  return parts;
}

// {"type": "ARRAY NOT NULL", "element": "INT"}, {"type": "MAP", "key": …, "value": …}, {"type": "MULTISET", "element":
// …}, {"type": "ROW", "fields": [{"id": …, "name": …, "type": …}]}
Result<DataType> FromNested(const Json& json, int depth) {
  TRY_SET(std::string name, TextMember(json, "type"));
  const bool required = name.ends_with(kNotNull);
  if (required) name.resize(name.size() - kNotNull.size());
  std::vector<NestedPart> parts;
  if (name == "ROW") {
    TRY_SET(parts, RowParts(json, depth));
    return MakeNested(NestedKind::kRow, std::move(parts), !required);
  }
  if (name == "MAP") {
    TRY(AddPart(json, "key", depth, parts));
    TRY(AddPart(json, "value", depth, parts));
    return MakeNested(NestedKind::kMap, std::move(parts), !required);
  }
  if (name != "ARRAY" && name != "MULTISET") return Unsupported(Str("type ", json.dump()));
  TRY(AddPart(json, "element", depth, parts));
  if (name == "MULTISET") return MakeNested(NestedKind::kMultiset, std::move(parts), !required);
  const TypeKind element = parts[0].type.kind;
  if (element == TypeKind::kString || element == TypeKind::kFloat) {
    return DataType{.kind = TypeKind::kArray, .element = element, .nullable = !required};
  }
  return MakeNested(NestedKind::kArray, std::move(parts), !required);
}

Json TypeJson(const DataType& type) {
  if (type.kind != TypeKind::kArray || IsVariant(type)) return ToPaimonType(type);
  static constexpr const char* kNames[] = {"ARRAY", "MAP", "MULTISET", "ROW"};
  const NestedType& nested = NestedOf(type);
  Json json;
  json["type"] = Str(kNames[static_cast<size_t>(nested.kind)], type.nullable ? "" : kNotNull);
  switch (nested.kind) {
    case NestedKind::kArray:
    case NestedKind::kMultiset: json["element"] = TypeJson(nested.parts[0].type); break;
    case NestedKind::kMap:
      json["key"] = TypeJson(nested.parts[0].type);
      json["value"] = TypeJson(nested.parts[1].type);
      break;
    case NestedKind::kRow:
      json["fields"] = Json::array();
      for (const NestedPart& part : nested.parts) {
        json["fields"].push_back({{"id", part.id}, {"name", part.name}, {"type", TypeJson(part.type)}});
      }
  }
  return json;
}

Result<Field> ParseField(const Json& json) {
  Field field;
  TRY_SET(field.id, IntMember(json, "id"));
  TRY_SET(field.name, TextMember(json, "name"));
  const Json* type = FindMember(json, "type");
  if (type == nullptr) return Corrupt(Str("column ", field.name, " has no type"));
  field.type_json = type->dump();
  Result<DataType> parsed = FromTypeJson(*type, 0);
  field.supported = parsed.ok();
  if (parsed.ok()) field.type = *parsed;
  TRY_SET(field.description, OptionalText(json, "description"));
  if (FindMember(json, "defaultValue") != nullptr) {
    TRY_SET(field.default_value, TextMember(json, "defaultValue"));
  }
  return field;
}

Json FieldToJson(const Field& field) {
  Json json;
  json["id"] = field.id;
  json["name"] = field.name;
  json["type"] = field.type_json.empty() ? TypeJson(field.type) : Json::parse(field.type_json);
  if (!field.description.empty()) json["description"] = field.description;
  if (field.default_value) json["defaultValue"] = *field.default_value;
  return json;
}

}  // namespace

const Field* Schema::Find(std::string_view name) const {
  for (const Field& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

const Field* Schema::FindId(int wanted) const {
  for (const Field& field : fields) {
    if (field.id == wanted) return &field;
  }
  return nullptr;
}

std::vector<std::string> Schema::TrimmedKey() const {
  std::vector<std::string> key;
  for (const std::string& name : primary_keys) {
    bool partition = false;
    for (const std::string& other : partition_keys) partition |= other == name;
    if (!partition) key.push_back(name);
  }
  return key;
}

std::string Schema::Option(const std::string& key, std::string_view otherwise) const {
  auto found = options.find(key);
  return found == options.end() ? std::string(otherwise) : found->second;
}

std::string ToPaimonType(const DataType& type) {
  if (IsVariant(type)) return type.ToString();
  if (type.kind == TypeKind::kArray) return TypeJson(type).dump();
  if (type.kind != TypeKind::kTimestampLtz) return type.ToString();
  return Str("TIMESTAMP(", int{type.precision}, ")", kLocalZone, type.nullable ? "" : kNotNull);
}

Result<DataType> FromPaimonType(std::string_view type) {
  std::string text(type);
  bool required = false;
  if (text.ends_with(kNotNull)) {
    required = true;
    text.resize(text.size() - kNotNull.size());
  }
  if (text == "VARIANT") return VariantType(!required);
  if (text.ends_with(kLocalZone)) {
    text.resize(text.size() - kLocalZone.size());
    if (text.starts_with("TIMESTAMP(")) text.insert(sizeof "TIMESTAMP" - 1, "_LTZ");
  }
  Result<DataType> parsed = ParseDataType(text);
  if (!parsed.ok()) return Unsupported(Str("type ", type));
  parsed->nullable = !required;
  return parsed;
}

Result<Schema> ParseSchema(std::string_view text) {
  TRY_SET(const Json json, ParseJson(text));
  TRY_SET(const auto version, OptionalLong(json, "version"));
  if (version.value_or(kVersion) > kVersion || version.value_or(kVersion) < kOldestVersion) {
    return Unsupported(Str("schema version ", *version), "this version of sluice reads schemas up to version 3");
  }
  Schema schema;
  TRY_SET(schema.id, LongMember(json, "id"));
  TRY_SET(const Json* fields, ListMember(json, "fields"));
  if (fields == nullptr) return Corrupt("`fields` is missing");
  for (const Json& field : *fields) {
    TRY_SET(Field parsed, ParseField(field));
    schema.fields.push_back(std::move(parsed));
  }
  TRY_SET(schema.highest_field_id, IntMember(json, "highestFieldId"));
  TRY_SET(schema.partition_keys, Texts(json, "partitionKeys"));
  TRY_SET(schema.primary_keys, Texts(json, "primaryKeys"));
  TRY_SET(schema.options, TextMapMember(json, "options"));
  TRY_SET(schema.comment, OptionalText(json, "comment"));
  TRY_SET(const auto time, OptionalLong(json, "timeMillis"));
  schema.time_ms = time.value_or(0);
  for (const auto* keys : {&schema.partition_keys, &schema.primary_keys}) {
    for (const std::string& name : *keys) {
      if (schema.Find(name) == nullptr) return Corrupt(Str("key column ", name, " is no column"));
    }
  }
  return schema;
}

std::string Schema::ToJson() const {
  Json json;
  json["version"] = kVersion;
  json["id"] = id;
  json["fields"] = Json::array();
  for (const Field& field : fields) json["fields"].push_back(FieldToJson(field));
  json["highestFieldId"] = highest_field_id;
  json["partitionKeys"] = partition_keys;
  json["primaryKeys"] = primary_keys;
  json["options"] = Json::object();
  for (const auto& [key, value] : options) json["options"][key] = value;
  json["comment"] = comment;
  json["timeMillis"] = time_ms;
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::vector<FileColumn> AsWritten(std::vector<FileColumn> columns, const Schema& written) {
  for (FileColumn& column : columns) {
    if (column.id == kSequenceId || column.id == kKindId) continue;
    const bool key = column.name.starts_with(kKeyPrefix);  // no column of a table begins so
    column.stored_name = std::string();
    for (const Field& field : written.fields) {
      if (field.id + (key ? kKeyIds : 0) == column.id) column.stored_name = (key ? kKeyPrefix : "") + field.name;
    }
  }
  return columns;
}

Result<std::vector<const Field*>> SupportedFields(const Schema& schema, const std::vector<std::string>& names) {
  std::vector<const Field*> out;
  for (const std::string& name : names) {
    const Field* field = schema.Find(name);
    if (field == nullptr) return NoColumnOf(name, schema.fields);
    if (!field->supported) {
      return Unsupported(Str("column ", name, " is of type ", field->type_json), "leave it out with --columns");
    }
    out.push_back(field);
  }
  return out;
}

}  // namespace sluice::paimon
