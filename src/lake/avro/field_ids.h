// SPDX-License-Identifier: Apache-2.0
// What Iceberg readers find in an Avro file (Iceberg's specification, Appendix A: Avro). Functions; any thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/found_column.h"

namespace sluice {

// The columns of the file at `path`. Those of files that others wrote have no ids.
Result<std::vector<FoundColumn>> ColumnsOfAvro(Env& env, const std::string& path);

}  // namespace sluice
