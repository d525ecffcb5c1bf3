// SPDX-License-Identifier: Apache-2.0
// DataFileReader: a data file -> Arrow batches of the wanted fields, older types promoted, deleted rows left out. The
// end of its name tells its format: .orc, .avro, else Parquet. Fields are found by id in Parquet, by name in the others
// and where there are no ids. Reads only the columns asked for (Avro: passes over the others), a bounded number of
// bytes at a time. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/parquet/column_condition.h"
#include "lake/parquet/delete_set.h"
#include "lake/parquet/file_column.h"
#include "row/type.h"

namespace arrow {
class RecordBatch;
class Schema;
}  // namespace arrow

namespace sluice {

struct ChosenRows;

struct DataBatch {
  std::shared_ptr<arrow::RecordBatch> rows;
  int64_t first_position = 0;      // of row 0, when `positions` is empty: the rows stand one after another in the file
  std::vector<int64_t> positions;  // else one a row, ascending

  int64_t position(int64_t row) const {
    return positions.empty() ? first_position + row : positions[static_cast<size_t>(row)];
  }
};

struct ReadOptions {
  int64_t batch_rows = 16 * 1024;  // at most
  int64_t batch_bytes = 16 << 20;  // about; one row can be larger
  const DeleteSet* deletes = nullptr;  // rows to leave out; outlives the reader
  int64_t rows = -1;                   // that the file has, as its table says; below 0: that is not known
  // Of `wanted` columns: parts of the file whose statistics say that no row meets all are passed over. Null: none.
  const std::vector<ColumnCondition>* conditions = nullptr;  // not kept
  // What CastStored makes the wanted columns of, by their places; nothing: they are read as they are.
  std::vector<std::optional<DataType>> stored_types = {};
  std::shared_ptr<const ChosenRows> chosen = {};  // the rows that are read, of a Parquet file (page_index.h); null: all
};

class DataFileReader {
 public:
  // `wanted`: the columns to read, in this order, with the types to return. One that the file has not is all NULL.
  // kCorrupt names the file; kUnsupported if a column's type cannot be promoted to the wanted one. `env` outlives it.
  static Result<std::unique_ptr<DataFileReader>> Open(Env& env, const std::string& path,
                                                      std::vector<FileColumn> wanted, const ReadOptions& options = {});
  ~DataFileReader();

  // The next batch with at least one row; false at the end.
  Result<bool> Next(DataBatch& out);

  const std::shared_ptr<arrow::Schema>& schema() const;  // of the batches

 private:
  class Impl;
  explicit DataFileReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice
