// SPDX-License-Identifier: Apache-2.0
// The arguments --computed_column, --metadata_column and --type_mapping of Paimon's sync actions as parts of a
// TableShape. Pure functions; any thread.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/table_shape.h"

namespace sluice {

// Each "name=function(argument, …)", ordered so that each comes after those that it refers to.
Result<std::vector<ComputedColumn>> ParseComputedColumns(const std::vector<std::string>& texts);
Result<std::set<TypeRule>> ParseTypeRules(const std::vector<std::string>& names);
Status CheckMetadataColumns(const std::vector<std::string>& names);

}  // namespace sluice
