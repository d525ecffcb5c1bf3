// SPDX-License-Identifier: Apache-2.0
// ChangeBatch: rows of one table and one schema version, as Arrow columns with a kind a row. What crosses a queue.
// Immutable once made; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "row/schema.h"
#include "row/table_id.h"

namespace arrow {
class RecordBatch;
}

namespace sluice {

enum class RowKind : uint8_t { kInsert = 0, kUpdateBefore = 1, kUpdateAfter = 2, kDelete = 3 };

// "+I", "-U", "+U", "-D"
const char* RowKindName(RowKind kind);

// What the sink needs of the rows that an update or delete replaces; the decoder skips the rest.
enum class BeforeImage : uint8_t {
  kNone,  // append-only: no -U; -D rows still carry the key columns
  kKey,   // -U only where the primary key changed; -U and -D rows have the key columns set, others may be NULL
  kRow,   // as kKey, but -U and -D rows have all columns
  kFull,  // every -U and -D with all columns
};

// Where rows of an initial copy lie: a table is copied in parts that have no key in common, each in the order of its
// key.
struct CopyPart {
  int64_t number = -1;  // of the part, in the order of their keys; -1: not known
  bool first = false;   // the part's first rows are among them
  bool last = false;    // likewise

  bool known() const { return number >= 0; }
};

struct ChangeBatch {
  TableId table;
  std::shared_ptr<const TableSchema> schema;
  std::shared_ptr<arrow::RecordBatch> rows;  // columns as schema->ToArrow(), in order
  std::vector<RowKind> kinds;                // one a row; empty: all kInsert
  // Rows of the initial copy: their keys are new to the sink and distinct, so no look-up is needed.
  bool snapshot = false;
  CopyPart part;          // of such rows
  int64_t source_ms = 0;  // when the source wrote the last row, ms since the epoch; 0 = unknown

  int64_t row_count() const;
  int64_t bytes() const;  // approximate, for bounding queues
  RowKind kind(int64_t row) const { return kinds.empty() ? RowKind::kInsert : kinds[static_cast<size_t>(row)]; }
};

}  // namespace sluice
