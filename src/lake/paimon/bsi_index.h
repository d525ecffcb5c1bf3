// SPDX-License-Identifier: Apache-2.0
// Bit-sliced file index: the numbers of a column bit by bit, those from 0 on and the others apart (Paimon's
// BitSliceIndexBitmapFileIndex, version 1). One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lake/paimon/bit_slices.h"
#include "row/type.h"

namespace sluice::paimon {

// Memory: 12 bytes a row with a value.
class BsiIndexBuilder {
 public:
  static bool CanHold(const DataType& type);  // numbers of at most 18 digits or 64 bits, dates and times

  // Of the next row.
  void AddNull() { ++rows_; }
  void Add(int64_t number);
  bool fits() const { return fits_; }  // false: a row has the least number of 64 bits, which such an index cannot have
  // Nothing: it does not fit, or has more than 2 GiB.
  std::optional<std::string> Build() const;

 private:
  struct Part {
    std::vector<uint32_t> rows;
    std::vector<uint64_t> numbers;  // without their sign
    void AppendTo(std::string& out) const;
  };

  uint32_t rows_ = 0;
  Part positive_, negative_;
  bool fits_ = true;
};

// Borrows the bytes.
class BsiIndexView {
 public:
  // Of a file with that many rows. Nothing: not well formed, or not of that file.
  static std::optional<BsiIndexView> Parse(std::string_view bytes, int64_t rows);

  RowBits Present() const;
  RowBits Equal(int64_t number) const;
  RowBits AtLeast(int64_t number) const;
  RowBits AtMost(int64_t number) const;

 private:
  struct Part {
    uint64_t least = 0, most = 0;
    BitSlices slices;  // numbers above `least`

    RowBits Equal(uint64_t number) const;
    RowBits AtLeast(uint64_t number) const;
    RowBits AtMost(uint64_t number) const;
  };
  BsiIndexView(Part positive, Part negative) : positive_(std::move(positive)), negative_(std::move(negative)) {}
  static std::optional<Part> ReadPart(ByteReader& in, int64_t rows);

  Part positive_, negative_;  // without sign
};

}  // namespace sluice::paimon
