// SPDX-License-Identifier: Apache-2.0
// CellOp: how one column's value in a row image becomes a value of a BatchBuilder. Compiled by MakeCellOp from what the
// log says of the column and what the table says. Values; immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "format/mysql/charset.h"
#include "format/mysql/column.h"
#include "format/mysql/short_decimal.h"
#include "format/mysql/table_map.h"

namespace sluice::mysql {

enum class CellKind : uint8_t {
  kInt8, kUint8, kInt16, kUint16, kInt24, kUint24, kInt32, kUint32, kInt64, kUint64,  // -> int32, int64, decimal
  kUint24Long, kUint64Long,  // -> int64; the latter fails beyond it
  kBool8, kBoolBit, kFloat, kFloatAsDouble, kDouble, kDecimal, kDecimalText,
  kYear, kDate, kTime, kTime2, kDatetime, kDatetime2, kTimestamp, kTimestamp2,
  kBit, kUtf8, kText, kBytes, kFixedBytes,  // kFixedBytes: filled up with zeros to `size`
  kEnum, kSet, kGeometry, kUuid, kInet4, kInet6, kVector, kCompressedText, kCompressedBytes,
};

struct CellOp {
  CellKind kind = CellKind::kInt32;
  uint8_t length_bytes = 0;    // size of the length before the value; 0 = `width` bytes
  uint8_t precision = 0;       // DECIMAL; fraction digits of times
  uint8_t scale = 0;           // DECIMAL
  uint32_t width = 0;          // bytes in the log, without a length
  uint32_t size = 0;           // kFixedBytes, kBit: bytes of the value
  ShortDecimal decimal;        // if it fits
  const Charset* charset = nullptr;
  std::shared_ptr<const std::vector<std::string>> labels;
};

// kConflict if the log's type is not the table's. `name` of errors: "db.table.column".
Result<CellOp> MakeCellOp(const TableMapColumn& log, const MysqlColumn& column, const MappingOptions& options,
                          const std::string& name);

}  // namespace sluice::mysql
