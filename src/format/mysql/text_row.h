// SPDX-License-Identifier: Apache-2.0
// TextPlan: decodes rows of the text protocol (a SELECT of SelectExpression for every column, in a session with utf8mb4
// and time_zone '+00:00') into the same batches as RowPlan. Immutable; any thread (the BatchBuilder is the caller's).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/mysql/batch_builder.h"
#include "format/mysql/column.h"
#include "format/mysql/key.h"

namespace sluice::mysql {

// `name` in backticks, inner backticks doubled.
std::string QuoteName(std::string_view name);
// What to SELECT for the column so that its text is exact: the quoted name, or an expression of it.
std::string SelectExpression(const MysqlColumn& column);
// All columns, joined by ", ".
std::string SelectList(const MysqlTable& table);

// Splits a packet of the text protocol into `columns` values, which lie in the packet; null = NULL. False: not a row.
bool SplitTextRow(std::string_view packet, size_t columns, const char** values, unsigned long* lengths);

class TextPlan {
 public:
  using ColumnData = BatchBuilder::ColumnData;

  // kUnsupported: a column type without a mapping.
  static Result<std::shared_ptr<const TextPlan>> Make(const MysqlTable& table, const MappingOptions& options);

  // One row as SplitTextRow gives it; `row[i]` null = NULL. Kind +I.
  Status Decode(const char* const* row, const unsigned long* lengths, BatchBuilder& out) const;
  // The key of the row (key.h); HasExactOrder must hold. Clears `out` first.
  Status EncodeKey(const char* const* row, const unsigned long* lengths, std::string& out) const;

 private:
  enum class Kind : uint8_t {
    kInt32, kInt64, kUint64, kUint64Long, kBool, kBoolBit, kFloat, kDouble, kDecimal, kDate, kTime, kDatetime,
    kTimestamp, kUtf8, kText, kBytes, kSet, kGeometry, kVector,
  };
  struct Op {
    Kind kind = Kind::kInt32;
    uint8_t scale = 0;
    const Charset* charset = nullptr;
  };
  TextPlan() = default;
  static Result<Op> MakeOp(const MysqlColumn& column, const MappingOptions& options);
  static bool DecodeCell(const Op& op, std::string_view text, ColumnData& column, int64_t row, BatchBuilder& out);
  static bool DecodeNumber(const Op& op, std::string_view text, ColumnData& column, int64_t row);

  std::string name_;
  std::vector<std::string> columns_;
  std::vector<Op> ops_;
  std::vector<KeyPart> key_parts_;
};

}  // namespace sluice::mysql
