// SPDX-License-Identifier: Apache-2.0
// ReadDifference: the merged rows of a bucket before and after, both by key, side by side.
#include <arrow/array.h>
#include <arrow/compare.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "lake/paimon/cell_order.h"
#include "lake/paimon/key_range.h"
#include "lake/paimon/merge_reader.h"
#include "lake/paimon/row_changes.h"
#include "lake/paimon/row_picker.h"
#include "lake/paimon/scan.h"

namespace sluice::paimon {
namespace {

constexpr size_t kBatchRows = 4096;
constexpr size_t kSourcesMax = 64;  // batches that one batch of changes is taken from

// The rows of a bucket at one snapshot.
class Side {
 public:
  Status Open(Env& env, Table& table, const MergeOrder& order, const std::vector<FileColumn>& columns,
              const std::vector<LiveFile>& files) {
    reader_.reset();
    rows = nullptr;
    deletes_.clear();
    if (files.empty()) return Ok();
    TRY_SET(const auto inputs, MergeInputsOf(env, table, files, deletes_));
    TRY_SET(reader_, MergeReader::Open(env, inputs, order, columns));
    return Advance();
  }

  // To the next row; `rows` is null at the end.
  Status Advance() {
    if (rows != nullptr && ++row < rows->num_rows()) return Ok();
    DataBatch batch;
    TRY_SET(const bool more, reader_->Next(batch));
    rows = more ? batch.rows : nullptr;
    row = 0;
    source_ = -1;
    return Ok();
  }

  int64_t PlaceIn(RowPicker& picker) {
    if (source_ < 0) source_ = picker.AddSource(rows);
    return RowPicker::Place(source_, row);
  }
  void LeavePicker() { source_ = -1; }

  std::shared_ptr<arrow::RecordBatch> rows;
  int64_t row = 0;

 private:
  std::unique_ptr<MergeReader> reader_;
  std::vector<std::unique_ptr<DeleteSet>> deletes_;
  int64_t source_ = -1;  // number of `rows` in the picker; -1: none
};

struct Bucket {
  std::vector<LiveFile> before, after;
};

bool Same(const LiveFile& a, const LiveFile& b) {
  return a.path == b.path && a.meta.level == b.meta.level && a.deletion == b.deletion && a.index_path == b.index_path;
}

bool SameFiles(const std::vector<LiveFile>& a, const std::vector<LiveFile>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), Same);
}

// Keeps those files whose keys may be in one that only one side has.
Status KeepDiffering(const BinaryRowCodec& codec, Bucket& bucket) {
  std::map<std::string, const LiveFile*> before;
  for (const LiveFile& file : bucket.before) before[file.path] = &file;
  std::vector<KeyRange> ranges;
  std::vector<bool> shared;
  const auto add = [&](const std::vector<LiveFile>& files) -> Status {
    for (const LiveFile& file : files) {
      TRY_SET(KeyRange range, KeyRange::Of(codec, file.meta));
      ranges.push_back(std::move(range));
    }
    return Ok();
  };
  TRY(add(bucket.before));
  TRY(add(bucket.after));
  std::set<std::string> in_both;
  for (const LiveFile& file : bucket.after) {
    auto there = before.find(file.path);
    if (there != before.end() && Same(*there->second, file)) in_both.insert(file.path);
  }
  for (const auto* files : {&bucket.before, &bucket.after}) {
    for (const LiveFile& file : *files) shared.push_back(in_both.contains(file.path));
  }
  std::vector<bool> stays(ranges.size(), false);
  for (const auto& section : SectionsOf(ranges)) {
    const bool differs = std::any_of(section.begin(), section.end(), [&](size_t i) { return !shared[i]; });
    for (size_t i : section) stays[i] = differs;
  }
  size_t number = 0;
  for (auto* files : {&bucket.before, &bucket.after}) {
    std::erase_if(*files, [&](const LiveFile&) { return !stays[number++]; });
  }
  return Ok();
}

