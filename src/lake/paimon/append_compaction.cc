// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/append_compaction.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "lake/paimon/rolling_writer.h"
#include "lake/paimon/file_format.h"
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
  Picker(const TableOptions& options, bool full)
      : target_(options.target_file_bytes),
        small_(static_cast<int64_t>(static_cast<double>(options.target_file_bytes) * options.small_file_ratio)),
        least_(static_cast<size_t>(full ? kFilesMinFull : options.compaction_files_min)) {}

  bool Takes(const DataFileMeta& file) const { return file.size < small_ && CanJoin(file); }

  // In any order: the smallest first, so that a group holds many.
  std::vector<Files> BySize(Files files) const {
    std::erase_if(files, [&](const DataFileMeta& file) { return !Takes(file); });
    std::sort(files.begin(), files.end(),
              [](const auto& a, const auto& b) { return std::tie(a.size, a.name) < std::tie(b.size, b.name); });
    std::vector<Files> groups;
    Files group;
    int64_t bytes = 0;
    for (DataFileMeta& file : files) {
      bytes += file.size + kOpenFileCost;
      group.push_back(std::move(file));
      if (group.size() < 2 || bytes < 2 * target_) continue;
      groups.push_back(std::exchange(group, {}));
      bytes = 0;
    }
    if (group.size() >= least_) groups.push_back(std::move(group));
    for (Files& each : groups) std::stable_sort(each.begin(), each.end(), RowsBefore);
    return groups;
  }

  // Neighbours only. A window over small files that is shut when it has enough of them, and loses its oldest when it
  // has two target sizes before that.
  std::vector<Files> ByOrder(Files files) const {
    std::stable_sort(files.begin(), files.end(), RowsBefore);
    std::vector<Files> groups;
    Files window;
    int64_t bytes = 0;
    for (DataFileMeta& file : files) {
      if (!Takes(file)) {
        window.clear();
        bytes = 0;
        continue;
      }
      bytes += file.size;
      window.push_back(std::move(file));
      if (window.size() >= least_) {
        groups.push_back(std::exchange(window, {}));
        bytes = 0;
      } else if (bytes >= 2 * target_) {
        bytes -= window.front().size;
        window.erase(window.begin());
      }
    }
    return groups;
  }

 private:
  const int64_t target_, small_;
  const size_t least_;
};

Status CopyRows(Env& env, const SchemasById& schemas, const RowLayout& layout, const std::string& folder,
                const Files& inputs, RollingWriter& writer) {
  for (const DataFileMeta& file : inputs) {
    const auto columns = AsWritten(layout.FileColumns(), *schemas.at(file.schema_id));
    ReadOptions whole;
    whole.rows = file.row_count;
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

std::vector<Files> PickAppendCompactions(const Files& files, const TableOptions& options, bool full) {
  const Picker picker(options, full);
  return options.bucket_mode == BucketMode::kFixed ? picker.ByOrder(files) : picker.BySize(files);
}

Result<CompactionResult> JoinFiles(Env& env, const SchemasById& schemas, const TableOptions& options,
                                   const std::shared_ptr<const RowLayout>& layout, const RowFileOptions& files,
                                   const Files& inputs) {
  RollingWriter writer(env, layout, files, options.target_file_bytes);
  Status done = CopyRows(env, schemas, *layout, files.folder, inputs, writer);
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
