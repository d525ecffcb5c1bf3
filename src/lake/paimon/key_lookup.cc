// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/key_lookup.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "lake/paimon/cell_order.h"
#include "lake/paimon/stored_types.h"
#include "lake/parquet/data_reader.h"
#include "row/arrow_status.h"

namespace sluice::paimon {
namespace {

int CompareKeys(const Columns& a, int64_t row_a, const Columns& b, int64_t row_b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (const int order = CompareCells(*a[i], row_a, *b[i], row_b); order != 0) return order;
  }
  return 0;
}

// Whether the key is below (-1) or above (1) all keys that the page can have. A column's bounds tell something only
// while the columns before it have one value in the page.
int ComparePage(const Columns& key, int64_t row, const std::vector<PageIndex::Bounds>& bounds, int64_t page) {
  for (size_t i = 0; i < bounds.size(); ++i) {
    if (CompareCells(*key[i], row, *bounds[i].least, page) < 0) return -1;
    if (CompareCells(*key[i], row, *bounds[i].greatest, page) > 0) return 1;
    if (CompareCells(*bounds[i].least, page, *bounds[i].greatest, page) != 0) return 0;
  }
  return 0;
}

// The first row from `from` on for which `is_before` does not hold.
template <typename Before>
int64_t FirstNot(int64_t from, int64_t rows, Before is_before) {
  int64_t step = 1;  // keys stand near the one before
  while (from + step < rows && is_before(from + step)) {
    from += step;
    step *= 2;
  }
  int64_t end = std::min(rows, from + step);
  while (from < end) {
    const int64_t middle = from + (end - from) / 2;
    if (is_before(middle)) from = middle + 1;
    else end = middle;
  }
  return from;
}

void Append(std::vector<RowSpan>& spans, const RowSpan& more) {
  if (!spans.empty() && spans.back().first + spans.back().count == more.first) spans.back().count += more.count;
  else spans.push_back(more);
}

int64_t Count(const std::vector<RowSpan>& spans) {
  int64_t rows = 0;
  for (const RowSpan& span : spans) rows += span.count;
  return rows;
}

}  // namespace

Result<KeyLookup> KeyLookup::Make(Env& env, const Schema& schema, PageIndexCache& pages) {
  std::vector<FileColumn> key;
  TRY_SET(const auto fields, SupportedFields(schema, schema.TrimmedKey()));
  for (const Field* field : fields) key.push_back({field->id, field->name, field->type, false});
  return KeyLookup(env, std::move(key), pages);
}

Status KeyLookup::Want(const MergeInput& file) {
  ReadOptions options;
  options.deletes = file.deletes;
  options.rows = file.rows;
  auto columns_of_file = ColumnsOfFile(key_, *file.written, options);
  TRY_SET(const auto reader, DataFileReader::Open(*env_, file.path, std::move(columns_of_file), options));
  std::vector<arrow::ArrayVector> parts(key_.size());
  Keys keys;
  for (DataBatch batch;;) {
    TRY_SET(const bool more, reader->Next(batch));
    if (!more) break;
    keys.rows += batch.rows->num_rows();
    for (size_t i = 0; i < key_.size(); ++i) parts[i].push_back(batch.rows->column(static_cast<int>(i)));
  }
  if (keys.rows == 0) return Ok();
  for (const auto& part : parts) {
    ARROW_TRY_SET(keys.columns.emplace_back(), arrow::Concatenate(part));
  }
  wanted_rows_ += keys.rows;
  wanted_.push_back(std::move(keys));
  return Ok();
}

std::vector<RowSpan> KeyLookup::PagesToSearch(const PageIndex& index) const {
  const auto& bounds = index.bounds();
  std::vector<RowSpan> out;
  std::vector<int64_t> at(wanted_.size());  // the first key of each that is not below the page
  for (size_t i = 0; i < index.key_pages().size(); ++i) {
    const auto page = static_cast<int64_t>(i);
    bool can = false;
    for (size_t n = 0; n < wanted_.size(); ++n) {
      const Keys& keys = wanted_[n];
      const auto below = [&](int64_t row) { return ComparePage(keys.columns, row, bounds, page) < 0; };
      at[n] = at[n] < keys.rows && below(at[n]) ? FirstNot(at[n], keys.rows, below) : at[n];
      can |= at[n] < keys.rows && ComparePage(keys.columns, at[n], bounds, page) == 0;
    }
    if (can) Append(out, index.key_pages()[i]);
  }
  return out;
}

Result<std::vector<int64_t>> KeyLookup::Search(const MergeInput& file,
                                               std::shared_ptr<const ChosenRows> pages) const {
  ReadOptions options;
  options.deletes = file.deletes;
  options.chosen = std::move(pages);
  auto columns_of_file = ColumnsOfFile(key_, *file.written, options);
  TRY_SET(const auto reader, DataFileReader::Open(*env_, file.path, std::move(columns_of_file), options));
  std::vector<int64_t> found;
  std::vector<int64_t> at(wanted_.size());
  for (DataBatch batch;;) {
    TRY_SET(const bool more, reader->Next(batch));
    if (!more) break;
    const Columns& columns = batch.rows->columns();
    const int64_t rows = batch.rows->num_rows();
    for (size_t n = 0; n < wanted_.size(); ++n) {
      const Keys& keys = wanted_[n];
      for (int64_t row = 0; at[n] < keys.rows; ++at[n]) {
        const auto before = [&](int64_t i) { return CompareKeys(columns, i, keys.columns, at[n]) < 0; };
        if (before(row)) row = FirstNot(row, rows, before);
        if (row == rows) break;
        if (CompareKeys(columns, row, keys.columns, at[n]) == 0) found.push_back(batch.position(row));
      }
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

Result<std::shared_ptr<const ChosenRows>> KeyLookup::Find(const MergeInput& file) {
  const std::shared_ptr<const ChosenRows> whole;
  if (wanted_.empty()) return std::make_shared<const ChosenRows>();
  if (!file.path.ends_with(".parquet") || wanted_rows_ > file.rows / 2) return whole;
  ReadOptions options;
  const auto columns = ColumnsOfFile(key_, *file.written, options);
  const auto altered = [](const std::optional<DataType>& type) { return type.has_value(); };
  if (std::any_of(options.stored_types.begin(), options.stored_types.end(), altered)) return whole;  // another order
  TRY_SET(const auto index, pages_->Get(*env_, file.path, columns));
  if (!index->complete() || Count(index->key_pages()) != file.rows) return whole;
  const auto searched = std::make_shared<const ChosenRows>(ChosenRows{index, PagesToSearch(*index)});
  if (searched->spans.empty()) return searched;
  TRY_SET(const auto found, Search(file, searched));
  std::vector<RowSpan> rows;
  for (int64_t position : found) Append(rows, {position, 1});
  return std::make_shared<const ChosenRows>(ChosenRows{index, std::move(rows)});
}

}  // namespace sluice::paimon
