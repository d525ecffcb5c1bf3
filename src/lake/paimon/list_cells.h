// SPDX-License-Identifier: Apache-2.0
// Lists of a column, as Paimon's `collect` makes them of others. Functions; any thread.
#pragma once

#include <memory>

#include "base/result.h"

namespace arrow {
class Array;
}

namespace sluice::paimon {

struct MergedCell;

// All return an array of one list; a cell that is NULL is as an empty list.
using OneList = std::shared_ptr<arrow::Array>;

// The elements of both, in order. The cells are not NULL.
Result<OneList> JoinLists(const MergedCell& first, const MergedCell& second);
// Each element of both once, NULL too, in the order that Java's HashSet has them in; those of a type whose hash is not
// known in the order that they come in, which is Java's of parts. One of the cells is not NULL.
Result<OneList> UniteLists(const MergedCell& first, const MergedCell& second);
// `list` without the elements of `taken`, each as often as it is there. The cells are not NULL.
Result<OneList> TakeFromList(const MergedCell& list, const MergedCell& taken);

}  // namespace sluice::paimon
