// SPDX-License-Identifier: Apache-2.0
// Which batches of an initial copy are written to a file together, so that the files of a copy have no key in common
// though several parts of the table are read at once: such files need no compaction. Pure; any thread.
#pragma once

#include <cstddef>
#include <vector>

#include "row/change_batch.h"

namespace sluice::paimon {

// Numbers of the batches, by key: between the keys of a group there is none that came before these batches or will come
// after them. All in one group if the part of one is not known. `batches` in order of arrival.
std::vector<std::vector<size_t>> CopyGroups(const std::vector<CopyPart>& batches);

}  // namespace sluice::paimon
