// SPDX-License-Identifier: Apache-2.0
// ValueBounds: what the statistics of a file, or of a part of one, say about a column's cells, and whether any of them
// can meet a condition. A value; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "lake/parquet/column_condition.h"

namespace sluice {

struct ValueBounds {
  // As cells of the column's type are, and as in ColumnCondition; none: not known. Real numbers have none: NaN and the
  // zeros are in no order that all writers share.
  using Bound = std::variant<std::monostate, int64_t, std::string>;

  int64_t rows = 0;
  std::optional<int64_t> nulls;
  Bound least, greatest;

  // False: no cell meets it.
  bool MayHold(const ColumnCondition& condition) const;
};

}  // namespace sluice
