// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/visible_rows.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "lake/paimon/key_range.h"

namespace sluice::paimon {
namespace {

struct RangedFile {
  const LiveFile* file;
  KeyRange range;
};

bool MayRetract(const LiveFile& file) { return file.meta.delete_row_count.value_or(1) > 0; }

// Files whose key ranges are connected, of `files` sorted by their least key: from `begin` to what is returned.
size_t EndOfSection(const std::vector<RangedFile>& files, size_t begin) {
  const KeyRange* last = &files[begin].range;
  size_t end = begin + 1;
  for (; end < files.size() && last->Overlaps(files[end].range); ++end) {
    if (last->EndsBefore(files[end].range)) last = &files[end].range;
  }
  return end;
}

Status MergeSection(Env& env, Table& table, const MergeOrder& order, const std::vector<const LiveFile*>& files,
                    const TakeMade& take, DeletionsByFile& out) {
  std::vector<MergeInput> inputs;
  for (const LiveFile* file : files) {
    TRY_SET(const Schema* written, table.SchemaOf(file->meta.schema_id));
    inputs.push_back({file->path, written, file->meta.level});
    inputs.back().rows = file->meta.row_count;
  }
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
  for (const auto& [number, rows] : reader->hidden()) out[files[number]->meta.name].Merge(rows);
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
  std::vector<RangedFile> sorted;
  for (const LiveFile& file : files) {
    TRY_SET(KeyRange range, KeyRange::Of(keys, file.meta));
    sorted.push_back({&file, std::move(range)});
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const RangedFile& a, const RangedFile& b) { return a.range.BeginsBefore(b.range); });
  for (size_t begin = 0; begin < sorted.size();) {
    const size_t end = EndOfSection(sorted, begin);
    std::vector<const LiveFile*> section;
    for (size_t i = begin; i < end; ++i) section.push_back(sorted[i].file);
    begin = end;
    if (section.size() > 1 || MayRetract(*section[0])) TRY(MergeSection(env, table, *order, section, take, out));
  }
  return out;
}

}  // namespace sluice::paimon
