// SPDX-License-Identifier: Apache-2.0
#include "lake/iceberg/schema.h"

#include <algorithm>
#include <charconv>

#include "lake/json.h"

namespace sluice::iceberg {
namespace {

constexpr std::string_view kListOfString = "list<string>";
constexpr std::string_view kListOfFloat = "list<float>";

bool IsList(std::string_view type) { return type.starts_with("list<"); }

// "decimal(9,2)" or "decimal(9, 2)"; false for anything else.
bool ParseDecimal(std::string_view type, int& precision, int& scale) {
  if (!type.starts_with("decimal(") || !type.ends_with(")")) return false;
  auto parts = Split(type.substr(8, type.size() - 9), ',');
  return parts.size() == 2 && ParseNumber(Trim(parts[0]), precision) && ParseNumber(Trim(parts[1]), scale) &&
         precision >= 1 && precision <= 38 && scale >= 0 && scale <= precision;
}

DataType Of(TypeKind kind, int8_t precision = 0) {
  DataType type;
  type.kind = kind;
  type.precision = precision;
  return type;
}

// Fills type, ids of elements and iceberg_type from the "type" member.
Status ParseFieldType(const Json& json, Field& field) {
  if (json.is_string()) {
    field.iceberg_type = json.get<std::string>();
  } else {
    TRY_SET(std::string kind, TextMember(json, "type"));
    const Json* element = FindMember(json, "element");
    if (kind != "list" || element == nullptr || !element->is_string()) {
      return Unsupported(Str("nested type ", kind, " is not supported"));
    }
    field.iceberg_type = Str("list<", element->get<std::string>(), ">");
    TRY_SET(field.element_id, IntMember(json, "element-id"));
    const Json* required = FindMember(json, "element-required");
    field.element_required = required != nullptr && required->is_boolean() && required->get<bool>();
  }
  TRY_SET(field.type, FromIcebergType(field.iceberg_type));
  if (int p = 0, s = 0; ParseDecimal(field.iceberg_type, p, s)) field.iceberg_type = Str("decimal(", p, ", ", s, ")");
  return Ok();
}

Result<Field> ParseField(const Json& json) {
  Field field;
  TRY_SET(field.id, IntMember(json, "id"));
  TRY_SET(field.name, TextMember(json, "name"));
  TRY_SET(field.doc, OptionalText(json, "doc"));
  const Json* required = FindMember(json, "required");
  if (required == nullptr || !required->is_boolean()) return Corrupt("field \"required\" is missing");
  field.required = required->get<bool>();
  const Json* type = FindMember(json, "type");
  if (type == nullptr) return Corrupt("field \"type\" is missing");
  Status status = ParseFieldType(*type, field);
  if (!status.ok()) return std::move(status).error().With(Str("column ", field.name));
  field.type.nullable = !field.required;
  if (const Json* value = FindMember(json, "initial-default"); value != nullptr && !value->is_null()) {
    return Unsupported(Str("column ", field.name, " has an initial-default, which sluice does not apply to old rows"),
                       "rewrite the table's data files with another engine into a table without defaults");
  }
  return field;
}

int IndexOf(const Schema& schema, std::string_view name) {
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    if (schema.fields[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

bool IsIdentifier(const Schema& schema, int id) {
  return std::count(schema.identifier_field_ids.begin(), schema.identifier_field_ids.end(), id) > 0;
}

Result<int> Require(const Schema& schema, const SchemaChange& change) {
  int index = IndexOf(schema, change.name);
  if (index >= 0) return index;
  return Invalid(Str("table ", change.table.ToString(), " has no column ", change.name, " (", Describe(change), ")"));
}

// Moves the field at `from` to where the change wants it.
Status Place(const SchemaChange& change, size_t from, Schema& schema) {
  if (change.place == ColumnPlace::kKeep) return Ok();
  Field field = std::move(schema.fields[from]);
  schema.fields.erase(schema.fields.begin() + static_cast<std::ptrdiff_t>(from));
  size_t to = schema.fields.size();
  if (change.place == ColumnPlace::kFirst) to = 0;
  if (change.place == ColumnPlace::kAfter) {
    int after = IndexOf(schema, change.after);
    if (after < 0) return Invalid(Str("table ", change.table.ToString(), " has no column ", change.after));
    to = static_cast<size_t>(after) + 1;
  }
  schema.fields.insert(schema.fields.begin() + static_cast<std::ptrdiff_t>(to), std::move(field));
  return Ok();
}

Field MakeField(const Column& column, bool required) {
  Field field;
  field.name = column.name;
  field.iceberg_type = ToIcebergType(column.type);
  field.type = *FromIcebergType(field.iceberg_type);
  field.required = required;
  field.type.nullable = !required;
  field.doc = column.comment;
  return field;
}

Status AddColumn(const SchemaChange& change, int& last_column_id, Schema& schema) {
  if (IndexOf(schema, change.column.name) >= 0) {
    return Invalid(Str("table ", change.table.ToString(), " has a column ", change.column.name, " already"));
  }
  Field field = MakeField(change.column, /*required=*/false);  // rows that are there have no value for it
  field.id = ++last_column_id;
  if (IsList(field.iceberg_type)) field.element_id = ++last_column_id;
  schema.fields.push_back(std::move(field));
  return Place(change, schema.fields.size() - 1, schema);
}

Status AlterColumn(const SchemaChange& change, Schema& schema) {
  TRY_SET(int index, Require(schema, change));
  Field& field = schema.fields[static_cast<size_t>(index)];
  std::string to = ToIcebergType(change.column.type);
  if (!CanPromote(field.iceberg_type, to)) {
    return Unsupported(
        Str("table ", change.table.ToString(), ": column ", field.name, " cannot become ",
            change.column.type.ToString(), ": Iceberg has no promotion from ", field.iceberg_type, " to ", to),
        Str("keep the old type at the source, or add a new column and drop ", field.name,
            ", or drop the Iceberg table and let it be copied again"));
  }
  field.iceberg_type = to;
  if (change.column.type.nullable && !IsIdentifier(schema, field.id)) field.required = false;
  field.type = *FromIcebergType(to);
  field.type.nullable = !field.required;
  field.doc = change.column.comment;
  return Place(change, static_cast<size_t>(index), schema);
}

Status DropColumn(const SchemaChange& change, Schema& schema) {
  TRY_SET(int index, Require(schema, change));
  if (IsIdentifier(schema, schema.fields[static_cast<size_t>(index)].id)) {
    return Unsupported(Str("table ", change.table.ToString(), ": column ", change.name,
                           " is part of the primary key: Iceberg cannot drop an identifier field"),
                       "drop the Iceberg table and let it be copied again with its new key");
  }
  schema.fields.erase(schema.fields.begin() + index);
  return Ok();
}

}  // namespace

const Field* Schema::Find(std::string_view name) const {
  int index = IndexOf(*this, name);
  return index < 0 ? nullptr : &fields[static_cast<size_t>(index)];
}

const Field* Schema::FindId(int id) const {
  for (const Field& field : fields) {
    if (field.id == id) return &field;
  }
  return nullptr;
}

int Schema::HighestId() const {
  int highest = 0;
  for (const Field& field : fields) highest = std::max({highest, field.id, field.element_id});
  return highest;
}

bool Schema::SameFields(const Schema& other) const {
  return fields == other.fields && identifier_field_ids == other.identifier_field_ids;
}

std::string Schema::ToJson() const {
  Json out = {{"type", "struct"}, {"schema-id", schema_id}};
  if (!identifier_field_ids.empty()) out["identifier-field-ids"] = identifier_field_ids;
  out["fields"] = Json::array();
  for (const Field& field : fields) {
    Json type = field.iceberg_type;
    if (IsList(field.iceberg_type)) {
      type = {{"type", "list"},
              {"element-id", field.element_id},
              {"element", field.iceberg_type.substr(5, field.iceberg_type.size() - 6)},
              {"element-required", field.element_required}};
    }
    Json json = {{"id", field.id}, {"name", field.name}, {"required", field.required}, {"type", std::move(type)}};
    if (!field.doc.empty()) json["doc"] = field.doc;
    out["fields"].push_back(std::move(json));
  }
  return DumpJson(out);
}

std::string ToIcebergType(const DataType& type) {
  switch (type.kind) {
    case TypeKind::kBoolean: return "boolean";
    case TypeKind::kTinyInt:
    case TypeKind::kSmallInt:
    case TypeKind::kInt: return "int";
    case TypeKind::kBigInt: return "long";
    case TypeKind::kFloat: return "float";
    case TypeKind::kDouble: return "double";
    case TypeKind::kDecimal: return Str("decimal(", int{type.precision}, ", ", int{type.scale}, ")");
    case TypeKind::kChar:
    case TypeKind::kVarChar:
    case TypeKind::kString: return "string";
    case TypeKind::kBinary:
    case TypeKind::kVarBinary:
    case TypeKind::kBytes: return "binary";
    case TypeKind::kDate: return "date";
    case TypeKind::kTime: return "time";
    case TypeKind::kTimestamp: return "timestamp";
    case TypeKind::kTimestampLtz: return "timestamptz";
    case TypeKind::kArray: return std::string(type.element == TypeKind::kFloat ? kListOfFloat : kListOfString);
  }
  return "string";
}

Result<DataType> FromIcebergType(std::string_view type) {
  if (type == "boolean") return Of(TypeKind::kBoolean);
  if (type == "int") return Of(TypeKind::kInt);
  if (type == "long") return Of(TypeKind::kBigInt);
  if (type == "float") return Of(TypeKind::kFloat);
  if (type == "double") return Of(TypeKind::kDouble);
  if (type == "date") return Of(TypeKind::kDate);
  if (type == "time") return Of(TypeKind::kTime, 6);
  if (type == "timestamp") return Of(TypeKind::kTimestamp, 6);
  if (type == "timestamptz") return Of(TypeKind::kTimestampLtz, 6);
  if (type == "string") return Of(TypeKind::kString);
  if (type == "binary" || type == "uuid" || type.starts_with("fixed[")) return Of(TypeKind::kBytes);
  DataType out;
  if (int precision = 0, scale = 0; ParseDecimal(type, precision, scale)) {
    out.kind = TypeKind::kDecimal;
    out.precision = static_cast<int8_t>(precision);
    out.scale = static_cast<int8_t>(scale);
    return out;
  }
  if (type == kListOfString || type == kListOfFloat) {
    out.kind = TypeKind::kArray;
    out.element = type == kListOfFloat ? TypeKind::kFloat : TypeKind::kString;
    return out;
  }
  return Unsupported(Str("Iceberg type ", type, " is not supported"));
}

Result<Schema> ParseSchema(std::string_view text) {
  TRY_SET(Json json, ParseJson(text));
  Schema schema;
  TRY_SET(auto id, OptionalLong(json, "schema-id"));
  schema.schema_id = static_cast<int>(id.value_or(0));
  TRY_SET(const Json* fields, ListMember(json, "fields"));
  if (fields == nullptr) return Corrupt("field \"fields\" is missing");
  for (const Json& field : *fields) {
    TRY_SET(auto parsed, ParseField(field));
    schema.fields.push_back(std::move(parsed));
  }
  TRY_SET(const Json* ids, ListMember(json, "identifier-field-ids"));
  if (ids == nullptr) return schema;
  for (const Json& key : *ids) {
    if (!key.is_number_integer()) return Corrupt("identifier-field-ids: not a number");
    schema.identifier_field_ids.push_back(key.get<int>());
  }
  return schema;
}

Schema FromTableSchema(const TableSchema& table, int first_id) {
  Schema schema;
  int next = first_id;
  for (const Column& column : table.columns) {
    Field field = MakeField(column, !column.type.nullable || table.IsKey(column.name));
    field.id = next++;
    schema.fields.push_back(std::move(field));
  }
  for (Field& field : schema.fields) {
    if (IsList(field.iceberg_type)) field.element_id = next++;
  }
  bool identifiers = true;
  for (const std::string& key : table.primary_key) {
    const Field* field = schema.Find(key);
    if (field == nullptr || field->iceberg_type == "float" || field->iceberg_type == "double") {
      identifiers = false;
      break;
    }
    schema.identifier_field_ids.push_back(field->id);
  }
  if (!identifiers) schema.identifier_field_ids.clear();
  return schema;
}

std::vector<FileColumn> FileColumns(const Schema& schema) {
  std::vector<FileColumn> columns;
  for (const Field& field : schema.fields) columns.push_back({field.id, field.name, field.type, field.required});
  return columns;
}

TableSchema ToTableSchema(const Schema& schema) {
  TableSchema table;
  for (const Field& field : schema.fields) {
    Column column;
    column.name = field.name;
    column.type = field.type;
    column.type.nullable = !field.required;
    column.comment = field.doc;
    table.columns.push_back(std::move(column));
  }
  for (int id : schema.identifier_field_ids) {
    if (const Field* field = schema.FindId(id)) table.primary_key.push_back(field->name);
  }
  return table;
}

bool CanPromote(std::string_view from, std::string_view to) {
  if (from == to) return true;
  if (from == "int" && to == "long") return true;
  if (from == "float" && to == "double") return true;
  int from_precision = 0, from_scale = 0, to_precision = 0, to_scale = 0;
  return ParseDecimal(from, from_precision, from_scale) && ParseDecimal(to, to_precision, to_scale) &&
         from_scale == to_scale && from_precision <= to_precision;
}

Result<Schema> Evolve(const Schema& schema, const SchemaChange& change, int& last_column_id) {
  Schema out = schema;
  switch (change.kind) {
    case SchemaChangeKind::kAddColumn: TRY(AddColumn(change, last_column_id, out)); break;
    case SchemaChangeKind::kAlterColumn: TRY(AlterColumn(change, out)); break;
    case SchemaChangeKind::kDropColumn: TRY(DropColumn(change, out)); break;
    case SchemaChangeKind::kRenameColumn: {
      TRY_SET(int index, Require(out, change));
      if (change.column.name != change.name && IndexOf(out, change.column.name) >= 0) {
        return Invalid(Str("table ", change.table.ToString(), " has a column ", change.column.name, " already"));
      }
      out.fields[static_cast<size_t>(index)].name = change.column.name;
      break;
    }
    case SchemaChangeKind::kCreateTable:
    case SchemaChangeKind::kDropTable:
    case SchemaChangeKind::kTruncateTable:
    case SchemaChangeKind::kAlterComment: break;
  }
  return out;
}

}  // namespace sluice::iceberg
