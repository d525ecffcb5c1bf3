// SPDX-License-Identifier: Apache-2.0
// The options of the `iceberg` sink: every key of Flink CDC's, each implemented, ignored or refused with its reason
// (compat.md A.9.3). Descriptions only; any thread.
#pragma once

#include <vector>

#include "pipeline/option.h"

namespace sluice {

std::vector<OptionSpec> IcebergSinkOptions();

}  // namespace sluice
