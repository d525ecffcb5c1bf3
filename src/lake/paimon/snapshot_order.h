// SPDX-License-Identifier: Apache-2.0
// Tables with `sequence.snapshot-ordering` (docs of Paimon: "Core Options"): of the rows of a key that of the newest
// snapshot wins, whoever wrote it. A commit gives its new files the number of its snapshot, which readers take for that
// of all their rows; a compaction writes these numbers into the rows. Rows of one key in two files of a commit would
// have no order. Functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/paimon/manifest.h"
#include "lake/paimon/schema.h"

namespace sluice::paimon {

bool IsOrderedBySnapshot(const Schema& schema);

// The number of all rows of a file of such a table; nothing where its rows have their own. kUnsupported names the file
// if its manifest does not say which.
Result<std::optional<int64_t>> SequenceInSnapshots(const DataFileMeta& file, std::string_view path);

// To the new files among those that a commit adds, not to those that a compaction has written.
void NumberNewFiles(int64_t snapshot, std::vector<ManifestEntry>& entries);
void NumberNewFile(int64_t snapshot, DataFileMeta& file);

}  // namespace sluice::paimon
