// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/merge_reader.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "base/text.h"
#include "lake/paimon/cell_order.h"
#include "lake/paimon/key_prefix.h"
#include "lake/paimon/row_merger.h"
#include "lake/paimon/row_picker.h"
#include "lake/paimon/special_fields.h"
#include "lake/paimon/stored_types.h"
#include "row/arrow_status.h"
#include "row/change_batch.h"

namespace sluice::paimon {
namespace {

constexpr size_t kSystemColumns = 2;  // the first ones that a Run reads
constexpr int64_t kBatchRows = 4096;  // of the merged rows, and of each file
constexpr int64_t kBatchBytes = 32 << 20;  // of the merged rows, about: an array cannot hold 2 GiB of texts
constexpr size_t kSourcesMax = 64;    // batches of files that one batch of merged rows is taken from
constexpr int64_t kSourceBytesMax = 1 << 30;  // of those
constexpr int64_t kNoRow = -1;        // place of a key that gives none

using BatchPtr = std::shared_ptr<arrow::RecordBatch>;

// A file, its rows in order: sequence number, kind, key, user's sequence, wanted columns.
class Run {
 public:
  Run(const MergeInput& file, size_t number, std::unique_ptr<DataFileReader> reader)
      : role(file.role),
        told(file.told),
        level(file.level),
        input(number),
        sequence_(file.sequence),
        path_(file.path),
        reader_(std::move(reader)) {}

  // To the next row; `rows` is null at the end.
  Status Advance() {
    if (++row < count_) return Ok();
    return NextBatch();
  }

  int64_t sequence() const { return sequences_[row]; }
  RowKind kind() const { return static_cast<RowKind>(kinds_[row]); }
  bool retracts() const { return kind() == RowKind::kDelete || kind() == RowKind::kUpdateBefore; }
  int64_t position() const { return batch_.position(row); }  // in the file
  const KeyPrefix& prefix() const { return prefix_; }
  bool in_picker() const { return source_ >= 0; }
  int64_t batch_bytes() const { return bytes_; }
  int64_t row_bytes() const { return bytes_ / count_; }  // about
  int64_t PlaceIn(RowPicker& picker) {
    if (source_ < 0) source_ = picker.AddSource(rows);
    return RowPicker::Place(source_, row);
  }
  void LeavePicker() { source_ = -1; }

  InputRole role;
  bool told;
  int level;
  size_t input;  // number of the file
  BatchPtr rows;
  std::vector<const arrow::Array*> cells;  // columns of the batch
  int64_t row = -1;

 private:
  Status NextBatch() {
    DataBatch batch;
    TRY_SET(const bool more, reader_->Next(batch));
    rows = more ? batch.rows : nullptr;
    row = 0;
    count_ = more ? rows->num_rows() : 0;
    source_ = -1;
    if (!more) return Ok();
    ARROW_TRY_SET(bytes_, arrow::util::ReferencedBufferSize(*rows));
    batch_ = std::move(batch);
    for (size_t i = 0; i < kSystemColumns; ++i) {
      if (rows->column(static_cast<int>(i))->null_count() == 0) continue;
      return Corrupt(Str("data file ", path_, " has no column ", rows->schema()->field(static_cast<int>(i))->name(),
                         " or NULL in it"), "the file is damaged, or was not written by Paimon for a primary key");
    }
    if (sequence_) TRY(SetSequence());
    cells.clear();
    for (int i = 0; i < rows->num_columns(); ++i) cells.push_back(rows->column(i).get());
    sequences_ = cells[0]->data()->GetValues<int64_t>(1);
    kinds_ = cells[1]->data()->GetValues<int32_t>(1);
    prefix_ = KeyPrefix(*cells[kSystemColumns]);
    return Ok();
  }

  // Also where it is wanted.
  Status SetSequence() {
    ARROW_TRY_SET(const auto all, arrow::MakeArrayFromScalar(arrow::Int64Scalar(*sequence_), count_));
    for (int i = 0; i < rows->num_columns(); ++i) {
      const auto field = rows->schema()->field(i);
      if (field->name() != kSequenceName) continue;
      ARROW_TRY_SET(rows, rows->SetColumn(i, field, all));
    }
    return Ok();
  }

