// SPDX-License-Identifier: Apache-2.0
// The filesystem catalog: tables are the folders of a warehouse, and nothing else knows of them.
#pragma once

#include "lake/paimon/catalog.h"

namespace sluice::paimon {

CatalogKind FilesystemCatalogKind();

}  // namespace sluice::paimon
