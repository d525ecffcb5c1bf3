// SPDX-License-Identifier: Apache-2.0
// MysqlColumn: a column as MariaDB and MySQL know it, and its mapping to our types (compat.md A.8.3, A.8.4). One
// mapping for snapshot and log. A value; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "row/schema.h"

namespace sluice::mysql {

struct MysqlColumn {
  std::string name;
  std::string type;          // lower case, without length and attributes: "int", "varchar", "enum", "uuid"
  int64_t length = -1;       // (n): characters, bytes, bits, display width, or precision of DECIMAL, FLOAT; -1 = none
  int64_t scale = -1;        // (p,s), and the fraction digits of TIME, DATETIME, TIMESTAMP (0 if none)
  bool is_unsigned = false;  // ZEROFILL too
  bool nullable = true;
  bool virtual_generated = false;  // not stored; in the log of MariaDB all the same
  bool invisible = false;
  std::string charset;    // of text types: "utf8mb4", "latin1"; "binary" for bytes
  std::string collation;  // "utf8mb4_general_ci"
  std::vector<std::string> labels;           // ENUM, SET, as UTF-8
  std::optional<std::string> default_value;  // the literal as UTF-8 text; none for NULL and for expressions
  std::string comment;

  bool operator==(const MysqlColumn&) const = default;
};

struct MysqlTable {
  std::string database;
  std::string name;
  std::vector<MysqlColumn> columns;
  std::vector<std::string> primary_key;
  std::string charset;    // default of the table
  std::string collation;
  std::string comment;

  bool operator==(const MysqlTable&) const = default;
  int Find(std::string_view column) const;  // case-insensitive as the server; -1 if absent
};

struct MappingOptions {
  bool tinyint1_is_boolean = true;
  bool comments = false;  // include-comments.enabled
  // Where Paimon's sync actions differ from Flink CDC: MEDIUMINT UNSIGNED is BIGINT, BINARY(n) VARBINARY(n), FLOAT(p,s)
  // FLOAT.
  bool as_sync_action = false;
  bool longtext_is_bytes = false;
  bool bigint_unsigned_is_bigint = false;
};

// "decimal(10,2) unsigned", "enum('a','b')", "varchar(20)": the type part of `column`. Charset and the rest stay.
Status ParseColumnType(std::string_view column_type, MysqlColumn& column);
// kUnsupported with the column's name if the type has no mapping.
Result<DataType> MapType(const MysqlColumn& column, const MappingOptions& options);
Result<TableSchema> MapTable(const MysqlTable& table, const MappingOptions& options);

std::string ToJson(const MysqlTable& table);
Result<MysqlTable> ParseMysqlTable(std::string_view json);

}  // namespace sluice::mysql
