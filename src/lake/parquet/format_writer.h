// SPDX-License-Identifier: Apache-2.0
// FormatWriter: rows -> one data file of a format, and what a table's metadata says of it. Owned by one thread. It
// commits nothing. Destroying a writer that was not closed leaves an unfinished file: remove it.
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
class Array;
class RecordBatch;
}

namespace sluice {

struct ParquetOptions {
  std::string codec = "zstd";           // zstd, snappy, gzip, lz4, brotli, uncompressed
  int codec_level = 1;                  // 0 = the codec's own default
  int64_t row_group_bytes = 128 << 20;  // encoded and compressed
  int64_t page_bytes = 1 << 20;
  int64_t page_rows = 20'000;  // at most
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

class FormatWriter {
 public:
  virtual ~FormatWriter() = default;

  // Appends `rows` of `batch`, in that order; one row may stand several times. Its columns are those of the file in
  // order, as DataType::ToArrow has them. An int32 column may fill a BIGINT, a float a DOUBLE, a decimal a wider one of
  // the same scale. Nothing of the batch is kept.
  virtual Status Append(const arrow::RecordBatch& batch, std::span<const uint32_t> rows) = 0;
  virtual Status Append(const arrow::RecordBatch& batch);  // all rows
  virtual int64_t bytes() const = 0;  // written, and an estimate of what is still in memory
  // Writes what the file ends with. After an error the file is of no use.
  virtual Result<WrittenFile> Close() = 0;
};

// A batch's column `i` as the type of the file's; kInvalid: it does not fit.
Result<std::shared_ptr<arrow::Array>> PromotedColumn(const arrow::RecordBatch& batch, size_t i,
                                                     const WriteColumn& column);
// kInvalid: the batch has another number of columns.
Status CheckColumns(const arrow::RecordBatch& batch, size_t columns);

// Of ORC and Avro; ParquetWriter is in file_writer.h. Of the options they take codec (ORC: zstd, zlib, snappy, lz4,
// none; Avro: zstandard, snappy, deflate, null), its level (Avro's zstandard), row_group_bytes (a stripe), sync and
// modes. kUnsupported names a column that the format cannot hold.
Result<std::unique_ptr<FormatWriter>> OpenOrcWriter(Env& env, const std::string& path, std::vector<WriteColumn> columns,
                                                    ParquetOptions options);
Result<std::unique_ptr<FormatWriter>> OpenAvroWriter(Env& env, const std::string& path,
                                                     std::vector<WriteColumn> columns, ParquetOptions options);

}  // namespace sluice
