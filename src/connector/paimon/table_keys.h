// SPDX-License-Identifier: Apache-2.0
// The options of Paimon's tables (docs of Paimon 2.0: "Configurations") as keys of a sink: which of them have no effect
// here, and why. What those with an effect mean is lake/paimon's to know. Any thread.
#pragma once

#include <vector>

#include "pipeline/option.h"

namespace sluice {

// `table.properties.` and each key that Paimon has, and `table.properties.*`: all are kept in the tables.
void AddPaimonTableKeys(std::vector<OptionSpec>& out);

}  // namespace sluice
