// SPDX-License-Identifier: Apache-2.0
// The Parquet columns of a nested column: each takes its own leaf of the whole cells, with the levels that say what is
// NULL, empty or repeated (Dremel). Paimon's style only.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "lake/parquet/column_appender.h"
#include "lake/parquet/write_column.h"

namespace sluice {

// In the order of the file's schema; `column` is nested (row/nested_type.h).
Result<std::vector<std::unique_ptr<ColumnAppender>>> MakeNestedAppenders(const WriteColumn& column);

}  // namespace sluice
