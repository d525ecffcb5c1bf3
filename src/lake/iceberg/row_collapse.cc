// SPDX-License-Identifier: Apache-2.0
#include "lake/iceberg/row_collapse.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace sluice::iceberg {

void RowCollapser::Collapse(const std::vector<KeyHash>& keys, const std::vector<RowKind>& kinds, CollapsedRows& out) {
  out.Clear();
  const size_t rows = keys.size();
  CHECK(kinds.empty() || kinds.size() == rows);
  CHECK(rows < UINT32_MAX / 4);
  if (rows == 0) return;
  const size_t slots = std::bit_ceil(rows * 2);
  const int shift = 64 - std::countr_zero(slots);
  if (slots_.size() < slots) slots_.resize(slots);
  std::fill_n(slots_.begin(), slots, 0u);
  superseded_.assign(rows, 0);
  size_t left = rows;
  for (size_t row = 0; row < rows; ++row) {
    size_t slot = keys[row].hi >> shift;
    while (slots_[slot] != 0 && !(keys[slots_[slot] - 1] == keys[row])) slot = (slot + 1) & (slots - 1);
    if (slots_[slot] != 0) {
      superseded_[slots_[slot] - 1] = 1;
      --left;
    }
    slots_[slot] = static_cast<uint32_t>(row + 1);
  }
  out.keys.reserve(left);
  out.rows.reserve(left);
  out.erase.reserve(left);
  for (size_t row = 0; row < rows; ++row) {
    if (superseded_[row]) continue;
    out.keys.push_back(keys[row]);
    out.rows.push_back(static_cast<uint32_t>(row));
    out.erase.push_back(!kinds.empty() && (kinds[row] == RowKind::kDelete || kinds[row] == RowKind::kUpdateBefore));
  }
}

}  // namespace sluice::iceberg
