// SPDX-License-Identifier: Apache-2.0
// What a Paimon table is to an Iceberg reader: its columns, partitions and data files, under the same field ids.
// Functions are pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/iceberg/data_file.h"
#include "lake/iceberg/partition_spec.h"
#include "lake/iceberg/schema.h"
#include "lake/paimon/binary_row.h"
#include "lake/paimon/table.h"

namespace sluice::mirror {

// What a column is in a table that is made with Iceberg metadata: a type that Java's Iceberg metadata has too, and that
// Iceberg readers find in Paimon's files. Holds all values of `type`.
DataType ShownType(const DataType& type);
// kUnsupported names a column that Iceberg readers cannot have.
Status CheckShown(const std::string& column, const DataType& type);
Result<iceberg::Schema> IcebergSchemaOf(const paimon::Schema& schema);

// Identity of the partition columns.
iceberg::PartitionSpec IcebergSpecOf(const paimon::Schema& schema);

// Data files of one table. Borrows the table; its thread.
class DataFileForm {
 public:
  static Result<DataFileForm> Of(paimon::Table& table, const paimon::Schema& schema);
  // With the statistics of columns that still have the type of the file's time.
  Result<iceberg::DataFile> Make(const paimon::LiveFile& file) const;

 private:
  DataFileForm(paimon::Table& table, const paimon::Schema& schema, std::vector<DataType> types,
               paimon::BinaryRowCodec codec)
      : table_(table), schema_(schema), partition_types_(std::move(types)), partition_codec_(std::move(codec)) {}
  Status AddStats(const paimon::DataFileMeta& meta, iceberg::DataFile& out) const;

  paimon::Table& table_;
  const paimon::Schema& schema_;
  std::vector<DataType> partition_types_;
  paimon::BinaryRowCodec partition_codec_;
};

}  // namespace sluice::mirror