  std::optional<int64_t> sequence_;
  std::string path_;
  std::unique_ptr<DataFileReader> reader_;
  DataBatch batch_;
  int64_t count_ = 0;  // rows of the batch
  int64_t bytes_ = 0;  // of the batch
  int64_t source_ = -1;  // its number in the picker; -1: none
  const int64_t* sequences_ = nullptr;
  const int32_t* kinds_ = nullptr;
  KeyPrefix prefix_;  // of the batch's first key column
};

FileColumn ColumnOf(const Field& field) { return {field.id, field.name, field.type, false}; }

}  // namespace

Result<MergeOrder> MergeOrder::Of(const Schema& schema) {
  MergeOrder order;
  order.schema = &schema;
  TRY_SET(order.key, SupportedFields(schema, schema.TrimmedKey()));
  std::vector<std::string> sequence;
  for (const std::string& name : Split(schema.Option("sequence.field", ""), ',')) {
    if (!Trim(name).empty()) sequence.emplace_back(Trim(name));
  }
  TRY_SET(order.sequence, SupportedFields(schema, sequence));
  for (const auto* fields : {&order.key, &order.sequence}) {
    for (const Field* field : *fields) {
      if (field->type.kind == TypeKind::kArray) return Unsupported(Str("column ", field->name, " as a key"));
    }
  }
  order.descending = Lower(schema.Option("sequence.field.sort-order", "ascending")) == "descending";
  TRY_SET(order.rules, MergeRules::Of(schema));
  const bool vectors = Lower(schema.Option("deletion-vectors.enabled", "false")) == "true";
  order.lowest_level_counts = vectors || Lower(schema.Option("changelog-producer", "none")) == "lookup";
  order.compacted_only = vectors || order.rules.engine == MergeEngine::kFirstRow;
  return order;
}

class MergeReader::Impl {
 public:
  Impl(const MergeOrder& order, std::vector<FileColumn> wanted, const MergeOptions& options)
      : key_end_(kSystemColumns + order.key.size()),
        sequence_end_(key_end_ + order.sequence.size()),
        descending_(order.descending),
        lowest_level_counts_(order.lowest_level_counts),
        engine_(order.rules.engine),
        leaves_deletes_out_(order.rules.ignore_delete && !order.rules.builds_rows()),
        options_(options),
        wanted_(std::move(wanted)),
        picker_(wanted_, sequence_end_) {
    picker_.SetNotCompared(options.not_compared);
  }

  Status MakeMerger(const MergeRules& rules, std::span<const FileColumn> columns) {
    if (!rules.builds_rows()) return Ok();
    TRY_SET(merger_, RowMerger::Make(rules, {columns.begin(), columns.end()}, wanted_.size()));
    return Ok();
  }
  void SetTimeColumn(size_t column) { time_column_ = column; }
  size_t key_end() const { return key_end_; }
  size_t sequence_end() const { return sequence_end_; }
  // Whether only the keys of such a file are read.
  bool TakesKeysOnly(InputRole role) const {
    if (role == InputRole::kHides) return true;
    return role == InputRole::kOld && !options_.changes && merger_ == nullptr && sequence_end_ == key_end_;
  }

  Status Add(Env& env, const MergeInput& file, size_t number, const std::vector<FileColumn>& columns) {
    ReadOptions options;
    options.batch_rows = kBatchRows;
    options.deletes = file.deletes;
    options.rows = file.rows;
    options.chosen = file.chosen;
    auto stored = ColumnsOfFile(columns, *file.written, options);
    TRY_SET(auto reader, DataFileReader::Open(env, file.path, std::move(stored), options));
    Run run(file, number, std::move(reader));
    TRY(Advance(run));
    if (run.rows == nullptr) return Ok();
    heads_.push_back(run.prefix().Of(run.row));
    runs_.push_back(std::move(run));
    return Ok();
  }

