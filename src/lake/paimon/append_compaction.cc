// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/append_compaction.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "lake/paimon/rolling_writer.h"
#include "lake/paimon/file_format.h"
#include "lake/paimon/stored_types.h"
#include "lake/parquet/data_reader.h"

namespace sluice::paimon {
namespace {

constexpr int64_t kOpenFileCost = 4 << 20;  // `source.split.open-file-cost`: what a file counts beside its bytes
constexpr int kFilesMinFull = 2;

using Files = std::vector<DataFileMeta>;

bool RowsBefore(const DataFileMeta& a, const DataFileMeta& b) {
  return std::tie(a.min_sequence, a.max_sequence, a.creation_ms) <
         std::tie(b.min_sequence, b.max_sequence, b.creation_ms);
}

class Picker {
 public:
  Picker(const TableOptions& options, const BucketDeletions& deletions, bool full)
      : options_(options),
        deletions_(deletions),
        full_(full),
        target_(options.target_file_bytes),
        small_(static_cast<int64_t>(static_cast<double>(options.target_file_bytes) * options.small_file_ratio)),
        least_(static_cast<size_t>(full ? kFilesMinFull : options.compaction_files_min)) {}

  bool Takes(const DataFileMeta& file) const { return CanJoin(file) && (file.size < small_ || MostlyDeleted(file)); }

  // In any order: the smallest first, so that a group holds many.
  std::vector<Files> BySize(Files files) const {
    std::map<std::string, Files> deleted;  // by index file, so that one is not written again by two compactions
    Files rest;
    for (DataFileMeta& file : files) {
      if (!Takes(file)) continue;
      const bool has = deletions_.Count(file.name) > 0;
      (has ? deleted[deletions_.IndexOf(file.name)] : rest).push_back(std::move(file));
    }
    std::vector<Files> each;
    for (auto& [index, group] : deleted) each.push_back(std::move(group));
    std::vector<Files> groups = Pack(std::move(each), 1);
    each.clear();
    for (DataFileMeta& file : rest) each.push_back({std::move(file)});
    for (Files& group : Pack(std::move(each), least_)) groups.push_back(std::move(group));
    for (Files& group : groups) std::stable_sort(group.begin(), group.end(), RowsBefore);
    return groups;
  }

  // Neighbours only. A window over small files that is shut when it has enough of them, and loses its oldest when it
  // has two target sizes before that.
  std::vector<Files> ByOrder(Files files) const {
    std::stable_sort(files.begin(), files.end(), RowsBefore);
    std::vector<Files> groups;
    Files window;
    int64_t bytes = 0;
    const auto leave = [&](size_t count) {  // not joined, but for deletions
      Files left(std::make_move_iterator(window.begin()), std::make_move_iterator(window.begin() + Signed(count)));
      window.erase(window.begin(), window.begin() + Signed(count));
      for (const DataFileMeta& file : left) bytes -= file.size;
      const bool due = std::any_of(left.begin(), left.end(), [&](const auto& file) { return IsDue(file); });
      if (due) groups.push_back(std::move(left));
    };
    for (DataFileMeta& file : files) {
      if (!CanJoin(file) || (file.size >= small_ && !IsDue(file))) {
        leave(window.size());
        continue;
      }
      bytes += file.size;
      window.push_back(std::move(file));
      if (window.size() >= least_) {
        groups.push_back(std::exchange(window, {}));
        bytes = 0;
      } else if (bytes >= 2 * target_) {
        leave(1);
      }
    }
    leave(window.size());
    return groups;
  }

 private:
  static std::ptrdiff_t Signed(size_t count) { return static_cast<std::ptrdiff_t>(count); }

  bool IsDue(const DataFileMeta& file) const {
    return full_ && (options_.rewrite_all || deletions_.Count(file.name) > 0);
  }

  bool MostlyDeleted(const DataFileMeta& file) const {
    const double most = static_cast<double>(file.row_count) * options_.delete_ratio_most;
    return static_cast<double>(deletions_.Count(file.name)) > most;
  }

