// SPDX-License-Identifier: Apache-2.0
// SourceState: how far a MySQL source has come, as it stands in a checkpoint (docs/formats/checkpoint.md). A value.
//
// Snapshot: each table is cut into chunks (from, to] of its primary key. A chunk is read in key order inside one
// consistent view, whose log position is known; what was read so far is a list of segments, each with the position of
// the view it came from (a restart begins a new segment). The log is then read from `start`, which lies before all of
// them, and a row image whose key lies in a segment is left out up to the segment's position.
//
// A table that is altered before it is copied whole waits: the log is read up to the change, then the copy goes on with
// the definition of there (docs/adr/0013).
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "connector/mysql/catalog.h"
#include "row/table_id.h"

namespace sluice::mysql {

// A place between keys: everything up to and including a key. `encoded` compares by memcmp as the server orders keys
// (format/mysql/key.h); `literals` are the key columns' values as SQL, for WHERE.
struct KeyBound {
  bool infinite = true;
  std::string encoded;
  std::vector<std::string> literals;
};

struct Segment {
  KeyBound to;
  BinlogPosition at;
};

struct ChunkState {
  KeyBound from;  // infinite: no lower bound
  KeyBound to;    // infinite: no upper bound
  std::vector<Segment> segments;
  bool done = false;

  // Where reading goes on: the end of the last segment, else `from`.
  const KeyBound& next() const { return segments.empty() ? from : segments.back().to; }
};

struct TableState {
  bool done = false;
  bool exact = false;  // keys compare exactly here: chunks are resumable and the log is filtered by key
  int64_t rows = 0;
  int64_t rows_expected = 0;
  BinlogPosition whole_at;  // not exact: the one position of the whole table
  std::vector<ChunkState> chunks;
  // The copy goes on when the log was read up to here; empty: at once.
  BinlogPosition waits_for;
  // Copied over rows of an earlier copy that the sink holds: these are looked up, and the log applies without a filter.
  bool recopied = false;

  bool DueAt(const BinlogPosition& log) const { return !done && log >= waits_for; }
  // The latest position of any part of it.
  BinlogPosition End() const;
};

// An XA transaction that is prepared, and neither committed nor rolled back up to `log`.
struct PreparedXa {
  BinlogPosition at;  // where its event group begins
  bool rows = true;   // it may have rows of captured tables
};

struct SourceState {
  std::string server_uid;
  bool snapshot_done = false;
  LogEnd log;  // where the log is read from: its start during a snapshot, then the end of the last whole transaction
  // Tables whose copy overlaps the log that is still to be read; empty once the log has passed all of them.
  std::map<TableId, TableState> tables;
  std::set<TableId> captured;  // tables whose rows are in the sink or on their way there
  std::map<std::string, PreparedXa> prepared;  // by XID as the log has it
  std::string tracker;  // TableTracker::ToJson() at `log`; empty in the compact form
  bool tracker_known = true;

  std::string ToJson(bool compact) const;
  static Result<SourceState> Parse(std::string_view json);

  // Tables that can be copied when the log was read up to there.
  bool CopyDue(const BinlogPosition& position) const;
  // Tables that are not copied whole.
  bool CopyPending() const;
  // The latest position of any segment: from there on no filter is needed.
  BinlogPosition OverlapEnd() const;
};

}  // namespace sluice::mysql
