// SPDX-License-Identifier: Apache-2.0
// SchemaChange: tags, one line for logs, and what it makes of a schema.
#include "row/schema_change.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace sluice {
namespace {

Error NoColumn(const SchemaChange& change, std::string_view column) {
  return Invalid(Str(change.table.ToString(), " has no column ", column, " (", Describe(change), ")"));
}
Error ColumnThere(const SchemaChange& change, std::string_view column) {
  return Invalid(Str(change.table.ToString(), " already has a column ", column, " (", Describe(change), ")"));
}

// Puts the column at its place; `kept` is the index for kKeep.
Status Place(TableSchema& schema, const SchemaChange& change, size_t kept) {
  size_t at = schema.columns.size();
  if (change.place == ColumnPlace::kFirst) at = 0;
  if (change.place == ColumnPlace::kKeep) at = std::min(kept, schema.columns.size());
  if (change.place == ColumnPlace::kAfter) {
    int found = schema.Find(change.after);
    if (found < 0) return NoColumn(change, change.after);
    at = static_cast<size_t>(found) + 1;
  }
  schema.columns.insert(schema.columns.begin() + static_cast<std::ptrdiff_t>(at), change.column);
  return Ok();
}

Status Rename(TableSchema& schema, const SchemaChange& change) {
  int at = schema.Find(change.name);
  if (at < 0) return NoColumn(change, change.name);
  if (change.name == change.column.name) return Ok();
  if (schema.Find(change.column.name) >= 0) return ColumnThere(change, change.column.name);
  schema.columns[static_cast<size_t>(at)].name = change.column.name;
  std::replace(schema.primary_key.begin(), schema.primary_key.end(), change.name, change.column.name);
  return Ok();
}

Status Alter(TableSchema& schema, const SchemaChange& change) {
  int at = schema.Find(change.name);
  if (at < 0) return NoColumn(change, change.name);
  if (change.column.name != change.name) {
    return Invalid(
        Str(change.table.ToString(), ": alter.column.type of ", change.name, " renames it to ", change.column.name));
  }
  if (change.place == ColumnPlace::kKeep) {
    schema.columns[static_cast<size_t>(at)] = change.column;
    return Ok();
  }
  schema.columns.erase(schema.columns.begin() + at);
  return Place(schema, change, static_cast<size_t>(at));
}

}  // namespace

std::string_view SchemaChangeTag(SchemaChangeKind kind) {
  switch (kind) {
    case SchemaChangeKind::kCreateTable: return "create.table";
    case SchemaChangeKind::kAddColumn: return "add.column";
    case SchemaChangeKind::kAlterColumn: return "alter.column.type";
    case SchemaChangeKind::kRenameColumn: return "rename.column";
    case SchemaChangeKind::kDropColumn: return "drop.column";
    case SchemaChangeKind::kDropTable: return "drop.table";
    case SchemaChangeKind::kTruncateTable: return "truncate.table";
    case SchemaChangeKind::kAlterComment: return "alter.table.comment";
  }
  CHECK(false);
}

std::string Describe(const SchemaChange& change) {
  std::string out = Str(change.table.ToString(), ": ", SchemaChangeTag(change.kind));
  switch (change.kind) {
    case SchemaChangeKind::kCreateTable: {
      if (change.schema == nullptr) return out;
      std::vector<std::string> columns;
      for (const Column& column : change.schema->columns) {
        columns.push_back(Str(column.name, " ", column.type.ToString()));
      }
      out += Str(" (", Join(columns, ", "), ")");
      if (!change.schema->primary_key.empty()) out += Str(" key (", Join(change.schema->primary_key, ", "), ")");
      return out;
    }
    case SchemaChangeKind::kAddColumn:
    case SchemaChangeKind::kAlterColumn:
      out += Str(" ", change.column.name, " ", change.column.type.ToString());
      if (change.place == ColumnPlace::kFirst) out += " first";
      if (change.place == ColumnPlace::kAfter) out += Str(" after ", change.after);
      return out;
    case SchemaChangeKind::kRenameColumn: return Str(out, " ", change.name, " to ", change.column.name);
    case SchemaChangeKind::kDropColumn: return Str(out, " ", change.name);
    case SchemaChangeKind::kDropTable:
    case SchemaChangeKind::kTruncateTable: return out;
    case SchemaChangeKind::kAlterComment:
      return change.schema == nullptr ? out : Str(out, " \"", JsonEscape(change.schema->comment), "\"");
  }
  CHECK(false);
}

Result<TableSchema> ApplySchemaChange(const TableSchema& schema, const SchemaChange& change) {
  TableSchema out = schema;
  switch (change.kind) {
    case SchemaChangeKind::kCreateTable:
      if (change.schema == nullptr) return Invalid(Str(change.table.ToString(), ": create.table without a schema"));
      return *change.schema;
    case SchemaChangeKind::kAddColumn:
      if (out.Find(change.column.name) >= 0) return ColumnThere(change, change.column.name);
      TRY(Place(out, change, out.columns.size()));
      return out;
    case SchemaChangeKind::kAlterColumn: TRY(Alter(out, change)); return out;
    case SchemaChangeKind::kRenameColumn: TRY(Rename(out, change)); return out;
    case SchemaChangeKind::kDropColumn: {
      int at = out.Find(change.name);
      if (at < 0) return NoColumn(change, change.name);
      out.columns.erase(out.columns.begin() + at);
      std::erase(out.primary_key, change.name);
      return out;
    }
    case SchemaChangeKind::kDropTable:
    case SchemaChangeKind::kTruncateTable: return out;
    case SchemaChangeKind::kAlterComment:
      if (change.schema != nullptr) out.comment = change.schema->comment;
      return out;
  }
  CHECK(false);
}

}  // namespace sluice
