// SPDX-License-Identifier: Apache-2.0
// PartitionCondition: the --where of actions that mean partitions: comparisons as in read_filter.h, joined by AND and
// OR, where AND binds more, of columns that the table is partitioned by. Immutable; any thread.
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
  std::vector<RowCondition> any_;
};

// "a OR b" -> "a", "b"; OR in quotes is text.
std::vector<std::string> SplitAtOr(std::string_view text);

}  // namespace sluice
