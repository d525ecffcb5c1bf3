// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/compaction.h"

#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "base/text.h"
#include "lake/paimon/key_lookup.h"
#include "lake/paimon/key_range.h"
#include "lake/paimon/merge_reader.h"
#include "lake/paimon/rolling_writer.h"
#include "lake/paimon/snapshot_order.h"
#include "lake/paimon/stored_types.h"
#include "row/arrow_status.h"

namespace sluice::paimon {
namespace {

class Compaction {
 public:
  Compaction(Env& env, const Schema& schema, const SchemasById& schemas, const TableOptions& options,
             std::shared_ptr<const RowLayout> layout,
             const RowFileOptions& files, const CompactionUnit& unit, const FilledColumn* filled)
      : env_(env),
        schema_(schema),
        schemas_(schemas),
        options_(options),
        layout_(std::move(layout)),
        files_(files),
        unit_(unit),
        filled_(filled),
        writer_(env, layout_, files.At(unit.output_level), options.target_file_bytes, unit.output_level),
        changelog_(env, layout_, files.ChangelogAt(unit.output_level), options.target_file_bytes, unit.output_level) {}

  Result<CompactionResult> Run() {
    Status done = Work();
    if (done.ok()) {
      result_.after.insert(result_.after.end(), std::make_move_iterator(writer_.closed().begin()),
                           std::make_move_iterator(writer_.closed().end()));
      result_.changelog = std::move(changelog_.closed());
      return std::move(result_);
    }
    writer_.Remove();
    changelog_.Remove();
    return std::move(done).error();
  }

 private:
  Status Work() {
    TRY(ReadRanges());
    TRY_SET(const auto sections, Sections());
    std::vector<const DataFileMeta*> merged;
    for (const auto& section : sections) {
      const DataFileMeta& file = *section[0];
      const bool large = file.size >= options_.large_file_bytes();
      if (section.size() == 1 && large && CanUpgrade(file)) {
        TRY(Merge(merged));
        TRY(Upgrade(file));
      } else {
        merged.insert(merged.end(), section.begin(), section.end());
      }
    }
    return Merge(merged);
  }

  // Files whose keys overlap, by key.
  Result<std::vector<std::vector<const DataFileMeta*>>> Sections() {
    std::vector<std::vector<const DataFileMeta*>> sections;
    if (!layout_->keyed()) {
      for (const DataFileMeta& file : unit_.files) sections.push_back({&file});
      return sections;
    }
    TRY_SET(const BinaryRowCodec codec, KeyRange::Codec(schema_));
    std::vector<KeyRange> ranges;
    for (const DataFileMeta& file : unit_.files) {
      TRY_SET(ranges.emplace_back(), KeyRange::Of(codec, file));
    }
    for (const std::vector<size_t>& section : SectionsOf(ranges)) {
      std::vector<const DataFileMeta*>& files = sections.emplace_back();
      for (size_t i : section) files.push_back(&unit_.files[i]);
    }
    return sections;
  }

  bool CanUpgrade(const DataFileMeta& file) const {
    if (unit_.expired.contains(file.name)) return false;
    return filled_ == nullptr && (!unit_.drop_deletes || file.delete_row_count == 0) && IsWhole(file);
  }

  // Its rows stay as they are, whatever the files that stay have of their keys.
  bool IsWhole(const DataFileMeta& file) const {
    if (!layout_->keyed() || file.level > 0 || Below({&file}).empty()) return true;
    return options_.merge.engine == MergeEngine::kDeduplicate && options_.sequence.empty();
  }

  // A changelog has what its rows changed.
  bool Told(const DataFileMeta& file) const {
    return options_.changelog == ChangelogProducer::kFullCompaction ? file.level == unit_.output_level : file.level > 0;
  }

  bool Tells() const {
    if (!layout_->keyed()) return false;
    return options_.changelog == ChangelogProducer::kLookup ||
           (options_.changelog == ChangelogProducer::kFullCompaction && unit_.output_level >= options_.levels - 1);
  }

  // Files that stay and can have keys of these ones, where that matters. With merge-engine first-row such a key has its
  // row already.
  std::vector<const DataFileMeta*> Below(const std::vector<const DataFileMeta*>& files) const {
    std::vector<const DataFileMeta*> out;
    for (size_t i = 0; i < below_.size(); ++i) {
      const bool overlaps = std::any_of(files.begin(), files.end(), [&](const DataFileMeta* file) {
        return ranges_.at(file).Overlaps(below_[i]);
      });
      if (overlaps) out.push_back(&unit_.below[i]);
    }
    return out;
  }

