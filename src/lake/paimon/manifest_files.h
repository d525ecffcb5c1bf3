// SPDX-License-Identifier: Apache-2.0
// The manifests of a table as files: writing one of entries, and keeping their number small. Borrow all; one thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/manifest.h"
#include "lake/paimon/table.h"
#include "lake/paimon/table_change.h"
#include "lake/paimon/table_options.h"

namespace sluice::paimon {

// Writes the entries to manifests of a bounded size, synced; the folder is not. None of no entries.
Result<std::vector<ManifestFile>> WriteManifests(Env& env, const Table& table,
                                                 const std::vector<ManifestEntry>& entries);
// The same, with what the entries sum up to.
Result<ChangedFiles> WriteChangedFiles(Env& env, const Table& table, const std::vector<ManifestEntry>& entries);

// `manifests` of a base list, of which small ones are merged into larger ones if there are many
// (`manifest.merge-min-count`, `manifest.target-file-size`).
Result<std::vector<ManifestFile>> MergeManifests(Env& env, Table& table, const TableOptions& options,
                                                 std::vector<ManifestFile> manifests);

}  // namespace sluice::paimon
