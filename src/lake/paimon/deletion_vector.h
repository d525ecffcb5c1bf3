// SPDX-License-Identifier: Apache-2.0
// Deletion vectors of Paimon's index files: Roaring bitmaps of the row positions that are gone (docs of Paimon: "Table
// Index"; spec of the portable form: RoaringFormatSpec). Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "lake/parquet/delete_set.h"

namespace sluice::paimon {

// `vector`: magic and bitmap, of 32 or 64 bits. kCorrupt if it is not well formed or names a row that is not below
// `rows`.
Result<DeleteSet> ParseDeletionVector(std::string_view vector, int64_t rows);

}  // namespace sluice::paimon
