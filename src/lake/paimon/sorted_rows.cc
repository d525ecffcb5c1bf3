// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/sorted_rows.h"

#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <limits>
#include <queue>
#include <string>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "lake/paimon/append_compaction.h"
#include "lake/paimon/rolling_writer.h"
#include "lake/paimon/row_picker.h"
#include "lake/paimon/stored_types.h"
#include "lake/parquet/data_reader.h"

namespace sluice::paimon {
namespace {

constexpr size_t kBatchRows = 8192;
constexpr int64_t kItemBytes = 64;  // of a row that waits, beside its cells and its key

struct Item {
  std::string key;
  int64_t place = 0;  // RowPicker's
};

class Sorter {
 public:
  Sorter(Env& env, const SchemasById& schemas, const TableOptions& options,
         const std::shared_ptr<const RowLayout>& layout, const RowFileOptions& files, const DeletionsByFile& deletions,
         const SortOrder& order, int64_t run_bytes)
      : env_(env),
        schemas_(schemas),
        layout_(layout),
        files_(files),
        deletions_(deletions),
        order_(order),
        run_bytes_(run_bytes),
        out_(env, layout, files, options.target_file_bytes),
        runs_(env, layout, files, std::numeric_limits<int64_t>::max()),
        picker_(layout->FileColumns(), 0) {}

  Result<std::vector<DataFileMeta>> Sort(const std::vector<DataFileMeta>& inputs) {
    Status done = Run(inputs);
    runs_.Remove();
    if (!done.ok()) {
      out_.Remove();
      return std::move(done).error();
    }
    return std::move(out_.closed());
  }

 private:
  Status Run(const std::vector<DataFileMeta>& inputs) {
    for (const DataFileMeta& file : inputs) {
      TRY_SET(const auto reader, Open(file, *schemas_.at(file.schema_id)));
      for (DataBatch batch;;) {
        TRY_SET(const bool more, reader->Next(batch));
        if (!more) break;
        TRY(Add(batch.rows));
      }
    }
    if (runs_.closed().empty()) {
      TRY(Flush(out_));
      return out_.Close();
    }
    TRY(EndRun());
    return Merge();
  }

  Result<std::unique_ptr<DataFileReader>> Open(const DataFileMeta& file, const Schema& schema) {
    ReadOptions whole;
    whole.rows = file.row_count;
    if (const auto gone = deletions_.find(file.name); gone != deletions_.end()) whole.deletes = &gone->second;
    auto columns = ColumnsOfFile(layout_->FileColumns(), schema, whole);
    return DataFileReader::Open(env_, Str(files_.folder, "/", file.name), std::move(columns), whole);
  }

  Status Add(const std::shared_ptr<arrow::RecordBatch>& rows) {
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

  Status EndRun() {
    if (items_.empty()) return Ok();
    TRY(Flush(runs_));
    return runs_.Close();
  }

  // The rows that wait, sorted; equal ones in the order in which they came.
  Status Flush(RollingWriter& writer) {
    std::stable_sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) { return a.key < b.key; });
    std::vector<int64_t> places;
    for (size_t i = 0; i < items_.size(); ++i) {
      places.push_back(items_[i].place);
      if (places.size() < kBatchRows && i + 1 < items_.size()) continue;
      TRY_SET(const auto rows, picker_.Take(places));
      TRY(writer.Append(*rows));
      places.clear();
    }
    items_.clear();
    picker_.Clear();
    bytes_ = 0;
    return Ok();
  }

  struct Cursor {
    std::unique_ptr<DataFileReader> reader;
    std::shared_ptr<arrow::RecordBatch> rows;
    int64_t row = 0;
    int64_t source = -1;  // of `rows` among the picker's
    std::string key;
  };

  // False at the end of the run.
  Result<bool> Load(Cursor& cursor) {
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

  Status Merge() {
    std::vector<Cursor> cursors;
    const Schema& newest = *schemas_.rbegin()->second;
    for (const DataFileMeta& run : runs_.closed()) {
      TRY_SET(cursors.emplace_back().reader, Open(run, newest));
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
      TRY(out_.Append(*rows));
      places.clear();
      picker_.Clear();
      for (Cursor& other : cursors) other.source = -1;
    }
    return out_.Close();
  }

  Env& env_;
  const SchemasById& schemas_;
  const std::shared_ptr<const RowLayout>& layout_;
  const RowFileOptions& files_;
  const DeletionsByFile& deletions_;
  const SortOrder& order_;
  const int64_t run_bytes_;
  RollingWriter out_, runs_;
  RowPicker picker_;
  std::vector<Item> items_;
  int64_t bytes_ = 0;  // that wait
};

}  // namespace

Result<CompactionResult> SortFiles(Env& env, const SchemasById& schemas, const TableOptions& options,
                                   const std::shared_ptr<const RowLayout>& layout, const RowFileOptions& files,
                                   const std::vector<DataFileMeta>& inputs, const DeletionsByFile& deletions,
                                   const SortOrder& order, int64_t run_bytes) {
  for (const DataFileMeta& file : inputs) {
    if (CanJoin(file)) continue;
    return Unsupported(Str("data file ", file.name, " is outside of the table, or has some of its columns only"),
                       "compact the table with Flink");
  }
  CompactionResult result;
  result.before = inputs;
  TRY_SET(result.after, Sorter(env, schemas, options, layout, files, deletions, order, run_bytes).Sort(inputs));
  NumberRows(inputs, result.after);
  return result;
}

}  // namespace sluice::paimon
