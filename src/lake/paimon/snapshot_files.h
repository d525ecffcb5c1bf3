// SPDX-License-Identifier: Apache-2.0
// The files of one snapshot, as paths: what may go when it goes. Borrows the table; its thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "lake/paimon/snapshot.h"
#include "lake/paimon/table.h"

namespace sluice::paimon {

// Data files, index files, statistics, manifests and lists; not those of its changelog, and not itself.
Result<std::vector<std::string>> FilesOf(Table& table, const Snapshot& snapshot);
// Those of its changelog alone.
Result<std::vector<std::string>> ChangelogFilesOf(Table& table, const Snapshot& snapshot);

}  // namespace sluice::paimon
