// SPDX-License-Identifier: Apache-2.0
// CompactionCredit: which buckets a writer compacts fully while nothing comes (docs/adr/0029). A bucket earns a row for
// each change that is written to it and pays for each row that a compaction reads, so that these compactions together
// read at most one row for each change. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "lake/paimon/manifest.h"
#include "lake/paimon/row_router.h"
#include "lake/paimon/table_options.h"

namespace sluice::paimon {

class CompactionCredit {
 public:
  void Earn(const BucketId& id, int64_t changes) { earned_[id] += changes; }

  // Whether the files of the bucket are more than one sorted run, not small, and paid for.
  bool IsDue(const BucketId& id, const std::vector<DataFileMeta>& files, const TableOptions& options) const;

  void Spend(const std::set<BucketId>& ids) {
    for (const BucketId& id : ids) earned_.erase(id);
  }
  void Clear() { earned_.clear(); }

 private:
  std::map<BucketId, int64_t> earned_;  // changes
};

}  // namespace sluice::paimon
