// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/evolve.h"

#include <algorithm>

#include "base/text.h"
#include "lake/json.h"
#include "lake/paimon/file_index_options.h"
#include "lake/paimon/merge_rules.h"
#include "lake/paimon/pipeline_field.h"
#include "lake/paimon/special_fields.h"
#include "lake/paimon/type_change.h"

namespace sluice::paimon {
namespace {

constexpr int kTimePrecision = 3;
constexpr std::string_view kReservedNames[] = {kSequenceName, kKindName, "_LEVEL", "rowkind", "_ROW_ID"};

Status CheckName(const std::string& name) {
  const auto found = std::find(std::begin(kReservedNames), std::end(kReservedNames), name);
  if (found == std::end(kReservedNames) && !name.starts_with(kKeyPrefix)) return Ok();
  return Unsupported(Str("column ", name, ": Paimon keeps this name for itself"),
                     "rename the column in the source, or leave its table out");
}

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool IsKey(const Schema& schema, const std::string& name) {
  return Contains(schema.primary_keys, name) || Contains(schema.partition_keys, name);
}

// Whether an option of the table has the column in its list of names.
bool IsNamedBy(const char* option, const Schema& schema, const std::string& name) {
  for (const std::string& listed : Split(schema.Option(option, ""), ',')) {
    if (Trim(listed) == name) return true;
  }
  return false;
}

bool IsNamedByOption(const Schema& schema, const std::string& name) {
  return IsNamedBy("bucket-key", schema, name) || IsNamedBy("sequence.field", schema, name) ||
         IsNamedBy("rowkind.field", schema, name) || IsNamedBy("record-level.time-field", schema, name) ||
         IsNamedByMerging(schema.options, name) || IsIndexed(schema.options, name);
}

// fields.<column>.…, of whatever meaning: Java opens no table with one that names no column.
bool HasOptionOfField(const Schema& schema, const std::string& name) {
  constexpr std::string_view kFields = "fields.";
  return std::any_of(schema.options.begin(), schema.options.end(), [&](const auto& option) {
    if (!option.first.starts_with(kFields)) return false;
    const std::string_view rest = std::string_view(option.first).substr(kFields.size());
    return Contains(Split(rest.substr(0, rest.find('.')), ','), name);
  });
}

Field FieldOf(const Column& column, int id) {
  Field field;
  field.id = id;
  field.name = column.name;
  field.type = column.type;
  field.description = column.comment;
  return field;
}

Result<size_t> IndexOf(const Schema& schema, const SchemaChange& change, const std::string& name) {
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    if (schema.fields[i].name == name) return i;
  }
  return Invalid(Str("table ", change.table.ToString(), " has no column ", name));
}

Status PlaceField(const SchemaChange& change, Field field, std::vector<Field>& fields) {
  auto at = fields.end();
  if (change.place == ColumnPlace::kFirst) at = fields.begin();
  if (change.place == ColumnPlace::kAfter) {
    auto after = std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == change.after; });
    if (after != fields.end()) at = after + 1;
  }
  fields.insert(at, std::move(field));
  return Ok();
}

Status AddColumn(const SchemaChange& change, Schema& out) {
  const Column& column = change.column;
  TRY(CheckName(column.name));
  if (out.Find(column.name) != nullptr) {
    return Invalid(Str("table ", change.table.ToString(), " has a column ", column.name, " already"));
  }
  Field field = FieldOf(column, ++out.highest_field_id);
  field.type.nullable = true;  // old rows have NULL in it
  return PlaceField(change, std::move(field), out.fields);
}

bool IsTextOrBytes(const DataType& type) { return type.kind >= TypeKind::kChar && type.kind <= TypeKind::kBytes; }

// `field` as it was, but of its new type.
Status Retype(const SchemaChange& change, const Schema& schema, const DataType& old, TypeStep step, Field field) {
  if (step == TypeStep::kRefused) {
    return Unsupported(Str("table ", change.table.ToString(), ": column ", field.name, " cannot become ",
                           field.type.ToString(), " from ", old.ToString()),
                       "write to another table (route), or change the type back in the source");
  }
  const bool hash_stays = IsTextOrBytes(old) && step == TypeStep::kWidens;
  const bool moves_rows = IsNamedBy("bucket-key", schema, field.name) && !hash_stays;
  if (IsKey(schema, field.name) || moves_rows) {
    return Unsupported(Str("table ", change.table.ToString(), ": column ", field.name,
                           " is part of the key, and Paimon cannot change its type"),
                       "drop the Paimon table and let it be copied again");
  }
  if (step != TypeStep::kConverts) return Ok();
  if (IsNamedByOption(schema, field.name) && !IsIndexed(schema.options, field.name)) {
    return Unsupported(Str("table ", change.table.ToString(), ": column ", field.name,
                           " is named by an option of the table, and its values would have another order as ",
                           field.type.ToString()),
                       "drop the Paimon table and let it be copied again");
  }
  Schema after = schema;
  *std::find_if(after.fields.begin(), after.fields.end(), [&](const Field& f) { return f.id == field.id; }) = field;
  return CheckConverts(schema, after, field);
}

Status AlterColumn(const SchemaChange& change, Schema& out, bool any_text) {
  TRY_SET(const size_t index, IndexOf(out, change, change.name));
  Field field = out.fields[index];
  const DataType old = field.type;
  DataType wanted = change.column.type;
  wanted.nullable = IsKey(out, field.name) ? old.nullable : old.nullable || wanted.nullable;
  const TypeStep step = StepTo(old, wanted, any_text);
  if (wanted != old) field.type_json.clear();
  field.type = wanted;
  if (step != TypeStep::kStays) TRY(Retype(change, out, old, step, field));
  field.description = change.column.comment;
  const bool moves = change.place == ColumnPlace::kFirst || change.place == ColumnPlace::kAfter;
  if (!moves) {
    out.fields[index] = std::move(field);
    return Ok();
  }
  out.fields.erase(out.fields.begin() + static_cast<std::ptrdiff_t>(index));
  return PlaceField(change, std::move(field), out.fields);
}

