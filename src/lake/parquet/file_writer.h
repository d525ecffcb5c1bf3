// SPDX-License-Identifier: Apache-2.0
// ParquetWriter: rows -> one Parquet file, in the physical forms of the table format that its columns ask for, and what
// that format's metadata says of the file (docs/formats/parquet.md). Owned by one thread. It commits nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/parquet/format_writer.h"
#include "lake/parquet/write_column.h"

namespace sluice {

// Gives back the memory that is kept for the next open files. Any thread.
void ReleaseWriteMemory();

class ParquetWriter final : public FormatWriter {
 public:
  // Creates the file at `path` (its folder exists); the first Append decides the encoding of each column.
  // `message_name`: of the root of the Parquet schema. `env` outlives the writer. Destroying a writer that was not
  // closed leaves an unfinished file: remove it.
  static Result<std::unique_ptr<ParquetWriter>> Open(Env& env, const std::string& path,
                                                     std::vector<WriteColumn> columns, const std::string& message_name,
                                                     ParquetOptions options);
  ~ParquetWriter() override;

  Status Append(const arrow::RecordBatch& batch) override;
  Status Append(const arrow::RecordBatch& batch, std::span<const uint32_t> rows) override;

  int64_t position() const;  // of the next row, from 0
  int64_t bytes() const override;
  Result<WrittenFile> Close() override;

 private:
  class Impl;
  explicit ParquetWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice
