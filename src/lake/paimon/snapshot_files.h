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
// Those of its changelog, and of its delta, in which a table without changelog files has its changes. Some may be gone.
Result<std::vector<std::string>> ChangelogFilesOf(Table& table, const Snapshot& snapshot);
// What a changelog that expires leaves unneeded, but for what others share: its changelog files, the data files that
// the snapshot deleted, manifests and lists. Some may be gone.
Result<std::vector<std::string>> FilesGoneWith(Table& table, const Snapshot& changelog);

}  // namespace sluice::paimon
