// SPDX-License-Identifier: Apache-2.0
// RowCollapser: of all changes of a batch, the last one of each key. Owned by a TableWriter; keeps its memory between
// batches (12 bytes a row of the largest batch). One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "lake/iceberg/key_hash.h"
#include "row/change_batch.h"

namespace sluice::iceberg {

// One entry a key, in the order of the rows. An erase has no row to append.
struct CollapsedRows {
  std::vector<KeyHash> keys;
  std::vector<uint32_t> rows;  // in the batch
  std::vector<uint8_t> erase;  // -D, or a -U that no +U with the same key follows
  void Clear() {
    keys.clear();
    rows.clear();
    erase.clear();
  }
};

class RowCollapser {
 public:
  // `kinds`: one a key, or empty (all inserts).
  void Collapse(const std::vector<KeyHash>& keys, const std::vector<RowKind>& kinds, CollapsedRows& out);

 private:
  std::vector<uint32_t> slots_;  // row + 1 of the newest change of a key; 0 = free
  std::vector<uint8_t> superseded_;
};

}  // namespace sluice::iceberg
