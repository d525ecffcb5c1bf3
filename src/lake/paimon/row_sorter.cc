// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/row_sorter.h"

#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <limits>
#include <queue>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "lake/paimon/stored_types.h"

namespace sluice::paimon {
namespace {

constexpr size_t kBatchRows = 8192;
constexpr int64_t kItemBytes = 64;  // of a row that waits, beside its cells and its key

}  // namespace

RowSorter::RowSorter(Env& env, std::shared_ptr<const RowLayout> layout, RowFileOptions files, const Schema& schema,
                     const SortOrder& order, int64_t run_bytes)
    : env_(env),
      layout_(std::move(layout)),
      files_(std::move(files)),
      schema_(schema),
      order_(order),
      run_bytes_(run_bytes),
      runs_(env, layout_, files_, std::numeric_limits<int64_t>::max()),
      picker_(layout_->FileColumns(), 0) {}

RowSorter::~RowSorter() { runs_.Remove(); }

Status RowSorter::Add(const std::shared_ptr<arrow::RecordBatch>& rows) {
  const int64_t source = picker_.AddSource(rows);
  bytes_ += arrow::util::TotalBufferSize(*rows);
  for (int64_t row = 0; row < rows->num_rows(); ++row) {
    Item& item = items_.emplace_back();
    order_.Key(*rows, row, item.key);
    item.place = RowPicker::Place(source, row);
    bytes_ += kItemBytes + static_cast<int64_t>(item.key.size());
  }
  return bytes_ < run_bytes_ ? Ok() : EndRun();
}

Status RowSorter::Sort(const Take& take) {
  if (runs_.closed().empty()) return Flush(take);
  TRY(EndRun());
  return Merge(take);
}

Status RowSorter::EndRun() {
  if (items_.empty()) return Ok();
  TRY(Flush([&](const auto& rows) { return runs_.Append(*rows); }));
  return runs_.Close();
}

// The rows that wait.
Status RowSorter::Flush(const Take& take) {
  std::stable_sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) { return a.key < b.key; });
  std::vector<int64_t> places;
  for (size_t i = 0; i < items_.size(); ++i) {
    places.push_back(items_[i].place);
    if (places.size() < kBatchRows && i + 1 < items_.size()) continue;
    TRY_SET(const auto rows, picker_.Take(places));
    TRY(take(rows));
    places.clear();
  }
  items_.clear();
  picker_.Clear();
  bytes_ = 0;
  return Ok();
}

// False at the end of the run.
Result<bool> RowSorter::Load(Cursor& cursor) {
  if (cursor.rows == nullptr || ++cursor.row == cursor.rows->num_rows()) {
    DataBatch batch;
    TRY_SET(const bool more, cursor.reader->Next(batch));
    if (!more) return false;
    cursor.rows = batch.rows;
    cursor.row = 0;
    cursor.source = -1;
  }
  order_.Key(*cursor.rows, cursor.row, cursor.key);
  return true;
}

Status RowSorter::Merge(const Take& take) {
  std::vector<Cursor> cursors;
  for (const DataFileMeta& run : runs_.closed()) {
    ReadOptions whole;
    whole.rows = run.row_count;
    auto columns = ColumnsOfFile(layout_->FileColumns(), schema_, whole);
    TRY_SET(cursors.emplace_back().reader,
            DataFileReader::Open(env_, Str(files_.folder, "/", run.name), std::move(columns), whole));
  }
  const auto later = [&](size_t a, size_t b) { return std::tie(cursors[a].key, a) > std::tie(cursors[b].key, b); };
  std::priority_queue<size_t, std::vector<size_t>, decltype(later)> next(later);
  for (size_t i = 0; i < cursors.size(); ++i) {
    TRY_SET(const bool more, Load(cursors[i]));
    if (more) next.push(i);
  }
  std::vector<int64_t> places;
  while (!next.empty()) {
    const size_t first = next.top();
    next.pop();
    Cursor& cursor = cursors[first];
    if (cursor.source < 0) cursor.source = picker_.AddSource(cursor.rows);
    places.push_back(RowPicker::Place(cursor.source, cursor.row));
    TRY_SET(const bool more, Load(cursor));
    if (more) next.push(first);
    if (places.size() < kBatchRows && !next.empty()) continue;
    TRY_SET(const auto rows, picker_.Take(places));
    TRY(take(rows));
    places.clear();
    picker_.Clear();
    for (Cursor& other : cursors) other.source = -1;
  }
  return Ok();
}

}  // namespace sluice::paimon
