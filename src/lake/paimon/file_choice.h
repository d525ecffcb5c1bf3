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

// Those with the greatest values, as max_pt() says.
struct GreatestPartitions {
  int count = 0;                     // so many; 0: all whose values of these columns, the first ones, are the greatest
  std::vector<std::string> columns;
};

struct FileChoice {
  std::vector<PartitionSpec> partitions;  // none: all. A column that one leaves out is NULL there, as in Java
  std::optional<GreatestPartitions> greatest;  // to be found by FindGreatest: `partitions`
  std::optional<int> bucket;              // none: all

  // "dt=2024-01-01,hh=8;dt=2024-01-02", "max_pt()", "max_two_pt()", "dt=max_pt()"; kInvalid.
  Status ParsePartitions(std::string_view text);
  // Sets `partitions` to those of a snapshot; none if it has none, as in Java.
  Status FindGreatest(Table& table, const Snapshot& snapshot);
  bool all() const { return partitions.empty() && !bucket; }
  // kInvalid if the table has no such partitions, or no buckets that a row stays in.
  Status Check(const Schema& schema) const;
  // Leaves the files that are meant.
  Status Keep(const Schema& schema, std::vector<LiveFile>& files) const;
};

}  // namespace sluice::paimon
