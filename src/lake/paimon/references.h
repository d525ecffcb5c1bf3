// SPDX-License-Identifier: Apache-2.0
// References: what keeps files of a Paimon table beside its snapshots: tags, branches, changelogs that outlive their
// snapshots, and consumers (docs of Paimon: "Manage Tags", "Manage Branches", "Consumer ID"). Values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/snapshot.h"

namespace sluice::paimon {

struct References {
  std::vector<Snapshot> tags;       // by id
  std::vector<Snapshot> branches;   // the snapshots and tags of all branches; their files are in the table's folders
  std::vector<Snapshot> changelogs;  // changelog/changelog-N: their manifest lists alone, of which some may be gone
  std::optional<int64_t> consumed;  // the snapshot that the slowest consumer reads next
};

// Leaves the tags that can need what goes when the snapshots from `first` on, before `end`, go. A file that goes with
// one of these can be in the last tag before that, not in older ones.
void NarrowTags(std::vector<Snapshot>& tags, int64_t first, int64_t end);

// Of the table in `folder`; `changelogs`: with those. An error for any that is there and cannot be read: what it keeps
// is not known.
Result<References> ReadReferences(Env& env, const std::string& folder, bool changelogs = true);

}  // namespace sluice::paimon
