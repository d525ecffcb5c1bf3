// SPDX-License-Identifier: Apache-2.0
// The kinds of catalogs, one function each.
#include "lake/paimon/catalog.h"
#include "lake/paimon/filesystem_catalog.h"
#include "lake/paimon/hive_catalog.h"
#include "lake/paimon/jdbc_catalog.h"
#include "lake/paimon/rest_catalog.h"

namespace sluice::paimon {

const std::vector<CatalogKind>& CatalogKinds() {
  static const std::vector<CatalogKind> kinds = {FilesystemCatalogKind(), JdbcCatalogKind(), HiveCatalogKind(),
                                                RestCatalogKind()};
  return kinds;
}

}  // namespace sluice::paimon
