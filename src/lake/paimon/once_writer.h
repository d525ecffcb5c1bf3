// SPDX-License-Identifier: Apache-2.0
// OnceWriter: rows of a table's newest snapshot, changed, written back to it in one commit by a process that is no job.
// If another writer commits meanwhile nothing is kept, and all is done again from its snapshot. Borrows the Env; one
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/scan.h"
#include "lake/paimon/table.h"
#include "lake/paimon/table_options.h"
#include "lake/paimon/table_writer.h"
#include "row/change_batch.h"

namespace sluice::paimon {

class OnceWriter {
 public:
  // `table`: open anew, at the snapshot `base`; 0: it has none. `options` as TableWriterOptions has them.
  static Result<std::unique_ptr<OnceWriter>> Make(Env& env, Table& table, int64_t base,
                                                  TableWriterOptions options);

  // To write all rows of these partitions (serialized rows) anew: a snapshot OVERWRITE, then COMPACT, so that no row
  // stays in level 0. Changelogs do not tell of it.
  static TableWriterOptions InPlaceOf(const TableOptions& options, const std::set<std::string>& partitions);

  // Rows with all columns of the table; `kinds` as ChangeBatch has them.
  Status Write(std::shared_ptr<arrow::RecordBatch> rows, std::vector<RowKind> kinds);
  // The newest snapshot that was made; nothing: another writer came in between.
  Result<std::optional<int64_t>> Commit();

 private:
  explicit OnceWriter(std::shared_ptr<const TableSchema> columns) : columns_(std::move(columns)) {}

  const std::shared_ptr<const TableSchema> columns_;
  std::unique_ptr<TableWriter> writer_;
  bool overtaken_ = false;  // by another writer: what is written is for nothing
};

// `once`: false if another writer came in between. kConflict after some tries.
Status UntilAlone(const std::string& folder, const std::function<Result<bool>()>& once);

}  // namespace sluice::paimon