  Result<bool> Next(DataBatch& out) {
    picker_.Clear();
    for (Run& run : runs_) run.LeavePicker();
    picked_.clear();
    changed_.clear();
    changes_.reset();
    picked_bytes_ = source_bytes_ = 0;
    const auto full = [&] {
      return std::max(picked_.size(), changed_.size()) >= kBatchRows || picker_.sources() >= kSourcesMax ||
             picked_bytes_ >= kBatchBytes || source_bytes_ >= kSourceBytesMax;
    };
    while (!runs_.empty() && (!full() || (picked_.empty() && changed_.empty()))) TRY(NextKey());
    if (picked_.empty() && changed_.empty()) return false;
    if (merger_ != nullptr && merger_->rows() > 0) {
      TRY_SET(auto merged, merger_->Finish());
      picker_.SetMerged(std::move(merged));
    }
    TRY_SET(out.rows, picker_.Take(picked_));
    out.first_position = 0;
    out.positions.clear();
    if (!changed_.empty()) {
      TRY_SET(changes_, picker_.TakeChanges(changed_, options_.leave_out_equal));
    }
    return true;
  }

  const BatchPtr& changes() const { return changes_; }
  const std::map<size_t, DeleteSet>& replaced() const { return replaced_; }
  const std::map<size_t, DeleteSet>& hidden() const { return hidden_; }

 private:
  Status Advance(Run& run) {
    while (true) {
      TRY(run.Advance());
      if (run.rows == nullptr || !leaves_deletes_out_ || !run.retracts()) return Ok();
      if (options_.hidden) hidden_[run.input].Add(run.position());
    }
  }

  // Of keys with equal prefixes.
  int Compare(const Run& a, const Run& b) const {
    const size_t decided = a.prefix().exact() && b.prefix().exact() ? 1 : 0;
    for (size_t i = kSystemColumns + decided; i < key_end_; ++i) {
      const int order = CompareCells(*a.cells[i], a.row, *b.cells[i], b.row);
      if (order != 0) return order;
    }
    return 0;
  }

  // Of two rows of the same key.
  bool Newer(const Run& a, const Run& b) const {
    for (size_t i = key_end_; i < sequence_end_; ++i) {
      const int order = CompareSequence(*a.cells[i], a.row, *b.cells[i], b.row, descending_);
      if (order != 0) return order > 0;
    }
    return a.sequence() > b.sequence();
  }

  // The runs whose row has the lowest key, in same_.
  void FindLowest() {
    const uint64_t lowest = *std::min_element(heads_.begin(), heads_.end());
    same_.clear();
    for (size_t i = 0; i < heads_.size(); ++i) {
      if (heads_[i] != lowest) continue;
      const int order = same_.empty() ? 0 : Compare(runs_[i], runs_[same_[0]]);
      if (order > 0) continue;
      if (order < 0) same_.clear();
      same_.push_back(i);
    }
  }

  // Passes over all rows of the lowest key, and notes what they make.
  Status NextKey() {
    FindLowest();
    TRY(NoteKey());
    bool ended = false;
    for (size_t i : same_) {
      TRY(Advance(runs_[i]));
      if (runs_[i].rows == nullptr) {
        ended = true;
      } else {
        heads_[i] = runs_[i].prefix().Of(runs_[i].row);
      }
    }
    if (ended) RemoveEnded();
    return Ok();
  }

  void RemoveEnded() {
    std::erase_if(runs_, [](const Run& run) { return run.rows == nullptr; });
    const auto merged = [](const Run& run) { return run.role == InputRole::kMerged; };
    if (std::none_of(runs_.begin(), runs_.end(), merged)) runs_.clear();  // behind the last merged row
    heads_.clear();
    for (const Run& run : runs_) heads_.push_back(run.prefix().Of(run.row));
  }

  // What the rows of a key make.
  struct Made {
    int64_t place = kNoRow;
    bool adds = false;  // a row that readers see
    std::optional<size_t> run;  // whose row it is, if it was not made of several
  };

