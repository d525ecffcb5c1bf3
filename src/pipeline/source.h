// SPDX-License-Identifier: Apache-2.0
// Source: reads a system's rows and changes, in an order that can be resumed. Owned by the job; every method is called
// from the job's one thread except where said. A source has its own threads behind Next.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/stop.h"
#include "row/change_batch.h"
#include "row/schema_change.h"

namespace sluice {

struct SourceItem {
  std::variant<std::monostate, ChangeBatch, SchemaChange> payload;  // monostate: only progress
  bool boundary = true;  // an epoch may end after this item (end of a transaction, of a snapshot batch)
};

struct TableProgress {
  TableId table;
  int64_t rows_done = 0;
  int64_t rows_expected = 0;  // estimate of the server
  bool done = false;
};

struct SourceProgress {
  bool snapshotting = false;
  std::vector<TableProgress> tables;  // of the snapshot phase
  std::string position;               // human readable
  std::map<std::string, int64_t> replaced_values;  // that no sink can hold: "db.t.column: what" -> how many
  int64_t lag_ms = -1;                // now minus the time of the last event; -1 = unknown or idle
};

class Source {
 public:
  virtual ~Source() = default;

  // Begins reading. `state`: what State() gave for the last committed epoch, CompactState() if only that is left, or
  // empty.
  virtual Status Start(const std::string& state, BeforeImage before) = 0;

  // The next item; nothing after `timeout`. After finished() always nothing. An item for a table is preceded by its
  // kCreateTable (once per Start) and by every change of its schema.
  virtual Result<std::optional<SourceItem>> Next(std::chrono::milliseconds timeout) = 0;

  // A bounded source (startup mode `snapshot`) has given everything.
  virtual bool finished() const = 0;

  // Everything needed to go on after the items that Next gave so far. Only asked for after an item with `boundary`.
  virtual std::string State() const = 0;
  // The same without what can be looked up again (schemas); one line of JSON, at most a few KB when streaming.
  virtual std::string CompactState() const = 0;

  // Remembers what the server has written until now; ReachedTarget() then tells when all of it was given by Next.
  virtual Status SetTarget() = 0;
  virtual bool ReachedTarget() const = 0;

  // `state` is committed in the sink: the source may forget what lies before it.
  virtual void Acknowledge(const std::string& state) = 0;

  virtual SourceProgress progress() const = 0;

  // Ends the threads; Next fails afterwards. Idempotent.
  virtual void Stop() = 0;
};

}  // namespace sluice
