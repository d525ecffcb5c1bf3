// SPDX-License-Identifier: Apache-2.0
// Gives memory back to the system. Any thread.
#pragma once

#include <cstdint>

namespace sluice {

// Drops the clean file pages of the program and its libraries (they come back from the page cache on demand) and
// returns free heap. Costs well under a millisecond; for the time after start-up and for idle jobs.
void ReleaseMemory();

// The most physical memory that this process has had since it began; 0 if not known. What wait4 tells its parent is
// no less than what the parent had when it forked.
int64_t PeakResidentBytes();

}  // namespace sluice
