// SPDX-License-Identifier: Apache-2.0
// Transform: one partition transform, parsed and applied to a column (spec: "Partition Transforms", Appendix B); the
// text of a partition in file paths; and Flink CDC's `partition.key` as a PartitionSpec. Values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/iceberg/partition_spec.h"
#include "lake/iceberg/schema.h"

namespace arrow {
class Array;
}

namespace sluice::iceberg {

enum class TransformKind : uint8_t { kIdentity, kYear, kMonth, kDay, kHour, kBucket, kTruncate, kVoid };

struct Transform {
  TransformKind kind = TransformKind::kIdentity;
  int32_t width = 0;  // buckets, or characters, bytes or units of truncate

  bool operator==(const Transform&) const = default;
  std::string ToString() const;  // as in a PartitionField: "bucket[16]"

  // kInvalid if the transform does not take this Iceberg type.
  Status Check(std::string_view source_type, std::string_view column) const;
  // One value a row into `out` (replaced): rows[0..count), or the first `count` if `rows` is null. NULL stays NULL.
  // `column` has the Arrow type of `source_type` and Check has passed.
  Status Apply(const arrow::Array& column, std::string_view source_type, const uint32_t* rows, int64_t count,
               std::vector<PartitionValue>& out) const;
};

// "identity", "bucket[16]", "truncate[4]", "year", "month", "day", "hour", "void". kUnsupported for all others.
Result<Transform> ParseTransform(std::string_view text);

// Bits of bucket's hash before the modulo: murmur3 x86 32 with seed 0.
uint32_t Murmur3(std::string_view bytes);

// "ts_year=2024/name=a%2Fb": URL-encoded, one folder a field, empty if unpartitioned. Only people read it, so a part
// over 200 bytes is cut and ends in a hash.
std::string PartitionPath(const PartitionSpec& spec, const Schema& schema, const std::vector<PartitionValue>& values);

// One entry of `partition.key`: "db.t1:year(ts),bucket[16](id),region".
struct PartitionTerm {
  Transform transform;
  std::string column;
};
struct TablePartitioning {
  std::string table;  // "db.t1"
  std::vector<PartitionTerm> terms;
};
// kInvalid names the bad part. Empty text: no entry.
Result<std::vector<TablePartitioning>> ParsePartitionKey(std::string_view text);

// Field ids from 1000, names as Iceberg's own builder makes them: region, ts_year, id_bucket, name_trunc. kInvalid if a
// column is missing or does not take its transform.
Result<PartitionSpec> ToPartitionSpec(const std::vector<PartitionTerm>& terms, const Schema& schema, int spec_id = 0);

}  // namespace sluice::iceberg
