// SPDX-License-Identifier: Apache-2.0
// Orphans: files in a Paimon table's folder that nothing names: a killed writer leaves them, or an expiry that was
// killed. Free functions; the table's thread. A file that a running writer is about to commit looks the same: only its
// age, or the certainty that its writer is gone, tells them apart.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/orphan_file.h"
#include "lake/paimon/table.h"

namespace sluice::paimon {

// Named are the files that a snapshot, tag, branch or changelog reaches, those themselves, schemas, consumers and
// hints, and the epoch file of the newest snapshot of each job (docs/formats/epoch.md). Files are compared by name,
// without folders: the names are unique.

// Files of the table in `folder` that were written before `before_ms` and that nothing names, by path. Only the folders
// that Paimon's writers use are looked at: what else is in the table's folder is somebody else's.
Result<std::vector<OrphanFile>> FindOrphans(Env& env, const std::string& folder, int64_t before_ms);

// Removes those of `paths` that nothing names. Their writer is gone. Returns how many.
Result<int64_t> RemoveUnreachable(Env& env, Table& table, const std::vector<std::string>& paths);

}  // namespace sluice::paimon
