// SPDX-License-Identifier: Apache-2.0
// The --where of `sluice read`: comparisons of a column with a literal, joined by AND. Immutable; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace arrow {
class RecordBatch;
}

namespace sluice {

class RowCondition {
 public:
  // "id >= 5 AND name = 'Ada' AND note IS NOT NULL". kInvalid shows what was not understood.
  static Result<RowCondition> Parse(std::string_view text);
  const std::vector<std::string>& columns() const { return columns_; }
  // The batch has the columns of columns(). A comparison with NULL is false. Numbers compare as numbers, the rest as
  // text.
  bool Holds(const arrow::RecordBatch& rows, int64_t row) const;

 private:
  enum class Op : uint8_t { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kIsNull, kIsNotNull };
  struct Term {
    std::string column;
    Op op;
    std::string value;
    bool number = false;
  };
  static Result<Term> ParseTerm(std::string_view& rest);
  static bool TermHolds(const Term& term, const arrow::RecordBatch& rows, int64_t row);
  std::vector<Term> terms_;
  std::vector<std::string> columns_;
};

}  // namespace sluice
