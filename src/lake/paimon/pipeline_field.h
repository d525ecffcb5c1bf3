// SPDX-License-Identifier: Apache-2.0
// Which columns pipelines have. A function; any thread.
#pragma once

#include "lake/paimon/schema.h"
#include "row/nested_type.h"

namespace sluice::paimon {

// A column that sources and sinks have: not of a nested type but ARRAY<STRING> and ARRAY<FLOAT>.
inline bool InPipelines(const Field& field) { return field.supported && !IsNested(field.type); }

}  // namespace sluice::paimon
