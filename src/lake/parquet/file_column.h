// SPDX-License-Identifier: Apache-2.0
// FileColumn: a column of a data file as a table names it. A value; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "row/type.h"

namespace sluice {

struct FileColumn {
  int id = 0;  // of the field; files without ids are read by name
  std::string name;
  DataType type;
  bool required = false;
  std::optional<std::string> stored_name = {};  // in a file without ids, if it is not `name`; empty: not in it
};

// kNotFound: the table has no column `name`. The hint is the nearest of its columns' `names`, else all of them.
Error NoColumn(const std::string& name, const std::vector<std::string>& names);
// The same; each of `columns` has a name.
template <typename Columns>
Error NoColumnOf(const std::string& name, const Columns& columns) {
  std::vector<std::string> names;
  for (const auto& column : columns) names.push_back(column.name);
  return NoColumn(name, names);
}

}  // namespace sluice
