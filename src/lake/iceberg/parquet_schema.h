// SPDX-License-Identifier: Apache-2.0
// An Iceberg schema as a Parquet schema (lake-formats 1.6; docs/formats/parquet.md): field ids on every node, decimals
// as integers where they fit, times not adjusted to UTC. Functions; any thread.
#pragma once

#include <memory>

#include "base/result.h"
#include "lake/iceberg/schema.h"

namespace parquet::schema {
class GroupNode;
}

namespace sluice::iceberg {

// One leaf column a field, in the order of the fields. kUnsupported names a column that rows cannot hold.
Result<std::shared_ptr<parquet::schema::GroupNode>> ToParquetSchema(const Schema& schema);

// Bytes of a fixed-length column: fixed[L], uuid, decimals of more than 18 digits; 0 for all others.
int FixedBytes(const Field& field);
// Bytes that hold any unscaled value of that many digits.
int DecimalBytes(int precision);

}  // namespace sluice::iceberg
