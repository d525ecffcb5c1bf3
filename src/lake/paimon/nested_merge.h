// SPDX-License-Identifier: Apache-2.0
// NestedMerge: the aggregate functions over maps and over arrays of rows (docs of Paimon: "merge_map",
// "merge_map_with_keytime", "nested_update", "nested_partial_update"). Immutable; one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/paimon/binary_row.h"
#include "lake/paimon/merge_rules.h"
#include "lake/paimon/merged_cell.h"
#include "row/type.h"

namespace sluice::paimon {

class NestedMerge {
 public:
  static bool Has(AggregateFunction function) {
    return function >= AggregateFunction::kMergeMap && function <= AggregateFunction::kNestedPartialUpdate;
  }
  // kInvalid for a column of another type, or without the fields that the rules name.
  static Result<std::shared_ptr<const NestedMerge>> Make(const Aggregate& how, const DataType& type);

  Status Combine(const MergedCell& older, const MergedCell& newer, MergedCell& out) const;
  // Only of functions that can (Aggregate::CanRetract).
  Status Retract(const MergedCell& sum, const MergedCell& value, MergedCell& out) const;

 private:
  explicit NestedMerge(const Aggregate& how) : function_(how.function), rules_(how.nested) {}
  Status BindRow(const DataType& type);
  Status BindMap(const DataType& type);

  Status MergeMaps(const MergedCell& older, const MergedCell& newer, MergedCell& out) const;
  Status UpdateRows(const MergedCell& older, const MergedCell& newer, MergedCell& out) const;
  Status TakeRows(const MergedCell& sum, const MergedCell& value, MergedCell& out) const;

  const AggregateFunction function_;
  const NestedRules rules_;
  std::shared_ptr<arrow::DataType> type_;
  std::vector<int> key_, sequence_;  // fields of the rows
  std::shared_ptr<const BinaryRowCodec> key_codec_;
  int time_ = -1;  // of a map's values: the field that says what is later
};

}  // namespace sluice::paimon
