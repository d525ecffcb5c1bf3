// SPDX-License-Identifier: Apache-2.0
// Times that no ORC file is written with. A function; any thread.
#pragma once

#include <vector>

#include "lake/parquet/write_column.h"

namespace arrow {
class RecordBatch;
}

namespace sluice {

// The first column with a time before 1970 that has a fraction of a second, also inside of other cells; null: none.
// Arrow's writer stores such a fraction as a negative number, which other readers do not know, and for the last second
// before 1970 the format has nothing that its readers understand. Inside of other cells also times before 1678 and
// after 2261, which Arrow's reader refuses.
const WriteColumn* ColumnBeyondOrc(const std::vector<WriteColumn>& columns, const arrow::RecordBatch& rows);

}  // namespace sluice
