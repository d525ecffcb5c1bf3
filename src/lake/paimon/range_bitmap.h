// SPDX-License-Identifier: Apache-2.0
// Range-bitmap file index: the sorted values of a column, and bit by bit the place there of each row's value (Paimon's
// RangeBitmap, version 1). One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "lake/paimon/bit_slices.h"
#include "lake/paimon/indexed_values.h"
#include "row/type.h"

namespace sluice::paimon {

// Memory: the different values and 4 bytes a row; while it is built 16 more.
class RangeBitmapBuilder {
 public:
  static bool CanHold(const DataType& type);
  // Java's, of the bytes of a chunk of values.
  static int64_t DefaultChunkBytes(const DataType& type);
  RangeBitmapBuilder(const DataType& type, int64_t chunk_bytes) : values_(type), chunk_bytes_(chunk_bytes) {}

  // Of the next row.
  void AddNull() { values_.AddNull(); }
  void Add(int64_t number) { values_.Add(number); }
  void Add(std::string_view bytes) { values_.Add(bytes); }
  bool empty() const { return values_.values() == 0; }  // no row has a value
  // Nothing: it has more than 2 GiB.
  std::optional<std::string> Build() const;

 private:
  using Sorted = std::vector<std::pair<const std::string*, uint32_t>>;

  void AppendValue(std::string_view value, std::string& out) const;
  std::string Dictionary(const Sorted& values) const;
  std::string Slices(const Sorted& values) const;

  IndexedValues values_;
  int64_t chunk_bytes_;
};

// Borrows the bytes. Memory: 16 bytes a value.
class RangeBitmapView {
 public:
  // Of a file with that many rows. Nothing: not well formed, or not of that file.
  static std::optional<RangeBitmapView> Parse(const DataType& type, std::string_view bytes, int64_t rows);

  const RowBits& Present() const { return slices_.present(); }
  // `value`: text, or IndexedOrder of a number, which may be beyond those of the type.
  using Value = std::variant<int64_t, std::string_view>;
  RowBits Equal(const Value& value) const;
  RowBits AtLeast(const Value& value) const;
  RowBits AtMost(const Value& value) const;

 private:
  struct Values {  // one of the two, ascending
    std::vector<int64_t> numbers;
    std::vector<std::string_view> texts;
    size_t size() const { return numbers.size() + texts.size(); }
  };
  class Reader;
  RangeBitmapView(Values values, BitSlices slices) : values_(std::move(values)), slices_(std::move(slices)) {}
  // The values below it, and those up to it.
  std::pair<size_t, size_t> Find(const Value& value) const;
  RowBits From(size_t code) const;

  Values values_;
  BitSlices slices_;
};

}  // namespace sluice::paimon
