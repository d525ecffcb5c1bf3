// SPDX-License-Identifier: Apache-2.0
// Every option of the `paimon` source.
#pragma once

#include <vector>

#include "pipeline/option.h"

namespace sluice {

std::vector<OptionSpec> PaimonSourceOptions();

}  // namespace sluice
