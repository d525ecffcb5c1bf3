// SPDX-License-Identifier: Apache-2.0
// PartitionSpec and PartitionValue: how a table is partitioned, and one value of a partition tuple. Values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "lake/iceberg/schema.h"

namespace sluice::iceberg {

struct PartitionField {
  int source_id = 0;
  int field_id = 0;  // from 1000
  std::string name;
  std::string transform;  // "identity", "bucket[16]", "truncate[4]", "year", "month", "day", "hour", "void"

  bool operator==(const PartitionField&) const = default;
};

struct PartitionSpec {
  int spec_id = 0;
  std::vector<PartitionField> fields;

  bool operator==(const PartitionSpec&) const = default;
  bool partitioned() const { return !fields.empty(); }
  std::string FieldsJson() const;  // the JSON array of fields
};

// A transform's result. date, year, month, day, hour, bucket: int32. time, timestamp: int64 microseconds.
// string: UTF-8; binary, fixed, uuid: raw bytes; decimal: unscaled two's complement big-endian, minimum bytes.
using PartitionValue = std::variant<std::monostate, bool, int32_t, int64_t, float, double, std::string>;

// The Iceberg type of a transform's result: "int" for bucket, year, month, hour; "date" for day; else the source's.
std::string TransformResultType(std::string_view transform, std::string_view source_type);

// The value as one of `type`, if its column was widened (int to long, float to double); else the value as it is.
PartitionValue PromotePartitionValue(const PartitionValue& value, std::string_view type);

// Appendix D's bytes of a value (bounds in manifests). Empty text for null.
std::string SingleValueBytes(const PartitionValue& value);

// A total order of two values of one type: null first, NaN last. -1, 0, 1. Decimals need `decimal`.
int ComparePartitionValues(const PartitionValue& a, const PartitionValue& b, bool decimal);

}  // namespace sluice::iceberg
