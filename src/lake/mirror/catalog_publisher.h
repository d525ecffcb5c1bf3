// SPDX-License-Identifier: Apache-2.0
// CatalogPublisher: tells a catalog of others (a REST catalog, a Hive metastore) which Iceberg metadata a table has.
// The metadata's own files stay the truth: a catalog that lags, or knows nothing, is brought up to them. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/iceberg/metadata.h"
#include "lake/paimon/table_options.h"
#include "row/table_id.h"

namespace sluice::mirror {

class CatalogPublisher {
 public:
  virtual ~CatalogPublisher() = default;
  // From now on who asks the catalog sees `metadata`, which is in `file` (a URI; its folder's parent is the table's
  // location). Called after each commit of the metadata, and at the start of a job for what a killed one has not told:
  // so it looks at what the catalog has, does nothing if that is the same, and registers a table that is not there.
  // Only the newest file and the one before it exist for sure. kUnavailable: the job tries again. kConflict: another
  // writer changed the table meanwhile, it is called once more.
  virtual Status Publish(const iceberg::TableMetadata& metadata, const std::string& file) = 0;
  // Takes the table out of the catalog; its files stay. Before the metadata is made anew, with another uuid.
  virtual Status Withdraw() = 0;
};

// Names of the table in the catalog, one a database of `metadata.iceberg.database`. `own`: Paimon's.
std::vector<TableId> NamesInCatalog(const TableId& own, const paimon::IcebergOptions& options);

// Null if the options ask for none. `own`: the table's name in the Paimon catalog.
Result<std::unique_ptr<CatalogPublisher>> MakeCatalogPublisher(const TableId& own,
                                                               const paimon::IcebergOptions& options);

}  // namespace sluice::mirror
