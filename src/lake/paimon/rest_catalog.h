// SPDX-License-Identifier: Apache-2.0
// Paimon's REST catalog: a server knows which tables there are and where they lie, makes their schemas and makes
// snapshots the newest ones; data files, manifests and tags are files that clients write. Requests: rest_api.h.
#pragma once

#include "lake/paimon/catalog.h"

namespace sluice::paimon {

CatalogKind RestCatalogKind();

}  // namespace sluice::paimon
