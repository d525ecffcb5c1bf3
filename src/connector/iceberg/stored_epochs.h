// SPDX-License-Identifier: Apache-2.0
// The epochs of a job that the Iceberg tables of a catalog hold. It changes nothing.
#pragma once

#include <string>

#include "lake/catalog/catalog.h"
#include "pipeline/stored_epochs.h"

namespace sluice {

Result<StoredEpochs> ReadStoredEpochs(Catalog& catalog, const std::string& job);

}  // namespace sluice
