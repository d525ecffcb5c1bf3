// SPDX-License-Identifier: Apache-2.0
// ValueStats: the statistics that a manifest has of a data file's columns, by the ids of the fields. A value; any
// thread.
#pragma once

#include <map>
#include <vector>

#include "base/result.h"
#include "lake/paimon/manifest.h"
#include "lake/paimon/schema.h"
#include "lake/parquet/value_bounds.h"

namespace sluice::paimon {

// The columns that the statistics are of, in their order; none: there are none, or they are not of these columns.
std::vector<const Field*> ColumnsWithStats(const Schema& written, const DataFileMeta& file);

// `written`: the schema of the file. kCorrupt if the statistics are no rows of these columns.
Result<std::map<int, ValueBounds>> ReadValueStats(const Schema& written, const DataFileMeta& file);

}  // namespace sluice::paimon
