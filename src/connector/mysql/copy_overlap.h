// SPDX-License-Identifier: Apache-2.0
// How the log is fitted to the copy that it overlaps: which of its rows and schema changes the copy holds already, and
// what a change of a table means for a copy that is not complete. Pure; used by the stream's thread.
#pragma once

#include <map>
#include <string_view>

#include "connector/mysql/source_state.h"
#include "format/mysql/row_plan.h"
#include "format/mysql/table_tracker.h"

namespace sluice::mysql {

enum class RowsFit : uint8_t {
  kAll,    // the copy holds none of them
  kNone,   // the copy holds all of them, or will
  kByKey,  // see OverlapFilter
};
// Rows that end at `end`. `copy`: null if the log has passed the table's copy.
RowsFit FitRows(const TableState* copy, const BinlogPosition& end);

// Leaves out the row images that a segment of an exact table holds already, and those of keys that are not copied yet.
class OverlapFilter final : public RowFilter {
 public:
  OverlapFilter(const TableState& table, const BinlogPosition& event_end) : table_(table), end_(event_end) {}
  bool Keep(std::string_view key) override;

 private:
  const TableState& table_;
  const BinlogPosition& end_;
};

enum class DdlFit : uint8_t {
  kPass,  // the sink does not know it yet
  kHeld,  // the copy was made after it: only the tracker follows it
};
// A change that the log has at `at`, and what it makes of the table's copy in `copies`: one that it empties is not
// needed any more, one with segments from after it is made again (docs/adr/0013).
DdlFit FitDdl(const TableChange& change, const BinlogPosition& at, std::map<TableId, TableState>& copies);

// Rows of this table are in the sink, or on their way there.
bool HasCopiedRows(const TableState& copy);

}  // namespace sluice::mysql
