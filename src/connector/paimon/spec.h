// SPDX-License-Identifier: Apache-2.0
// The options of the Paimon sink, by the keys of Flink CDC 3.6 (compat.md A.9.2). Descriptions only; any thread.
#pragma once

#include <vector>

#include "pipeline/option.h"

namespace sluice {

std::vector<OptionSpec> PaimonSinkOptions();
std::vector<OptionSpec> PaimonCatalogOptions();  // of the sink and the source: where the tables are

}  // namespace sluice
