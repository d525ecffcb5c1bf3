// SPDX-License-Identifier: Apache-2.0
// The options of the Paimon sink, by the keys of Flink CDC 3.6 (compat.md A.9.2). Descriptions only; any thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "lake/paimon/schema.h"
#include "pipeline/option.h"

namespace sluice {

inline constexpr const char* kTableDefaults = "catalog.properties.table-default.";

std::vector<OptionSpec> PaimonSinkOptions();
std::vector<OptionSpec> PaimonCatalogOptions();  // of the sink and the source: where the tables are
// `catalog.properties.*` of such a block, without that prefix.
paimon::Options PaimonCatalogOf(const Options& options);
// kUnsupported names one of them that is for another kind of catalog.
Status CheckCatalogKeys(const Options& options);

}  // namespace sluice
