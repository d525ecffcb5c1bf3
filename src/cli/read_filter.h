// SPDX-License-Identifier: Apache-2.0
// The --where of `sluice read` and of actions: comparisons of a column with a literal (condition_text.h has the
// grammar). Parsed, then bound to the types of the table once; afterwards immutable, any thread.
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
#include "cli/condition_text.h"
#include "cli/lake_scan.h"
#include "cli/literal.h"

namespace arrow {
class Array;
class RecordBatch;
}  // namespace arrow

namespace sluice {

class RowCondition {
 public:
  // "id >= 5 AND (name = 'Ada' OR note IS NOT NULL)". kInvalid shows what was not understood.
  static Result<RowCondition> Parse(std::string_view text, ConditionStyle style = ConditionStyle::kLoose);
  const std::vector<std::string>& columns() const { return columns_; }
  // kNotFound for a column that is none of `columns`; kInvalid names column, type and literal if that is none of the
  // type.
  Status Bind(const std::vector<LakeColumn>& columns);
  // Once bound: those that a reader can use to leave rows out.
  std::vector<ColumnCondition> Conditions() const;
  // For each row of a batch of these columns, 1 if it holds. A comparison with NULL does not, nor does its NOT.
  void Select(const arrow::RecordBatch& rows, std::vector<uint8_t>& out) const;

 private:
  struct Term {
    ConditionTerm of;
    std::variant<ExactLiteral, double, std::string> literal = {};  // bound
    int at = 0;  // of the bound columns: a name may stand there twice
  };
  struct Node {  // ConditionTree
    ConditionTree::Kind kind = ConditionTree::Kind::kAll;
    Term term = {};
    std::vector<Node> parts = {};
  };
  void Take(const ConditionTree& tree, Node& out);
  Status BindNode(const std::vector<LakeColumn>& columns, Node& node) const;
  Status BindTerm(const std::vector<LakeColumn>& columns, Term& term) const;
  bool BindLiteral(const LakeColumn& column, Term& term) const;
  static void Collect(const Node& node, std::vector<ColumnCondition>& out);
  static void SelectNode(const Node& node, const arrow::RecordBatch& rows, std::vector<uint8_t>& out);
  static void SelectTerm(const Term& term, const arrow::Array& column, std::vector<uint8_t>& out);

  Node root_;
  ConditionStyle style_ = ConditionStyle::kLoose;
  std::vector<std::string> columns_;
};

}  // namespace sluice
