// SPDX-License-Identifier: Apache-2.0
// For tests: random tables and random changes of them, and a model of what they must hold.
#pragma once

#include <arrow/compute/api.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lake/default_value.h"
#include "lake/paimon/random_value_test_util.h"
#include "lake/paimon/table_model_test_util.h"

namespace sluice::paimon {

// A table's schema, its rows, and rows that change them. Keys come from small pools, so that they meet again.
class RandomTable {
 public:
  // Of an odd seed all rows fit files in ORC; others become Parquet.
  RandomTable(uint64_t seed, bool keyed) : random(seed), keyed_(keyed) {
    random.whole_old_seconds = seed % 2 == 1;
    static const std::vector<std::string> kKeys = {"INT", "BIGINT", "DECIMAL(10, 2)", "DECIMAL(30, 5)", "VARCHAR(30)",
        "VARBINARY(12)", "BYTES", "DATE", "TIMESTAMP(0)", "TIMESTAMP(3)", "TIMESTAMP(6)", "BOOLEAN", "SMALLINT",
        "STRING", "TIMESTAMP_LTZ(3)", "TIME(3)"};
    const std::vector<std::string> partitions = {"INT", "VARCHAR(5)", "DATE", "BOOLEAN", "TIMESTAMP(3)",
                                                 "DECIMAL(4, 2)"};
    for (uint64_t i = 0, keys = 1 + random(3); i < keys; ++i) {
      Column column = Col(Str("k", i), random.Of(kKeys));
      column.type.nullable = false;
      schema.columns.push_back(column);
      if (keyed) schema.primary_key.push_back(column.name);
      const uint64_t values = i == 0 ? 3 + random(60) : 1 + random(5);
      for (uint64_t v = 0; v < values; ++v) pools_[column.name].push_back(RandomValue(random, column.type));
    }
    for (uint64_t i = random.OneIn(2) ? random(3) : 0; i > 0; --i) {
      Column column = Col(Str("p", i), random.Of(partitions));
      column.type.nullable = !keyed;
      schema.columns.push_back(column);
      partition_keys.push_back(column.name);
      if (keyed && random.OneIn(2)) schema.primary_key.push_back(column.name);  // else the table adds it
      for (int v = 0; v < 3; ++v) pools_[column.name].push_back(RandomValue(random, column.type));
      if (!keyed) pools_[column.name].push_back(arrow::MakeNullScalar(column.type.ToArrow()));
    }
    for (uint64_t i = 1 + random(4); i > 0; --i) schema.columns.push_back(NewColumn());
    for (const std::string& name : partition_keys) {
      if (keyed && !schema.IsKey(name)) schema.primary_key.push_back(name);
    }
  }

  Column NewColumn() {
    static const std::vector<std::string> kTypes = {"INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL(10, 2)", "VARCHAR(20)",
        "DECIMAL(25, 3)", "STRING", "BYTES", "TIMESTAMP(3)", "TIMESTAMP(6)", "DATE", "BOOLEAN", "TINYINT", "CHAR(4)",
        "ARRAY<STRING>", "TIME(0)"};
    Column column = Col(Str("c", next_column_++), random.Of(kTypes));
    column.type.nullable = !random.OneIn(4);
    return column;
  }
  bool IsFixed(const std::string& name) const { return pools_.contains(name); }  // by its first name

  Cells RandomRow() {
    Cells row;
    for (const Column& column : schema.columns) {
      auto pool = pools_.find(column.name);
      if (pool != pools_.end()) {
        row.push_back(random.Of(pool->second));
      } else if (column.type.nullable && random.OneIn(6)) {
        row.push_back(arrow::MakeNullScalar(column.type.ToArrow()));
      } else {
        row.push_back(RandomValue(random, column.type));
      }
    }
    return row;
  }
  std::string KeyOf(const Cells& row) {
    if (!keyed_) return Str(next_row_++);
    std::string key;
    for (const std::string& name : schema.primary_key) {
      key += row[static_cast<size_t>(schema.Find(name))]->ToString() + "|";
    }
    return key;
  }

  // Inserts, updates, deletes of known and unknown keys, and changes of keys.
  std::vector<std::pair<RowKind, Cells>> Changes(size_t count) {
    std::vector<std::pair<RowKind, Cells>> out;
    while (out.size() < count) {
      Cells row = RandomRow();
      const std::string key = KeyOf(row);
      auto there = rows.find(key);
      const uint64_t what = random(8);
      if (what == 0) {
        out.emplace_back(RowKind::kDelete, there == rows.end() ? row : there->second);
        if (keyed_ && there != rows.end()) rows.erase(there);
        continue;
      }
      if (what == 1 && !rows.empty() && keyed_ && there == rows.end()) {  // another row gets this key
        auto moved = std::next(rows.begin(), static_cast<std::ptrdiff_t>(random(rows.size())));
        out.emplace_back(RowKind::kUpdateBefore, moved->second);
        rows.erase(moved);
        out.emplace_back(RowKind::kUpdateAfter, row);
        rows[key] = std::move(row);
        continue;
      }
      if (there != rows.end() && random.OneIn(3)) out.emplace_back(RowKind::kUpdateBefore, there->second);
      out.emplace_back(there == rows.end() ? RowKind::kInsert : RowKind::kUpdateAfter, row);
      rows[key] = std::move(row);
    }
    return out;
  }
  Rows Lines() const {
    Rows out;
    for (const auto& [key, row] : rows) out.insert(Line(row));
    return out;
  }

