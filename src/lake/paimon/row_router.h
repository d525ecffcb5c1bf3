// SPDX-License-Identifier: Apache-2.0
// RowRouter: which partition and bucket each row of a batch belongs to. Of one schema; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/binary_row.h"
#include "lake/paimon/dynamic_buckets.h"
#include "lake/paimon/key_sort.h"
#include "lake/paimon/manifest.h"
#include "lake/paimon/schema.h"
#include "lake/paimon/table.h"
#include "lake/paimon/table_options.h"

namespace sluice::paimon {

struct BucketId {
  std::string partition;  // serialized row
  int bucket = 0;

  auto operator<=>(const BucketId&) const = default;
};

class RowRouter {
 public:
  static Result<std::unique_ptr<RowRouter>> Make(Env& env, const Schema& schema, const TableOptions& options);

  // To another version of the schema, with the same keys.
  Status Bind(const Schema& schema, const TableOptions& options);
  // `columns`: the table's, of its types. Numbers of buckets, one a row, as in `buckets()`. `table`: whose index is
  // read when a partition of dynamic buckets is met first.
  Status Route(Table& table, const Columns& columns, int64_t rows, std::vector<uint32_t>& out);
  // All that were met so far.
  const std::vector<BucketId>& buckets() const { return buckets_; }

  // Writes the index files of dynamic buckets that got new keys.
  Result<std::vector<IndexEntry>> WriteIndexes(const Table& table);
  // The keys of all buckets are gone.
  void Truncate();

 private:
  struct Partition {
    std::string row;  // serialized
    std::unordered_map<int, uint32_t> buckets;  // number -> place in buckets_
    std::unique_ptr<DynamicBuckets> keys;
  };

  explicit RowRouter(Env& env) : env_(env) {}
  Result<Partition*> PartitionOf(Table& table, const std::string& row);
  Status LoadKeys(Table& table, Partition& partition);

  Env& env_;
  TableOptions options_;
  std::optional<BinaryRowCodec> partition_codec_, bucket_codec_;
  std::vector<int> partition_columns_, bucket_columns_;
  std::map<std::string, std::unique_ptr<Partition>> partitions_;
  std::vector<BucketId> buckets_;
  bool truncated_ = false;  // what the table's index says counts no more
};

}  // namespace sluice::paimon
