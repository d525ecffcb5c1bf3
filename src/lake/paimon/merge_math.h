// SPDX-License-Identifier: Apache-2.0
// The arithmetic of Paimon's `sum` and `product`, and their reverse, as Java does it: integers that leave the range of
// their type are errors, and decimals that leave it NULL. Functions; any thread.
#pragma once

#include "base/result.h"
#include "lake/paimon/merged_cell.h"
#include "row/type.h"

namespace sluice::paimon {

enum class Arithmetic : uint8_t { kAdd, kSubtract, kMultiply, kDivide };

// `out` = a op b, for cells of the numeric type that are not NULL; it may be one of them. kInvalid says which numbers.
Status Compute(Arithmetic op, const DataType& type, const MergedCell& a, const MergedCell& b, MergedCell& out);

}  // namespace sluice::paimon
