// SPDX-License-Identifier: Apache-2.0
// For tests: rows from text.
#pragma once

#include <arrow/api.h>
#include <arrow/json/from_string.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "row/change_batch.h"

namespace sluice {

// `columns`: one JSON array of cells for each column of the schema. No kinds: all +I.
inline ChangeBatch BatchOf(TableId table, std::shared_ptr<const TableSchema> schema,
                           const std::vector<std::string>& columns, std::vector<RowKind> kinds, bool snapshot = false) {
  ChangeBatch batch;
  const auto arrow_schema = schema->ToArrow();
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (size_t i = 0; i < columns.size(); ++i) {
    const auto& type = arrow_schema->field(static_cast<int>(i))->type();
    arrays.push_back(arrow::json::ArrayFromJSONString(type, columns[i]).ValueOrDie());
  }
  batch.table = std::move(table);
  batch.rows = arrow::RecordBatch::Make(arrow_schema, arrays[0]->length(), arrays);
  batch.schema = std::move(schema);
  batch.kinds = std::move(kinds);
  batch.snapshot = snapshot;
  return batch;
}

}  // namespace sluice
