// SPDX-License-Identifier: Apache-2.0
// TableSchema: columns and primary key of one version of a table. Immutable once shared; any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "row/type.h"

namespace arrow {
class Schema;
}

namespace sluice {

struct Column {
  std::string name;
  DataType type;
  std::string comment;
  std::optional<std::string> default_value;  // a literal in canonical text (row/literal.h); none for expressions

  bool operator==(const Column&) const = default;
};

struct TableSchema {
  std::vector<Column> columns;
  std::vector<std::string> primary_key;  // column names in key order; empty = none
  std::string comment;

  bool operator==(const TableSchema&) const = default;
  int Find(std::string_view column) const;  // index, or -1
  bool IsKey(std::string_view column) const;
  // One field a column, same order and names, nullability of the type.
  std::shared_ptr<arrow::Schema> ToArrow() const;
  // JSON text and back, for checkpoints.
  std::string ToJson() const;
};

Result<TableSchema> ParseTableSchema(std::string_view json);

}  // namespace sluice
