// SPDX-License-Identifier: Apache-2.0
// Gives memory back to the system. Any thread.
#pragma once

#include <cstdint>

namespace sluice {

// Drops the clean file pages of the program and its libraries (they come back from the page cache on demand) and
// returns free heap. Costs well under a millisecond; for the time after start-up and for idle jobs.
void ReleaseMemory();

int64_t ResidentBytes();  // 0 if not known

}  // namespace sluice
