// SPDX-License-Identifier: Apache-2.0
// RowMerger: the rows of a key, in order -> one row, for the engines that build rows: partial-update and aggregation
// (as PartialUpdateMergeFunction and AggregateMergeFunction of Paimon's Java code do). A key's only row is the result
// as it is: its callers do not bring that here. One thread. Memory: the rows that were appended since the last Finish.
//
//   Begin; Add, Add, …; if kind() is wanted: Append      for each key
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "lake/paimon/aggregator.h"
#include "lake/paimon/merge_rules.h"
#include "lake/paimon/merged_cell.h"
#include "lake/parquet/file_column.h"
#include "row/change_batch.h"

namespace arrow {
class Array;
class ArrayBuilder;
}  // namespace arrow

namespace sluice::paimon {

class RowMerger {
 public:
  // `columns`: of the rows: `_KEY_*`, sequence number and kind, known by their ids, and the table's own. The first
  // `kept` are those of merged rows; the others are there since `rules.AlsoNeeded` says so.
  static Result<std::unique_ptr<RowMerger>> Make(const MergeRules& rules, const std::vector<FileColumn>& columns,
                                                 size_t kept);
  ~RowMerger();

  void Begin();
  // The oldest row first. `cells`: arrays of the columns, which live until the key's Append.
  Status Add(std::span<const arrow::Array* const> cells, int64_t row, RowKind kind, int64_t sequence);
  // Of the row that those since Begin make: kInsert or kDelete.
  RowKind kind() const;
  Status Append();
  int64_t rows() const { return rows_; }  // appended
  // The appended rows by column, and begins anew.
  Result<std::vector<std::shared_ptr<arrow::Array>>> Finish();

 private:
  enum class Role : uint8_t { kKey, kSequence, kKind, kValue };
  struct Column {
    Role role = Role::kValue;
    int group = -1;       // its sequence group
    bool orders = false;  // that group
    std::optional<Aggregator> aggregator;
    MergedCell cell;
    std::unique_ptr<arrow::ArrayBuilder> builder;  // null: not kept
  };
  struct Group {
    std::vector<size_t> order;  // columns
    bool removes = false;
    bool done = false;  // with the row that is added
  };

  explicit RowMerger(const MergeRules& rules);
  Status AddColumn(const MergeRules& rules, const FileColumn& column, bool kept);
  Status Aggregate(std::span<const arrow::Array* const> cells, int64_t row, RowKind kind);
  Status UpdatePart(std::span<const arrow::Array* const> cells, int64_t row, RowKind kind);
  Status UpdateGroups(std::span<const arrow::Array* const> cells, int64_t row);
  Status RetractGroups(std::span<const arrow::Array* const> cells, int64_t row, RowKind kind);
  Status UpdateCell(Column& column, const arrow::Array& cells, int64_t row);
  bool SkipsGroup(Group& group, std::span<const arrow::Array* const> cells, int64_t row) const;
  bool IsBelow(const Group& group, std::span<const arrow::Array* const> cells, int64_t row) const;
  void TakeOrder(Group& group, std::span<const arrow::Array* const> cells, int64_t row);
  void TakeRow(std::span<const arrow::Array* const> cells, int64_t row);

  const MergeEngine engine_;
  const bool ignore_delete_, remove_on_delete_, has_groups_;
  std::vector<Column> columns_;
  std::vector<Group> groups_;
  std::vector<size_t> values_;  // columns of the table
  int64_t sequence_ = 0;
  bool filled_ = false;    // columns that are not NULL have values
  bool inserted_ = false;  // a row came that is no -D or -U
  bool removed_ = false;   // by the newest row
  bool grouped_ = false;   // a column of the rows is in a group
  MergedCell input_;
  int64_t rows_ = 0;
};

}  // namespace sluice::paimon
