// SPDX-License-Identifier: Apache-2.0
// Router: which sink tables the rows of a source table go to (the `route` list of a pipeline file; compat.md A.3).
// Immutable; any thread. Not for each row: callers keep the answer per table.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/pipeline_spec.h"
#include "pipeline/regex.h"
#include "row/table_id.h"

namespace sluice {

class Router {
 public:
  // kInvalid, with the place in the file, for a bad expression, a missing capture group or an empty sink table.
  static Result<Router> Make(const std::vector<RouteRule>& rules, RouteMode mode);

  // kAllMatch: the sink table of every rule that matches, without repeats. kFirstMatch: of the first. The same name as
  // the source if none does.
  std::vector<TableId> Route(const TableId& source) const;
  // Which rules match none of these tables: indices of the list.
  std::vector<size_t> Idle(const std::vector<TableId>& sources) const;

 private:
  // A piece of the sink table's name: text, a capture group, or the name of the source table.
  struct Piece {
    std::string text;
    int group = -1;
    bool table_name = false;
  };
  struct Rule {
    Regex source;
    std::vector<Piece> sink;
  };
  static Result<Rule> MakeRule(const RouteRule& rule);
  static Result<std::vector<Piece>> ParseSink(const RouteRule& rule, const Regex& source);

  std::vector<Rule> rules_;
  RouteMode mode_ = RouteMode::kAllMatch;
};

// "db.table", "catalog.db.table": the last dot separates the table; without one there is no schema.
TableId ParseTableId(std::string_view text);

}  // namespace sluice
