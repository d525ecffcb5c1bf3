// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/scan.h"

#include <optional>
#include <set>
#include <utility>

#include "base/text.h"
#include "lake/paimon/column_index.h"
#include "lake/paimon/file_format.h"
#include "lake/paimon/file_index_options.h"
#include "lake/paimon/key_range.h"
#include "lake/paimon/local_time.h"
#include "lake/paimon/row_choice.h"
#include "lake/paimon/snapshot_order.h"
#include "lake/paimon/stored_types.h"

namespace sluice::paimon {
namespace {

Status CheckFile(const LiveFile& file) {
  if (!FormatOfFile(file.path)) {
    return Unsupported(Str("data file ", file.path, " is of no format that is read"), "parquet, orc and avro are");
  }
  if (file.meta.write_columns && !file.meta.write_columns->empty()) {
    return Unsupported(Str("data file ", file.path, " has some columns of its rows only (data evolution)"));
  }
  return Ok();
}

// Conditions on columns that are read, as a file has these.
std::vector<FieldCondition> ConditionsOn(const std::vector<FileColumn>& columns,
                                         const std::vector<ColumnCondition>& conditions, const Schema& written) {
  std::vector<FieldCondition> out;
  for (const ColumnCondition& condition : conditions) {
    const auto at = std::find_if(columns.begin(), columns.end(), [&](const FileColumn& column) {
      return column.name == condition.column;
    });
    out.push_back({written.FindId(at->id), &condition});
  }
  return out;
}

// Takes deleted rows away from those; whether none is left.
bool HasDeletedAll(const DeleteSet& deletes, RowBits& rows) {
  deletes.ForEach([&](int64_t row) {
    if (row < rows.rows()) rows.Remove(row);
  });
  return rows.empty();
}

}  // namespace

Result<std::vector<MergeInput>> MergeInputsOf(Env& env, Table& table, const std::vector<LiveFile>& files,
                                              std::vector<std::unique_ptr<DeleteSet>>& deletes) {
  std::vector<MergeInput> out;
  const bool by_snapshot = IsOrderedBySnapshot(table.newest_schema());
  for (const LiveFile& file : files) {
    TRY_SET(const Schema* written, table.SchemaOf(file.meta.schema_id));
    TRY_SET(DeleteSet gone, ReadDeletions(env, file));
    out.push_back({file.path, written, file.meta.level});
    out.back().rows = file.meta.row_count;
    if (by_snapshot) {
      TRY_SET(out.back().sequence, SequenceInSnapshots(file.meta, file.path));
    }
    if (gone.empty()) continue;
    deletes.push_back(std::make_unique<DeleteSet>(std::move(gone)));
    out.back().deletes = deletes.back().get();
  }
  return out;
}

Result<TableScan> TableScan::Make(Env& env, Table& table, std::optional<int64_t> snapshot_id,
                                  const std::vector<std::string>& names) {
  if (snapshot_id) {
    TRY_SET(const Snapshot snapshot, table.SnapshotOf(*snapshot_id));
    return OfSnapshot(env, table, snapshot, names);
  }
  TableScan scan(env, table, table.newest_schema());
  TRY(scan.Choose(names));
  TRY_SET(const auto snapshot, table.LatestSnapshot());
  if (!snapshot) return scan;
  TRY_SET(auto files, table.LiveFiles(*snapshot));
  TRY(scan.Plan(std::move(files)));
  return scan;
}

Result<TableScan> TableScan::OfSnapshot(Env& env, Table& table, const Snapshot& snapshot,
                                        const std::vector<std::string>& names, const ScanOptions& options) {
  const Schema* schema = options.schema;
  if (schema == nullptr) {
    TRY_SET(schema, table.SchemaOf(snapshot.schema_id));
  }
  TableScan scan(env, table, *schema);
  TRY(scan.Choose(names));
  TRY_SET(auto files, table.LiveFiles(snapshot));
  TRY(scan.Plan(std::move(files), options));
  return scan;
}

Status TableScan::Choose(const std::vector<std::string>& names) {
  std::vector<std::string> wanted = names;
  for (size_t i = 0; names.empty() && i < schema_->fields.size(); ++i) wanted.push_back(schema_->fields[i].name);
  TRY_SET(const auto fields, SupportedFields(*schema_, wanted));
  for (const Field* field : fields) columns_.push_back({field->id, field->name, field->type, false});
  return Ok();
}

Status TableScan::Plan(std::vector<LiveFile> files, const ScanOptions& options) {
  if (options.choice != nullptr) TRY(options.choice->Keep(*schema_, files));
  std::erase_if(files, [&](const LiveFile& file) {
    const bool old = options.created_since_ms != 0 &&
                     (!file.meta.creation_ms || UtcOfLocal(*file.meta.creation_ms) < options.created_since_ms);
    return old || file.meta.level < options.lowest_level || (options.wanted && !options.wanted(file));
  });
  for (const LiveFile& file : files) TRY(CheckFile(file));
  Origin& origin = *origins_.back();
  MergeOrder& order = origin.order;
  const bool keyed = !origin.schema->primary_keys.empty();
  if (keyed) {
    TRY_SET(order, MergeOrder::Of(*origin.schema));
  }
  // What is in level 0 shows after a compaction.
  const bool compacted_only = keyed && order.compacted_only && !options.every_level;
  for (size_t i = 0; i < files.size();) {
    size_t end = i + 1;
    while (end < files.size() && files[end].bucket == files[i].bucket && files[end].partition == files[i].partition) {
      ++end;
    }
    const bool alone = end == i + 1 && files[i].meta.delete_row_count == 0;
    Split bucket{{}, true, &origin};
    for (; i < end; ++i) {
      if (compacted_only && files[i].meta.level == 0) continue;
      if (keyed && !compacted_only && !alone) {
        bucket.files.push_back(std::move(files[i]));
      } else {
        splits_.push_back({{}, false, &origin});
        splits_.back().files.push_back(std::move(files[i]));
      }
    }
    if (!bucket.files.empty()) splits_.push_back(std::move(bucket));
  }
  return Ok();
}

Status TableScan::AddMissingPartitions(Table& branch, const Snapshot& snapshot, const FileChoice* choice) {
  const Schema& schema = branch.newest_schema();
  bool same = schema.primary_keys == schema_->primary_keys && schema.partition_keys == schema_->partition_keys;
  for (const FileColumn& column : columns_) {
    const Field* field = schema.FindId(column.id);
    same = same && field != nullptr && field->name == column.name && field->type.SameIgnoringNull(column.type);
  }
  if (!same) {
    return Invalid(Str(branch.history(), ": the branch has other columns, another key or other partitions than the "
                       "table that it shall complete"),
                   "alter one of the two, or unset the option that joins them");
  }
  std::set<std::string> there;
  for (const Split& split : splits_) there.insert(split.files[0].partition);
  TRY_SET(auto files, branch.LiveFiles(snapshot));
  std::erase_if(files, [&](const LiveFile& file) { return there.contains(file.partition); });
  origins_.push_back(std::make_unique<Origin>(Origin{&branch, &schema, {}}));
  ScanOptions options;
  options.choice = choice;
  return Plan(std::move(files), options);
}

void TableScan::Want(const std::vector<ColumnCondition>& conditions) {
  const bool indexes = ReadsFileIndex(*schema_);
  wanted_ = FileConditions(conditions, columns_, indexes);
  std::vector<FileColumn> key;
  const MergeOrder& order = origins_[0]->order;
  for (const Field* field : order.key) key.push_back({field->id, field->name, field->type, false});
  wanted_keys_ = FileConditions(conditions, key, indexes);
}

// Files that are merged hold versions of the same rows: without the file of the newest one an older one would show.
// All versions of a row have its key, so that a file without it is not needed; what the other columns have counts only
// where no version of a row is left out alone.
Status TableScan::SkipFiles(Split& split) {
  if (wanted_.empty()) return Ok();
  const FileConditions& wanted = split.merge ? wanted_keys_ : wanted_;
  std::vector<LiveFile> left;
  for (const LiveFile& file : split.files) {
    TRY_SET(const Schema* written, split.of->table->SchemaOf(file.meta.schema_id));
    TRY_SET(const bool may, wanted.MayHold(*env_, file, *written));
    if (may) left.push_back(file);
  }
  if (split.merge) TRY(SkipSections(*split.of, left));
  files_skipped_ += static_cast<int64_t>(split.files.size() - left.size());
  split.files = std::move(left);
  return Ok();
}

// Passes over files that share keys with no others, and where one row wins over files that share keys with each other,
// if none of them has a wanted row.
Status TableScan::SkipSections(const Origin& of, std::vector<LiveFile>& files) {
  if (files.empty()) return Ok();
  TRY_SET(const BinaryRowCodec codec, KeyRange::Codec(*of.schema));
  std::vector<KeyRange> ranges;
  for (const LiveFile& file : files) {
    TRY_SET(KeyRange range, KeyRange::Of(codec, file.meta));
    ranges.push_back(std::move(range));
  }
  std::vector<bool> stays(files.size(), false);
  for (const auto& section : SectionsOf(ranges)) {
    bool may = section.size() > 1 && of.order.rules.engine != MergeEngine::kDeduplicate;
    for (size_t i = 0; i < section.size() && !may; ++i) {
      const LiveFile& file = files[section[i]];
      TRY_SET(const Schema* written, of.table->SchemaOf(file.meta.schema_id));
      TRY_SET(may, wanted_.MayHold(*env_, file, *written));
    }
    for (size_t i : section) stays[i] = may;
  }
  std::vector<LiveFile> left;
  for (size_t i = 0; i < files.size(); ++i) {
    if (stays[i]) left.push_back(std::move(files[i]));
  }
  files = std::move(left);
  return Ok();
}

Status TableScan::OpenMerged(const Split& split) {
  TRY_SET(const auto files, MergeInputsOf(*env_, *split.of->table, split.files, deletes_));
  TRY_SET(merged_, MergeReader::Open(*env_, files, split.of->order, columns_));
  return Ok();
}

Status TableScan::OpenNext() {
  Split& split = splits_[next_split_++];
  deletes_.clear();
  TRY(SkipFiles(split));
  if (split.files.empty()) return Ok();
  if (split.merge) return OpenMerged(split);
  const LiveFile& file = split.files[0];
  TRY_SET(DeleteSet deletes, ReadDeletions(*env_, file));
  deletes_.push_back(std::make_unique<DeleteSet>(std::move(deletes)));
  ReadOptions options;
  options.deletes = deletes_[0]->empty() ? nullptr : deletes_[0].get();
  options.rows = file.meta.row_count;
  TRY_SET(const Schema* written, split.of->table->SchemaOf(file.meta.schema_id));
  wanted_of_file_ = wanted_.Of(file, *written);
  options.conditions = &wanted_of_file_;
  if (ReadsFileIndex(*schema_)) {
    const auto asked = ConditionsOn(columns_, wanted_of_file_, *written);
    TRY_SET(auto rows, RowsByIndex(*env_, file, asked));
    if (rows && HasDeletedAll(*deletes_[0], *rows)) {
      ++files_skipped_;
      return Ok();
    }
    if (rows) {
      TRY_SET(options.chosen, ChoosePages(*env_, file.path, *rows));
    }
  }
  auto columns = ColumnsOfFile(columns_, *written, options);
  TRY_SET(file_, DataFileReader::Open(*env_, file.path, std::move(columns), options));
  return Ok();
}

Result<bool> TableScan::Next(DataBatch& out) {
  while (true) {
    if (merged_ != nullptr) {
      TRY_SET(const bool more, merged_->Next(out));
      if (more) return true;
      merged_.reset();
    }
    if (file_ != nullptr) {
      TRY_SET(const bool more, file_->Next(out));
      if (more) return true;
      file_.reset();
    }
    ended_ = next_split_ == splits_.size();
    if (ended_) return false;
    TRY(OpenNext());
  }
}

}  // namespace sluice::paimon