  Status NoteKey() {
    const std::vector<size_t>& same = LeaveExpiredOut();
    std::optional<size_t> before;  // of the rows that are told
    bool news = false, merges = false;
    for (size_t i : same) {
      const Run& run = runs_[i];
      merges |= run.role == InputRole::kMerged;
      news |= !run.told;
      if (run.told && (!before || run.level < runs_[*before].level)) before = i;
    }
    if (!merges) return Ok();
    for (size_t i : same_) {
      if (runs_[i].role == InputRole::kOld) replaced_[runs_[i].input].Add(runs_[i].position());
    }
    TRY_SET(const Made made, Merge(RowsThatCount(same)));
    if (made.place != kNoRow) picked_.push_back(made.place);
    for (size_t i : same_) {
      if (options_.hidden && !(made.adds && made.run == i)) hidden_[runs_[i].input].Add(runs_[i].position());
    }
    if (!options_.changes || !news) return Ok();
    const bool was = before && !runs_[*before].retracts();
    if (was && engine_ == MergeEngine::kFirstRow) return Ok();
    if (was) {
      const int64_t place = Pick(runs_[*before]);
      changed_.push_back({place, made.adds ? RowKind::kUpdateBefore : RowKind::kDelete});
    }
    if (made.adds) changed_.push_back({made.place, was ? RowKind::kUpdateAfter : RowKind::kInsert});
    return Ok();
  }

  // Of the runs in same_.
  const std::vector<size_t>& LeaveExpiredOut() {
    if (!options_.expiry) return same_;
    living_.clear();
    for (size_t i : same_) {
      const Run& run = runs_[i];
      const bool knows = time_column_ < run.cells.size() && run.role != InputRole::kHides;
      if (!knows || !options_.expiry->IsOver(*run.cells[time_column_], run.row)) living_.push_back(i);
    }
    return living_;
  }

  const std::vector<size_t>& RowsThatCount(const std::vector<size_t>& same) {
    if (!lowest_level_counts_ || same.size() == 1 || engine_ == MergeEngine::kFirstRow) return same;
    counting_.clear();
    std::optional<size_t> lowest;
    for (size_t i : same) {
      if (runs_[i].level == 0) {
        counting_.push_back(i);
      } else if (!lowest || runs_[i].level < runs_[*lowest].level) {
        lowest = i;
      }
    }
    if (lowest && !(TakesKeysOnly(runs_[*lowest].role) && !counting_.empty())) counting_.push_back(*lowest);
    return counting_;
  }

  Result<Made> Merge(const std::vector<size_t>& rows) {
    if (engine_ == MergeEngine::kFirstRow) return FirstOf(rows);
    if (merger_ != nullptr && rows.size() > 1) return MergeAll(rows);
    size_t newest = rows[0];
    for (size_t i : rows) {
      if (i != newest && Newer(runs_[i], runs_[newest])) newest = i;
    }
    const bool adds = !runs_[newest].retracts();
    return Made{adds || options_.keep_deletes ? PlaceOf(newest) : kNoRow, adds, newest};
  }

  int64_t PlaceOf(size_t run) {
    return options_.hidden ? kNoRow : Pick(runs_[run]);
  }

  int64_t Pick(Run& run) {
    if (!run.in_picker()) source_bytes_ += run.batch_bytes();
    picked_bytes_ += run.row_bytes();
    return run.PlaceIn(picker_);
  }

  Result<Made> FirstOf(const std::vector<size_t>& rows) {
    size_t oldest = rows[0];
    for (size_t i : rows) {
      if (runs_[i].role == InputRole::kHides) return Made{};
      if (runs_[i].retracts()) {
        return Invalid("files of the table have -U or -D rows, which merge-engine first-row cannot merge",
                       "set the table option ignore-delete: true");
      }
      if (Newer(runs_[oldest], runs_[i])) oldest = i;
    }
    return Made{PlaceOf(oldest), true, oldest};
  }

