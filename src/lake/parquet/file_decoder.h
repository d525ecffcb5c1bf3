// SPDX-License-Identifier: Apache-2.0
// FileDecoder: what DataFileReader needs of one format of data files. Owned by one reader; one thread. Arrow's and the
// formats' exceptions may leave it: DataFileReader catches them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "lake/parquet/column_condition.h"
#include "lake/parquet/file_column.h"

namespace arrow {
class Array;
class DataType;
}  // namespace arrow

namespace sluice {

class EnvInputFile;
struct ChosenRows;

struct DecodeLimits {
  int64_t batch_rows = 0;
  int64_t batch_bytes = 0;  // about
  const std::vector<ColumnCondition>* wanted = nullptr;  // ReadOptions::conditions, while it is opened
  std::shared_ptr<const ChosenRows> chosen = {};  // null: all rows; only of Parquet
};

// Some rows of a file: a column for each wanted one, null where the file has not got it.
struct DecodedRows {
  int64_t skipped = 0;  // rows of the file before them that were passed over
  int64_t count = 0;  // 0: the file has no more
  std::vector<std::shared_ptr<arrow::Array>> columns;
  std::vector<int64_t> positions = {};  // if rows were chosen: one a row; else they stand one after another
};

class FileDecoder {
 public:
  virtual ~FileDecoder() = default;

  // The types in which Next gives the wanted columns; null: the file has not got it. Called once, before Next.
  virtual Result<std::vector<std::shared_ptr<arrow::DataType>>> Choose(const std::vector<FileColumn>& wanted) = 0;
  virtual Status Next(DecodedRows& out) = 0;
};

// `source` holds the error of a read that failed, which counts instead of what they give then.
using FileSourcePtr = std::shared_ptr<EnvInputFile>;
Result<std::unique_ptr<FileDecoder>> OpenParquetDecoder(FileSourcePtr source, const DecodeLimits& limits);
Result<std::unique_ptr<FileDecoder>> OpenOrcDecoder(FileSourcePtr source, const DecodeLimits& limits);
Result<std::unique_ptr<FileDecoder>> OpenAvroDecoder(FileSourcePtr source, const DecodeLimits& limits);

}  // namespace sluice
