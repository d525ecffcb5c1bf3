// SPDX-License-Identifier: Apache-2.0
#include "lake/mirror/catalog_publisher.h"

#include <cstdlib>
#include <utility>

#include "io/http.h"
#include "lake/mirror/hive_publisher.h"
#include "lake/mirror/rest_publisher.h"

namespace sluice::mirror {
namespace {

// The secrets of table options are in the table's schema for all who can read it; a variable keeps them out of there.
constexpr const char* kTokenVariable = "ICEBERG_REST_TOKEN";
constexpr std::string_view kRestPrefix = "rest.";

Result<std::unique_ptr<CatalogPublisher>> MakeRest(const TableId& own, const paimon::IcebergOptions& options) {
  RestClient::Options rest;
  for (const auto& [key, value] : options.given) {
    if (key.starts_with(kRestPrefix)) rest[key.substr(kRestPrefix.size())] = value;
  }
  const char* token = std::getenv(kTokenVariable);
  if (token != nullptr && *token != '\0') rest["token"] = token;
  TRY_SET(auto client, RestClient::Make(MakeCurlTransport({}), std::move(rest)));
  return std::unique_ptr<CatalogPublisher>(new RestPublisher(std::move(client), NamesInCatalog(own, options)));
}

}  // namespace

std::vector<TableId> NamesInCatalog(const TableId& own, const paimon::IcebergOptions& options) {
  const std::string& table = options.table.empty() ? own.table : options.table;
  std::vector<TableId> out;
  for (const std::string& database : options.databases) out.push_back({database, table});
  if (out.empty()) out.push_back({own.schema, table});
  return out;
}

Result<std::unique_ptr<CatalogPublisher>> MakeCatalogPublisher(const TableId& own,
                                                               const paimon::IcebergOptions& options) {
  switch (options.catalog) {
    case paimon::IcebergCatalog::kRest: return MakeRest(own, options);
    case paimon::IcebergCatalog::kHive: return HivePublisher::Make(PosixEnv(), own, options);
    case paimon::IcebergCatalog::kNone: break;
  }
  return std::unique_ptr<CatalogPublisher>();
}

}  // namespace sluice::mirror
