// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/lone_files.h"

#include <algorithm>

#include "lake/paimon/key_range.h"

namespace sluice::paimon {
namespace {

constexpr int64_t kLeastPart = 32;  // of the target size
constexpr int kSmallMost = 64;

// Whether the highest level takes files as level 0 has them, and nothing is to be said of them when they come there.
bool Takes(const TableOptions& options, int top) {
  const bool tells = options.looks_up() || options.changelog == ChangelogProducer::kFullCompaction;
  if (tells || options.full_interval_ms > 0 || options.expiry) return false;
  const FileStyle lowest = options.files.StyleOf(0, false), highest = options.files.StyleOf(top, false);
  return lowest.format == highest.format && lowest.compression == highest.compression;
}

}  // namespace

Result<std::vector<DataFileMeta>> LoneFiles(const Schema& schema, const TableOptions& options,
                                            const std::vector<DataFileMeta>& files) {
  const int top = options.levels - 1;
  const auto fits = [&](const DataFileMeta& file) {
    return file.level == 0 && file.delete_row_count == 0 && file.size >= options.target_file_bytes / kLeastPart;
  };
  std::vector<DataFileMeta> lone;
  if (!Takes(options, top) || std::none_of(files.begin(), files.end(), fits)) return lone;
  int small = 0;
  for (const DataFileMeta& file : files) {
    if (file.level > top) return lone;  // the table had more levels
    small += file.level == top && file.size < options.large_file_bytes();
  }
  TRY_SET(const BinaryRowCodec codec, KeyRange::Codec(schema));
  std::vector<KeyRange> ranges;
  for (const DataFileMeta& file : files) {
    TRY_SET(ranges.emplace_back(), KeyRange::Of(codec, file));
  }
  for (size_t i = 0; i < files.size(); ++i) {
    const DataFileMeta& file = files[i];
    if (!fits(file)) continue;
    bool alone = true;
    for (size_t k = 0; k < files.size() && alone; ++k) {
      const bool stays_above = files[k].level == 0 && files[k].min_sequence > file.max_sequence;
      alone = i == k || stays_above || !ranges[i].Overlaps(ranges[k]);
    }
    if (!alone || (file.size < options.large_file_bytes() && ++small > kSmallMost)) continue;
    lone.push_back(file);
  }
  return lone;
}

}  // namespace sluice::paimon
