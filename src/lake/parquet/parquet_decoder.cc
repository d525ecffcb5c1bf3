// SPDX-License-Identifier: Apache-2.0
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <parquet/schema.h>
#include <parquet/size_statistics.h>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "lake/parquet/block_pool.h"
#include "lake/parquet/file_decoder.h"
#include "lake/parquet/file_streams.h"
#include "lake/parquet/page_picker.h"
#include "lake/parquet/parquet_open.h"
#include "lake/parquet/promote.h"
#include "lake/parquet/row_group_bounds.h"
#include "row/nested_type.h"
#include "row/timestamp.h"

namespace sluice {
namespace {

constexpr int kMissing = -1;
constexpr int64_t kStreamBytes = 8 << 20;  // read ahead, shared by the columns

using TypePtr = std::shared_ptr<arrow::DataType>;
using NoArrays = std::vector<std::shared_ptr<arrow::Array>>;

// In it or in a part of it.
bool AnyNanos(const DataType& type) {
  if (!IsNested(type)) return HasNanos(type);
  const auto& parts = NestedOf(type).parts;
  return std::any_of(parts.begin(), parts.end(), [](const NestedPart& part) { return AnyNanos(part.type); });
}

class ParquetDecoder final : public FileDecoder {
 public:
  ParquetDecoder(FileSourcePtr source, const DecodeLimits& limits) : source_(std::move(source)), limits_(limits) {}

  Result<std::vector<TypePtr>> Choose(const std::vector<FileColumn>& wanted) override {
    nanos_ = std::any_of(wanted.begin(), wanted.end(), [](const auto& column) { return AnyNanos(column.type); });
    TRY(Open(static_cast<int64_t>(wanted.size()) + 1));
    const std::vector<int> nodes = TopColumnsOf(*footer_, wanted);
    std::vector<int> read = nodes;  // in file order, each once
    std::sort(read.begin(), read.end());
    read.erase(std::unique(read.begin(), read.end()), read.end());
    if (!read.empty() && read[0] == kMissing) read.erase(read.begin());
    for (int node : read) {
      const std::vector<int> leaves = LeavesOf(*footer_, node);
      leaves_.insert(leaves_.end(), leaves.begin(), leaves.end());
    }
    const bool by_pages = limits_.chosen && limits_.chosen->index->complete() && !read.empty();
    if (by_pages) picker_.emplace(source_, limits_.chosen, read, limits_, nanos_);
    std::vector<TypePtr> types;
    for (int node : nodes) {
      auto at = std::lower_bound(read.begin(), read.end(), node);
      columns_.push_back(node == kMissing ? kMissing : static_cast<int>(at - read.begin()));
      types.push_back(node == kMissing ? nullptr
                                       : reader_->manifest().schema_fields[static_cast<size_t>(node)].field->type());
    }
    if (limits_.wanted != nullptr) AddConditions(wanted, nodes, types);
    return types;
  }

  Status Next(DecodedRows& out) override {
    if (picker_) return NextPicked(out);
    std::shared_ptr<arrow::RecordBatch> rows;
    TRY(NextRaw(rows));
    out.skipped = std::exchange(skipped_, 0);
    out.count = rows == nullptr ? 0 : rows->num_rows();
    out.columns.clear();
    if (rows == nullptr) return Ok();
    position_ += out.count;
    for (int column : columns_) out.columns.push_back(column == kMissing ? nullptr : rows->column(column));
    return Ok();
  }

 private:
  Status NextPicked(DecodedRows& out) {
    NoArrays picked;
    TRY(picker_->Next(picked, out.positions));
    out.count = static_cast<int64_t>(out.positions.size());
    out.columns.clear();
    for (int column : columns_) {
      out.columns.push_back(column == kMissing ? nullptr : picked[static_cast<size_t>(column)]);
    }
    return Ok();
  }

  // `streams`: how many share the bytes that are read ahead.
  Status Open(int64_t streams) {
    parquet::ReaderProperties properties(&BlockPool::Instance());
    properties.enable_buffered_stream();
    properties.set_buffer_size(std::clamp<int64_t>(kStreamBytes / streams, 16 << 10, 256 << 10));
    TRY_SET(reader_, OpenArrowReader(source_, properties, limits_.chosen ? limits_.chosen->index->footer() : nullptr,
                                     nanos_));
    footer_ = reader_->parquet_reader()->metadata();
    return Ok();
  }

