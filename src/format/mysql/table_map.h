// SPDX-License-Identifier: Apache-2.0
// TableMap: the TABLE_MAP event, which tells how the columns of the rows events after it are stored, with the optional
// metadata of binlog_row_metadata. Immutable once shared; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::mysql {

// Column types as the log numbers them.
enum class FieldType : uint8_t {
  kDecimal = 0, kTiny = 1, kShort = 2, kLong = 3, kFloat = 4, kDouble = 5, kNull = 6, kTimestamp = 7, kLongLong = 8,
  kInt24 = 9, kDate = 10, kTime = 11, kDatetime = 12, kYear = 13, kNewDate = 14, kVarchar = 15, kBit = 16,
  kTimestamp2 = 17, kDatetime2 = 18, kTime2 = 19, kTypedArray = 20, kBlobCompressed = 140, kVarcharCompressed = 141,
  kVector = 242, kJson = 245, kNewDecimal = 246, kEnum = 247, kSet = 248, kTinyBlob = 249, kMediumBlob = 250,
  kLongBlob = 251, kBlob = 252, kVarString = 253, kString = 254, kGeometry = 255,
};

struct TableMapColumn {
  FieldType type = FieldType::kNull;  // the real type: kEnum and kSet are unpacked from kString
  uint16_t meta = 0;                  // as in the log: length; precision and scale; length bytes; fraction digits
  uint16_t length = 0;                // of kString: the declared bytes; of kEnum, kSet: bytes of a value
  bool nullable = false;
  bool is_unsigned = false;           // with has_signedness
  uint32_t collation = 0;             // number; 0 = not told
  std::string name;                   // with has_names
  std::vector<std::string> labels;    // of ENUM and SET, bytes of the column's character set; with has_labels
};

struct TableMap {
  uint64_t id = 0;
  std::string database;
  std::string table;
  std::vector<TableMapColumn> columns;
  bool has_signedness = false;
  bool has_names = false;
  bool has_labels = false;
  bool has_primary_key = false;
  std::vector<uint32_t> primary_key;  // column indexes, in key order
};

// The body of the event after the 6-byte table id and the flags.
Status ParseTableMapBody(std::string_view body, TableMap& out);

}  // namespace sluice::mysql
