// SPDX-License-Identifier: Apache-2.0
// ParquetWriter: rows -> one Parquet file, in the physical forms of the table format that its columns ask for, and what
// that format's metadata says of the file (docs/formats/parquet.md). Owned by one thread. It commits nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/helper_thread.h"
#include "base/result.h"
#include "io/env.h"
#include "lake/parquet/column_stats.h"
#include "lake/parquet/write_column.h"

namespace arrow {
class RecordBatch;
}

namespace sluice {

struct ParquetOptions {
  std::string codec = "zstd";           // zstd, snappy, gzip, lz4, brotli, uncompressed
  int codec_level = 1;                  // 0 = the codec's own default
  int64_t row_group_bytes = 128 << 20;  // encoded and compressed
  int64_t page_bytes = 1 << 20;
  int64_t dictionary_bytes = 2 << 20;
  bool sync = true;                // fsync before Close returns
  HelperThread* helper = nullptr;  // encodes columns too, if there is one; outlives the writer
  std::vector<MetricsMode> modes;  // one a column, in their order; a column beyond them has MetricsMode()
};

struct WrittenFile {
  int64_t rows = 0;
  int64_t size = 0;                    // bytes
  std::vector<int64_t> split_offsets;  // where the row groups begin; may be empty
  std::vector<ColumnStats> columns;    // one a column, in their order
};

// Gives back the memory that is kept for the next open files. Any thread.
void ReleaseWriteMemory();

class ParquetWriter {
 public:
  // Creates the file at `path` (its folder exists); the first Append decides the encoding of each column.
  // `message_name`: of the root of the Parquet schema. `env` outlives the writer. Destroying a writer that was not
  // closed leaves an unfinished file: remove it.
  static Result<std::unique_ptr<ParquetWriter>> Open(Env& env, const std::string& path,
                                                     std::vector<WriteColumn> columns, const std::string& message_name,
                                                     ParquetOptions options);
  ~ParquetWriter();

  // Appends the rows of `batch`, whose columns are those of the file in order, as DataType::ToArrow has them. An int32
  // column may fill a BIGINT, a float a DOUBLE, a decimal a wider one of the same scale. Nothing of the batch is kept.
  Status Append(const arrow::RecordBatch& batch);
  // The same for `rows` of it, in that order. One row may stand several times.
  Status Append(const arrow::RecordBatch& batch, std::span<const uint32_t> rows);

  int64_t position() const;  // of the next row, from 0
  int64_t bytes() const;     // written, and an estimate of what is still in memory

  // Writes the footer. After an error the file is of no use.
  Result<WrittenFile> Close();

 private:
  class Impl;
  explicit ParquetWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice
