// SPDX-License-Identifier: Apache-2.0
// History: what a simulated database went through, from a seed: an initial copy and then transactions on tables with
// and without a key, with schema changes; and what each table holds after each transaction. A value, not changed after
// Make; the simulated source gives its events, the checks compare the lake with its states.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "row/change_batch.h"
#include "row/schema_change.h"
#include "sim/sim_disk.h"

namespace sluice::sim {

using Cells = std::vector<std::string>;  // of a row, as AppendJson gives them

struct TableState {
  std::shared_ptr<const TableSchema> schema;  // null: never made
  bool dropped = false;
  std::map<std::string, Cells> rows;  // by key; without a key by the order of arrival
  int64_t emptied = 0;                // how often by TRUNCATE or DROP TABLE
};

struct Event {
  std::variant<ChangeBatch, SchemaChange> payload;
};

struct Transaction {
  std::vector<Event> events;  // none: it touched no table of the job
};

class History {
 public:
  static History Make(uint64_t seed, int64_t transactions);

  const std::vector<TableId>& tables() const { return tables_; }
  const std::string& partition_key() const { return partition_key_; }  // as the sink's option
  int64_t size() const { return static_cast<int64_t>(transactions_.size()); }
  const Transaction& transaction(int64_t number) const { return transactions_[static_cast<size_t>(number)]; }
  // After the first `position` transactions.
  const TableState& State(size_t table, int64_t position) const {
    return *states_[static_cast<size_t>(position)][table];
  }

 private:
  friend class HistoryMaker;
  std::vector<TableId> tables_;
  std::string partition_key_;
  std::vector<Transaction> transactions_;
  std::vector<std::vector<std::shared_ptr<const TableState>>> states_;
};

}  // namespace sluice::sim
