// SPDX-License-Identifier: Apache-2.0
// How Paimon's sync actions let a sink table follow its sources (compat.md D.1.3): it takes in columns that are new and
// types that are wider, and nothing else. Pure functions; any thread.
#pragma once

#include "base/result.h"
#include "pipeline/table_shape.h"
#include "row/schema.h"

namespace sluice {

enum class TypeStep : uint8_t {
  kTake,    // the column gets the type
  kKeep,    // it holds all values of the type already
  kRefuse,  // of another family
};

// From the type of a sink's column to that of a source's; nullability does not count.
TypeStep StepTo(const DataType& sink, const DataType& source, const TableShape& shape);

// `table` as it must be to take rows of `source`: new columns come last and are nullable, as are those that the source
// lacks. kInvalid names the column.
Result<TableSchema> FollowSource(const TableSchema& table, const TableSchema& source, const TableShape& shape);

}  // namespace sluice
