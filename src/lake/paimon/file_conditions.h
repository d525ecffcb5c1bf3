// SPDX-License-Identifier: Apache-2.0
// FileConditions: conditions on rows, and whether the statistics or the index of a data file say that none of its rows
// meets them. A value; one thread.
#pragma once

#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/table.h"
#include "lake/parquet/column_condition.h"
#include "lake/parquet/file_column.h"

namespace sluice::paimon {

class FileConditions {
 public:
  FileConditions() = default;
  // Those that are on one of `columns`. `indexes`: whether indexes count.
  FileConditions(const std::vector<ColumnCondition>& conditions, const std::vector<FileColumn>& columns,
                 bool indexes = true);
  bool empty() const { return asked_.empty(); }

  // False: no row of the file meets all of them. True if nothing of the file tells. `written`: its schema.
  Result<bool> MayHold(Env& env, const LiveFile& file, const Schema& written) const;
  // Those that are on columns whose cells in the file are what is read of them.
  std::vector<ColumnCondition> Of(const LiveFile& file, const Schema& written) const;

 private:
  struct Asked {
    FileColumn column;
    ColumnCondition condition;
  };
  std::vector<const Asked*> AskedOf(const LiveFile& file, const Schema& written) const;
  static Result<bool> MayHold(Env& env, const LiveFile& file, const std::vector<const Asked*>& asked,
                              const Schema& written);

  std::vector<Asked> asked_;
  bool indexes_ = true;
};

}  // namespace sluice::paimon
