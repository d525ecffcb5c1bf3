// SPDX-License-Identifier: Apache-2.0
// RowGroupConditions: conditions on columns of a Parquet file, and whether the statistics of a row group say that none
// of its rows meets them. A value; one thread. Parquet's exceptions may leave it.
#pragma once

#include <memory>
#include <vector>

#include "lake/parquet/column_condition.h"

namespace arrow {
class DataType;
}
namespace parquet {
class FileMetaData;
}

namespace sluice {

class RowGroupConditions {
 public:
  // `node`: the file's top-level column, whose cells are of `type` and read as such.
  void Add(const parquet::FileMetaData& footer, int node, const arrow::DataType& type,
           const ColumnCondition& condition);
  bool MayHold(const parquet::FileMetaData& footer, int group) const;

 private:
  struct Asked {
    int leaf;
    ColumnCondition condition;
  };
  std::vector<Asked> asked_;
};

}  // namespace sluice
