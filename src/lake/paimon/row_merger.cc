// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/row_merger.h"

#include <arrow/array.h>
#include <arrow/builder.h>

#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "lake/paimon/cell_order.h"
#include "lake/paimon/special_fields.h"
#include "row/arrow_status.h"

namespace sluice::paimon {
namespace {

bool Retracts(RowKind kind) { return kind == RowKind::kUpdateBefore || kind == RowKind::kDelete; }

// Of a table that has files with such rows already: who writes them is told before (MergeRules::CheckTakes).
Error CannotRetract() {
  return Invalid("files of the table have -U or -D rows, which merge-engine partial-update cannot merge",
                 "set the table option ignore-delete: true, or partial-update.remove-record-on-delete: true");
}

}  // namespace

RowMerger::RowMerger(const MergeRules& rules)
    : engine_(rules.engine),
      ignore_delete_(rules.ignore_delete),
      remove_on_delete_(rules.remove_on_delete),
      has_groups_(!rules.groups.empty()) {}

RowMerger::~RowMerger() = default;

Result<std::unique_ptr<RowMerger>> RowMerger::Make(const MergeRules& rules, const std::vector<FileColumn>& columns,
                                                   size_t kept) {
  std::unique_ptr<RowMerger> merger(new RowMerger(rules));
  for (size_t i = 0; i < columns.size(); ++i) TRY(merger->AddColumn(rules, columns[i], i < kept));
  for (const SequenceGroup& group : rules.groups) {
    Group& own = merger->groups_.emplace_back();
    own.removes = group.removes;
    for (const std::string& name : group.order) {
      for (size_t i : merger->values_) {
        if (columns[i].name != name || merger->columns_[i].orders) continue;
        if (columns[i].type.kind == TypeKind::kArray) {
          return Unsupported(Str("column ", name, " of type ", columns[i].type.ToString(), " orders a sequence group"));
        }
        own.order.push_back(i);
        merger->columns_[i].orders = true;
      }
    }
  }
  for (size_t i : merger->values_) {  // a group whose order is not read is of no column that is
    Column& column = merger->columns_[i];
    if (column.group >= 0 && merger->groups_[static_cast<size_t>(column.group)].order.empty()) column.group = -1;
    merger->grouped_ |= column.group >= 0;
  }
  return merger;
}

Status RowMerger::AddColumn(const MergeRules& rules, const FileColumn& column, bool kept) {
  Column added;
  if (kept) {
    ARROW_TRY_SET(added.builder, arrow::MakeBuilder(column.type.ToArrow()));
  }
  if (column.id == kSequenceId) {
    added.role = Role::kSequence;
  } else if (column.id == kKindId) {
    added.role = Role::kKind;
  } else if (column.id >= kKeyIds) {
    added.role = Role::kKey;
  } else {
    values_.push_back(columns_.size());
    if (auto group = rules.group_of.find(column.name); group != rules.group_of.end()) {
      added.group = static_cast<int>(group->second);
    }
    if (auto how = rules.aggregates.find(column.name); how != rules.aggregates.end()) {
      TRY_SET(added.aggregator, Aggregator::Make(how->second, column.name, column.type));
    }
    CHECK(engine_ != MergeEngine::kAggregation || added.aggregator);
  }
  columns_.push_back(std::move(added));
  return Ok();
}

void RowMerger::Begin() {
  for (Column& column : columns_) {
    column.cell.SetNull();
    if (column.aggregator) column.aggregator->Reset();
  }
  sequence_ = 0;
  filled_ = inserted_ = removed_ = false;
}

RowKind RowMerger::kind() const {
  const bool gone = removed_ || (engine_ == MergeEngine::kPartialUpdate && !inserted_);
  return gone ? RowKind::kDelete : RowKind::kInsert;
}

Status RowMerger::Add(std::span<const arrow::Array* const> cells, int64_t row, RowKind kind, int64_t sequence) {
  removed_ = false;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].role == Role::kKey) columns_[i].cell.Pick(*cells[i], row);
  }
  if (engine_ == MergeEngine::kAggregation) {
    sequence_ = sequence;
    return Aggregate(cells, row, kind);
  }
  const bool ignored = Retracts(kind) && ignore_delete_;
  if (!ignored) sequence_ = sequence;
  return UpdatePart(cells, row, kind);
}

Status RowMerger::Aggregate(std::span<const arrow::Array* const> cells, int64_t row, RowKind kind) {
  removed_ = remove_on_delete_ && kind == RowKind::kDelete;
  if (removed_) {
    TakeRow(cells, row);
    return Ok();
  }
  for (size_t i : values_) {
    Column& column = columns_[i];
    input_.Pick(*cells[i], row);
    TRY(Retracts(kind) ? column.aggregator->Retract(column.cell, input_) : column.aggregator->Add(column.cell, input_));
  }
  return Ok();
}

void RowMerger::TakeRow(std::span<const arrow::Array* const> cells, int64_t row) {
  for (size_t i : values_) columns_[i].cell.Pick(*cells[i], row);
}

