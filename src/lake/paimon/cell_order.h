// SPDX-License-Identifier: Apache-2.0
// The order in which Paimon sorts the values of a column, that of Java's internal rows. Functions; any thread.
#pragma once

#include <cstdint>

namespace arrow {
class Array;
}

namespace sluice::paimon {

// Below 0, 0, above 0. NULL is below all values, -0.0 below 0.0, NaN above all; texts and bytes by unsigned bytes.
// Both of the same type, which is none with members.
int CompareCells(const arrow::Array& a, int64_t row_a, const arrow::Array& b, int64_t row_b);

// The order of a `sequence.field`: above 0 if `a` is newer. NULL is the oldest in both directions.
int CompareSequence(const arrow::Array& a, int64_t row_a, const arrow::Array& b, int64_t row_b, bool descending);

}  // namespace sluice::paimon
