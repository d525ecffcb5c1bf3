// SPDX-License-Identifier: Apache-2.0
// Types of MariaDB and MySQL columns: the text form, and the mapping to ours.
#include "format/mysql/column.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace sluice::mysql {

namespace {

// Other spellings that the servers take in DDL, beside what information_schema prints.
struct Alias {
  std::string_view name;
  std::string_view type;
  int64_t length = -1;
};
constexpr Alias kAliases[] = {
    {"integer", "int"},          {"bool", "tinyint", 1},      {"boolean", "tinyint", 1},   {"int1", "tinyint"},
    {"int2", "smallint"},        {"int3", "mediumint"},       {"middleint", "mediumint"},  {"int4", "int"},
    {"int8", "bigint"},          {"dec", "decimal"},          {"numeric", "decimal"},      {"fixed", "decimal"},
    {"number", "decimal"},       {"real", "double"},          {"double precision", "double"}, {"float4", "float"},
    {"float8", "double"},        {"character", "char"},       {"nchar", "char"},           {"national char", "char"},
    {"national character", "char"}, {"character varying", "varchar"}, {"char varying", "varchar"},
    {"varcharacter", "varchar"}, {"nvarchar", "varchar"},     {"national varchar", "varchar"}, {"varchar2", "varchar"},
    {"long", "mediumtext"},      {"long varchar", "mediumtext"}, {"long varbinary", "mediumblob"}, {"raw", "varbinary"},
    {"geomcollection", "geometrycollection"}, {"clob", "longtext"}, {"char byte", "binary"},
};

constexpr std::array kGeometry = {"geometry",   "point",           "linestring",   "polygon",
                                  "multipoint", "multilinestring", "multipolygon", "geometrycollection"};

bool IsGeometry(std::string_view type) {
  return std::find(kGeometry.begin(), kGeometry.end(), type) != kGeometry.end();
}

Error BadType(std::string_view column_type, std::string_view why) {
  return Invalid(Str("cannot read the column type \"", column_type, "\": ", why));
}

// The labels of ENUM and SET: 'a','b''c','d\n'. `at` stands after the parenthesis and comes to stand after the other.
Status ParseLabels(std::string_view text, size_t& at, std::vector<std::string>& labels) {
  while (at < text.size()) {
    if (text[at] == ' ' || text[at] == ',') {
      ++at;
      continue;
    }
    if (text[at] == ')') {
      ++at;
      return Ok();
    }
    if (text[at] != '\'' && text[at] != '"') return BadType(text, "a label is not quoted");
    const char quote = text[at++];
    std::string label;
    for (;; ++at) {
      if (at >= text.size()) return BadType(text, "a label does not end");
      char c = text[at];
      if (c == quote) {
        if (at + 1 >= text.size() || text[at + 1] != quote) break;
        ++at;
      } else if (c == '\\' && at + 1 < text.size()) {
        c = text[++at];
        constexpr std::string_view codes = "nrt0Zb", meanings("\n\r\t\0\x1a\b", 6);
        if (const size_t code = codes.find(c); code != std::string_view::npos) c = meanings[code];
      }
      label += c;
    }
    ++at;
    labels.push_back(std::move(label));
  }
  return BadType(text, "the labels do not end");
}

// "10,2)" -> length, scale.
Status ParseArguments(std::string_view text, size_t& at, MysqlColumn& column) {
  const size_t end = text.find(')', at);
  if (end == std::string_view::npos) return BadType(text, "the closing parenthesis is missing");
  const auto parts = Split(text.substr(at, end - at), ',');
  if (parts.size() > 2) return BadType(text, "too many arguments");
  if (!ParseNumber(Trim(parts[0]), column.length) || column.length < 0) return BadType(text, "the length is no number");
  if (parts.size() == 2 && (!ParseNumber(Trim(parts[1]), column.scale) || column.scale < 0)) {
    return BadType(text, "the scale is no number");
  }
  at = end + 1;
  return Ok();
}

bool HasFraction(std::string_view type) { return type == "time" || type == "datetime" || type == "timestamp"; }

DataType Make(TypeKind kind) { return DataType{.kind = kind}; }

DataType Precise(TypeKind kind, int64_t precision) {
  return DataType{.kind = kind, .precision = static_cast<int8_t>(std::clamp<int64_t>(precision, 0, 6))};
}

DataType Sized(TypeKind kind, int64_t length) {
  return DataType{.kind = kind, .length = static_cast<int32_t>(std::clamp<int64_t>(length, 1, INT32_MAX))};
}

bool MapNumber(const MysqlColumn& c, const MappingOptions& options, DataType& out) {
  if (c.type == "bit") {
    out = c.length <= 1 ? Make(TypeKind::kBoolean) : Sized(TypeKind::kBinary, (c.length + 7) / 8);
  } else if (c.type == "tinyint") {
    const bool boolean = c.length == 1 && !c.is_unsigned && options.tinyint1_is_boolean;
    out = Make(boolean ? TypeKind::kBoolean : c.is_unsigned ? TypeKind::kSmallInt : TypeKind::kTinyInt);
  } else if (c.type == "smallint") {
    out = Make(c.is_unsigned ? TypeKind::kInt : TypeKind::kSmallInt);
  } else if (c.type == "mediumint" || c.type == "year") {
    const bool wide = c.is_unsigned && c.type == "mediumint" && options.as_sync_action;
    out = Make(wide ? TypeKind::kBigInt : TypeKind::kInt);
  } else if (c.type == "int") {
    out = Make(c.is_unsigned ? TypeKind::kBigInt : TypeKind::kInt);
  } else if (c.type == "bigint") {
    const bool decimal = c.is_unsigned && !options.bigint_unsigned_is_bigint;
    out = decimal ? DataType{.kind = TypeKind::kDecimal, .precision = 20, .scale = 0} : Make(TypeKind::kBigInt);
  } else if (c.type == "float") {
    const bool wide = (c.scale >= 0 && !options.as_sync_action) || c.length > 24;
    out = Make(wide ? TypeKind::kDouble : TypeKind::kFloat);
  } else if (c.type == "double") {
    out = Make(TypeKind::kDouble);
  } else if (c.type == "decimal") {
    const int64_t precision = c.length <= 0 ? 10 : c.length;
    const int64_t scale = std::max<int64_t>(c.scale, 0);
    out = precision > 38 ? Make(TypeKind::kString)
                         : DataType{.kind = TypeKind::kDecimal,
                                    .precision = static_cast<int8_t>(precision),
                                    .scale = static_cast<int8_t>(scale)};
  } else {
    return false;
  }
  return true;
}

bool MapText(const MysqlColumn& c, const MappingOptions& options, DataType& out) {
  static constexpr std::array strings = {"tinytext", "text", "mediumtext", "longtext", "json", "enum",
                                         "uuid",     "inet4", "inet6"};
  static constexpr std::array blobs = {"tinyblob", "blob", "mediumblob", "longblob"};
  if (c.type == "char" || c.type == "varchar") {
    const bool bytes = c.charset == "binary";
    const bool fixed = c.type == "char" && !(bytes && options.as_sync_action);
    out = Sized(fixed ? (bytes ? TypeKind::kBinary : TypeKind::kChar)
                      : (bytes ? TypeKind::kVarBinary : TypeKind::kVarChar), c.length);
  } else if (c.type == "binary" || c.type == "varbinary") {
    const bool fixed = c.type == "binary" && !options.as_sync_action;
    out = Sized(fixed ? TypeKind::kBinary : TypeKind::kVarBinary, c.length);
  } else if (c.type == "longtext" && options.longtext_is_bytes) {
    out = Make(TypeKind::kBytes);
  } else if (std::find(blobs.begin(), blobs.end(), c.type) != blobs.end()) {
    out = Make(TypeKind::kBytes);
  } else if (std::find(strings.begin(), strings.end(), c.type) != strings.end() || IsGeometry(c.type)) {
    out = Make(TypeKind::kString);
  } else if (c.type == "set") {
    out = DataType{.kind = TypeKind::kArray, .element = TypeKind::kString};
  } else if (c.type == "vector") {
    out = DataType{.kind = TypeKind::kArray, .element = TypeKind::kFloat};
  } else {
    return false;
  }
  return true;
}

bool MapTime(const MysqlColumn& c, DataType& out) {
  if (c.type == "date") {
    out = Make(TypeKind::kDate);
  } else if (c.type == "time") {
    out = Precise(TypeKind::kTime, c.scale);
  } else if (c.type == "datetime") {
    out = Precise(TypeKind::kTimestamp, c.scale);
  } else if (c.type == "timestamp") {
    out = Precise(TypeKind::kTimestampLtz, c.scale);
  } else {
    return false;
  }
  return true;
}

// The default as a literal of our type, if it can be one.
std::optional<std::string> MapDefault(const MysqlColumn& column, const DataType& type) {
  if (!column.default_value) return {};
  const std::string& text = *column.default_value;
  switch (type.kind) {
    case TypeKind::kBoolean: {
      const bool zero = text == "0" || EqualsIgnoreCase(text, "false") || text == "b'0'" || text == "0x00";
      return zero ? "false" : "true";
    }
    case TypeKind::kBinary:
    case TypeKind::kVarBinary:
    case TypeKind::kBytes:
    case TypeKind::kArray:
      return {};
    case TypeKind::kDate:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      if (text.size() < 10 || text.compare(0, 4, "0000") == 0 || text.compare(5, 2, "00") == 0 ||
          text.compare(8, 2, "00") == 0) {
        return {};
      }
      return text;
    default:
      return text;
  }
}

// Types with values that ours cannot hold: zero dates, TIME beyond a day, geometries with more than two dimensions.
bool MayLackValues(const DataType& type, const MysqlColumn& column) {
  return type.kind == TypeKind::kDate || type.kind == TypeKind::kTime || type.kind == TypeKind::kTimestamp ||
         type.kind == TypeKind::kTimestampLtz || IsGeometry(column.type);
}

}  // namespace

