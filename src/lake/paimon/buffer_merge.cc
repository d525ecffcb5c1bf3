// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/buffer_merge.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/buffer.h>
#include <arrow/chunked_array.h>
#include <arrow/compute/api.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <numeric>

#include "base/text.h"
#include "lake/paimon/cell_order.h"
#include "lake/paimon/row_merger.h"
#include "row/arrow_status.h"

namespace sluice::paimon {
namespace {

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

constexpr RowKind kKinds[] = {RowKind::kInsert, RowKind::kUpdateBefore, RowKind::kUpdateAfter, RowKind::kDelete};

bool Retracts(RowKind kind) { return kind == RowKind::kUpdateBefore || kind == RowKind::kDelete; }

bool SameKey(const Columns& key, size_t a, size_t b) {
  return std::all_of(key.begin(), key.end(), [&](const auto& column) {
    return CompareCells(*column, static_cast<int64_t>(a), *column, static_cast<int64_t>(b)) == 0;
  });
}

// Rows of `rows`, then those of `merged`, in the order of `places`.
Result<BatchPtr> TakeRows(const BatchPtr& rows, const std::vector<std::shared_ptr<arrow::Array>>& merged,
                          const std::vector<int64_t>& places) {
  const auto count = static_cast<int64_t>(places.size());
  const arrow::Int64Array wanted(count, arrow::Buffer::Wrap(places));
  Columns columns;
  for (size_t i = 0; i < merged.size(); ++i) {
    const arrow::ArrayVector parts = {rows->column(static_cast<int>(i)), merged[i]};
    ARROW_TRY_SET(const auto taken, arrow::compute::Take(std::make_shared<arrow::ChunkedArray>(parts), wanted));
    ARROW_TRY_SET(columns.emplace_back(), arrow::Concatenate(taken.chunked_array()->chunks()));
  }
  return arrow::RecordBatch::Make(rows->schema(), count, std::move(columns));
}

// `chosen`: by key, those of a key in order and up to its end.
Result<BatchPtr> BuildRows(const TableOptions& options, const RowLayout& layout, const BatchPtr& rows,
                           const std::vector<uint32_t>& ends, std::vector<uint32_t>& chosen) {
  TRY_SET(const auto merger, RowMerger::Make(options.merge, layout.FileColumns(), layout.columns().size()));
  std::vector<const arrow::Array*> cells;
  for (int i = 0; i < rows->num_columns(); ++i) cells.push_back(rows->column(i).get());
  const auto* sequence = cells[layout.key_columns()]->data()->GetValues<int64_t>(1);
  const auto* kinds = cells[layout.key_columns() + 1]->data()->GetValues<int32_t>(1);
  std::vector<int64_t> places;
  size_t from = 0;
  for (const uint32_t end : ends) {
    if (end == from + 1) {
      places.push_back(chosen[from++]);
      continue;
    }
    merger->Begin();
    for (; from < end; ++from) {
      const uint32_t row = chosen[from];
      TRY(merger->Add(cells, row, static_cast<RowKind>(kinds[row]), sequence[row]));
    }
    places.push_back(rows->num_rows() + merger->rows());
    TRY(merger->Append());
  }
  if (merger->rows() == 0) return rows;
  TRY_SET(const auto merged, merger->Finish());
  chosen.resize(places.size());
  std::iota(chosen.begin(), chosen.end(), 0u);
  return TakeRows(rows, merged, places);
}

}  // namespace

Status TakeKinds(const MergeRules& rules, const Columns& key, std::vector<RowKind>& kinds, bool told) {
  if (rules.engine == MergeEngine::kDeduplicate && !rules.ignore_update_before) return Ok();
  bool updates = false, deletes = false;
  for (size_t i = 0; i < kinds.size(); ++i) {
    if (!Retracts(kinds[i])) continue;
    const bool paired = i + 1 < kinds.size() && kinds[i + 1] == RowKind::kUpdateAfter;
    const bool update = kinds[i] == RowKind::kUpdateBefore;
    if (update && !told && !(paired && SameKey(key, i, i + 1))) kinds[i] = RowKind::kDelete;
    (kinds[i] == RowKind::kDelete ? deletes : updates) = true;
  }
  if (updates) TRY(rules.CheckTakes(RowKind::kUpdateBefore));
  return deletes ? rules.CheckTakes(RowKind::kDelete) : Ok();
}

Result<std::vector<RowKind>> KindsOf(const arrow::Array& column) {
  const auto& texts = static_cast<const arrow::StringArray&>(column);
  std::vector<RowKind> out;
  for (int64_t i = 0; i < texts.length(); ++i) {
    const std::string_view text = texts.IsNull(i) ? "NULL" : texts.GetView(i);
    const auto* kind = std::find_if(std::begin(kKinds), std::end(kKinds),
                                    [&](RowKind known) { return text == RowKindName(known); });
    if (kind == std::end(kKinds)) {
      return Invalid(Str("the column that rowkind.field names is ", text, " in a row"),
                     "it must be +I, -U, +U or -D in each row");
    }
    out.push_back(*kind);
  }
  return out;
}

Result<BatchPtr> MergeBuffered(KeySorter& sorter, const TableOptions& options, const RowLayout& layout,
                               const BatchPtr& rows, const Columns& key, const Columns& sequence,
                               std::vector<uint32_t>& chosen) {
  if (options.merge.engine == MergeEngine::kDeduplicate) {
    sorter.Sort(key, sequence, options.sequence_descending, chosen);
    return rows;
  }
  std::vector<uint32_t> ends;
  sorter.SortAll(key, sequence, options.sequence_descending, chosen, ends);
  if (options.merge.builds_rows()) return BuildRows(options, layout, rows, ends, chosen);
  size_t from = 0;
  for (size_t i = 0; i < ends.size(); ++i) {
    chosen[i] = chosen[from];  // the first row
    from = ends[i];
  }
  chosen.resize(ends.size());
  return rows;
}

}  // namespace sluice::paimon