  // The model's rows in the columns after the change. `old_value`: of a column that is added; null for NULL.
  Status Follow(const SchemaChange& change, const Cell& old_value);
  SchemaChange RandomSchemaChange();

  Random random;
  TableSchema schema;
  std::vector<std::string> partition_keys;
  std::set<std::string> indexes;  // columns that are neither dropped nor renamed
  std::map<std::string, Cells> rows;  // by key

 private:
  const bool keyed_;
  std::map<std::string, Cells> pools_;  // by column
  int next_column_ = 0;
  int64_t next_row_ = 0;
};

inline Status RandomTable::Follow(const SchemaChange& change, const Cell& old_value) {
  TRY_SET(TableSchema next, ApplySchemaChange(schema, change));
  std::map<std::string, Cells> moved;
  for (const auto& [key, row] : rows) {
    Cells cells;
    for (const Column& column : next.columns) {
      const bool renamed = change.kind == SchemaChangeKind::kRenameColumn && column.name == change.column.name;
      const int old = schema.Find(renamed ? change.name : column.name);
      if (old < 0) {
        cells.push_back(old_value != nullptr ? old_value : arrow::MakeNullScalar(column.type.ToArrow()));
        continue;
      }
      ARROW_TRY_SET(const auto cast, arrow::compute::Cast(arrow::Datum(row[static_cast<size_t>(old)]),
                                                          column.type.ToArrow()));
      cells.push_back(cast.scalar());
    }
    moved.emplace(key, std::move(cells));
  }
  if (change.kind == SchemaChangeKind::kRenameColumn && pools_.contains(change.name)) {
    auto pool = pools_.extract(change.name);
    pool.key() = change.column.name;
    pools_.insert(std::move(pool));
  }
  schema = std::move(next);
  rows = std::move(moved);
  return Ok();
}

inline SchemaChange RandomTable::RandomSchemaChange() {
  static const std::map<std::string, std::string> kWider = {
      {"INT", "BIGINT"}, {"FLOAT", "DOUBLE"}, {"DECIMAL(10, 2)", "DECIMAL(25, 2)"}, {"VARCHAR(20)", "STRING"},
      {"CHAR(4)", "VARCHAR(20)"}, {"TIMESTAMP(3)", "TIMESTAMP(6)"}, {"TINYINT", "SMALLINT"}, {"SMALLINT", "INT"},
      {"TIME(0)", "TIME(3)"}};
  SchemaChange change;
  const Column some = random.Of(schema.columns);
  const bool fixed = IsFixed(some.name), indexed = indexes.contains(some.name);
  const bool partition = std::find(partition_keys.begin(), partition_keys.end(), some.name) != partition_keys.end();
  const auto place = [&](ColumnPlace other) {
    change.after = random.Of(schema.columns).name;
    change.place = random.Of<ColumnPlace>({other, ColumnPlace::kFirst, ColumnPlace::kAfter});
  };
  switch (random(5)) {
    case 0:
      if (fixed || indexed || schema.columns.size() <= 1) break;
      change.kind = SchemaChangeKind::kDropColumn;
      change.name = some.name;
      return change;
    case 1:
      if (partition || indexed || (fixed && !keyed_)) break;
      change.kind = SchemaChangeKind::kRenameColumn;
      change.name = some.name;
      change.column = some;
      change.column.name = Str("r", next_column_++);
      return change;
    case 2:
    case 3: {
      DataType plain = some.type;
      plain.nullable = true;
      auto wider = kWider.find(plain.ToString());
      if (fixed) break;
      change.kind = SchemaChangeKind::kAlterColumn;
      change.name = some.name;
      change.column = some;
      if (wider != kWider.end()) change.column.type = *ParseDataType(wider->second);
      change.column.type.nullable = some.type.nullable || random.OneIn(2);
      if (random.OneIn(2)) place(ColumnPlace::kKeep);
      if (change.after == change.name) change.place = ColumnPlace::kKeep;
      return change;
    }
    default: break;
  }
  change.kind = SchemaChangeKind::kAddColumn;
  change.column = NewColumn();
  place(ColumnPlace::kLast);
  if (change.column.type.kind == TypeKind::kArray) change.column.type.nullable = true;
  if (change.column.type.kind == TypeKind::kInt && random.OneIn(2)) change.column.default_value = "-7";
  if (change.column.type.nullable && !change.column.default_value) change.initial.kind = InitialDefault::Kind::kNull;
  return change;
}

}  // namespace sluice::paimon
