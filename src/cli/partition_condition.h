// SPDX-License-Identifier: Apache-2.0
// PartitionCondition: the --where of actions that mean partitions: a RowCondition of columns that the table is
// partitioned by. Immutable; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/read_filter.h"
#include "lake/paimon/schema.h"

namespace arrow {
struct Scalar;
}

namespace sluice {

class PartitionCondition {
 public:
  // kInvalid shows what was not understood, or names a column that is none of the partitions'.
  static Result<PartitionCondition> Make(std::string_view text, const paimon::Schema& schema);
  // Of the values of a partition, in the order of its columns.
  Result<bool> Holds(const std::vector<std::shared_ptr<arrow::Scalar>>& values) const;

 private:
  RowCondition condition_;
};

}  // namespace sluice
