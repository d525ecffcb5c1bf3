// SPDX-License-Identifier: Apache-2.0
// The --where of `sluice read`: comparisons of a column with a literal, joined by AND. Parsed, then bound to the types
// of the table once; afterwards immutable, any thread.
//
//   type of the column      literal, in quotes if it has blanks
//   boolean                 true, false, 1, 0
//   numbers                 5, -2.50, 1e6: exact, but rounded as the column is for float and double; NaN, Infinity
//   date                    2024-01-31
//   time                    20:15, 20:15:00.123456
//   timestamp               '2024-01-31 20:15:00.123456', 2024-01-31T20:15:00, 2024-01-31
//   timestamptz             the same with Z or an offset as +02:00; without one it is UTC
//   string                  compared by bytes
//   binary                  00ff, x'00ff'
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "cli/lake_scan.h"
#include "cli/literal.h"

namespace arrow {
class Array;
class RecordBatch;
}  // namespace arrow

namespace sluice {

class RowCondition {
 public:
  // "id >= 5 AND name = 'Ada' AND note IS NOT NULL". kInvalid shows what was not understood.
  static Result<RowCondition> Parse(std::string_view text);
  const std::vector<std::string>& columns() const { return columns_; }
  // kNotFound for a column that is none of `columns`; kInvalid names column, type and literal if that is none of the
  // type.
  Status Bind(const std::vector<LakeColumn>& columns);
  // Once bound: those that a reader can use to leave rows out.
  std::vector<ColumnCondition> Conditions() const;
  // For each row of a batch of these columns, 1 if all terms hold. A comparison with NULL does not.
  void Select(const arrow::RecordBatch& rows, std::vector<uint8_t>& out) const;

 private:
  enum class Op : uint8_t { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kIsNull, kIsNotNull };
  struct Term {
    std::string column;
    Op op;
    std::string value;  // as written, without quotes
    bool hex = false;   // x'…'
    std::variant<ExactLiteral, double, std::string> literal = {};  // bound
    int at = 0;  // of the bound columns: a name may stand there twice
  };
  static Result<Term> ParseTerm(std::string_view& rest);
  static bool BindLiteral(const LakeColumn& column, Term& term);
  static void SelectTerm(const Term& term, const arrow::Array& column, std::vector<uint8_t>& out);
  std::vector<Term> terms_;
  std::vector<std::string> columns_;
};

}  // namespace sluice
