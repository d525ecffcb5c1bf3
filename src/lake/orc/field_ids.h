// SPDX-License-Identifier: Apache-2.0
// The attribute by which Iceberg readers find a column of an ORC file (Iceberg's specification, Appendix A: ORC).
// Functions; any thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/found_column.h"

namespace sluice {

inline constexpr const char* kIcebergFieldId = "iceberg.id";

// Those of the file at `path`. Files that others wrote have no such attributes.
Result<std::vector<FoundColumn>> ColumnsOfOrc(Env& env, const std::string& path);

}  // namespace sluice
