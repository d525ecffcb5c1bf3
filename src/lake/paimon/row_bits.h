// SPDX-License-Identifier: Apache-2.0
// RowBits: rows of one data file, one bit for each row that the file has. A value; any thread.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace sluice::paimon {

class RowBits {
 public:
  explicit RowBits(int64_t rows, bool all = false);

  void Add(int64_t row) { words_[static_cast<size_t>(row / 64)] |= uint64_t{1} << row % 64; }
  void Remove(int64_t row) { words_[static_cast<size_t>(row / 64)] &= ~(uint64_t{1} << row % 64); }
  // Those of the next Roaring bitmap, which is passed. False: not well formed, or it has a row that the file has not.
  bool AddRoaring(ByteReader& in);

  // Both are of the same file.
  RowBits& operator|=(const RowBits& other);
  RowBits& operator&=(const RowBits& other);
  RowBits& operator-=(const RowBits& other);
  void Flip();

  int64_t rows() const { return rows_; }  // of the file
  int64_t count() const;
  bool empty() const;
  bool Contains(int64_t row) const { return (words_[static_cast<size_t>(row / 64)] >> row % 64 & 1) != 0; }
  bool AnyIn(int64_t first, int64_t count) const;  // rows one after another
  bool operator==(const RowBits&) const = default;

  // visit(first, count) of rows that stand one after another; ascending and apart.
  template <typename Visit>
  void ForEachSpan(Visit&& visit) const {
    for (int64_t row = Next(0, true); row < rows_;) {
      const int64_t end = Next(row, false);
      visit(row, end - row);
      row = Next(end, true);
    }
  }

 private:
  int64_t Next(int64_t row, bool there) const;  // that is there, or not; else rows_
  void Cut();  // the bits behind the last row

  int64_t rows_;
  std::vector<uint64_t> words_;
};

}  // namespace sluice::paimon
