// SPDX-License-Identifier: Apache-2.0
// What TableWriter is made of, shared by its .cc files. Private to them.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lake/paimon/table_writer.h"

namespace arrow {
class DataType;
class RecordBatch;
}  // namespace arrow

namespace sluice::paimon {

struct TableWriter::Binding {
  std::shared_ptr<const TableSchema> schema;
  std::vector<int> source;  // per field of the table: column of the batch; -1 = none, NULL
  std::vector<std::shared_ptr<arrow::DataType>> types;  // per field of the table
};

// All rows that waited, in the arrays that they came in; numbered from the first batch to the last.
struct TableWriter::Gathered {
  std::vector<Columns> values;       // of each of the table's columns its part of each batch
  std::vector<uint32_t> begins;      // of the batches
  std::vector<uint32_t> batch_of;    // one a row
  std::vector<int32_t> kinds;        // one a row
  std::vector<std::vector<uint32_t>> chosen;  // by the router's number of a bucket, in order of arrival
  Columns key, order;                // of a keyed table: its key, and what orders the rows of a key; of all rows
  int64_t first_sequence = 0;        // of row 0

  // These rows as rows of a file.
  Result<std::shared_ptr<arrow::RecordBatch>> RowsOf(const RowLayout& layout, std::span<const uint32_t> rows) const;
  Status Append(const RowLayout& layout, std::span<const uint32_t> rows, RowFileWriter& writer) const;
};

}  // namespace sluice::paimon
