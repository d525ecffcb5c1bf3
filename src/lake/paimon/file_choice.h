// SPDX-License-Identifier: Apache-2.0
// FileChoice: which partitions, and which bucket, of a table are read (`scan.partitions`, `scan.bucket`). A value; any
// thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/paimon/partition_filter.h"
#include "lake/paimon/schema.h"
#include "lake/paimon/table.h"

namespace sluice::paimon {

struct FileChoice {
  std::vector<PartitionSpec> partitions;  // none: all. A column that one leaves out is NULL there, as in Java
  std::optional<int> bucket;              // none: all

  bool all() const { return partitions.empty() && !bucket; }
  // kInvalid if the table has no such partitions, or no buckets that a row stays in.
  Status Check(const Schema& schema) const;
  // Leaves the files that are meant.
  Status Keep(const Schema& schema, std::vector<LiveFile>& files) const;
};

// "dt=2024-01-01,hh=8;dt=2024-01-02"; kInvalid, kUnsupported.
Result<std::vector<PartitionSpec>> ParsePartitionSpecs(std::string_view text);

}  // namespace sluice::paimon
