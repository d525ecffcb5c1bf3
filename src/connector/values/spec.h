// SPDX-License-Identifier: Apache-2.0
// The options of the `values` and `print` sinks. Descriptions only; any thread.
#pragma once

#include <vector>

#include "pipeline/option.h"

namespace sluice {

std::vector<OptionSpec> ValuesSinkOptions();

}  // namespace sluice
