// SPDX-License-Identifier: Apache-2.0
// From a column as written in DDL to the column that the server makes of it: default lengths, character sets, types
// that the server changes silently, and the literal of a default in canonical form. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "format/mysql/column.h"
#include "format/mysql/ddl_statement.h"

namespace sluice::mysql {

struct CharsetChoice {
  std::string charset;
  std::string collation;
  bool operator==(const CharsetChoice&) const = default;
};

// Character set -> default collation, where the server differs from MariaDB 10.x (information_schema.CHARACTER_SETS).
using DefaultCollations = std::map<std::string, std::string>;

std::string NormalCharset(std::string_view name);       // "utf8" is "utf8mb3"; lower case
std::string NormalCollation(std::string_view name);     // "utf8_bin" is "utf8mb3_bin"
std::string CharsetOfCollation(std::string_view name);  // "latin1" of "latin1_bin"; "" if the name does not tell
std::string DefaultCollation(std::string_view charset, const DefaultCollations& collations);
int64_t BytesPerCharacter(std::string_view charset);  // the most; 4 if unknown
// What CHARACTER SET `charset` COLLATE `collation` means; an empty one was not written. `base` if both are empty.
CharsetChoice ResolveCharset(std::string_view charset, std::string_view collation, const CharsetChoice& base,
                             const DefaultCollations& collations);

bool IsTextType(std::string_view type);  // has a character set: CHAR, VARCHAR, TEXT…, ENUM, SET

// Everything but what the table adds (NOT NULL by the primary key). `table` is the table's default.
MysqlColumn ResolveColumn(const ColumnDefinition& definition, const CharsetChoice& table, const SqlContext& context,
                          const DefaultCollations& collations);
// What ALTER TABLE … CONVERT TO does to an existing column: texts grow so that every character still fits.
void ConvertColumn(MysqlColumn& column, const CharsetChoice& to);
// The literal in canonical form by the column's type: numbers rounded to the scale, '2020-1-2' as 2020-01-02 00:00:00.
// None for NULL, expressions, and bytes that are no text.
std::optional<std::string> CanonicalDefault(const MysqlColumn& column, const DefaultValue& value);

}  // namespace sluice::mysql