  void AddConditions(const std::vector<FileColumn>& wanted, const std::vector<int>& nodes,
                     const std::vector<TypePtr>& types) {
    for (const ColumnCondition& condition : *limits_.wanted) {
      for (size_t i = 0; i < wanted.size(); ++i) {
        const bool same = wanted[i].name == condition.column && types[i] != nullptr &&
                          types[i]->Equals(*wanted[i].type.ToArrow());
        if (same) conditions_.Add(*footer_, nodes[i], *types[i], condition);
      }
    }
  }

  bool MayHold(int group) const {  // the one at position_
    if (limits_.chosen && !AnyChosenIn(position_, footer_->RowGroup(group)->num_rows())) return false;
    return conditions_.MayHold(*footer_, group);
  }

  bool AnyChosenIn(int64_t first, int64_t count) const {
    const auto& spans = limits_.chosen->spans;
    const auto ends_before = [](const RowSpan& span, int64_t row) { return span.first + span.count <= row; };
    const auto at = std::lower_bound(spans.begin(), spans.end(), first, ends_before);
    return at != spans.end() && at->first < first + count;
  }

  // Leaves out row groups without a wanted row.
  void SkipGroups() {
    while (group_ < footer_->num_row_groups() && !MayHold(group_)) {
      const int64_t rows = footer_->RowGroup(group_++)->num_rows();
      skipped_ += rows;
      position_ += rows;
    }
  }

  // Rows so that a batch has about batch_bytes.
  int64_t BatchRows(const parquet::RowGroupMetaData& group) const {
    int64_t bytes = 0;
    for (int leaf : leaves_) {
      auto chunk = group.ColumnChunk(leaf);
      int64_t size = chunk->total_uncompressed_size();
      if (auto sizes = chunk->size_statistics(); sizes != nullptr && sizes->unencoded_byte_array_data_bytes) {
        size = std::max(size, *sizes->unencoded_byte_array_data_bytes);
      }
      bytes += std::max(size, chunk->num_values());
    }
    int64_t row_bytes = std::max<int64_t>(1, bytes / std::max<int64_t>(1, group.num_rows()));
    return std::clamp<int64_t>(limits_.batch_bytes / row_bytes, 1, limits_.batch_rows);
  }

  // The next batch as the file has it; null at the end.
  Status NextRaw(std::shared_ptr<arrow::RecordBatch>& rows) {
    if (leaves_.empty()) {  // nothing of it is in the file: rows of NULLs
      int64_t count = std::min(limits_.batch_rows, footer_->num_rows() - position_);
      if (count > 0) rows = arrow::RecordBatch::Make(arrow::schema({}), count, NoArrays());
      return Ok();
    }
    while (true) {
      if (group_reader_ != nullptr) {
        arrow::Status status = group_reader_->ReadNext(&rows);
        if (!status.ok()) return FromFileFormat(status);
        if (rows != nullptr && rows->num_rows() == 0) continue;
        if (rows != nullptr) return Ok();
        group_reader_.reset();
        int64_t expected = group_end_;
        if (position_ != expected) {
          return Corrupt(Str("row group ", group_ - 1, " ends at row ", position_, " instead of ", expected));
        }
      }
      SkipGroups();
      if (group_ >= footer_->num_row_groups()) return Ok();
      auto group = footer_->RowGroup(group_);
      group_end_ = position_ + group->num_rows();
      reader_->set_batch_size(BatchRows(*group));
      if (nanos_) TRY(CheckNanos(*reader_, group_, leaves_));
      auto made = reader_->GetRecordBatchReader({group_}, leaves_);
      if (!made.ok()) return FromFileFormat(made.status());
      group_reader_ = std::move(made).ValueUnsafe();
      ++group_;
    }
  }

  const FileSourcePtr source_;
  const DecodeLimits limits_;
  std::shared_ptr<parquet::FileMetaData> footer_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  bool nanos_ = false;        // a wanted column counts them
  std::vector<int> leaves_;   // Parquet columns to read, ascending
  std::vector<int> columns_;  // wanted field -> column of a raw batch, or kMissing
  std::unique_ptr<arrow::RecordBatchReader> group_reader_;
  std::optional<PagePicker> picker_;  // if only some rows are read
  int group_ = 0;          // the next one
  int64_t group_end_ = 0;  // first position after the current one
  int64_t position_ = 0;
  RowGroupConditions conditions_;
  int64_t skipped_ = 0;  // since the last batch
};

}  // namespace

Result<std::unique_ptr<FileDecoder>> OpenParquetDecoder(FileSourcePtr source, const DecodeLimits& limits) {
  return std::unique_ptr<FileDecoder>(new ParquetDecoder(std::move(source), limits));
}

}  // namespace sluice
