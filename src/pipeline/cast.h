// SPDX-License-Identifier: Apache-2.0
// CastColumn: a column of one type as another, whole columns at a time (Flink CDC's SchemaMergingUtils.coerceObject).
// Widening always works; a value that does not fit is an error that names it, or NULL. Nothing is rounded or cut on the
// way to a narrower type: text fits a number only if the number has all of it ("5" fits INT, "007" and "5.5" do not).
// Pure; any thread.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "row/type.h"

namespace arrow {
class Array;
}

namespace sluice {

struct CastContext {
  std::string column;     // for the error: "column amount of ods.orders (from shop.orders)"
  bool tolerant = false;  // NULL instead of an error
};

// The Arrow array of `from` can stand for `to` as it is.
bool SameRepresentation(const DataType& from, const DataType& to);

Result<std::shared_ptr<arrow::Array>> CastColumn(const std::shared_ptr<arrow::Array>& column, const DataType& from,
                                                 const DataType& to, const CastContext& context);

}  // namespace sluice
