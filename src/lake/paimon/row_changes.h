// SPDX-License-Identifier: Apache-2.0
// RowChanges: rows of a table with what happened to them, and ChangeReader, which gives them a batch at a time. One
// thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/schema.h"
#include "lake/paimon/table.h"
#include "row/change_batch.h"

namespace arrow {
class RecordBatch;
}

namespace sluice::paimon {

struct RowChanges {
  std::shared_ptr<arrow::RecordBatch> rows;
  std::vector<RowKind> kinds;  // one a row
};

class ChangeReader {
 public:
  virtual ~ChangeReader() = default;
  virtual Result<bool> Next(RowChanges& out) = 0;  // at least one row; false at the end
};

// A file whose rows are changes: of a keyed table each has its kind, unless all have the same.
struct ChangeFile {
  LiveFile file;
  std::optional<RowKind> kind;
};

// The rows of the files, in their order, as they were written. `columns`: of the batches. Borrows the table.
std::unique_ptr<ChangeReader> ReadChangeFiles(Env& env, Table& table, std::vector<ChangeFile> files,
                                              std::vector<FileColumn> columns, bool keyed);

// What turns the rows of one snapshot into those of another. `schema` has a primary key; `before` and `after`: their
// files, as Table::LiveFiles orders them. Keys whose wanted columns are equal give nothing.
Result<std::unique_ptr<ChangeReader>> ReadDifference(Env& env, Table& table, const Schema& schema,
                                                     std::vector<LiveFile> before, std::vector<LiveFile> after,
                                                     std::vector<FileColumn> columns);

// The columns of these names, all if there are none. kNotFound, kUnsupported name one.
Result<std::vector<FileColumn>> ColumnsOf(const Schema& schema, const std::vector<std::string>& names);

}  // namespace sluice::paimon