int MysqlTable::Find(std::string_view column) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (EqualsIgnoreCase(columns[i].name, column)) return static_cast<int>(i);
  }
  return -1;
}

Status ParseColumnType(std::string_view column_type, MysqlColumn& column) {
  const std::string_view text = Trim(column_type);
  const size_t name_end = std::min(text.find('('), text.size());
  // The words before the parenthesis: type names of one to three words, then attributes.
  std::string name = Lower(Trim(text.substr(0, name_end)));
  const std::string_view words_after = "/ unsigned signed zerofill character charset collate compressed";
  std::string type;
  for (const auto& word : Split(name, ' ')) {
    if (word.empty()) continue;
    const bool attribute = word[0] == '/' || (!type.empty() && type != "char" && type != "national" &&
                                              words_after.find(" " + word) != std::string_view::npos);
    if (attribute || word == "unsigned" || word == "zerofill") break;
    type += type.empty() ? word : " " + word;
  }
  if (type.empty()) return BadType(column_type, "it is empty");
  column.type = type;
  column.length = column.scale = -1;
  column.labels.clear();
  size_t at = name_end;
  if (at < text.size()) {
    ++at;
    if (type == "enum" || type == "set") {
      TRY(ParseLabels(text, at, column.labels));
    } else {
      TRY(ParseArguments(text, at, column));
    }
  }
  const std::string rest = name_end < text.size() ? Lower(text.substr(at)) : name;
  column.is_unsigned = rest.find("unsigned") != std::string::npos || rest.find("zerofill") != std::string::npos;
  for (const Alias& alias : kAliases) {
    if (alias.name != column.type) continue;
    column.type = alias.type;
    if (alias.length >= 0) column.length = alias.length;
  }
  if (column.type == "serial") {
    column.type = "bigint";
    column.is_unsigned = true;
    column.nullable = false;
  }
  if (HasFraction(column.type)) {
    column.scale = std::max<int64_t>(column.length, 0);
    column.length = -1;
  }
  if (column.type == "bit" && column.length < 0) column.length = 1;
  if ((column.type == "char" || column.type == "binary") && column.length < 0) column.length = 1;
  return Ok();
}

