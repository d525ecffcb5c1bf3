// SPDX-License-Identifier: Apache-2.0
// TableSelector: the grammar of `tables`, `tables.exclude` and `source-table`: a comma-separated list of regular
// expressions in which a '.' separates database and table, and `\.` is the dot of a regular expression:
// `adb.\.*, bdb.user_table_[0-9]+, [app|web].order_\.*`. A comma inside an expression is written `\,`. As in Flink CDC
// each part must match as a whole and case does not matter. Immutable; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pipeline/regex.h"
#include "row/table_id.h"

namespace sluice {

class TableSelector {
 public:
  static Result<TableSelector> Make(std::string_view text);
  bool Matches(const TableId& id) const;
  // The schemas that the selector names, not those that match an expression.
  const std::vector<std::string>& schemas() const { return schemas_; }

 private:
  struct Entry {
    std::optional<Regex> schema;  // none: only tables that have no schema
    Regex table;
  };
  static Result<Entry> MakeEntry(std::string_view text);
  std::vector<Entry> entries_;
  std::vector<std::string> schemas_;
};

// Splits at each separator that no backslash escapes; drops empty parts, trims the rest. The backslashes stay.
std::vector<std::string> SplitUnescaped(std::string_view text, char separator);

}  // namespace sluice
