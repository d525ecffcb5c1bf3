// SPDX-License-Identifier: Apache-2.0
// The language of test/cases/**/*.test (test/cases/README.md) as values. Free function; for tests.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "row/change_batch.h"
#include "row/schema_change.h"
#include "row/table_id.h"

namespace sluice {

// One line of a script, as the source gives it.
struct Step {
  enum class Kind { kRow, kChange, kCheckpoint } kind;
  RowKind row_kind = RowKind::kInsert;
  bool snapshot = false;
  TableId table;
  std::vector<std::string> cells;
  SchemaChange change;
};

struct Expectation {
  std::string verb;  // "rows" or "columns"
  TableId table;
  std::string text;
};

struct Case {
  std::string name;
  std::string pipeline;  // the YAML blocks `route` and `pipeline`
  std::vector<Step> steps;
  std::vector<Expectation> expected;
  std::string error;  // the run must end with it
};

// A line that is not understood fails the test, or throws.
Case ReadCase(const std::filesystem::path& path);

}  // namespace sluice
