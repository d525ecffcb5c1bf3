// SPDX-License-Identifier: Apache-2.0
// The options of the `mysql` (and `mariadb`) source: every key of Flink CDC's, each implemented, ignored or refused
// with its reason (compat.md A.8.1). Descriptions only; any thread.
#pragma once

#include <vector>

#include "pipeline/option.h"

namespace sluice {

std::vector<OptionSpec> MysqlSourceOptions();

}  // namespace sluice
