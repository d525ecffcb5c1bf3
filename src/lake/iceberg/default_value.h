// SPDX-License-Identifier: Apache-2.0
// The value that a server shows in old rows for an added column. Pure functions; any thread.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "row/schema.h"

namespace arrow {
struct Scalar;
}

namespace sluice::iceberg {

// The column's literal default (canonical text, row/format_value.h) as a value of its Arrow type; without one, for a
// NOT NULL number, text or binary the server's implicit default: zero or empty. Null pointer: old rows are NULL.
// kUnsupported, naming the column and the text, if the text is no value of the type.
Result<std::shared_ptr<arrow::Scalar>> ValueOfOldRows(const Column& column);

}  // namespace sluice::iceberg
