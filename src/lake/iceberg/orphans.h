// SPDX-License-Identifier: Apache-2.0
// Orphans: files in a table's folder that its metadata does not reach: a killed writer leaves them. Free functions; the
// table's thread. A file that a running writer is about to commit looks the same: only its age, or the certainty that
// its writer is gone, tells them apart.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lake/iceberg/table.h"
#include "lake/orphan_file.h"

namespace sluice::iceberg {

// Reachable is what a snapshot of the table names, its metadata files and statistics, and the epoch file in its
// properties (docs/formats/epoch.md). Files are compared by name, without folders: the names are unique, and a path in
// another spelling (a link, another scheme) still counts.

// Files of the table in `folder` that were written before `before_ms` and are not reachable, by path. Names that begin
// with a dot, and folders that are tables themselves, are left out. kUnsupported if the table has gc.enabled = false:
// its files may belong to other tables too.
Result<std::vector<OrphanFile>> FindOrphans(Env& env, const std::string& folder, int64_t before_ms);

// Removes those of `paths` that are not reachable. Their writer is gone. Returns how many.
Result<int64_t> RemoveUnreachable(Env& env, Table& table, const std::vector<std::string>& paths);

}  // namespace sluice::iceberg