  Status Upgrade(const DataFileMeta& file) {
    if (file.level == unit_.output_level) return Ok();  // stays as it is
    const bool replaces = options_.deletion_vectors && file.level == 0 && !Below({&file}).empty();
    if ((Tells() && !Told(file)) || replaces) TRY(MergeFiles({&file}, /*writes=*/false));
    result_.before.push_back(file);
    result_.after.push_back(file);
    result_.after.back().level = unit_.output_level;
    return Ok();
  }

  // Merges the files and forgets them.
  Status Merge(std::vector<const DataFileMeta*>& files) {
    if (files.size() == 1 && CanUpgrade(*files[0])) {
      TRY(Upgrade(*files[0]));
    } else if (!files.empty()) {
      TRY(Rewrite(files));
    }
    files.clear();
    return Ok();
  }

  Status Rewrite(const std::vector<const DataFileMeta*>& files) {
    for (const DataFileMeta* file : files) result_.before.push_back(*file);
    if (layout_->keyed()) return MergeFiles(files, /*writes=*/true);
    for (const DataFileMeta* file : files) {
      TRY_SET(const MergeInput input, InputOf(*file));
      TRY(Copy(*file, input));
    }
    return Ok();
  }

  Result<MergeInput> InputOf(const DataFileMeta& file) const {
    MergeInput input;
    input.path = Str(files_.folder, "/", file.name);
    input.written = schemas_.at(file.schema_id);
    input.level = file.level;
    input.told = Told(file);
    input.rows = file.row_count;
    if (options_.by_snapshot) {
      TRY_SET(input.sequence, SequenceInSnapshots(file, input.path));
    }
    if (unit_.deletions == nullptr) return input;
    const auto deletions = unit_.deletions->find(file.name);
    if (deletions != unit_.deletions->end()) input.deletes = &deletions->second;
    return input;
  }

  // `writes`: the merged rows; else only what they change is wanted.
  Status MergeFiles(const std::vector<const DataFileMeta*>& files, bool writes) {
    std::vector<MergeInput> inputs;
    for (const DataFileMeta* file : files) {
      TRY_SET(inputs.emplace_back(), InputOf(*file));
    }
    std::vector<const DataFileMeta*> below;
    TRY_SET(below, AddBelow(files, inputs));
    TRY_SET(const MergeOrder order, MergeOrder::Of(schema_));
    MergeOptions merge{!unit_.drop_deletes, Tells(), options_.changelog_leaves_out_equal,
                       options_.changelog_not_compared};
    merge.expiry = options_.expiry;
    TRY_SET(const auto reader, MergeReader::Open(env_, inputs, order, layout_->FileColumns(), merge));
    for (DataBatch batch;;) {
      TRY_SET(const bool more, reader->Next(batch));
      if (!more) break;
      if (writes) TRY(Append(writer_, batch.rows));
      if (reader->changes() != nullptr) TRY(Append(changelog_, reader->changes()));
    }
    for (const auto& [number, rows] : reader->replaced()) {
      if (!options_.deletion_vectors) break;
      result_.replaced[below[number - files.size()]->name].Merge(rows);
    }
    TRY(changelog_.Close());
    return writer_.Close();
  }

  // Behind those of the files, the inputs of files that stay and have their keys: as far as it is cheap, only the rows
  // with these keys.
  Result<std::vector<const DataFileMeta*>> AddBelow(const std::vector<const DataFileMeta*>& files,
                                                    std::vector<MergeInput>& inputs) {
    std::vector<const DataFileMeta*> out;
    const auto below = Below(files);
    TRY_SET(const auto lookup, LookupOf(inputs, below));
    for (const DataFileMeta* file : below) {
      TRY_SET(MergeInput input, InputOf(*file));
      input.role = options_.merge.engine == MergeEngine::kFirstRow ? InputRole::kHides : InputRole::kOld;
      if (lookup != nullptr) {
        TRY_SET(input.chosen, lookup->Find(input));
        if (input.chosen != nullptr && input.chosen->spans.empty()) continue;
      }
      inputs.push_back(std::move(input));
      out.push_back(file);
    }
    return out;
  }

