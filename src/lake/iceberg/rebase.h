// SPDX-License-Identifier: Apache-2.0
// Commit of a TableChange that survives the commits of other writers. When files that the change deletes rows of were
// replaced meanwhile, the deletes are found again by primary key in the files that replaced them; rows that others
// added with a key of this change are deleted, as ours is the newer one. Functions; one thread.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "io/env.h"
#include "lake/iceberg/table.h"

namespace sluice::iceberg {

// As Table::Commit. `base`: the snapshot that the change was made on. kConflict if the table has no primary key
// (identifier fields), the base has expired, or another writer changed the schema: nothing was changed.
Result<int64_t> CommitOrRebase(Env& env, Table& table, const TableChange& change, const CommitGuard& guard,
                               std::optional<int64_t> base);

}  // namespace sluice::iceberg
