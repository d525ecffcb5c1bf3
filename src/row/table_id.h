// SPDX-License-Identifier: Apache-2.0
// TableId: the name of a table at a source or sink. A value.
#pragma once

#include <compare>
#include <functional>
#include <string>

namespace sluice {

struct TableId {
  std::string schema;  // MariaDB: database; Iceberg: namespace (levels joined by '.')
  std::string table;

  std::string ToString() const { return schema.empty() ? table : schema + "." + table; }
  auto operator<=>(const TableId&) const = default;
};

}  // namespace sluice

template <>
struct std::hash<sluice::TableId> {
  size_t operator()(const sluice::TableId& id) const {
    return std::hash<std::string>()(id.schema) * 31 + std::hash<std::string>()(id.table);
  }
};
