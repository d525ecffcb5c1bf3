// SPDX-License-Identifier: Apache-2.0
// The value that a server shows in old rows for an added column. Pure functions; any thread.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "row/schema_change.h"

namespace arrow {
struct Scalar;
}

namespace sluice {

// What `initial` says, as a value of the column's Arrow type. If it is not told: the column's literal default; without
// one, for a NOT NULL number, text or binary zero or empty. Null pointer: old rows are NULL. kUnsupported, naming the
// column, if the text is no value of the type, or if only the server knows the values.
Result<std::shared_ptr<arrow::Scalar>> ValueOfOldRows(const Column& column, const InitialDefault& initial);

}  // namespace sluice
