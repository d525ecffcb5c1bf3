// SPDX-License-Identifier: Apache-2.0
#include "lake/catalog/hive_objects.h"

#include <cstdlib>

#include "base/text.h"
#include "io/xml.h"
#include "lake/catalog/hive_client.h"

namespace sluice::hive {
namespace {

constexpr int kCharMax = 255;  // of Hive
constexpr int kVarCharMax = 65535;

ThriftValue Text(std::string_view text) { return ThriftValue::Text(text); }
ThriftValue Int(int64_t number) { return ThriftValue::Number(ThriftType::kI32, number); }

std::string ScalarOf(TypeKind kind, const DataType& type) {
  switch (kind) {
    case TypeKind::kBoolean: return "boolean";
    case TypeKind::kTinyInt: return "tinyint";
    case TypeKind::kSmallInt: return "smallint";
    case TypeKind::kInt: return "int";
    case TypeKind::kBigInt: return "bigint";
    case TypeKind::kFloat: return "float";
    case TypeKind::kDouble: return "double";
    case TypeKind::kDecimal: return Str("decimal(", int{type.precision}, ",", int{type.scale}, ")");
    case TypeKind::kChar: return type.length > kCharMax ? "string" : Str("char(", type.length, ")");
    case TypeKind::kVarChar: return type.length > kVarCharMax ? "string" : Str("varchar(", type.length, ")");
    case TypeKind::kBinary:
    case TypeKind::kVarBinary:
    case TypeKind::kBytes: return "binary";
    case TypeKind::kDate: return "date";
    case TypeKind::kTimestamp: return "timestamp";
    case TypeKind::kTimestampLtz: return "timestamp with local time zone";
    case TypeKind::kString:
    case TypeKind::kTime:  // Hive has none
    case TypeKind::kArray: break;
  }
  return "string";
}

}  // namespace

std::string TypeOf(const DataType& type) {
  if (type.kind == TypeKind::kArray) return Str("array<", ScalarOf(type.element, {}), ">");
  return ScalarOf(type.kind, type);
}

ThriftValue ColumnsOf(const std::vector<Column>& columns) {
  ThriftValue out = ThriftValue::List(ThriftType::kStruct, {});
  for (const Column& column : columns) {
    ThriftValue& made = out.items.emplace_back();
    made.Set(1, Text(column.name));
    made.Set(2, Text(column.type));
    if (!column.comment.empty()) made.Set(3, Text(column.comment));
  }
  return out;
}

std::vector<Column> ColumnsIn(const ThriftValue& table) {
  std::vector<Column> out;
  const ThriftValue* storage = table.Find(table_field::kStorage);
  const ThriftValue* columns = storage == nullptr ? nullptr : storage->Find(storage_field::kColumns);
  if (columns == nullptr) return out;
  for (const ThriftValue& column : columns->items) {
    out.push_back({column.TextAt(1), column.TextAt(2), column.TextAt(3)});
  }
  return out;
}

ThriftValue& StorageOf(ThriftValue& table) {
  if (const ThriftValue* storage = table.Find(table_field::kStorage)) return const_cast<ThriftValue&>(*storage);
  ThriftValue& made = table.Set(table_field::kStorage, {});
  made.Set(storage_field::kCompressed, ThriftValue::Number(ThriftType::kBool, 0));
  made.Set(storage_field::kBuckets, Int(0));
  return made;
}

std::string StorageText(const ThriftValue& table, int16_t id) {
  const ThriftValue* storage = table.Find(table_field::kStorage);
  return storage == nullptr ? std::string() : storage->TextAt(id);
}

void SetFormats(ThriftValue& table, const Formats& formats) {
  ThriftValue& storage = StorageOf(table);
  storage.Set(storage_field::kInputFormat, Text(formats.input));
  storage.Set(storage_field::kOutputFormat, Text(formats.output));
  ThriftValue serde;
  if (const ThriftValue* before = storage.Find(storage_field::kSerde)) serde = *before;
  serde.Set(serde_field::kLibrary, Text(formats.serde));
  if (serde.Find(serde_field::kParameters) == nullptr) serde.Set(serde_field::kParameters, ThriftValue::Map({}));
  storage.Set(storage_field::kSerde, std::move(serde));
}

ThriftValue NewTable(const TableId& id, const std::string& owner, int64_t now_ms, bool external) {
  ThriftValue out;
  out.Set(table_field::kName, Text(id.table));
  out.Set(table_field::kDatabase, Text(id.schema));
  out.Set(table_field::kOwner, Text(owner));
  out.Set(table_field::kCreateTime, Int(now_ms / 1000));
  out.Set(table_field::kAccessTime, Int(now_ms / 1000));
  out.Set(table_field::kRetention, Int(INT32_MAX));
  StorageOf(out);
  out.Set(table_field::kPartitionKeys, ThriftValue::List(ThriftType::kStruct, {}));
  out.Set(table_field::kParameters, ThriftValue::Map({}));
  out.Set(table_field::kType, Text(external ? "EXTERNAL_TABLE" : "MANAGED_TABLE"));
  return out;
}

ThriftValue NewDatabase(const std::string& name, const std::string& location, const std::string& owner) {
  constexpr int kUser = 1;
  ThriftValue out;
  out.Set(database_field::kName, Text(name));
  if (!location.empty()) out.Set(database_field::kLocation, Text(location));
  out.Set(database_field::kParameters, ThriftValue::Map({}));
  out.Set(database_field::kOwner, Text(owner));
  out.Set(database_field::kOwnerType, Int(kUser));
  return out;
}

std::string HadoopPath(std::string_view location) {
  while (location.size() > 1 && location.ends_with('/')) location.remove_suffix(1);
  if (location.starts_with("file://")) location.remove_prefix(7);
  if (location.starts_with('/')) return Str("file:", location);
  return std::string(location);
}

Result<TextMap> ReadConfiguration(Env& env, const std::string& path) {
  const auto text = env.ReadFile(path);
  if (!text.ok()) {
    return Error{text.error().code, text.error().message, "hive-conf-dir must be a folder with a hive-site.xml"};
  }
  TextMap out;
  std::string name, value;
  Status read = WalkXml(*text, [&](const std::string& at, const std::string& content) {
    if (at == "configuration/property/name") name = Trim(content);
    if (at == "configuration/property/value") value = Trim(content);
    if (at != "configuration/property") return;
    if (!name.empty()) out[name] = value;
    name.clear();
    value.clear();
  });
  if (!read.ok()) return std::move(read).error().With(path);
  return out;
}

Result<std::string> FindUris(Env& env, const std::string& uri, const std::string& configuration_folder,
                             std::string_view key) {
  std::string folder = configuration_folder;
  const char* variable = std::getenv("HIVE_CONF_DIR");
  if (folder.empty() && uri.empty() && variable != nullptr) folder = variable;
  std::string found = uri;
  if (!folder.empty()) {
    const std::string file = folder + "/hive-site.xml";
    TRY_SET(const TextMap settings, ReadConfiguration(env, file));
    Status plain = CheckClientSettings(settings);
    if (!plain.ok()) return std::move(plain).error().With(file);
    for (const char* name : {"hive.metastore.uris", "metastore.thrift.uris"}) {
      const auto setting = settings.find(name);
      if (found.empty() && setting != settings.end()) found = setting->second;
    }
  }
  if (found.empty()) {
    return Invalid("it is not said where the Hive metastore is",
                   Str("set ", key, " to thrift://host:port, or hive.metastore.uris in the hive-site.xml of "
                       "hive-conf-dir"));
  }
  TRY_SET(const auto addresses, ParseUris(found));
  return found;
}

}  // namespace sluice::hive
