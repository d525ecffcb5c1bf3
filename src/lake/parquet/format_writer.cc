// SPDX-License-Identifier: Apache-2.0
#include "lake/parquet/format_writer.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <numeric>

#include "base/text.h"
#include "lake/parquet/promote.h"
#include "row/arrow_status.h"

namespace sluice {

Status FormatWriter::Append(const arrow::RecordBatch& batch) {
  std::vector<uint32_t> all(static_cast<size_t>(batch.num_rows()));
  std::iota(all.begin(), all.end(), 0u);
  return Append(batch, all);
}

Result<std::shared_ptr<arrow::Array>> PromotedColumn(const arrow::RecordBatch& batch, size_t i,
                                                     const WriteColumn& column) {
  const auto type = column.type.ToArrow();
  auto cells = batch.column(static_cast<int>(i));
  if (!CanPromote(*cells->type(), *type)) {
    return Invalid(Str("column ", column.name, " cannot take ", cells->type()->ToString()));
  }
  ARROW_TRY_SET(cells, Promote(cells, type));
  return cells;
}

Status CheckColumns(const arrow::RecordBatch& batch, size_t columns) {
  if (static_cast<size_t>(batch.num_columns()) == columns) return Ok();
  return Invalid(Str("a batch of ", batch.num_columns(), " columns does not fit a table of ", columns));
}

}  // namespace sluice
