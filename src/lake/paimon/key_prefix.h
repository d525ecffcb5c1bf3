// SPDX-License-Identifier: Apache-2.0
// KeyPrefix: the first column of a key as 8 bytes that order as its cells do (cell_order.h), as far as they go. A view
// of the array, which outlives it; any thread.
#pragma once

#include <arrow/array.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"

namespace sluice::paimon {

class KeyPrefix {
 public:
  KeyPrefix() = default;
  explicit KeyPrefix(const arrow::Array& column) : column_(&column) {
    switch (column.type_id()) {
      case arrow::Type::INT32:
      case arrow::Type::DATE32: Use(Form::kInt32, column.data()->GetValues<int32_t>(1)); break;
      case arrow::Type::INT64:
      case arrow::Type::TIME64:
      case arrow::Type::TIMESTAMP: Use(Form::kInt64, column.data()->GetValues<int64_t>(1)); break;
      case arrow::Type::DECIMAL128: form_ = Form::kDecimal; break;
      case arrow::Type::STRING:
      case arrow::Type::BINARY: form_ = Form::kBytes; break;
      default: break;
    }
    has_nulls_ = column.null_count() > 0;
  }

  // Cells with equal prefixes are equal.
  bool exact() const { return !has_nulls_ && (form_ == Form::kInt32 || form_ == Form::kInt64); }

  uint64_t Of(int64_t row) const {
    if (has_nulls_ && column_->IsNull(row)) return 0;
    switch (form_) {
      case Form::kInt32: return static_cast<uint64_t>(int64_t{static_cast<const int32_t*>(values_)[row]}) ^ kSign;
      case Form::kInt64: return static_cast<uint64_t>(static_cast<const int64_t*>(values_)[row]) ^ kSign;
      case Form::kDecimal:  // the high half, with the sign
        return LoadLe<uint64_t>(static_cast<const arrow::Decimal128Array*>(column_)->GetValue(row) + 8) ^ kSign;
      case Form::kBytes: {
        const auto text = static_cast<const arrow::BinaryArray*>(column_)->GetView(row);
        uint64_t word = 0;
        std::memcpy(&word, text.data(), std::min<size_t>(8, text.size()));
        return __builtin_bswap64(word);
      }
      case Form::kNone: break;
    }
    return 0;
  }

 private:
  enum class Form : uint8_t { kNone, kInt32, kInt64, kDecimal, kBytes };
  static constexpr uint64_t kSign = uint64_t{1} << 63;

  void Use(Form form, const void* values) {
    form_ = form;
    values_ = values;
  }

  const arrow::Array* column_ = nullptr;
  const void* values_ = nullptr;
  Form form_ = Form::kNone;  // kNone: all prefixes are equal
  bool has_nulls_ = false;
};

}  // namespace sluice::paimon
