// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/snapshot_order.h"

#include "base/text.h"

namespace sluice::paimon {

bool IsOrderedBySnapshot(const Schema& schema) {
  return Lower(Trim(schema.Option("sequence.snapshot-ordering", "false"))) == "true";
}

Result<std::optional<int64_t>> SequenceInSnapshots(const DataFileMeta& file, std::string_view path) {
  if (!file.source) {
    return Unsupported(Str("data file ", path, " of a table with sequence.snapshot-ordering: its manifest does not say "
                           "whether a commit or a compaction wrote it"),
                       "compact the table with the engine that wrote it");
  }
  if (*file.source == FileSource::kCompact) return std::optional<int64_t>();
  return std::optional(file.min_sequence);
}

void NumberNewFile(int64_t snapshot, DataFileMeta& file) {
  if (file.source == FileSource::kAppend) file.min_sequence = file.max_sequence = snapshot;
}

void NumberNewFiles(int64_t snapshot, std::vector<ManifestEntry>& entries) {
  for (ManifestEntry& entry : entries) {
    if (entry.kind == EntryKind::kAdd) NumberNewFile(snapshot, entry.file);
  }
}

}  // namespace sluice::paimon
