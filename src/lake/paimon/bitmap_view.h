// SPDX-License-Identifier: Apache-2.0
// BitmapIndexView: a bitmap file index (bitmap_index.h) as readers have it: which rows have a value. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "lake/paimon/row_bits.h"
#include "row/type.h"

namespace sluice::paimon {

// The rows of an index, of which only the bitmaps are read that are asked for. Borrows the bytes.
class BitmapView {
 public:
  // Of a file with that many rows. Nothing, here and below: not well formed, or not of that file.
  static std::optional<BitmapView> Parse(const DataType& type, std::string_view bytes, int64_t rows);
  std::optional<RowBits> NullRows() const;
  int64_t values() const { return values_; }  // different ones, without NULL
  // The rows whose value, as its bytes in the index, is taken.
  std::optional<RowBits> RowsOf(const std::function<bool(std::string_view)>& takes) const;

 private:
  struct Place {  // of a bitmap
    int32_t offset = 0;  // in the body, or -1 - row
    int32_t length = 0;  // 0: it is not told
  };
  // visit(bytes of a value, Place) of each, then `body`; false: not well formed.
  template <typename Visit>
  bool VisitValues(Visit&& visit, std::string_view& body) const;
  bool Add(const Place& place, std::string_view body, RowBits& rows) const;

  DataType type_;
  int version_ = 0;
  int64_t rows_ = 0;
  int64_t values_ = 0;
  std::optional<Place> null_;
  std::string_view rest_;  // behind the part about NULL
};

}  // namespace sluice::paimon
