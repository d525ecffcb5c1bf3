// SPDX-License-Identifier: Apache-2.0
// Which types of a data file's columns can be read as which of a table's, and how. Functions; any thread.
#pragma once

#include <memory>

#include <arrow/result.h>
#include <arrow/type_fwd.h>

#include "base/result.h"

namespace sluice {

// Writers that use Arrow store the Arrow type in the file, and then it is read as that: large_string, dictionary, a
// zone that is not called UTC. In a table only the physical type counts.
bool CanPromote(const arrow::DataType& from, const arrow::DataType& to);
// CanPromote is true for the types.
arrow::Result<std::shared_ptr<arrow::Array>> Promote(const std::shared_ptr<arrow::Array>& array,
                                                     const std::shared_ptr<arrow::DataType>& to);

// An error of Arrow's readers: what they do not read is kUnsupported, and what is wrong is the file.
Error FromFileFormat(const arrow::Status& status);

}  // namespace sluice
