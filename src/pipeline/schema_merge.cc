// SPDX-License-Identifier: Apache-2.0
// Flink CDC's SchemaMergingUtils: least common schema and schema difference.
#include "pipeline/schema_merge.h"

namespace sluice {

TableSchema WidenToFit(const TableSchema& current, const std::vector<const TableSchema*>& upstream) {
  TableSchema out = current;
  for (const TableSchema* schema : upstream) {
    for (const Column& column : schema->columns) {
      int at = out.Find(column.name);
      if (at < 0) {
        out.columns.push_back(column);
      } else {
        DataType& type = out.columns[static_cast<size_t>(at)].type;
        type = WidestCommonType(type, column.type);
      }
    }
  }
  for (Column& column : out.columns) {
    for (const TableSchema* schema : upstream) {
      if (schema->Find(column.name) < 0) column.type.nullable = true;
    }
  }
  return out;
}

std::vector<SchemaChange> SchemaDifference(const TableId& table, const TableSchema& before, const TableSchema& after) {
  std::vector<SchemaChange> added;
  std::vector<SchemaChange> altered;
  std::vector<SchemaChange> dropped;
  for (size_t i = 0; i < after.columns.size(); ++i) {
    const Column& column = after.columns[i];
    SchemaChange change;
    change.table = table;
    change.name = column.name;
    change.column = column;
    int at = before.Find(column.name);
    if (at >= 0) {
      if (before.columns[static_cast<size_t>(at)].type == column.type) continue;
      change.kind = SchemaChangeKind::kAlterColumn;
      altered.push_back(std::move(change));
      continue;
    }
    change.kind = SchemaChangeKind::kAddColumn;
    change.place = i == 0 ? ColumnPlace::kFirst : ColumnPlace::kAfter;
    if (i > 0) change.after = after.columns[i - 1].name;
    added.push_back(std::move(change));
  }
  for (const Column& column : before.columns) {
    if (after.Find(column.name) >= 0) continue;
    SchemaChange change;
    change.kind = SchemaChangeKind::kDropColumn;
    change.table = table;
    change.name = column.name;
    dropped.push_back(std::move(change));
  }
  added.insert(added.end(), altered.begin(), altered.end());
  added.insert(added.end(), dropped.begin(), dropped.end());
  return added;
}

}  // namespace sluice