class DifferenceReader final : public ChangeReader {
 public:
  DifferenceReader(Env& env, Table& table, MergeOrder order, std::vector<Bucket> buckets,
                   std::vector<FileColumn> columns)
      : env_(env),
        table_(table),
        order_(std::move(order)),
        buckets_(std::move(buckets)),
        columns_(columns),
        picker_(columns, 0),
        read_(std::move(columns)) {
    for (const Field* field : order_.key) read_.push_back({field->id, field->name, field->type, false});
  }

  Result<bool> Next(RowChanges& out) override {
    picker_.Clear();
    before_.LeavePicker();
    after_.LeavePicker();
    places_.clear();
    out.kinds.clear();
    while (places_.size() < kBatchRows && picker_.sources() < kSourcesMax) {
      if (before_.rows == nullptr && after_.rows == nullptr) {
        if (next_ == buckets_.size()) break;
        const Bucket& bucket = buckets_[next_++];
        TRY(before_.Open(env_, table_, order_, read_, bucket.before));
        TRY(after_.Open(env_, table_, order_, read_, bucket.after));
        continue;
      }
      TRY(TakeKey(out.kinds));
    }
    if (places_.empty()) return false;
    TRY_SET(out.rows, picker_.Take(places_));
    return true;
  }

 private:
  void Add(Side& side, RowKind kind, std::vector<RowKind>& kinds) {
    places_.push_back(side.PlaceIn(picker_));
    kinds.push_back(kind);
  }

  int CompareKeys() const {
    if (before_.rows == nullptr) return 1;
    if (after_.rows == nullptr) return -1;
    for (size_t i = columns_.size(); i < read_.size(); ++i) {
      const int column = static_cast<int>(i);
      const int order = CompareCells(*before_.rows->column(column), before_.row, *after_.rows->column(column),
                                     after_.row);
      if (order != 0) return order;
    }
    return 0;
  }

  bool Equal() const {
    const auto options = arrow::EqualOptions::Defaults().nans_equal(true).signed_zeros_equal(false);
    for (size_t i = 0; i < columns_.size(); ++i) {
      const auto& a = *before_.rows->column(static_cast<int>(i));
      const auto& b = *after_.rows->column(static_cast<int>(i));
      if (!a.RangeEquals(b, before_.row, before_.row + 1, after_.row, options)) return false;
    }
    return true;
  }

  Status TakeKey(std::vector<RowKind>& kinds) {
    const int order = CompareKeys();
    if (order < 0) Add(before_, RowKind::kDelete, kinds);
    if (order > 0) Add(after_, RowKind::kInsert, kinds);
    if (order == 0 && !Equal()) {
      Add(before_, RowKind::kUpdateBefore, kinds);
      Add(after_, RowKind::kUpdateAfter, kinds);
    }
    if (order <= 0) TRY(before_.Advance());
    return order >= 0 ? after_.Advance() : Ok();
  }

  Env& env_;
  Table& table_;
  const MergeOrder order_;
  const std::vector<Bucket> buckets_;
  const std::vector<FileColumn> columns_;
  RowPicker picker_;
  std::vector<FileColumn> read_;  // the wanted ones, then the key
  size_t next_ = 0;
  Side before_, after_;
  std::vector<int64_t> places_;
};

}  // namespace

Result<std::unique_ptr<ChangeReader>> ReadDifference(Env& env, Table& table, const Schema& schema,
                                                     std::vector<LiveFile> before, std::vector<LiveFile> after,
                                                     std::vector<FileColumn> columns) {
  TRY_SET(MergeOrder order, MergeOrder::Of(schema));
  TRY_SET(const BinaryRowCodec codec, KeyRange::Codec(schema));
  std::map<std::pair<std::string, int>, Bucket> by_place;
  for (LiveFile& file : before) by_place[{file.partition, file.bucket}].before.push_back(std::move(file));
  for (LiveFile& file : after) by_place[{file.partition, file.bucket}].after.push_back(std::move(file));
  std::vector<Bucket> buckets;
  for (auto& [place, bucket] : by_place) {
    if (SameFiles(bucket.before, bucket.after)) continue;
    TRY(KeepDiffering(codec, bucket));
    buckets.push_back(std::move(bucket));
  }
  return std::unique_ptr<ChangeReader>(
      new DifferenceReader(env, table, std::move(order), std::move(buckets), std::move(columns)));
}

}  // namespace sluice::paimon
