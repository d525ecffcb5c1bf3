// SPDX-License-Identifier: Apache-2.0
// FileIndexWriter: the rows of one data file -> its file index (Paimon's DataFileIndexWriter). Memory: of a bloom
// filter its bits; of a bitmap and a range-bitmap the different values and 4 bytes a row, of a bsi 12 bytes a row. One
// thread.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "lake/paimon/bitmap_index.h"
#include "lake/paimon/bloom_filter.h"
#include "lake/paimon/bsi_index.h"
#include "lake/paimon/file_index_options.h"
#include "lake/paimon/range_bitmap.h"
#include "lake/parquet/write_column.h"

namespace arrow {
class Array;
class RecordBatch;
}  // namespace arrow

namespace sluice::paimon {

class FileIndexWriter {
 public:
  // `columns`: of the file's rows; the indexed ones are looked for from `first` on. Null: there is nothing to index.
  static std::unique_ptr<FileIndexWriter> Make(const FileIndexOptions& options,
                                               const std::vector<WriteColumn>& columns, size_t first);

  void Add(const arrow::RecordBatch& rows);
  void Add(const arrow::RecordBatch& rows, std::span<const uint32_t> chosen);
  Result<std::string> Finish() const;

 private:
  struct Entry {
    std::string name;
    DataType type;
    int place = 0;  // of the file's columns
    std::variant<BloomFilter, BitmapIndexBuilder, BsiIndexBuilder, RangeBitmapBuilder> index;
  };
  template <typename RowAt>
  static void AddTo(Entry& entry, const arrow::Array& column, int64_t count, RowAt row_at);

  std::vector<Entry> entries_;  // those of a column side by side
};

}  // namespace sluice::paimon
