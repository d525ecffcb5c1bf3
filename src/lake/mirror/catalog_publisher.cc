// SPDX-License-Identifier: Apache-2.0
#include "lake/mirror/catalog_publisher.h"

namespace sluice::mirror {

std::vector<TableId> NamesInCatalog(const TableId& own, const paimon::IcebergOptions& options) {
  const std::string& table = options.table.empty() ? own.table : options.table;
  std::vector<TableId> out;
  for (const std::string& database : options.databases) out.push_back({database, table});
  if (out.empty()) out.push_back({own.schema, table});
  return out;
}

Result<std::unique_ptr<CatalogPublisher>> MakeCatalogPublisher(const TableId&, const paimon::IcebergOptions& options) {
  switch (options.catalog) {
    case paimon::IcebergCatalog::kNone: return std::unique_ptr<CatalogPublisher>();
    case paimon::IcebergCatalog::kRest: break;  // its options are refused so far
  }
  return Unsupported("metadata.iceberg.storage: this catalog is not supported yet");
}

}  // namespace sluice::mirror
