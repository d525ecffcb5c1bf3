// SPDX-License-Identifier: Apache-2.0
// What the indexes of a data file say to conditions. Functions; any thread.
#pragma once

#include <optional>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/row_bits.h"
#include "lake/paimon/table.h"
#include "lake/parquet/column_condition.h"

namespace sluice::paimon {

// A condition whose value is as cells of a column are as the file has it.
struct FieldCondition {
  const Field* written = nullptr;
  const ColumnCondition* condition = nullptr;
};

// Rows of the file among which are all that meet all of them. Nothing: its index, if it has one, tells none apart.
// kCorrupt names the index.
Result<std::optional<RowBits>> RowsByIndex(Env& env, const LiveFile& file, const std::vector<FieldCondition>& asked);

}  // namespace sluice::paimon
