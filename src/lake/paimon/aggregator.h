// SPDX-License-Identifier: Apache-2.0
// Aggregator: one column's function over the rows of one key (docs of Paimon: "Aggregation"). One thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "lake/paimon/merge_math.h"
#include "lake/paimon/merge_rules.h"
#include "lake/paimon/merged_cell.h"
#include "row/type.h"

namespace sluice::paimon {

class NestedMerge;

class Aggregator {
 public:
  // kUnsupported for a function that cannot be computed.
  static Result<Aggregator> Make(const Aggregate& how, const std::string& column, const DataType& type);

  void Reset() { met_ = false; }  // another key begins
  // `value` is newer than what `sum` has. kInvalid names the column.
  Status Add(MergedCell& sum, const MergedCell& value) { return Combine(sum, value, sum); }
  // It is older.
  Status AddOlder(MergedCell& sum, const MergedCell& value) {
    // What collect has stays in front, as in Java.
    const bool behind = how_.function == AggregateFunction::kCollect;
    return behind ? Combine(sum, value, sum) : Combine(value, sum, sum);
  }
  // Takes a value back that was added.
  Status Retract(MergedCell& sum, const MergedCell& value);

 private:
  Aggregator(const Aggregate& how, const std::string& column, const DataType& type)
      : how_(how), column_(column), type_(type) {}
  Status Combine(const MergedCell& older, const MergedCell& newer, MergedCell& out);
  Status Calculate(Arithmetic op, const MergedCell& a, const MergedCell& b, MergedCell& out) const;
  Status Unite(const MergedCell& older, const MergedCell& newer, MergedCell& out) const;
  Result<std::string> UnionOfValues(std::string_view older, std::string_view newer) const;
  Result<std::string> UnionOfBitmaps(std::string_view a, std::string_view b) const;
  Status Collect(const MergedCell& older, const MergedCell& newer, MergedCell& out) const;
  void List(const MergedCell& older, const MergedCell& newer, MergedCell& out) const;

  Aggregate how_;
  std::string column_;
  DataType type_;
  std::shared_ptr<const NestedMerge> nested_;  // of functions over maps and arrays of rows
  bool met_ = false;  // first_value and first_non_null_value: the value of this key
};

}  // namespace sluice::paimon
