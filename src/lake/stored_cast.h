// SPDX-License-Identifier: Apache-2.0
// How the values of old files are read after a column of a Paimon table has got another type: what Paimon's readers do
// (DataTypeCasts, CastExecutors). Zones: UTC, where Java takes that of its process. Functions; any thread.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "row/type.h"

namespace arrow {
class Array;
}

namespace sluice {

// Whether Paimon's readers have a cast between these two, which are not the same; NOT NULL aside. Of types with parts
// there is none here.
bool CanCastStored(const DataType& from, const DataType& to);
// Whether it is one that `disable-explicit-type-casting` leaves: Paimon's "implicit" ones.
bool IsImplicitCast(const DataType& from, const DataType& to);

// CanCastStored is true. Whole numbers keep their lowest bits, reals are cut, decimals rounded half up and NULL if they
// do not fit, texts cut at their length and CHARs filled up with blanks. kUnsupported names a text that is not what
// the column became: Paimon's readers fail, too. `values`: of from.ToArrow(); the result is of to.ToArrow().
Result<std::shared_ptr<arrow::Array>> CastStored(const std::shared_ptr<arrow::Array>& values, const DataType& from,
                                                 const DataType& to);

}  // namespace sluice
