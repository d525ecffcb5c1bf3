// SPDX-License-Identifier: Apache-2.0
// DataFileWriter: rows of one Iceberg table and partition -> one Parquet data file and the DataFile that describes it
// with all its metrics (docs/formats/parquet.md). Owned by one thread. It commits nothing and knows no catalog.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/helper_thread.h"
#include "base/result.h"
#include "io/env.h"
#include "lake/iceberg/data_file.h"
#include "lake/iceberg/metrics.h"
#include "lake/iceberg/schema.h"

namespace arrow {
class RecordBatch;
}

namespace sluice::iceberg {

// What the table properties `write.parquet.*` and `write.metadata.metrics.*` ask for.
struct WriteOptions {
  std::string codec = "zstd";               // zstd, snappy, gzip, lz4, brotli, uncompressed
  int codec_level = 1;                      // 0 = the codec's own default
  int64_t row_group_bytes = 128 << 20;      // encoded and compressed
  int64_t page_bytes = 1 << 20;
  int64_t dictionary_bytes = 2 << 20;
  bool sync = true;                         // fsync before Close returns
  HelperThread* helper = nullptr;           // encodes columns too, if there is one; outlives the writer
  MetricsMode metrics;                      // for columns that are not in column_metrics
  std::map<int, MetricsMode> column_metrics;  // by field id

  // kInvalid names the property. A property of another area is ignored.
  static Result<WriteOptions> FromProperties(const std::map<std::string, std::string>& properties,
                                             const Schema& schema);
};

// kInvalid if a property that sluice reads has a value that it could not use; others pass.
Status CheckProperty(const std::string& key, const std::string& value);

// Gives back the memory that is kept for the next open files. Any thread.
void ReleaseWriteMemory();

class DataFileWriter {
 public:
  // Creates the file at `path` (its folder exists); the first Append decides the encoding of each column. `location`
  // is how the table's metadata names the file; empty: `path`. `env` outlives the writer. Destroying a writer that was
  // not closed leaves an unfinished file: remove it.
  static Result<std::unique_ptr<DataFileWriter>> Open(Env& env, const std::string& path, const Schema& schema,
                                                      WriteOptions options, std::string location = {});
  ~DataFileWriter();

  // Appends the rows of `batch`, whose columns are the fields of the schema in order. An int32 column may fill a long
  // field, a float a double, a decimal a wider one of the same scale. Nothing of the batch is kept.
  Status Append(const arrow::RecordBatch& batch);
  // The same for `rows` of it, in that order. One row may stand several times.
  Status Append(const arrow::RecordBatch& batch, std::span<const uint32_t> rows);

  int64_t position() const;  // of the next row, from 0
  int64_t bytes() const;     // written, and an estimate of what is still in memory

  // Writes the footer. The DataFile has path, format, record_count, size, metrics and split offsets;
  // the caller sets spec_id and partition. After an error the file is of no use.
  Result<DataFile> Close();

 private:
  class Impl;
  explicit DataFileWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::iceberg