Result<DataType> MapType(const MysqlColumn& column, const MappingOptions& options) {
  DataType type;
  if (!MapNumber(column, options, type) && !MapText(column, options, type) && !MapTime(column, type)) {
    return Unsupported(Str("column `", column.name, "` has the type \"", column.type, "\", which has no mapping"),
                       "leave the table out of the file's tables, or change the column's type");
  }
  type.nullable = column.nullable;
  return type;
}

Result<TableSchema> MapTable(const MysqlTable& table, const MappingOptions& options) {
  TableSchema schema;
  for (const MysqlColumn& column : table.columns) {
    auto type = MapType(column, options);
    if (!type.ok()) return std::move(type).error().With(Str(table.database, ".", table.name));
    const bool key = std::any_of(table.primary_key.begin(), table.primary_key.end(),
                                 [&](const std::string& name) { return EqualsIgnoreCase(name, column.name); });
    if (key) {
      type->nullable = false;
    } else if (MayLackValues(*type, column)) {
      type->nullable = true;
    }
    Column out{.name = column.name, .type = *type, .comment = {}, .default_value = MapDefault(column, *type)};
    if (options.comments) out.comment = column.comment;
    schema.columns.push_back(std::move(out));
  }
  for (const std::string& name : table.primary_key) {
    const int index = table.Find(name);
    if (index < 0) return Invalid(Str("key column `", name, "` is not a column of ", table.database, ".", table.name));
    schema.primary_key.push_back(table.columns[static_cast<size_t>(index)].name);
  }
  if (options.comments) schema.comment = table.comment;
  return schema;
}

}  // namespace sluice::mysql
