// SPDX-License-Identifier: Apache-2.0
// DataFileWriter: rows of one Iceberg table and partition -> one Parquet data file and the DataFile that describes it
// with all its metrics (docs/formats/parquet.md): a ParquetWriter for the columns of a schema. Owned by one thread. It
// commits nothing and knows no catalog.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/iceberg/data_file.h"
#include "lake/iceberg/schema.h"
#include "lake/parquet/file_writer.h"

namespace sluice::iceberg {

// What the table properties `write.parquet.*` and `write.metadata.metrics.*` ask for.
struct WriteOptions : ParquetOptions {      // `modes` is not read: the two below say it by column
  MetricsMode metrics;                      // for columns that are not in column_metrics
  std::map<int, MetricsMode> column_metrics;  // by field id

  // kInvalid names the property. A property of another area is ignored.
  static Result<WriteOptions> FromProperties(const std::map<std::string, std::string>& properties,
                                             const Schema& schema);
};

// kInvalid if a property that sluice reads has a value that it could not use; others pass.
Status CheckProperty(const std::string& key, const std::string& value);

class DataFileWriter {
 public:
  // Creates the file at `path` (its folder exists); the first Append decides the encoding of each column. `location`
  // is how the table's metadata names the file; empty: `path`. `env` outlives the writer. Destroying a writer that was
  // not closed leaves an unfinished file: remove it.
  static Result<std::unique_ptr<DataFileWriter>> Open(Env& env, const std::string& path, const Schema& schema,
                                                      WriteOptions options, std::string location = {});

  // As ParquetWriter; the columns of `batch` are the fields of the schema in order.
  Status Append(const arrow::RecordBatch& batch) { return writer_->Append(batch); }
  Status Append(const arrow::RecordBatch& batch, std::span<const uint32_t> rows) {
    return writer_->Append(batch, rows);
  }

  int64_t position() const { return writer_->position(); }
  int64_t bytes() const { return writer_->bytes(); }

  // Writes the footer. The DataFile has path, format, record_count, size, metrics and split offsets;
  // the caller sets spec_id and partition. After an error the file is of no use.
  Result<DataFile> Close();

 private:
  DataFileWriter(std::string location, Schema schema, std::vector<MetricsMode> modes,
                 std::unique_ptr<ParquetWriter> writer);

  std::string location_;
  Schema schema_;
  std::vector<MetricsMode> modes_;  // one a field
  std::unique_ptr<ParquetWriter> writer_;
};

}  // namespace sluice::iceberg
