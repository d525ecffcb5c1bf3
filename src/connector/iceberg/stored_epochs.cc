// SPDX-License-Identifier: Apache-2.0
#include "connector/iceberg/stored_epochs.h"

#include "lake/iceberg/metadata.h"

namespace sluice {

Result<StoredEpochs> ReadStoredEpochs(Catalog& catalog, const std::string& job) {
  StoredEpochs out;
  TRY_SET(auto tables, catalog.List(""));
  for (const TableId& id : tables) {
    TRY_SET(MetadataVersion version, catalog.Load(id));
    TRY_SET(auto metadata, iceberg::TableMetadata::Parse(version.json, version.file));
    out.versions[id] = version.version;
    out.Add(id, metadata.properties(), job);
  }
  return out;
}

}  // namespace sluice
