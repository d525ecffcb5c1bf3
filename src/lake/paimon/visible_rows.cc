// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/visible_rows.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "lake/paimon/key_range.h"
#include "lake/paimon/scan.h"

namespace sluice::paimon {
namespace {

bool MayRetract(const LiveFile& file) { return file.meta.delete_row_count.value_or(1) > 0; }

Status MergeSection(Env& env, Table& table, const MergeOrder& order, const std::vector<LiveFile>& files,
                    const TakeMade& take, DeletionsByFile& out) {
  std::vector<std::unique_ptr<DeleteSet>> deletes;
  TRY_SET(const auto inputs, MergeInputsOf(env, table, files, deletes));
  std::vector<FileColumn> wanted;
  for (size_t i = 0; order.rules.builds_rows() && i < order.schema->fields.size(); ++i) {
    const Field& field = order.schema->fields[i];
    wanted.push_back({field.id, field.name, field.type, false});
  }
  MergeOptions options;
  options.hidden = true;
  TRY_SET(const auto reader, MergeReader::Open(env, inputs, order, std::move(wanted), options));
  for (DataBatch batch;;) {
    TRY_SET(const bool more, reader->Next(batch));
    if (!more) break;
    TRY(take(*batch.rows));
  }
  for (const auto& [number, rows] : reader->hidden()) out[files[number].meta.name].Merge(rows);
  return Ok();
}

}  // namespace

std::vector<LiveFile> VisibleFiles(std::vector<LiveFile> files, const MergeOrder* order) {
  if (order != nullptr && order->compacted_only) {
    std::erase_if(files, [](const LiveFile& file) { return file.meta.level == 0; });
  }
  return files;
}

Result<DeletionsByFile> HiddenRows(Env& env, Table& table, const MergeOrder* order, const std::vector<LiveFile>& files,
                                   const TakeMade& take) {
  DeletionsByFile out;
  for (const LiveFile& file : files) {
    if (!file.deletion) continue;
    TRY_SET(DeleteSet rows, ReadDeletions(env, file));
    if (!rows.empty()) out[file.meta.name] = std::move(rows);
  }
  if (order == nullptr || order->compacted_only) return out;
  TRY_SET(const BinaryRowCodec keys, KeyRange::Codec(*order->schema));
  std::vector<KeyRange> ranges;
  for (const LiveFile& file : files) {
    TRY_SET(ranges.emplace_back(), KeyRange::Of(keys, file.meta));
  }
  for (const std::vector<size_t>& numbers : SectionsOf(ranges)) {
    std::vector<LiveFile> section;
    for (size_t i : numbers) section.push_back(files[i]);
    if (section.size() > 1 || MayRetract(section[0])) TRY(MergeSection(env, table, *order, section, take, out));
  }
  return out;
}

}  // namespace sluice::paimon
