// SPDX-License-Identifier: Apache-2.0
// Shredded variants: files that have parts of them in columns of their own, `typed_value` beside `value`, as in
// VariantShredding.md of parquet-format. They become plain ones (variant.h): numbers keep the width of their column,
// the metadata stays as it is. Pure functions; any thread.
#pragma once

#include <arrow/result.h>
#include <arrow/type_fwd.h>

#include <memory>

namespace sluice {

// Of the arrays that Arrow makes of such a column; also if all its typed columns are of types that variants have.
bool IsShreddedVariant(const arrow::DataType& type);
// `to`: of an array of plain variants. Invalid: the parts contradict each other. A variant without any part is null.
arrow::Result<std::shared_ptr<arrow::Array>> JoinVariants(const arrow::Array& shredded,
                                                          const std::shared_ptr<arrow::DataType>& to);

}  // namespace sluice
