// SPDX-License-Identifier: Apache-2.0
// What TableWriter is made of, shared by its .cc files. Private to them.
#pragma once

#include <memory>
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

// All rows that waited, as rows of a file.
struct TableWriter::Gathered {
  std::shared_ptr<arrow::RecordBatch> rows;
  Columns values;                             // the table's columns of them
  std::vector<std::vector<uint32_t>> chosen;  // by the router's number of a bucket, in order of arrival
  int64_t first_sequence = 0;
};

}  // namespace sluice::paimon
