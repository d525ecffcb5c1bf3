// SPDX-License-Identifier: Apache-2.0
// DdlStatement: what a statement of the log does to tables and databases, as written: names may lack a database, types
// are not resolved yet (table_tracker.h does that). Values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "format/mysql/ddl_lexer.h"

namespace sluice::mysql {

struct TableName {
  std::string database;  // empty = the session's
  std::string table;
  bool operator==(const TableName&) const = default;
};

struct DefaultValue {
  enum class Kind : uint8_t {
    kNone,
    kNull,
    kText,        // UTF-8
    kNumber,      // as written, with its sign; TRUE is 1
    kBytes,       // x'41'
    kBits,        // b'101': the digits
    kNow,         // CURRENT_TIMESTAMP and its synonyms
    kExpression,  // other functions, (a + 1)
  };
  Kind kind = Kind::kNone;
  std::string text;
  std::string charset;  // of an introducer: _latin1'…'
  bool operator==(const DefaultValue&) const = default;
};

struct ColumnDefinition {
  std::string name;
  std::string type;  // lower case, synonyms resolved ("int8" is "bigint"); "serial" and "boolean" too
  int64_t length = -1, scale = -1;
  std::vector<std::string> labels;
  bool is_unsigned = false, zerofill = false;
  std::string charset, collation;
  bool binary_collation = false;  // BINARY after a text type
  bool bytes = false;             // BYTE after a text type
  std::optional<bool> nullable;
  DefaultValue default_value;
  bool on_update_now = false;
  bool primary_key = false, auto_increment = false, generated = false, virtual_generated = false, invisible = false;
  std::string comment;
};

enum class DdlPlace : uint8_t { kNone, kFirst, kAfter };

struct AddColumn {
  ColumnDefinition column;
  bool if_not_exists = false;
  DdlPlace place = DdlPlace::kNone;
  std::string after;
};
struct DropColumn {
  std::string name;
  bool if_exists = false;
};
struct ChangeColumn {  // MODIFY: old_name is column.name
  std::string old_name;
  ColumnDefinition column;
  bool if_exists = false;
  DdlPlace place = DdlPlace::kNone;
  std::string after;
};
struct RenameColumn {
  std::string from, to;
  bool if_exists = false;
};
struct SetColumnDefault {
  std::string name;
  DefaultValue value;  // kNone: DROP DEFAULT
  bool if_exists = false;
};
struct SetColumnVisible {
  std::string name;
  bool visible = true;
};
struct AddPrimaryKey {
  std::vector<std::string> columns;
  bool if_not_exists = false;
};
struct DropPrimaryKey {
  bool if_exists = false;
};
struct PeriodFor {  // makes its columns NOT NULL
  std::string start, end;
};
struct ConvertCharset {
  std::string charset;  // empty = DEFAULT
  std::string collation;
};
struct TableOptions {
  std::optional<std::string> charset;  // "" = DEFAULT
  std::optional<std::string> collation;
  std::optional<std::string> comment;
};
struct RenameTo {
  TableName to;
};
using AlterOperation =
    std::variant<AddColumn, DropColumn, ChangeColumn, RenameColumn, SetColumnDefault, SetColumnVisible, AddPrimaryKey,
                 DropPrimaryKey, PeriodFor, ConvertCharset, TableOptions, RenameTo>;

struct CreateTable {
  TableName name;
  bool or_replace = false, if_not_exists = false;
  std::optional<TableName> like;
  std::vector<AlterOperation> elements;  // AddColumn, AddPrimaryKey, PeriodFor, TableOptions
};
struct AlterTable {
  TableName name;
  bool if_exists = false;
  // The part that adds or removes rows without an event for each ("TRUNCATE PARTITION"); empty if there is none.
  std::string unlogged;
  std::optional<TableName> exchanged;  // the table that takes part in it
  std::vector<AlterOperation> operations;
};
struct DropTables {
  std::vector<TableName> names;
};
struct TruncateTable {
  TableName name;
};
struct RenameTables {
  std::vector<std::pair<TableName, TableName>> names;
  bool if_exists = false;
};
struct CreateDatabase {
  std::string name;
  bool or_replace = false, if_not_exists = false;
  TableOptions options;
};
struct AlterDatabase {
  std::string name;  // empty = the session's
  TableOptions options;
};
struct DropDatabase {
  std::string name;
};

enum class StatementKind : uint8_t {
  kIrrelevant,  // changes no table's columns: GRANT, CREATE VIEW, CREATE INDEX, SET, ANALYZE…
  kBegin,
  kCommit,     // XA COMMIT too
  kRollback,   // XA ROLLBACK too
  kSavepoint,  // SAVEPOINT, ROLLBACK TO, RELEASE SAVEPOINT
  kXa,         // XA START, END, PREPARE
  kRows,       // INSERT, UPDATE, DELETE, REPLACE, LOAD, CALL…: changes rows, so the log is not in ROW format
  kTable,      // operation is set
  kDatabase,   // operation is set
};

struct DdlStatement {
  StatementKind kind = StatementKind::kIrrelevant;
  std::vector<std::variant<CreateTable, AlterTable, DropTables, TruncateTable, RenameTables, CreateDatabase,
                           AlterDatabase, DropDatabase>>
      operations;                 // at most one in today's grammars
  std::vector<TableName> tables;  // every table that was named, as far as the text could be read
  std::optional<Error> problem;   // the text could not be understood; an error if a tracked table is concerned
};

// What kind of statement it is, from its first words only.
StatementKind Classify(std::string_view sql, const SqlContext& context);
// `sql` as UTF-8 (the caller converts from the session's character_set_client). Never fails: see `problem`.
DdlStatement ParseDdl(std::string_view sql, const SqlContext& context);

}  // namespace sluice::mysql
