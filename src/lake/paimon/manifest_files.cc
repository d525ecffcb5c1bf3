// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/manifest_files.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/scalar.h>

#include <algorithm>
#include <map>

#include "base/failpoint.h"
#include "base/text.h"
#include "lake/paimon/binary_row.h"
#include "lake/paimon/cell_order.h"
#include "row/arrow_status.h"

namespace sluice::paimon {
namespace {

constexpr size_t kEntriesOfManifest = 20'000;  // of a file of about the target's size
constexpr int64_t kLeftOverShare = 4;  // more entries that go than one in so many: merged with what they go from

void Widen(std::optional<int64_t>& least, std::optional<int64_t>& most, int64_t value) {
  least = std::min(least.value_or(value), value);
  most = std::max(most.value_or(value), value);
}

// The least and greatest value of each partition column; `partitions`: how many entries each has.
Result<SimpleStats> StatsOf(const Table& table, const std::map<std::string, int64_t>& partitions) {
  TRY_SET(const auto types, table.PartitionTypes());
  if (types.empty()) return SimpleStats::None();
  TRY_SET(const BinaryRowCodec codec, BinaryRowCodec::Make(types));
  std::vector<std::shared_ptr<arrow::Array>> least(types.size()), most(types.size());
  SimpleStats stats;
  std::vector<int64_t> nulls(types.size());
  for (const auto& [partition, count] : partitions) {
    TRY_SET(const auto cells, codec.Parse(partition));
    for (size_t i = 0; i < cells.size(); ++i) {
      ARROW_TRY_SET(const auto cell, arrow::MakeArrayFromScalar(*cells[i], 1));
      const bool null = cell->IsNull(0);
      if (null) nulls[i] += count;
      if (least[i] == nullptr || (!null && (least[i]->IsNull(0) || CompareCells(*cell, 0, *least[i], 0) < 0))) {
        least[i] = cell;
      }
      if (most[i] == nullptr || (!null && CompareCells(*cell, 0, *most[i], 0) > 0)) most[i] = cell;
    }
  }
  stats.min = codec.Serialize(least, 0);
  stats.max = codec.Serialize(most, 0);
  stats.null_counts.assign(nulls.begin(), nulls.end());
  return stats;
}

Result<ManifestFile> WriteOne(Env& env, const Table& table, const std::vector<ManifestEntry>& entries) {
  ManifestFile file;
  std::map<std::string, int64_t> partitions;
  for (const ManifestEntry& entry : entries) {
    ++(entry.kind == EntryKind::kAdd ? file.added_files : file.deleted_files);
    ++partitions[entry.partition];
    file.schema_id = std::max(file.schema_id, entry.file.schema_id);
    Widen(file.min_bucket, file.max_bucket, entry.bucket);
    Widen(file.min_level, file.max_level, entry.file.level);
  }
  TRY_SET(file.partition_stats, StatsOf(table, partitions));
  file.name = Str("manifest-", env.Uuid(), "-0");
  const std::string bytes = EncodeManifest(entries, env.Random(), env.Random());
  file.size = static_cast<int64_t>(bytes.size());
  TRY(env.WriteFile(table.ManifestPath(file.name), bytes));
  return file;
}

}  // namespace

Result<std::vector<ManifestFile>> WriteManifests(Env& env, const Table& table,
                                                 const std::vector<ManifestEntry>& entries) {
  std::vector<ManifestFile> out;
  for (size_t from = 0; from < entries.size(); from += kEntriesOfManifest) {
    const auto begin = entries.begin() + static_cast<std::ptrdiff_t>(from);
    const auto end = entries.begin() + static_cast<std::ptrdiff_t>(std::min(entries.size(), from + kEntriesOfManifest));
    TRY_SET(ManifestFile file, WriteOne(env, table, std::vector<ManifestEntry>(begin, end)));
    out.push_back(std::move(file));
  }
  return out;
}

Result<ChangedFiles> WriteChangedFiles(Env& env, const Table& table, const std::vector<ManifestEntry>& entries) {
  ChangedFiles out;
  for (const ManifestEntry& entry : entries) {
    out.rows += entry.kind == EntryKind::kAdd ? entry.file.row_count : -entry.file.row_count;
  }
  TRY(env.MakeFolders(table.folder() + "/manifest"));  // other programs make it with the first rows
  TRY_SET(out.manifests, WriteManifests(env, table, entries));
  return out;
}

Result<std::vector<ManifestFile>> MergeManifests(Env& env, Table& table, const TableOptions& options,
                                                 std::vector<ManifestFile> manifests) {
  const auto small = [&](const ManifestFile& file) { return file.size < options.manifest_target_bytes; };
  if (std::count_if(manifests.begin(), manifests.end(), small) < options.manifest_merge_count) return manifests;
  // All from the first small one on, so that nothing goes before it came.
  auto first = std::find_if(manifests.begin(), manifests.end(), small);
  const auto read = [&](auto begin, auto end, std::vector<ManifestEntry>& out) -> Status {
    for (auto manifest = begin; manifest != end; ++manifest) {
      TRY_SET(auto entries, table.ReadManifest(manifest->name));
      std::move(entries.begin(), entries.end(), std::back_inserter(out));
    }
    return Ok();
  };
  std::vector<ManifestEntry> entries;
  TRY(read(first, manifests.end(), entries));
  std::vector<ManifestEntry> merged = MergeEntries(entries);
  int64_t before = 0;
  for (auto manifest = manifests.begin(); manifest != first; ++manifest) before += manifest->added_files;
  const int64_t going = std::count_if(merged.begin(), merged.end(),
                                      [](const ManifestEntry& entry) { return entry.kind == EntryKind::kDelete; });
  if (going * kLeftOverShare > before && first != manifests.begin()) {
    std::vector<ManifestEntry> all;
    TRY(read(manifests.begin(), first, all));
    std::move(merged.begin(), merged.end(), std::back_inserter(all));
    merged = MergeEntries(all);
    first = manifests.begin();
  }
  TRY_SET(const auto written, WriteManifests(env, table, merged));
  PassFailpoint("paimon.after_merged_manifests");
  manifests.erase(first, manifests.end());
  manifests.insert(manifests.end(), written.begin(), written.end());
  return manifests;
}

}  // namespace sluice::paimon
