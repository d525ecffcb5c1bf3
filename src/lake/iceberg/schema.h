// SPDX-License-Identifier: Apache-2.0
// Schema: an Iceberg schema (top-level columns and lists of them) with field ids, its JSON, and its evolution.
// Field ids are never reused. Values; any thread. Nested structs and maps of other writers are kept in the table's
// metadata but cannot be read or written: parsing them gives kUnsupported naming the column.
//
// Iceberg has fewer types than DataType: int holds TINYINT..INT, string CHAR..STRING, binary BINARY..BYTES, time and
// timestamp all precisions (microseconds). Compare by ToIcebergType, never by DataType.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/parquet/file_column.h"
#include "row/schema.h"
#include "row/schema_change.h"
#include "row/type.h"

namespace sluice::iceberg {

struct Field {
  int id = 0;
  std::string name;
  DataType type;  // as read back from Iceberg: INT, STRING, BYTES, TIME(6), TIMESTAMP(6)... nullable = !required
  bool required = false;
  std::string doc;
  int element_id = 0;              // lists: id of the element, else 0
  bool element_required = false;   // lists
  std::string iceberg_type;        // "long", "decimal(9, 2)", "list<string>"; "uuid" and "fixed[16]" read as BYTES

  bool operator==(const Field&) const = default;
};

struct Schema {
  int schema_id = 0;
  std::vector<Field> fields;
  std::vector<int> identifier_field_ids;

  const Field* Find(std::string_view name) const;  // null if absent
  const Field* FindId(int id) const;               // top level; null if absent
  int HighestId() const;
  // Same fields, ids, types, docs and identifiers; schema_id aside.
  bool SameFields(const Schema& other) const;
  std::string ToJson() const;
};

// "boolean", "int", "long", "float", "double", "decimal(P, S)", "date", "time", "timestamp", "timestamptz", "string",
// "binary", "list<string>", "list<float>".
std::string ToIcebergType(const DataType& type);
// The type that a column of this Iceberg type is read as. kUnsupported for what rows cannot hold.
Result<DataType> FromIcebergType(std::string_view iceberg_type);

Result<Schema> ParseSchema(std::string_view json);

// Ids first_id, first_id+1… for the columns, then for list elements. Primary key columns become required identifier
// fields (float and double keys are required but not identifiers: the format forbids it).
Schema FromTableSchema(const TableSchema& table, int first_id = 1);
TableSchema ToTableSchema(const Schema& schema);
// The fields as columns of data files, to read them.
std::vector<FileColumn> FileColumns(const Schema& schema);

// What `schema` becomes (schema_id is not changed: the commit gives it). A new field takes ++last_column_id.
// kUnsupported, naming the column, both types and ways out, for what Iceberg cannot do: a type change that is not a
// promotion (int->long, float->double, wider decimal), a drop of an identifier field. Changes that Iceberg does not
// see (VARCHAR(10)->VARCHAR(20), kTruncateTable, kAlterComment) give the schema as it is. An optional column can not
// become required: it stays optional.
Result<Schema> Evolve(const Schema& schema, const SchemaChange& change, int& last_column_id);

// True if old files can be read as the new type: the same, or an allowed promotion.
bool CanPromote(std::string_view from_iceberg_type, std::string_view to_iceberg_type);

}  // namespace sluice::iceberg
