// SPDX-License-Identifier: Apache-2.0
// Changelogs that have outlived their snapshots, changelog/changelog-N, go in their turn (Java's ExpireChangelogImpl).
// Borrows all; one thread.
//
// A changelog is the JSON of its snapshot. With changelog files it needs these, and the list of them. Without, the
// changes are in data files that the writer has written itself: all of these stay, and base and delta lists with their
// manifests, until the changelog of the snapshot that deleted them expires, as in Java; what a compaction has written
// goes with the snapshots.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/table.h"
#include "lake/paimon/table_options.h"

namespace sluice::paimon {

// The oldest go by `changelog.num-retained.*` and `changelog.time-retained`, at most `snapshot.expire.limit` a call,
// none from the one on that a consumer reads next, and with them the files that nothing else needs. The newest stays.
// Gives how many have gone.
Result<int64_t> ExpireChangelogs(Env& env, Table& table, const TableOptions& options);

// All go, at any age and whatever consumers read, as Java's expire_changelogs with delete_all.
Result<int64_t> DropChangelogs(Env& env, Table& table);

// All after the snapshot `id` go, since their numbers are given anew; their files are added to `files`.
Status RemoveChangelogsAfter(Env& env, Table& table, int64_t id, std::vector<std::string>& files);

// changelog/LATEST or EARLIEST. Readers can do without, so an error is only logged.
void WriteChangelogHint(Env& env, const Table& table, const char* name, int64_t id);

}  // namespace sluice::paimon
