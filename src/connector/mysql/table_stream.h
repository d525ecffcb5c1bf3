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
  int64_t bytes = 0;  // in the builder
  std::map<const TableMap*, std::shared_ptr<const RowPlan>> plans;
  const RowPlan* last_plan = nullptr;
  const TableMap* last_map = nullptr;
  const TableState* copy = nullptr;  // null once the log has passed it
};

}  // namespace sluice::mysql