  Result<Made> MergeAll(std::vector<size_t> rows) {
    std::stable_sort(rows.begin(), rows.end(), [&](size_t a, size_t b) { return Newer(runs_[b], runs_[a]); });
    merger_->Begin();
    for (size_t i : rows) {
      const Run& run = runs_[i];
      const auto cells = std::span(run.cells).subspan(sequence_end_);
      TRY(merger_->Add(cells, run.row, run.kind(), run.sequence()));
      picked_bytes_ += run.row_bytes();
    }
    const bool adds = merger_->kind() != RowKind::kDelete;
    if (!adds && !options_.keep_deletes) return Made{};
    TRY(merger_->Append());
    return Made{RowPicker::MergedPlace(merger_->rows() - 1), adds, {}};
  }

  const size_t key_end_, sequence_end_;  // columns of a run
  const bool descending_, lowest_level_counts_;
  const MergeEngine engine_;
  const bool leaves_deletes_out_;
  const MergeOptions options_;
  const std::vector<FileColumn> wanted_;
  std::unique_ptr<RowMerger> merger_;  // null: rows are picked, not made
  std::vector<Run> runs_;              // that have a row
  std::vector<uint64_t> heads_;        // the key prefix of each run's row
  std::vector<size_t> same_;           // runs whose row has the lowest key
  std::vector<size_t> living_;         // those of them whose time is not over
  std::vector<size_t> counting_;       // those of them that are merged
  size_t time_column_ = 0;             // of a run, that `expiry` is about
  RowPicker picker_;
  std::vector<int64_t> picked_;      // places
  std::vector<ChangedRow> changed_;
  int64_t picked_bytes_ = 0;  // of both, about
  int64_t source_bytes_ = 0;  // of the batches that they are taken from
  BatchPtr changes_;
  std::map<size_t, DeleteSet> replaced_, hidden_;
};

Result<std::unique_ptr<MergeReader>> MergeReader::Open(Env& env, const std::vector<MergeInput>& files,
                                                       const MergeOrder& order, std::vector<FileColumn> wanted,
                                                       const MergeOptions& options) {
  std::vector<FileColumn> columns(kSystemColumns);
  columns[0] = {kSequenceId, kSequenceName, DataType{.kind = TypeKind::kBigInt}, false};
  columns[1] = {kKindId, kKindName, DataType{.kind = TypeKind::kInt}, false};
  for (const auto* fields : {&order.key, &order.sequence}) {
    for (const Field* field : *fields) columns.push_back(ColumnOf(*field));
  }
  std::vector<std::string> names;
  for (const FileColumn& column : wanted) names.push_back(column.name);
  columns.insert(columns.end(), wanted.begin(), wanted.end());
  TRY_SET(const auto needed, SupportedFields(*order.schema, order.rules.AlsoNeeded(names)));
  for (const Field* field : needed) columns.push_back(ColumnOf(*field));
  const size_t read = columns.size();
  if (options.expiry) {
    TRY_SET(const auto time, SupportedFields(*order.schema, {options.expiry->column}));
    columns.push_back(ColumnOf(*time[0]));
  }
  auto impl = std::make_unique<Impl>(order, std::move(wanted), options);
  TRY(impl->MakeMerger(order.rules, std::span(columns).first(read).subspan(impl->sequence_end())));
  impl->SetTimeColumn(read);
  const auto key_only = std::vector(columns.begin(), columns.begin() + static_cast<std::ptrdiff_t>(impl->key_end()));
  for (size_t i = 0; i < files.size(); ++i) {
    TRY(impl->Add(env, files[i], i, impl->TakesKeysOnly(files[i].role) ? key_only : columns));
  }
  return std::unique_ptr<MergeReader>(new MergeReader(std::move(impl)));
}

MergeReader::MergeReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MergeReader::~MergeReader() = default;
Result<bool> MergeReader::Next(DataBatch& out) { return impl_->Next(out); }
const std::shared_ptr<arrow::RecordBatch>& MergeReader::changes() const { return impl_->changes(); }
const std::map<size_t, DeleteSet>& MergeReader::replaced() const { return impl_->replaced(); }
const std::map<size_t, DeleteSet>& MergeReader::hidden() const { return impl_->hidden(); }

}  // namespace sluice::paimon