Error ColumnStays(const SchemaChange& change, const Schema& schema, const char* what) {
  const char* why = IsKey(schema, change.name) ? " is part of the key" : " is named by an option of the table";
  return Unsupported(Str("table ", change.table.ToString(), ": column ", change.name, why, ", and Paimon cannot ",
                         what, " it"),
                     "drop the Paimon table and let it be copied again");
}

Status DropColumn(const SchemaChange& change, Schema& out) {
  TRY_SET(const size_t index, IndexOf(out, change, change.name));
  if (IsKey(out, change.name) || IsNamedByOption(out, change.name) || HasOptionOfField(out, change.name)) {
    return ColumnStays(change, out, "drop");
  }
  if (out.fields.size() == 1) return Unsupported(Str("column ", change.name, " is the last one of its table"));
  out.fields.erase(out.fields.begin() + static_cast<std::ptrdiff_t>(index));
  return Ok();
}

Status RenameColumn(const SchemaChange& change, Schema& out) {
  TRY_SET(const size_t index, IndexOf(out, change, change.name));
  if (Contains(out.partition_keys, change.name) || IsNamedByOption(out, change.name) ||
      HasOptionOfField(out, change.name)) {
    return ColumnStays(change, out, "rename");
  }
  TRY(CheckName(change.column.name));
  if (change.column.name != change.name && out.Find(change.column.name) != nullptr) {
    return Invalid(Str("table ", change.table.ToString(), " has a column ", change.column.name, " already"));
  }
  out.fields[index].name = change.column.name;
  std::replace(out.primary_keys.begin(), out.primary_keys.end(), change.name, change.column.name);
  return Ok();
}

}  // namespace

Result<Schema> FromTableSchema(const TableSchema& table, const std::vector<std::string>& partition_keys,
                               const Options& options) {
  Schema schema;
  for (const Column& column : table.columns) {
    TRY(CheckName(column.name));
    Field field = FieldOf(column, ++schema.highest_field_id);
    if (table.IsKey(column.name)) {
      field.type.nullable = false;
      if (column.type.kind == TypeKind::kTime && column.type.precision > kTimePrecision) {
        return Unsupported(Str("column ", column.name, " ", column.type.ToString(),
                               " of the primary key: Paimon keeps milliseconds, so that two keys could become one"),
                           "leave the table out, or give it another key");
      }
      if (column.type.kind == TypeKind::kArray) {
        return Unsupported(Str("column ", column.name, " ", column.type.ToString(), " cannot be part of a key"),
                           "leave the table out, or give it another key");
      }
    }
    schema.fields.push_back(std::move(field));
  }
  schema.primary_keys = table.primary_key;
  for (const std::string& name : partition_keys) {
    const auto named = [&](const Field& field) { return field.name == name; };
    auto field = std::find_if(schema.fields.begin(), schema.fields.end(), named);
    if (field == schema.fields.end()) return Invalid(Str("partition column ", name, " is no column of the table"));
    schema.partition_keys.push_back(name);
    if (schema.primary_keys.empty()) continue;
    field->type.nullable = false;
    if (!Contains(schema.primary_keys, name)) schema.primary_keys.push_back(name);
  }
  if (!schema.primary_keys.empty() && schema.TrimmedKey().empty()) {
    return Unsupported(Str("a table cannot be partitioned by all columns of its primary key (",
                           Join(table.primary_key, ", "), ")"),
                       "leave one of them out of the partition columns");
  }
  schema.options = options;
  schema.comment = table.comment;
  return schema;
}

TableSchema ToTableSchema(const Schema& schema) {
  TableSchema table;
  for (const Field& field : schema.fields) {
    if (!InPipelines(field)) continue;
    table.columns.push_back({field.name, field.type, field.description, std::nullopt});
  }
  table.primary_key = schema.primary_keys;
  table.comment = schema.comment;
  return table;
}

TableSchema ToTableSchema(const Schema& schema, const std::string& source_key) {
  TableSchema table = ToTableSchema(schema);
  const auto json = ParseJson(source_key);
  if (!json.ok() || !json->is_array()) return table;
  std::vector<std::string> key;
  for (const Json& name : *json) {
    if (name.is_string() && schema.Find(name.get<std::string>()) != nullptr) key.push_back(name.get<std::string>());
  }
  if (key.size() == json->size()) table.primary_key = std::move(key);
  return table;
}

std::string SourceKeyText(const std::vector<std::string>& key) { return DumpJson(Json(key)); }

Result<Schema> Evolve(const Schema& schema, const SchemaChange& change, bool any_text) {
  Schema out = schema;
  switch (change.kind) {
    case SchemaChangeKind::kAddColumn: TRY(AddColumn(change, out)); break;
    case SchemaChangeKind::kAlterColumn: TRY(AlterColumn(change, out, any_text)); break;
    case SchemaChangeKind::kDropColumn: TRY(DropColumn(change, out)); break;
    case SchemaChangeKind::kRenameColumn: TRY(RenameColumn(change, out)); break;
    case SchemaChangeKind::kAlterComment: out.comment = change.schema->comment; break;
    case SchemaChangeKind::kCreateTable:
    case SchemaChangeKind::kDropTable:
    case SchemaChangeKind::kTruncateTable: break;
  }
  return out;
}

}  // namespace sluice::paimon
