// SPDX-License-Identifier: Apache-2.0
// The attribute by which Iceberg readers find a column of an ORC file (Iceberg's specification, Appendix A: ORC).
// Functions; any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "io/env.h"

namespace sluice {

inline constexpr const char* kIcebergFieldId = "iceberg.id";

// Whether each column of the file at `path` has it: those of files that others wrote have not.
Result<bool> HasIcebergFieldIds(Env& env, const std::string& path);

}  // namespace sluice
