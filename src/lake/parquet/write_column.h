// SPDX-License-Identifier: Apache-2.0
// WriteColumn: a column of a data file as its writer is told of it. A value; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "row/type.h"

namespace sluice {

// Whose physical forms a column has (docs/formats/parquet.md has both tables).
enum class ParquetStyle : uint8_t { kIceberg, kPaimon };

struct WriteColumn {
  int id = 0;  // of the field
  std::string name;
  DataType type;  // what the cells are; `required` decides about NULL, not type.nullable
  bool required = false;
  int element_id = 0;             // lists
  bool element_required = false;  // lists
  int fixed_bytes = 0;            // BINARY, VARBINARY, BYTES: over 0 = FIXED_LEN_BYTE_ARRAY of that many
  bool uuid = false;              // with fixed_bytes 16: the logical type UUID
  ParquetStyle style = ParquetStyle::kIceberg;
  std::string type_name;  // how messages name the type; empty: type.ToString()

  bool operator==(const WriteColumn&) const = default;
  std::string TypeName() const { return type_name.empty() ? type.ToString() : type_name; }
  bool IsText() const {
    return type.kind == TypeKind::kChar || type.kind == TypeKind::kVarChar || type.kind == TypeKind::kString;
  }
  bool IsBinary() const {
    return type.kind == TypeKind::kBinary || type.kind == TypeKind::kVarBinary || type.kind == TypeKind::kBytes;
  }
  // Cells in microseconds, stored as milliseconds.
  bool IsMillis() const {
    return style == ParquetStyle::kPaimon &&
           (type.kind == TypeKind::kTime ||
            ((type.kind == TypeKind::kTimestamp || type.kind == TypeKind::kTimestampLtz) && type.precision <= 3));
  }
};

}  // namespace sluice
