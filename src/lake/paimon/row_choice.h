// SPDX-License-Identifier: Apache-2.0
// Which parts of a data file are read when an index has chosen rows of it. A function; any thread.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/row_bits.h"

namespace sluice {
struct ChosenRows;
}

namespace sluice::paimon {

// For ReadOptions, of a file with rows.rows() rows. Null: it is better read as a whole, as it has no page index (unless
// a row group has none of the rows), is not Parquet, or most of its bytes are in pages that have some of the rows.
Result<std::shared_ptr<const ChosenRows>> ChoosePages(Env& env, const std::string& path, const RowBits& rows);

}  // namespace sluice::paimon
