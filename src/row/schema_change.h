// SPDX-License-Identifier: Apache-2.0
// SchemaChange: one change of a table's shape, in order between the batches. A value; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "row/schema.h"
#include "row/table_id.h"

namespace sluice {

enum class SchemaChangeKind : uint8_t {
  kCreateTable,   // schema
  kAddColumn,     // column, place, after
  kAlterColumn,   // name, column (new type, default, comment; same name), place
  kRenameColumn,  // name, column.name
  kDropColumn,    // name
  kDropTable,
  kTruncateTable,
  kAlterComment,  // schema->comment
};

enum class ColumnPlace : uint8_t { kKeep, kLast, kFirst, kAfter };

// What the rows that a table holds already show in a column that is added ("initial default" in Iceberg v3).
struct InitialDefault {
  enum class Kind : uint8_t {
    kOfColumn,  // not told: as the column's own default and nullability say
    kNull,
    kLiteral,   // `text`, canonical (row/format_value.h); bytes as hex; an array's members between commas
    kComputed,  // the server made a value for each row, which the log does not show
  };
  Kind kind = Kind::kOfColumn;
  std::string text;
};

struct SchemaChange {
  SchemaChangeKind kind = SchemaChangeKind::kCreateTable;
  TableId table;
  std::shared_ptr<const TableSchema> schema;  // the whole schema after this change; null for kDropTable
  std::string name;                           // the column as it was called before
  Column column;
  ColumnPlace place = ColumnPlace::kKeep;  // kLast for a plain ADD COLUMN
  std::string after;                       // with kAfter
  InitialDefault initial;                  // of kAddColumn
};

// Flink CDC's tag: "create.table", "add.column", "alter.column.type", "rename.column", "drop.column", "drop.table",
// "truncate.table", "alter.table.comment".
std::string_view SchemaChangeTag(SchemaChangeKind kind);
// One line for logs: "crm.lead: add.column region VARCHAR(10) after name".
std::string Describe(const SchemaChange& change);
// What `schema` becomes. kInvalid if the column is not there (or already there).
Result<TableSchema> ApplySchemaChange(const TableSchema& schema, const SchemaChange& change);

}  // namespace sluice
