// SPDX-License-Identifier: Apache-2.0
// FileIndexOptions: which columns of a table's data files have an index (`file-index.*`). A value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/paimon/schema.h"

namespace sluice::paimon {

enum class IndexType : uint8_t { kBitmap, kBloomFilter, kBsi, kRangeBitmap };

struct IndexedColumn {
  std::string column;
  IndexType type = IndexType::kBitmap;
  int64_t items = 1'000'000;  // of a bloom filter: different values that it is made for
  double fpp = 0.1;           // and its share of false answers then
  int version = 2;            // of a bitmap
  int64_t block_bytes = 16 << 10;  // and of a range-bitmap's chunk; below 0: what Java takes for the column's type
};

struct FileIndexOptions {
  std::vector<IndexedColumn> columns;
  int64_t in_manifest_bytes = 500;  // up to so many stand in the manifest

  // kInvalid, kUnsupported name the option.
  static Result<FileIndexOptions> Of(const Options& options);
  // Whether the table has the columns, and their types can be indexed.
  Status Check(const Schema& schema) const;
};

bool CanIndex(IndexType type, const DataType& column);
// Whether an option of the table has the column in its list.
bool IsIndexed(const Options& options, const std::string& column);
bool ReadsFileIndex(const Schema& schema);  // `file-index.read.enabled`

}  // namespace sluice::paimon