Status RowMerger::UpdatePart(std::span<const arrow::Array* const> cells, int64_t row, RowKind kind) {
  if (Retracts(kind)) {
    if (!std::exchange(filled_, true)) TakeRow(cells, row);
    if (ignore_delete_) return Ok();
    if (has_groups_) return RetractGroups(cells, row, kind);
    if (!remove_on_delete_) return CannotRetract();
    removed_ = kind == RowKind::kDelete;
    if (removed_) TakeRow(cells, row);
    return Ok();
  }
  inserted_ = filled_ = true;
  if (grouped_) return UpdateGroups(cells, row);
  for (size_t i : values_) {
    if (!cells[i]->IsNull(row)) columns_[i].cell.Pick(*cells[i], row);
  }
  return Ok();
}

Status RowMerger::UpdateCell(Column& column, const arrow::Array& cells, int64_t row) {
  if (column.aggregator) {
    input_.Pick(cells, row);
    return column.aggregator->Add(column.cell, input_);
  }
  if (column.group >= 0 || !cells.IsNull(row)) column.cell.Pick(cells, row);
  return Ok();
}

// Whether the row has no say in the group: it was done with its first column that orders it, or all those are NULL.
bool RowMerger::SkipsGroup(Group& group, std::span<const arrow::Array* const> cells, int64_t row) const {
  for (size_t i : group.order) {
    if (!cells[i]->IsNull(row)) return false;
  }
  group.done = true;
  return true;
}

// Whether the row's place in the group is before that of the merged one.
bool RowMerger::IsBelow(const Group& group, std::span<const arrow::Array* const> cells, int64_t row) const {
  for (size_t i : group.order) {
    const MergedCell& old = columns_[i].cell;
    if (old.IsNull() && cells[i]->IsNull(row)) continue;
    if (old.IsNull() || cells[i]->IsNull(row)) return !old.IsNull();
    const int order = CompareCells(*cells[i], row, *old.array, old.row);
    if (order != 0) return order < 0;
  }
  return false;
}

void RowMerger::TakeOrder(Group& group, std::span<const arrow::Array* const> cells, int64_t row) {
  for (size_t i : group.order) columns_[i].cell.Pick(*cells[i], row);
  group.done = true;
}

// A column that stands before those of its group's order is compared with their old values, as in Java.
Status RowMerger::UpdateGroups(std::span<const arrow::Array* const> cells, int64_t row) {
  for (Group& group : groups_) group.done = false;
  for (size_t i : values_) {
    Column& column = columns_[i];
    if (column.group < 0) {
      TRY(UpdateCell(column, *cells[i], row));
      continue;
    }
    Group& group = groups_[static_cast<size_t>(column.group)];
    if ((column.orders && group.done) || SkipsGroup(group, cells, row)) continue;
    if (!IsBelow(group, cells, row)) {
      if (column.orders) {
        TakeOrder(group, cells, row);
      } else {
        TRY(UpdateCell(column, *cells[i], row));
      }
    } else if (column.aggregator) {
      input_.Pick(*cells[i], row);
      TRY(column.aggregator->AddOlder(column.cell, input_));
    }
  }
  return Ok();
}

Status RowMerger::RetractGroups(std::span<const arrow::Array* const> cells, int64_t row, RowKind kind) {
  for (Group& group : groups_) group.done = false;
  for (size_t i : values_) {
    Column& column = columns_[i];
    if (column.group < 0) continue;
    Group& group = groups_[static_cast<size_t>(column.group)];
    if ((column.orders && group.done) || SkipsGroup(group, cells, row)) continue;
    const bool below = IsBelow(group, cells, row);
    if (column.orders) {
      if (below) continue;
      if (kind == RowKind::kDelete && group.removes) {
        removed_ = true;
        TakeRow(cells, row);
        return Ok();
      }
      TakeOrder(group, cells, row);
    } else if (column.aggregator) {
      input_.Pick(*cells[i], row);
      TRY(column.aggregator->Retract(column.cell, input_));
    } else if (!below) {
      column.cell.SetNull();
    }
  }
  return Ok();
}

Status RowMerger::Append() {
  for (Column& column : columns_) {
    if (column.builder == nullptr) continue;
    switch (column.role) {
      case Role::kSequence:
        ARROW_TRY(static_cast<arrow::Int64Builder&>(*column.builder).Append(sequence_));
        break;
      case Role::kKind:
        ARROW_TRY(static_cast<arrow::Int32Builder&>(*column.builder).Append(static_cast<int32_t>(kind())));
        break;
      case Role::kKey:
      case Role::kValue: TRY(AppendCell(column.cell, *column.builder)); break;
    }
  }
  ++rows_;
  return Ok();
}

Result<std::vector<std::shared_ptr<arrow::Array>>> RowMerger::Finish() {
  std::vector<std::shared_ptr<arrow::Array>> out;
  for (Column& column : columns_) {
    if (column.builder == nullptr) continue;
    ARROW_TRY_SET(out.emplace_back(), column.builder->Finish());
  }
  rows_ = 0;
  return out;
}

}  // namespace sluice::paimon
