// SPDX-License-Identifier: Apache-2.0
// Columns as a Parquet schema (docs/formats/parquet.md): field ids on every node, decimals as integers where they fit,
// the rest as the style of the column asks. Functions; any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/parquet/write_column.h"

namespace parquet::schema {
class GroupNode;
}

namespace sluice {

// One leaf a column, in their order, below a root of that name. kUnsupported names a column that rows cannot hold.
Result<std::shared_ptr<parquet::schema::GroupNode>> ToParquetSchema(const std::vector<WriteColumn>& columns,
                                                                    const std::string& message_name);

// Bytes of a fixed-length column: fixed_bytes, or those of a decimal of more than 18 digits; 0 for all others.
int FixedBytes(const WriteColumn& column);
// Bytes that hold any unscaled value of that many digits.
int DecimalBytes(int precision);

}  // namespace sluice