  // The lists into groups of about two target sizes; what is left is one if it has `least` files.
  std::vector<Files> Pack(std::vector<Files> lists, size_t least) const {
    const auto key = [](const Files& files) {
      int64_t bytes = 0;
      for (const DataFileMeta& file : files) bytes += file.size;
      return std::pair<int64_t, std::string_view>(bytes, files[0].name);
    };
    std::sort(lists.begin(), lists.end(), [&](const Files& a, const Files& b) { return key(a) < key(b); });
    std::vector<Files> groups;
    Files group;
    int64_t bytes = 0;
    for (Files& list : lists) {
      for (DataFileMeta& file : list) {
        bytes += file.size + kOpenFileCost;
        group.push_back(std::move(file));
      }
      if (group.size() < 2 || bytes < 2 * target_) continue;
      groups.push_back(std::exchange(group, {}));
      bytes = 0;
    }
    if (group.size() >= least) groups.push_back(std::move(group));
    return groups;
  }

  const TableOptions& options_;
  const BucketDeletions& deletions_;
  const bool full_;
  const int64_t target_, small_;
  const size_t least_;
};

Status CopyRows(Env& env, const SchemasById& schemas, const RowLayout& layout, const std::string& folder,
                const Files& inputs, const DeletionsByFile& deletions, RollingWriter& writer) {
  for (const DataFileMeta& file : inputs) {
    ReadOptions whole;
    whole.rows = file.row_count;
    const auto columns = ColumnsOfFile(layout.FileColumns(), *schemas.at(file.schema_id), whole);
    if (const auto gone = deletions.find(file.name); gone != deletions.end()) whole.deletes = &gone->second;
    TRY_SET(const auto reader, DataFileReader::Open(env, Str(folder, "/", file.name), columns, whole));
    for (DataBatch batch;;) {
      TRY_SET(const bool more, reader->Next(batch));
      if (!more) break;
      TRY(writer.Append(*batch.rows));
    }
  }
  return writer.Close();
}

}  // namespace

bool CanJoin(const DataFileMeta& file) {
  const bool whole = !file.write_columns || file.write_columns->empty();
  return FormatOfFile(file.name) && !file.external_path && whole && !file.first_row_id;
}

void NumberRows(const Files& before, Files& after) {
  int64_t next = before.front().min_sequence;
  for (const DataFileMeta& file : before) next = std::min(next, file.min_sequence);
  for (DataFileMeta& file : after) {
    file.min_sequence = std::exchange(next, next + file.row_count);
    file.max_sequence = next - 1;
  }
}

std::vector<Files> PickAppendCompactions(const Files& files, const TableOptions& options,
                                         const BucketDeletions& deletions, bool full) {
  const Picker picker(options, deletions, full);
  return options.bucket_mode == BucketMode::kFixed ? picker.ByOrder(files) : picker.BySize(files);
}

Files PickAged(const Files& files, const TableOptions& options, const BucketDeletions& deletions) {
  Files out;
  if (options.bucket_mode != BucketMode::kUnaware) return out;
  const Picker picker(options, deletions, /*full=*/false);
  std::copy_if(files.begin(), files.end(), std::back_inserter(out),
               [&](const DataFileMeta& file) { return picker.Takes(file); });
  std::stable_sort(out.begin(), out.end(), RowsBefore);
  if (out.size() < 2) out.clear();
  return out;
}

Result<CompactionResult> JoinFiles(Env& env, const SchemasById& schemas, const TableOptions& options,
                                   const std::shared_ptr<const RowLayout>& layout, const RowFileOptions& files,
                                   const Files& inputs, const BucketDeletions& deletions) {
  RollingWriter writer(env, layout, files, options.target_file_bytes);
  Status done = CopyRows(env, schemas, *layout, files.folder, inputs, deletions.of_files(), writer);
  if (!done.ok()) {
    writer.Remove();
    return std::move(done).error();
  }
  CompactionResult result;
  result.before = inputs;
  result.after = std::move(writer.closed());
  NumberRows(inputs, result.after);
  return result;
}

}  // namespace sluice::paimon
