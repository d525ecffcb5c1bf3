// SPDX-License-Identifier: Apache-2.0
// RowPartitioner: splits the rows of a batch by their partition tuple. Made for one spec and one schema; one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/iceberg/partition_spec.h"
#include "lake/iceberg/schema.h"
#include "lake/iceberg/transform.h"

namespace arrow {
class DataType;
class RecordBatch;
}  // namespace arrow

namespace sluice::iceberg {

struct PartitionRows {
  std::vector<PartitionValue> partition;
  std::vector<uint32_t> rows;   // of the batch
  std::vector<uint32_t> index;  // into the given rows
};

class RowPartitioner {
 public:
  // kUnsupported names a transform that sluice cannot compute.
  static Result<RowPartitioner> Make(const PartitionSpec& spec, const Schema& schema);
  // `rows`: the columns of the schema, in its order. Partitions in order of first appearance.
  Result<std::vector<PartitionRows>> Split(const arrow::RecordBatch& rows, std::span<const uint32_t> chosen) const;

 private:
  struct Source {
    int column = 0;
    Transform transform;
    std::string type;  // Iceberg's
    std::shared_ptr<arrow::DataType> arrow_type;
  };
  std::vector<Source> sources_;
};

}  // namespace sluice::iceberg
