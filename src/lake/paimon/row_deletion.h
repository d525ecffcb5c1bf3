// SPDX-License-Identifier: Apache-2.0
// Deletes rows of a table with a primary key: rows of kind -D are written for them, as Paimon's DELETE does. Borrows
// the Env; one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/schema.h"
#include "lake/parquet/column_condition.h"

namespace arrow {
class RecordBatch;
}

namespace sluice::paimon {

struct RowDeletion {
  // One a row of a batch with all columns of the table: whether it goes.
  std::function<void(const arrow::RecordBatch&, std::vector<uint8_t>&)> selects;
  std::vector<ColumnCondition> conditions;  // those that all of them meet, for file indexes
};

struct DeletionReport {
  int64_t rows = 0;
  int64_t snapshot = 0;  // 0: none was made, no row is meant
};

// Whether rows of the table can be deleted so; kUnsupported says why not.
Status CheckDeletable(const Schema& schema);
// `prepare`: of the columns that the table has then; anew each time that another writer came in between.
Result<DeletionReport> DeleteRows(Env& env, const std::string& folder,
                                  const std::function<Result<RowDeletion>(const Schema&)>& prepare);

}  // namespace sluice::paimon
