// SPDX-License-Identifier: Apache-2.0
// What TableWriter is made of, shared by its two .cc files. Private to them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lake/iceberg/row_partitioner.h"
#include "lake/iceberg/table_writer.h"

namespace arrow {
class DataType;
}

namespace sluice::iceberg {

// "true" from a DROP TABLE of the source table until it is made again.
inline std::string DroppedProperty(const std::string& writer) { return "sluice." + writer + ".dropped"; }

struct TableWriter::OpenFile {
  uint32_t ordinal = 0;
  uint64_t used = 0;  // when last
  std::string path;   // local
  std::vector<PartitionValue> partition;
  int64_t buffer_bytes_max = 0;
  std::unique_ptr<DataFileWriter> writer;
};

struct TableWriter::Binding {
  std::shared_ptr<const TableSchema> schema;
  std::vector<int> source;                              // per field of the table: column of the batch; -1 = none, NULL
  std::vector<std::shared_ptr<arrow::DataType>> types;  // per field of the table
  bool identity = false;
  std::vector<int> key_columns;  // of the batch
};

}  // namespace sluice::iceberg
