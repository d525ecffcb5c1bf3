// SPDX-License-Identifier: Apache-2.0
// The JDBC catalog: a database says which tables there are; their folders, with the schemas, are those of a filesystem
// catalog. Java's JdbcCatalog and this share one.
#pragma once

#include "lake/paimon/catalog.h"

namespace sluice::paimon {

CatalogKind JdbcCatalogKind();
// What the catalog keeps of a schema: its options and keys.
Options JdbcProperties(const Schema& schema);

}  // namespace sluice::paimon
