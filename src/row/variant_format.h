// SPDX-License-Identifier: Apache-2.0
// The bytes of variants (VariantEncoding.md of parquet-format, version 1): what their headers say, and what objects are
// made of. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice {

inline constexpr int kVariantUuidBytes = 16;

// Of the low two bits of a value's first byte.
enum class VariantBasic : uint8_t { kPrimitive, kShortText, kObject, kArray };
// Of the other six.
enum class VariantPrimitive : uint8_t {
  kNull, kTrue, kFalse, kInt8, kInt16, kInt32, kInt64, kDouble, kDecimal4, kDecimal8, kDecimal16, kDate, kTimestamp,
  kTimestampNtz, kFloat, kBinary, kText, kTime, kTimestampNanos, kTimestampNtzNanos, kUuid,
};

// Borrows the bytes.
struct VariantField {
  size_t name = 0;  // its number in the metadata
  std::string_view value;
};

// False: not well formed. The names borrow the bytes.
bool ReadVariantNames(std::string_view metadata, std::vector<std::string_view>& out);
// False: no object, or not well formed.
bool ReadVariantObject(std::string_view value, std::vector<VariantField>& out);

}  // namespace sluice
