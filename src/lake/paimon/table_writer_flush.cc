// SPDX-License-Identifier: Apache-2.0
// The rows that wait in a TableWriter -> files of level 0.
#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "lake/paimon/buffer_merge.h"
#include "lake/paimon/copy_groups.h"
#include "lake/paimon/postponed.h"
#include "lake/paimon/row_gather.h"
#include "lake/paimon/table_writer.h"
#include "lake/paimon/table_writer_parts.h"
#include "row/arrow_status.h"

namespace sluice::paimon {
namespace {

constexpr size_t kRowsAtOnce = 8192;  // they stay in the caches from the gathering to the encoding
constexpr const char* kDataPrefix = "data-";
constexpr int64_t kCutPart = 8;  // of the target size: so many bytes in memory of a bucket can make several files

bool Retracts(RowKind kind) { return kind == RowKind::kUpdateBefore || kind == RowKind::kDelete; }

// The values live as long as the array.
template <typename Value>
std::shared_ptr<arrow::Array> ToArray(std::shared_ptr<arrow::DataType> type, std::vector<Value> values) {
  const auto count = static_cast<int64_t>(values.size());
  auto buffer = arrow::Buffer::FromVector(std::move(values));
  return arrow::MakeArray(arrow::ArrayData::Make(std::move(type), count, {nullptr, std::move(buffer)}, 0));
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> TableWriter::Gathered::RowsOf(const RowLayout& layout,
                                                                          std::span<const uint32_t> rows) const {
  std::vector<RowRange> ranges;
  std::vector<int64_t> sequence;
  std::vector<int32_t> row_kinds;
  ranges.reserve(rows.size());
  sequence.reserve(rows.size());
  row_kinds.reserve(rows.size());
  for (uint32_t row : rows) {
    const uint32_t batch = batch_of[row], at = row - begins[batch];
    sequence.push_back(first_sequence + row);
    row_kinds.push_back(kinds[row]);
    if (!ranges.empty() && ranges.back().source == batch && ranges.back().begin + ranges.back().count == at) {
      ++ranges.back().count;
    } else {
      ranges.push_back({batch, at, 1});
    }
  }
  Columns columns;
  for (const Columns& parts : values) {
    TRY_SET(columns.emplace_back(), GatherRows(parts, ranges));
  }
  return layout.Rows(columns, ToArray(arrow::int64(), std::move(sequence)),
                     ToArray(arrow::int32(), std::move(row_kinds)), static_cast<int64_t>(rows.size()));
}

Result<TableWriter::Gathered> TableWriter::Gather(std::vector<Pending> waiting) {
  Gathered out;
  out.values.resize(schema_.fields.size());
  out.chosen.resize(router_->buckets().size());
  size_t rows = 0;
  for (const Pending& pending : waiting) rows += static_cast<size_t>(pending.rows);
  out.kinds.reserve(rows);
  out.batch_of.reserve(rows);
  uint32_t row = 0;
  const MergeRules& merge = table_options_.merge;
  for (Pending& pending : waiting) {
    for (size_t i = 0; i < out.values.size(); ++i) out.values[i].push_back(std::move(pending.columns[i]));
    out.batch_of.resize(row + static_cast<size_t>(pending.rows), static_cast<uint32_t>(out.begins.size()));
    out.begins.push_back(row);
    for (size_t i = 0; i < static_cast<size_t>(pending.rows); ++i, ++row) {
      const RowKind kind = pending.kinds.empty() ? RowKind::kInsert : pending.kinds[i];
      out.kinds.push_back(static_cast<int32_t>(kind));
      const bool old = kind == RowKind::kUpdateBefore && merge.ignore_update_before;
      if (!Retracts(kind) || (table_options_.keyed && !merge.ignore_delete && !old)) {
        out.chosen[pending.buckets[i]].push_back(row);
      } else if (kind == RowKind::kDelete && !table_options_.keyed && !std::exchange(warned_keyless_delete_, true)) {
        LogWarn(Str("table ", options_.name, " has no primary key: updates are appended as new rows and deletes are "
                    "left out; give the source table a primary key to have both"));
      }
    }
  }
  out.first_sequence = next_sequence_;
  next_sequence_ += row;
  if (table_options_.keyed) {
    TRY_SET(out.key, Joined(schema_.TrimmedKey(), out));
    TRY_SET(out.order, Joined(table_options_.sequence, out));
  }
  return out;
}

// These columns of all rows.
Result<Columns> TableWriter::Joined(const std::vector<std::string>& names, const Gathered& rows) const {
  Columns out;
  for (const std::string& name : names) {
    const Columns& parts = rows.values[static_cast<size_t>(schema_.Find(name) - schema_.fields.data())];
    out.push_back(parts[0]);
    if (parts.size() == 1) continue;
    ARROW_TRY_SET(out.back(), arrow::Concatenate(parts));
  }
  return out;
}

Status TableWriter::Gathered::Append(const RowLayout& layout, std::span<const uint32_t> rows,
                                     RowFileWriter& writer) const {
  for (size_t from = 0; from < rows.size(); from += kRowsAtOnce) {
    const size_t count = std::min(kRowsAtOnce, rows.size() - from);
    TRY_SET(const auto batch, RowsOf(layout, rows.subspan(from, count)));
    TRY(writer.Append(*batch));
  }
  return Ok();
}

Status TableWriter::Flush() {
  for (std::vector<Pending>& group : TakePending(/*all=*/false)) TRY(WriteRows(std::move(group)));
  return Ok();
}

Status TableWriter::FlushAll() {
  for (std::vector<Pending>& group : TakePending(/*all=*/true)) TRY(WriteRows(std::move(group)));
  return Ok();
}

// What waits, as it is written together. If not `all`, groups of a copy that are smaller than half of the mean go on
// waiting for their neighbours: less than half of the bytes.
std::vector<std::vector<TableWriter::Pending>> TableWriter::TakePending(bool all) {
  std::vector<std::vector<Pending>> out;
  if (pending_.empty()) return out;
  const int64_t of_bucket = buffered_bytes_ / static_cast<int64_t>(std::max<size_t>(1, router_->buckets().size()));
  std::vector<CopyPart> parts(pending_.size());
  if (table_options_.keyed && of_bucket >= table_options_.target_file_bytes / kCutPart) {
    std::transform(pending_.begin(), pending_.end(), parts.begin(), [](const Pending& rows) { return rows.part; });
  }
  const auto bytes_of = [](const std::vector<Pending>& group) {
    return std::accumulate(group.begin(), group.end(), int64_t{0},
                           [](int64_t bytes, const Pending& rows) { return bytes + rows.bytes; });
  };
  for (const std::vector<size_t>& group : CopyGroups(parts)) {
    std::vector<Pending>& rows = out.emplace_back();
    for (size_t i : group) rows.push_back(std::move(pending_[i]));
  }
  pending_.clear();
  const int64_t least = all ? 0 : buffered_bytes_ / static_cast<int64_t>(2 * out.size());
  buffered_bytes_ = 0;
  const auto held = std::stable_partition(out.begin(), out.end(), [&](const std::vector<Pending>& group) {
    return bytes_of(group) >= least;
  });
  for (auto group = held; group != out.end(); ++group) {
    buffered_bytes_ += bytes_of(*group);
    std::move(group->begin(), group->end(), std::back_inserter(pending_));
  }
  out.erase(held, out.end());
  return out;
}

// One file of level 0 for each bucket that got rows.
Status TableWriter::WriteRows(std::vector<Pending> waiting) {
  const bool changes = !std::all_of(waiting.begin(), waiting.end(), [](const Pending& batch) { return batch.copied; });
  TRY_SET(Gathered rows, Gather(std::move(waiting)));
  newest_schema_used_ = true;
  for (size_t i = 0; i < rows.chosen.size(); ++i) {
    if (rows.chosen[i].empty()) continue;
    const BucketId& id = router_->buckets()[i];
    const auto counts = [&](uint32_t row) { return rows.kinds[row] != static_cast<int32_t>(RowKind::kUpdateBefore); };
    if (changes) credit_.Earn(id, std::count_if(rows.chosen[i].begin(), rows.chosen[i].end(), counts));
    TRY(WriteBucket(id, rows, rows.chosen[i]));
  }
  return Ok();
}

Status TableWriter::WriteBucket(const BucketId& id, const Gathered& rows, std::vector<uint32_t>& chosen) {
  Bucket& bucket = buckets_[id];
  bucket.touched = true;
  AppendRows append = [&](RowFileWriter& writer) { return rows.Append(*layout_, chosen, writer); };
  if (table_options_.keyed && table_options_.changelog == ChangelogProducer::kInput) {
    TRY_SET(DataFileMeta file, WriteFile(id, kChangelogPrefix, append));
    changelog_.push_back(EntryOf(id, EntryKind::kAdd, std::move(file)));
  }
  std::shared_ptr<arrow::RecordBatch> merged;
  if (table_options_.keyed && table_options_.merge.engine == MergeEngine::kDeduplicate) {
    sorter_.Sort(rows.key, rows.order, table_options_.sequence_descending, chosen);
  } else if (table_options_.keyed) {
    auto made = MergeRows(rows, chosen);
    if (!made.ok()) return std::move(made).error().With(Str("table ", options_.name));
    merged = *std::move(made);
    append = [&](RowFileWriter& writer) { return writer.Append(*merged, chosen); };
  }
  const bool postponed = id.bucket == kPostponedBucket;
  TRY_SET(DataFileMeta file, WriteFile(id, postponed ? PostponedPrefix(options_.user) : kDataPrefix, append));
  if (!table_options_.keyed) {
    file.min_sequence = rows.first_sequence;
    file.max_sequence = rows.first_sequence + file.row_count - 1;
  }
  bucket.files.push_back(file);
  added_.push_back(EntryOf(id, EntryKind::kAdd, std::move(file)));
  return Ok();
}

// `chosen` become numbers of the rows that are given back.
Result<std::shared_ptr<arrow::RecordBatch>> TableWriter::MergeRows(const Gathered& rows,
                                                                   std::vector<uint32_t>& chosen) {
  TRY_SET(auto own, rows.RowsOf(*layout_, chosen));
  std::iota(chosen.begin(), chosen.end(), 0u);
  const Columns columns = own->columns();
  const Columns values(columns.begin() + static_cast<std::ptrdiff_t>(layout_->first_value()), columns.end());
  return MergeBuffered(sorter_, table_options_, *layout_, own, ColumnsOf(schema_.TrimmedKey(), values),
                       ColumnsOf(table_options_.sequence, values), chosen);
}

Result<DataFileMeta> TableWriter::WriteFile(const BucketId& id, const std::string& prefix, const AppendRows& append) {
  TRY_SET(RowFileOptions files, FilesOf(id, buckets_[id]));
  if (prefix == kChangelogPrefix) files = files.ChangelogAt(0);
  files.prefix = prefix;
  TRY_SET(auto writer, RowFileWriter::Open(env_, layout_, files));
  auto write = [&]() -> Result<DataFileMeta> {
    TRY(append(*writer));
    return writer->Close(env_.NowMs());
  };
  auto written = write();
  if (!written.ok()) {
    writer->Remove();
    Error error = std::move(written).error().With(Str("table ", options_.name));
    if (error.code == ErrorCode::kInvalid && error.hint.empty()) {
      error.hint = "columns of the key, and those that the table is partitioned by, cannot hold NULL in Paimon";
    }
    return error;
  }
  DataFileMeta meta = *std::move(written);
  meta.source = FileSource::kAppend;
  stats_.bytes_written += meta.size;
  return meta;
}

}  // namespace sluice::paimon
