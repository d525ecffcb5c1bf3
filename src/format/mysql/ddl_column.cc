// SPDX-License-Identifier: Apache-2.0
// Columns as the server makes them of what was written.
#include "format/mysql/ddl_column.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "base/text.h"

namespace sluice::mysql {
namespace {

struct CharsetInfo {
  std::string_view name;
  std::string_view collation;
  int64_t bytes;
};
constexpr CharsetInfo kCharsets[] = {
    {"armscii8", "armscii8_general_ci", 1}, {"ascii", "ascii_general_ci", 1},
    {"big5", "big5_chinese_ci", 2},         {"binary", "binary", 1},
    {"cp1250", "cp1250_general_ci", 1},     {"cp1251", "cp1251_general_ci", 1},
    {"cp1256", "cp1256_general_ci", 1},     {"cp1257", "cp1257_general_ci", 1},
    {"cp850", "cp850_general_ci", 1},       {"cp852", "cp852_general_ci", 1},
    {"cp866", "cp866_general_ci", 1},       {"cp932", "cp932_japanese_ci", 2},
    {"dec8", "dec8_swedish_ci", 1},         {"eucjpms", "eucjpms_japanese_ci", 3},
    {"euckr", "euckr_korean_ci", 2},        {"gb18030", "gb18030_chinese_ci", 4},
    {"gb2312", "gb2312_chinese_ci", 2},     {"gbk", "gbk_chinese_ci", 2},
    {"geostd8", "geostd8_general_ci", 1},   {"greek", "greek_general_ci", 1},
    {"hebrew", "hebrew_general_ci", 1},     {"hp8", "hp8_english_ci", 1},
    {"keybcs2", "keybcs2_general_ci", 1},   {"koi8r", "koi8r_general_ci", 1},
    {"koi8u", "koi8u_general_ci", 1},       {"latin1", "latin1_swedish_ci", 1},
    {"latin2", "latin2_general_ci", 1},     {"latin5", "latin5_turkish_ci", 1},
    {"latin7", "latin7_general_ci", 1},     {"macce", "macce_general_ci", 1},
    {"macroman", "macroman_general_ci", 1}, {"sjis", "sjis_japanese_ci", 2},
    {"swe7", "swe7_swedish_ci", 1},         {"tis620", "tis620_thai_ci", 1},
    {"ucs2", "ucs2_general_ci", 2},         {"ujis", "ujis_japanese_ci", 3},
    {"utf16", "utf16_general_ci", 4},       {"utf16le", "utf16le_general_ci", 4},
    {"utf32", "utf32_general_ci", 4},       {"utf8mb3", "utf8mb3_general_ci", 3},
    {"utf8mb4", "utf8mb4_general_ci", 4},
};

const CharsetInfo* FindInfo(std::string_view charset) {
  auto found = std::find_if(std::begin(kCharsets), std::end(kCharsets),
                            [&](const CharsetInfo& info) { return info.name == charset; });
  return found == std::end(kCharsets) ? nullptr : found;
}

struct IntegerWidth {
  std::string_view type;
  int64_t with_sign, without_sign;
};
constexpr IntegerWidth kIntegers[] = {
    {"tinyint", 4, 3}, {"smallint", 6, 5}, {"mediumint", 9, 8}, {"int", 11, 10}, {"bigint", 20, 20}};

// The smallest TEXT or BLOB that holds so many bytes.
std::string SizedLob(int64_t bytes, bool text) {
  std::string_view size = bytes < 256 ? "tiny" : bytes < 65536 ? "" : bytes < (1 << 24) ? "medium" : "long";
  return Str(size, text ? "text" : "blob");
}
int64_t LobBytes(std::string_view type) {
  if (type.starts_with("tiny")) return 255;
  if (type.starts_with("medium")) return (int64_t{1} << 24) - 1;
  if (type.starts_with("long")) return (int64_t{1} << 32) - 1;
  return 65535;
}
bool IsLob(std::string_view type) { return type.ends_with("text") || type.ends_with("blob"); }

void ResolveNumber(MysqlColumn& column, const ColumnDefinition& definition, bool mariadb) {
  for (const IntegerWidth& width : kIntegers) {
    if (column.type != width.type) continue;
    bool keep =
        mariadb || definition.zerofill || (width.type == "tinyint" && column.length == 1 && !column.is_unsigned);
    if (!keep)
      column.length = -1;
    else if (column.length < 0 && mariadb)
      column.length = column.is_unsigned ? width.without_sign : width.with_sign;
  }
  if (column.type == "decimal") {
    if (column.length <= 0) column.length = 10;
    if (column.scale < 0) column.scale = 0;
  }
  if (column.type == "float" && column.scale < 0) {
    if (column.length > 24) column.type = "double";
    column.length = -1;
  }
  if (column.type == "year" && column.length != 2) column.length = mariadb ? 4 : -1;
}

// BINARY for CHAR with the character set binary, and so on.
std::string BytesType(std::string_view type) {
  if (type == "char") return "binary";
  if (type == "varchar") return "varbinary";
  if (type.ends_with("text")) return Str(type.substr(0, type.size() - 4), "blob");
  return std::string(type);
}

void ResolveText(MysqlColumn& column, const ColumnDefinition& definition, const CharsetChoice& table,
                 const DefaultCollations& collations) {
  CharsetChoice choice = ResolveCharset(definition.charset, definition.collation, table, collations);
  if (definition.bytes) choice = {"binary", "binary"};
  if (definition.binary_collation && choice.charset != "binary") choice.collation = Str(choice.charset, "_bin");
  column.charset = choice.charset;
  column.collation = choice.collation;
  if (choice.charset == "binary") column.type = BytesType(column.type);
}

// Lengths that the server turns into another type.
void ResolveLength(MysqlColumn& column) {
  bool bytes = column.type.ends_with("blob") || column.type.ends_with("binary");
  int64_t width = bytes ? 1 : BytesPerCharacter(column.charset);
  if (column.type == "char" || column.type == "binary") {
    if (column.length < 0) column.length = 1;
  } else if (column.type == "varchar" || column.type == "varbinary") {
    if (column.length * width > 65535) {
      column.type = SizedLob(column.length * width, !bytes);
      column.length = -1;
    }
  } else if (IsLob(column.type)) {
    if (column.length > 0 && (column.type == "text" || column.type == "blob")) {
      column.type = SizedLob(column.length * width, !bytes);
    }
    column.length = -1;
  }
}

}  // namespace

std::string NormalCharset(std::string_view name) {
  std::string lower = Lower(name);
  return lower == "utf8" ? "utf8mb3" : lower;
}

std::string NormalCollation(std::string_view name) {
  std::string lower = Lower(name);
  return lower.starts_with("utf8_") ? Str("utf8mb3", lower.substr(4)) : lower;
}

std::string CharsetOfCollation(std::string_view name) {
  std::string charset = NormalCharset(name.substr(0, name.find('_')));
  return FindInfo(charset) != nullptr ? charset : std::string();
}

std::string DefaultCollation(std::string_view charset, const DefaultCollations& collations) {
  if (auto found = collations.find(std::string(charset)); found != collations.end()) return found->second;
  const CharsetInfo* info = FindInfo(charset);
  return info != nullptr ? std::string(info->collation) : Str(charset, "_general_ci");
}

int64_t BytesPerCharacter(std::string_view charset) {
  const CharsetInfo* info = FindInfo(charset);
  return info != nullptr ? info->bytes : 4;
}

CharsetChoice ResolveCharset(std::string_view charset, std::string_view collation, const CharsetChoice& base,
                             const DefaultCollations& collations) {
  CharsetChoice out{NormalCharset(charset), NormalCollation(collation)};
  if (out.charset.empty() && out.collation.empty()) return base;
  if (out.collation.empty()) {
    out.collation = DefaultCollation(out.charset, collations);
  } else if (std::string told = CharsetOfCollation(out.collation); !told.empty()) {
    out.charset = told;
  } else {  // uca1400_ai_ci takes the character set from its place
    if (out.charset.empty()) out.charset = base.charset;
    out.collation = Str(out.charset, "_", out.collation);
  }
  return out;
}

bool IsTextType(std::string_view type) {
  static constexpr std::array types = {"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"};
  return std::find(types.begin(), types.end(), type) != types.end();
}

MysqlColumn ResolveColumn(const ColumnDefinition& definition, const CharsetChoice& table, const SqlContext& context,
                          const DefaultCollations& collations) {
  MysqlColumn out;
  out.name = definition.name;
  out.type = definition.type;
  out.length = definition.length;
  out.scale = definition.scale;
  out.labels = definition.labels;
  out.is_unsigned = definition.is_unsigned;
  out.nullable = definition.nullable.value_or(true);
  out.virtual_generated = definition.generated && definition.virtual_generated;
  out.invisible = definition.invisible;
  out.comment = definition.comment;
  if (out.type == "boolean") {
    out.type = "tinyint";
    out.length = 1;
  } else if (out.type == "serial") {
    out.type = "bigint";
    out.is_unsigned = true;
    out.nullable = false;
  } else if (out.type == "json" && context.mariadb) {
    out.type = "longtext";
    CharsetChoice json{"utf8mb4", "utf8mb4_bin"};
    ColumnDefinition plain = definition;
    if (plain.charset.empty() && plain.collation.empty())
      plain.charset = json.charset, plain.collation = json.collation;
    ResolveText(out, plain, json, collations);
  } else if (out.type == "bit") {
    if (out.length < 0) out.length = 1;
  } else if (out.type == "time" || out.type == "datetime" || out.type == "timestamp") {
    out.scale = std::max<int64_t>(out.length, 0);
    out.length = -1;
    bool implicit = out.type == "timestamp" && !context.explicit_timestamp_defaults && !definition.generated;
    if (implicit && !definition.nullable) out.nullable = false;
  } else if (out.type == "vector" && out.length < 0) {
    out.length = context.mariadb ? 1 : 2048;
  } else if (IsTextType(out.type)) {
    ResolveText(out, definition, table, collations);
  }
  ResolveNumber(out, definition, context.mariadb);
  ResolveLength(out);
  if (out.type.ends_with("blob") || out.type.ends_with("binary")) out.charset = out.collation = "binary";
  if (!definition.generated) out.default_value = CanonicalDefault(out, definition.default_value);
  return out;
}

void ConvertColumn(MysqlColumn& column, const CharsetChoice& to) {
  if (!IsTextType(column.type) || column.charset == "binary") return;
  int64_t old_width = BytesPerCharacter(column.charset), width = BytesPerCharacter(to.charset);
  column.charset = to.charset;
  column.collation = to.collation;
  if (to.charset == "binary") column.type = BytesType(column.type);
  bool text = to.charset != "binary";
  if (IsLob(column.type)) {
    int64_t wanted = LobBytes(column.type) / old_width * width;
    if (wanted > LobBytes(column.type)) column.type = SizedLob(wanted, text);
  } else if (column.type == "varchar" && column.length * width > 65535) {
    column.type = SizedLob(column.length * width, text);
    column.length = -1;
  }
}

}  // namespace sluice::mysql
