// SPDX-License-Identifier: Apache-2.0
// DecodeColumn: one column of several row images -> a BatchBuilder. One column after the other, so that the branch on
// the type stands outside the loop over the rows. For row_plan.cc only; the sizes of all cells were checked before.
#pragma once

#include <cstdint>

#include "format/mysql/batch_builder.h"
#include "format/mysql/cell_op.h"

namespace sluice::mysql {

// Where the cells of one column stand, and the rows that they become.
struct ColumnCells {
  const uint8_t* const* at = nullptr;  // one a row; null = NULL, if `nullable`
  uint32_t offset = 0;                 // of the cell (its length, if it has one) behind `at`
  bool nullable = false;
  int64_t row = 0;                     // the first; BeginRows made them
  int64_t count = 0;
  const uint8_t* end = nullptr;        // of the readable bytes
};

// Errors are left in out.failure(); then the rows must be dropped.
void DecodeColumn(const CellOp& op, const ColumnCells& cells, BatchBuilder& out, BatchBuilder::ColumnData& column);

}  // namespace sluice::mysql
