// SPDX-License-Identifier: Apache-2.0
// BitSlices: a number of each row, bit by bit: which rows have it set (O'Neil and Quass, "Improved Query Performance
// with Variant Indexes"), as Paimon's bsi and range-bitmap indexes have them. Borrows the bytes of the bits; a value;
// any thread. Memory: two bits a row.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lake/paimon/row_bits.h"

namespace sluice::paimon {

class BitSlices {
 public:
  // `present`: the rows that have a number, of at most `most`; `slices`: a Roaring bitmap for each bit, the lowest one
  // first. Nothing: they are not well formed, or have a row with another number or that has none.
  static std::optional<BitSlices> Of(RowBits present, std::vector<std::string_view> slices, uint64_t most);

  const RowBits& present() const { return present_; }
  RowBits Equal(uint64_t number) const;
  RowBits AtLeast(uint64_t number) const;

 private:
  BitSlices(RowBits present, std::vector<std::string_view> slices)
      : present_(std::move(present)), slices_(std::move(slices)) {}
  RowBits Slice(size_t bit) const;

  RowBits present_;
  std::vector<std::string_view> slices_;
};

// The Roaring bitmaps of the rows, then of each of so many bits of their numbers. Rows are ascending.
std::vector<std::string> SerializeSlices(std::span<const uint32_t> rows, std::span<const uint64_t> numbers, int bits);

}  // namespace sluice::paimon
