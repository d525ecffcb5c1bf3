// SPDX-License-Identifier: Apache-2.0
// Cells: how one cell of an Arrow array becomes a Parquet value. Made once an array, then Get(row, slot) in the loop;
// they borrow the array. Include in .cc files only.
#pragma once

#include <arrow/array.h>
#include <parquet/types.h>

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

namespace sluice {

// Values gathered before a call of the Parquet writer: they stay in the first two caches.
inline constexpr int64_t kChunkRows = 4096;
// A call of the Parquet writer checks the page size once per 1024 values: large values need smaller calls.
inline constexpr int64_t kChunkBytes = 1 << 20;

template <typename In, typename Out>
struct PlainCells {
  static constexpr bool kSameBytes = std::is_same_v<In, Out>;
  const In* values;
  explicit PlainCells(const arrow::Array& array) : values(array.data()->GetValues<In>(1)) {}
  Out Get(int64_t row, int64_t) const { return static_cast<Out>(values[row]); }
};

struct BooleanCells {
  static constexpr bool kSameBytes = false;
  const arrow::BooleanArray& array;
  explicit BooleanCells(const arrow::Array& a) : array(static_cast<const arrow::BooleanArray&>(a)) {}
  bool Get(int64_t row, int64_t) const { return array.Value(row); }
};

template <typename Out>
struct SmallDecimalCells {  // at most 18 digits: the low word of the two's complement
  static constexpr bool kSameBytes = false;
  const uint8_t* values;
  explicit SmallDecimalCells(const arrow::Array& a)
      : values(static_cast<const arrow::Decimal128Array&>(a).raw_values()) {}
  Out Get(int64_t row, int64_t) const {
    int64_t low;
    std::memcpy(&low, values + 16 * row, sizeof low);
    return static_cast<Out>(low);
  }
};

template <typename Out>
struct MilliCells {  // of microseconds, rounded down
  static constexpr bool kSameBytes = false;
  const int64_t* values;
  explicit MilliCells(const arrow::Array& array) : values(array.data()->GetValues<int64_t>(1)) {}
  Out Get(int64_t row, int64_t) const { return static_cast<Out>(values[row] / 1000 - (values[row] % 1000 < 0)); }
};

struct Int96Cells {  // of nanoseconds since 1970: those of the day, which are not below 0, then the Julian day
  static constexpr bool kSameBytes = false;
  const int64_t* values;
  explicit Int96Cells(const arrow::Array& array) : values(array.data()->GetValues<int64_t>(1)) {}
  parquet::Int96 Get(int64_t row, int64_t) const {
    constexpr int64_t kDayNanos = int64_t{86'400} * 1'000'000'000, kUnixDay = 2'440'588;
    const bool before = values[row] % kDayNanos < 0;
    const int64_t day = values[row] / kDayNanos - before, rest = values[row] % kDayNanos + (before ? kDayNanos : 0);
    parquet::Int96 out;
    std::memcpy(out.value.data(), &rest, sizeof rest);
    out.value[2] = static_cast<uint32_t>(day + kUnixDay);
    return out;
  }
};

struct ByteCells {
  static constexpr bool kSameBytes = false;
  const int32_t* offsets;
  const uint8_t* bytes;
  mutable int64_t total = 0;
  explicit ByteCells(const arrow::Array& a) {
    auto& array = static_cast<const arrow::BinaryArray&>(a);
    offsets = array.raw_value_offsets();
    bytes = array.raw_data();
  }
  parquet::ByteArray Get(int64_t row, int64_t) const {
    auto length = static_cast<uint32_t>(offsets[row + 1] - offsets[row]);
    total += length;
    return {length, bytes + offsets[row]};
  }
};

struct FixedCells {  // FixedSizeBinary as it is
  static constexpr bool kSameBytes = false;
  const arrow::FixedSizeBinaryArray& array;
  explicit FixedCells(const arrow::Array& a) : array(static_cast<const arrow::FixedSizeBinaryArray&>(a)) {}
  parquet::FixedLenByteArray Get(int64_t row, int64_t) const { return parquet::FixedLenByteArray(array.GetValue(row)); }
};

struct FixedBinaryCells {  // Binary, checked before to be of the right length
  static constexpr bool kSameBytes = false;
  const arrow::BinaryArray& array;
  explicit FixedBinaryCells(const arrow::Array& a) : array(static_cast<const arrow::BinaryArray&>(a)) {}
  parquet::FixedLenByteArray Get(int64_t row, int64_t) const {
    return parquet::FixedLenByteArray(array.raw_data() + array.value_offset(row));
  }
};

struct LargeDecimalCells {  // big-endian, `width` bytes, in a scratch buffer
  static constexpr bool kSameBytes = false;
  const uint8_t* values;
  mutable std::vector<uint8_t> scratch;
  size_t width;
  LargeDecimalCells(const arrow::Array& a, size_t bytes)
      : values(static_cast<const arrow::Decimal128Array&>(a).raw_values()), scratch(bytes * kChunkRows), width(bytes) {}
  parquet::FixedLenByteArray Get(int64_t row, int64_t slot) const {
    uint8_t* out = scratch.data() + static_cast<size_t>(slot) * width;
    for (size_t i = 0; i < width; ++i) out[i] = values[16 * row + static_cast<int64_t>(width - 1 - i)];
    return parquet::FixedLenByteArray(out);
  }
};

}  // namespace sluice
