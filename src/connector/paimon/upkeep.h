// SPDX-License-Identifier: Apache-2.0
// PaimonUpkeep: what a sink does for its tables when it is idle, and every few epochs: tags by the clock, expiry of
// snapshots, tags and partitions, as the options of each table say. Nothing of a `write-only` table. The job's thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/schema.h"
#include "row/table_id.h"

namespace sluice {

namespace paimon {
class Table;
class TagCreation;
}  // namespace paimon

class PaimonUpkeep {
 public:
  // `job`: of the sink. `env` outlives this.
  PaimonUpkeep(Env& env, std::string job);
  ~PaimonUpkeep();

  // Options of a table that this cannot do: kInvalid, kUnsupported name them.
  static Status Check(const paimon::Schema& schema);

  // After commits; whether there is more to do.
  Result<bool> AfterCommits(const TableId& id, paimon::Table& table);
  // Whether partitions are to be looked at (`partition.expiration-check-interval`), and that.
  bool PartitionsDue(const TableId& id) const;
  Status ExpirePartitions(const TableId& id, paimon::Table& table);

 private:
  Result<bool> ExpireSnapshots(const TableId& id, paimon::Table& table);

  Env& env_;
  const std::string job_;
  std::map<TableId, std::unique_ptr<paimon::TagCreation>> tags_;
  std::map<TableId, int64_t> next_partitions_ms_;  // of the monotonic clock
  std::set<std::pair<TableId, std::string>> held_;  // tables and foreign jobs that keep snapshots in them: it was said
};

}  // namespace sluice
