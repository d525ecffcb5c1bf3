// SPDX-License-Identifier: Apache-2.0
// Postponed buckets (`bucket` = -2; docs of Paimon: "Postpone Bucket"): rows lie in bucket-postpone, unseen, until a
// compaction gives each its bucket. Borrow all; one thread. Memory: `write-buffer-size` of rows,
// and as much while they are written.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/compaction.h"
#include "lake/paimon/manifest.h"
#include "lake/paimon/row_file.h"
#include "lake/paimon/schema.h"
#include "lake/paimon/table.h"
#include "lake/paimon/table_options.h"

namespace sluice::paimon {

inline constexpr int kPostponedBucket = -2;

// Of the files of a writer: Java keeps the order of those with the same one.
std::string PostponedPrefix(std::string user);

// How many buckets a partition gets whose rows have none yet: `postpone.default-bucket-num`, else by their rows or
// bytes, as `postpone.target-row-num-per-bucket` and `postpone.target-size-per-bucket` say.
int BucketsFor(const TableOptions& options, const std::vector<DataFileMeta>& files);

struct Distribution {
  std::string partition;
  std::vector<DataFileMeta> files;  // of bucket-postpone
  int buckets = 1;
  int64_t first_sequence = 0;       // above those of the partition's buckets
};

struct DistributedFile {
  int bucket = 0;
  std::string path;
  DataFileMeta meta;
};

// The rows as files of level 0, in the order in which they came. `written` gets each file as soon as it is begun, also
// if that ends with an error. kUnsupported for files that are no Parquet.
Status Distribute(Env& env, const Schema& schema, const SchemasById& schemas, const TableOptions& options,
                  const std::shared_ptr<const RowLayout>& layout, const BucketFolders& folders,
                  const Distribution& distribution, std::vector<DistributedFile>& written);

}  // namespace sluice::paimon
