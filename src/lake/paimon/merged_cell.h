// SPDX-License-Identifier: Apache-2.0
// MergedCell: a value of a row that is made of several: one of theirs, or one computed from them. Numbers follow the
// column's type, not only its Arrow type: TINYINT is an int32 there. One thread.
#pragma once

#include <arrow/util/decimal.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "row/type.h"

namespace arrow {
class Array;
class ArrayBuilder;
}  // namespace arrow

namespace sluice::paimon {

struct MergedCell {
  const arrow::Array* array = nullptr;  // of a row's cell; null: NULL or computed
  int64_t row = 0;
  bool computed = false;
  // The one of the column's type, if computed.
  int64_t integer = 0;
  double real = 0;
  arrow::Decimal128 decimal;
  std::string text;
  std::shared_ptr<const arrow::Array> own;  // a list that was made: `array` points to it

  void SetNull() { array = nullptr, computed = false; }
  // The array must live until the cell is appended.
  void Pick(const arrow::Array& cells, int64_t at) { array = &cells, row = at, computed = false; }
  void PickOwn(std::shared_ptr<const arrow::Array> made) {
    own = std::move(made);
    Pick(*own, 0);
  }
  void Copy(const MergedCell& other);  // keeps the memory of texts
  bool IsNull() const;

  // Of a cell that is not NULL and of such a type.
  int64_t Integer() const;
  double Real() const;
  arrow::Decimal128 Decimal() const;
  std::string_view Text() const;
  bool Boolean() const;
};

// The builder is of the column's Arrow type.
Status AppendCell(const MergedCell& cell, arrow::ArrayBuilder& builder);

}  // namespace sluice::paimon
