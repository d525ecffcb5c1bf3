// SPDX-License-Identifier: Apache-2.0
// FileConditions: conditions on rows, and whether the index of a data file says that none of its rows meets them. A
// value; one thread.
#pragma once

#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/file_index.h"
#include "lake/paimon/table.h"
#include "lake/parquet/column_condition.h"
#include "lake/parquet/file_column.h"

namespace sluice::paimon {

class FileConditions {
 public:
  FileConditions() = default;
  // Those that are on one of `columns`.
  FileConditions(const std::vector<ColumnCondition>& conditions, const std::vector<FileColumn>& columns);
  bool empty() const { return asked_.empty(); }

  // False: no row of the file meets all of them. True if the file has no index that tells. `written`: its schema.
  Result<bool> MayHold(Env& env, const LiveFile& file, const Schema& written) const;

 private:
  struct Asked {
    FileColumn column;
    ColumnCondition condition;
  };
  static Result<bool> MayHold(FileIndex& index, const Asked& asked, const Field& written);

  std::vector<Asked> asked_;
};

}  // namespace sluice::paimon
