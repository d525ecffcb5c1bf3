// SPDX-License-Identifier: Apache-2.0
// Which snapshots of a Paimon table its Iceberg metadata lacks. Functions; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "lake/iceberg/schema.h"
#include "lake/paimon/snapshot.h"
#include "lake/paimon/table.h"
#include "lake/paimon/tags.h"

namespace sluice::mirror {

// Of changes that another writer has made to the Paimon table. kUnsupported names a column.
Status CheckPromotions(const iceberg::Schema& from, const iceberg::Schema& to);
// Of a change that is to be made to a table: with Iceberg metadata beside it, only what Iceberg can follow.
Status CheckBecomes(const paimon::Schema& from, const paimon::Schema& to);

// Those after number `shown` (0: none is shown) to `latest`, ascending; what has expired only if a tag holds it. If
// none is shown, the newest hundred and the tagged ones, from the last change of columns on that Iceberg cannot follow.
// kNotFound: some have expired meanwhile.
Result<std::vector<paimon::Snapshot>> SnapshotsToShow(paimon::Table& table, const std::vector<paimon::Tag>& tags,
                                                      int64_t shown, const paimon::Snapshot& latest);

}  // namespace sluice::mirror
