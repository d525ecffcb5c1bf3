// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/rest_compaction.h"

#include "lake/paimon/universal_compaction.h"

namespace sluice::paimon {
namespace {

constexpr int64_t kLeastBytes = 1 << 20;  // less is read at once, however many files it is

// Of the others readers need not merge rows, or the options say when a full compaction is made.
bool MayRest(const TableOptions& options) {
  return options.keyed && !options.write_only && !options.deletion_vectors &&
         options.bucket_mode != BucketMode::kPostponed && options.changelog != ChangelogProducer::kFullCompaction &&
         options.full_interval_ms == 0;
}

}  // namespace

bool CompactionCredit::IsDue(const BucketId& id, const std::vector<DataFileMeta>& files,
                             const TableOptions& options) const {
  const auto earned = earned_.find(id);
  if (earned == earned_.end() || !MayRest(options)) return false;
  int64_t rows = 0, bytes = 0;
  for (const DataFileMeta& file : files) {
    rows += file.row_count;
    bytes += file.size;
  }
  return earned->second > rows && bytes >= kLeastBytes && CountRuns(files) > 1;
}

}  // namespace sluice::paimon
