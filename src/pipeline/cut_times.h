// SPDX-License-Identifier: Apache-2.0
// What a sink does not keep of its sources' times. A function; any thread.
#pragma once

#include "row/schema_change.h"

namespace sluice {

// A warning for each column of the change that has fewer digits as the sink keeps it: its nanoseconds are cut off.
void TellCutTimes(const SchemaChange& given, const SchemaChange& stored);

}  // namespace sluice
