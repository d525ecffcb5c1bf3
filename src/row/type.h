// SPDX-License-Identifier: Apache-2.0
// DataType: Flink CDC's logical types (docs/types.md has the whole mapping). A value; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace arrow {
class DataType;
}

namespace sluice {

enum class TypeKind : uint8_t {
  kBoolean, kTinyInt, kSmallInt, kInt, kBigInt, kFloat, kDouble, kDecimal,
  kChar, kVarChar, kString, kBinary, kVarBinary, kBytes,
  kDate, kTime, kTimestamp, kTimestampLtz, kArray,
};

struct DataType {
  TypeKind kind = TypeKind::kString;
  int32_t length = 0;                    // CHAR, VARCHAR (characters), BINARY, VARBINARY (bytes)
  int8_t precision = 0;                  // DECIMAL 1..38; TIME 0..6; TIMESTAMP, TIMESTAMP_LTZ 0..9
  int8_t scale = 0;                      // DECIMAL
  TypeKind element = TypeKind::kString;  // ARRAY: kString, kFloat; kArray: see nested_type.h
  bool nullable = true;

  bool operator==(const DataType&) const = default;
  bool SameIgnoringNull(const DataType& other) const;
  // "DECIMAL(10, 2) NOT NULL"
  std::string ToString() const;
  // TINYINT, SMALLINT and INT are int32; CHAR, VARCHAR and STRING utf8; BINARY, VARBINARY and BYTES binary; DECIMAL
  // decimal128; DATE date32; TIME time64[us]; TIMESTAMP timestamp[us] or [ns] (timestamp.h), LTZ with UTC; ARRAY list.
  std::shared_ptr<arrow::DataType> ToArrow() const;
};

// The inverse of ToString.
Result<DataType> ParseDataType(std::string_view text);

// The narrowest type that holds every value of both (compat.md A.7); STRING if nothing else does. Nullable if either
// is.
DataType WidestCommonType(const DataType& a, const DataType& b);

}  // namespace sluice
