// SPDX-License-Identifier: Apache-2.0
// Paimon's Hive catalog: a metastore knows which tables there are, where they lie and what columns they have; all else
// is in their files. What it keeps of a table: hive_table.h.
#pragma once

#include "lake/paimon/catalog.h"

namespace sluice::paimon {

CatalogKind HiveCatalogKind();

}  // namespace sluice::paimon