  // Null: no file below is so much larger that it pays.
  Result<std::unique_ptr<KeyLookup>> LookupOf(const std::vector<MergeInput>& inputs,
                                              const std::vector<const DataFileMeta*>& below) {
    int64_t wanted = 0, most = 0;
    for (const MergeInput& input : inputs) wanted += NeedsOld(input) ? input.rows : 0;
    for (const DataFileMeta* file : below) most = std::max(most, file->row_count);
    if (wanted > KeyLookup::kWantedMost || wanted > most / 2) return std::unique_ptr<KeyLookup>();
    PageIndexCache& pages = unit_.pages == nullptr ? pages_ : *unit_.pages;
    TRY_SET(KeyLookup made, KeyLookup::Make(env_, schema_, pages));
    auto lookup = std::make_unique<KeyLookup>(std::move(made));
    for (const MergeInput& input : inputs) {
      if (NeedsOld(input)) TRY(lookup->Want(input));
    }
    return lookup;
  }

  // Of a row above level 0 the files below it were asked when it came there; what they have of its key counts no more.
  bool NeedsOld(const MergeInput& input) const { return input.level == 0 || options_.deletion_vectors; }

  // Of a table without a key: rows keep their order and their place among those of other files.
  Status Copy(const DataFileMeta& file, const MergeInput& input) {
    ReadOptions whole;
    whole.rows = file.row_count;
    whole.deletes = input.deletes;
    const auto columns = ColumnsOfFile(layout_->FileColumns(), *input.written, whole);
    TRY_SET(const auto reader, DataFileReader::Open(env_, input.path, columns, whole));
    const size_t first = writer_.closed().size();
    for (DataBatch batch;;) {
      TRY_SET(const bool more, reader->Next(batch));
      if (!more) break;
      TRY(Append(writer_, batch.rows));
    }
    TRY(writer_.Close());
    for (size_t i = first; i < writer_.closed().size(); ++i) {
      writer_.closed()[i].min_sequence = file.min_sequence;
      writer_.closed()[i].max_sequence = file.max_sequence;
    }
    return Ok();
  }

  Status Append(RollingWriter& writer, std::shared_ptr<arrow::RecordBatch> rows) const {
    if (filled_ != nullptr) TRY(Fill(rows));
    return writer.Append(*rows);
  }

  Status Fill(std::shared_ptr<arrow::RecordBatch>& rows) const {
    const int column = static_cast<int>(layout_->first_value()) + filled_->column;
    ARROW_TRY_SET(auto constant, arrow::MakeArrayFromScalar(*filled_->value, rows->num_rows()));
    const auto field = rows->schema()->field(column)->WithType(constant->type());
    ARROW_TRY_SET(rows, rows->SetColumn(column, field, constant));
    return Ok();
  }

  Status ReadRanges() {
    if (!options_.looks_up() || !layout_->keyed()) return Ok();
    TRY_SET(const BinaryRowCodec codec, KeyRange::Codec(schema_));
    for (const DataFileMeta& file : unit_.files) {
      TRY_SET(KeyRange range, KeyRange::Of(codec, file));
      ranges_.emplace(&file, std::move(range));
    }
    for (const DataFileMeta& file : unit_.below) {
      TRY_SET(below_.emplace_back(), KeyRange::Of(codec, file));
    }
    return Ok();
  }

  Env& env_;
  const Schema& schema_;
  const SchemasById& schemas_;
  const TableOptions& options_;
  const std::shared_ptr<const RowLayout> layout_;
  const RowFileOptions& files_;
  const CompactionUnit& unit_;
  const FilledColumn* const filled_;
  std::map<const DataFileMeta*, KeyRange> ranges_;  // of the unit's files, if files are looked up
  std::vector<KeyRange> below_;                     // of unit_.below, likewise
  PageIndexCache pages_{options_.lookup_cache_bytes};  // if the unit has none
  CompactionResult result_;
  RollingWriter writer_, changelog_;
};

}  // namespace

Result<CompactionResult> Compact(Env& env, const Schema& schema, const SchemasById& schemas,
                                 const TableOptions& options,
                                 const std::shared_ptr<const RowLayout>& layout, const RowFileOptions& files,
                                 const CompactionUnit& unit, const FilledColumn* filled) {
  return Compaction(env, schema, schemas, options, layout, files, unit, filled).Run();
}

}  // namespace sluice::paimon
