// SPDX-License-Identifier: Apache-2.0
// RowStats: ColumnStats of rows as they are written, for formats whose writers do not keep them. Owned by one writer.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "lake/parquet/column_stats.h"

namespace arrow {
class Array;
}

namespace sluice {

class RowStats {
 public:
  // `modes`: one a column; those that are missing are the default.
  RowStats(const std::vector<WriteColumn>& columns, std::vector<MetricsMode> modes);
  ~RowStats();

  // `column`: its number; cells as its DataType::ToArrow has them. kInvalid: NULL in a required column.
  Status Add(size_t column, const arrow::Array& cells, std::span<const uint32_t> rows);
  // As ReadColumnStats gives them, but no sizes.
  std::vector<ColumnStats> Finish() const;

 private:
  struct Column;
  const std::vector<WriteColumn>& fields_;
  std::vector<MetricsMode> modes_;
  std::vector<std::unique_ptr<Column>> columns_;
};

}  // namespace sluice
