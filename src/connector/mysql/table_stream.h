// SPDX-License-Identifier: Apache-2.0
// TableStream: one table that BinlogStream follows: where its rows are collected. Owned by the stream's thread.
#pragma once

#include <map>
#include <memory>

#include "connector/mysql/source_state.h"
#include "format/mysql/row_plan.h"
#include "row/table_id.h"

namespace sluice::mysql {

struct TableStream {
  TableId id;
  std::shared_ptr<const MysqlTable> definition;
  std::shared_ptr<const TableSchema> schema;
  std::unique_ptr<BatchBuilder> builder;
  RowGroup waiting;             // rows that are not in the builder yet
  BinlogPosition waiting_from;  // of the first event in `waiting`
  int64_t counted_bytes = 0;    // of bytes(), in the stream's sum

  int64_t rows() const { return builder->rows() + waiting.rows(); }
  int64_t bytes() const { return builder->bytes() + waiting.bytes(); }
  std::map<const TableMap*, std::shared_ptr<const RowPlan>> plans;
  const RowPlan* last_plan = nullptr;
  const TableMap* last_map = nullptr;
  const TableState* copy = nullptr;  // null once the log has passed it
};

}  // namespace sluice::mysql
