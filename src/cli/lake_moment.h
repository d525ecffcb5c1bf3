// SPDX-License-Identifier: Apache-2.0
// LakeMoment: the sink tables of a job as they are at one moment, perhaps beside the running job, and the position of
// the source's log that they hold. Owned by its user; one thread.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "cli/lake_tables.h"
#include "connector/mysql/source_state.h"

namespace sluice {

// What the tables hold of a source's log: everything up to `from`, and of what follows up to `to` a part (a copy that
// the log has not passed yet; else the two are equal).
struct HeldLog {
  enum class Kind : uint8_t {
    kForeign,  // not known: the tables were not written by this job, or from another server
    kNone,     // no epoch of this job so far
    kTorn,     // an epoch is in some of its tables only
    kCopying,  // the first copy is not complete
    kHeld,
  };
  Kind kind = Kind::kForeign;
  int64_t epoch = 0;
  mysql::BinlogPosition from;
  mysql::BinlogPosition to;
  std::map<TableId, mysql::TableState> copies;
  std::string text;  // "binlog.000001:1234, epoch 7", or why there is no position
};

struct LakeMoment {
  HeldLog held;
  std::map<TableId, std::unique_ptr<LakeTable>> tables;  // those of the wanted ones that are there
};

// `server`: ServerInfo::uid, whose positions are meant.
Result<HeldLog> ReadHeldLog(LakeTables& lake, const std::string& job, const std::string& server);
// kUnavailable if the tables change faster than they can be read.
Result<LakeMoment> LookAtLake(Env& env, LakeTables& lake, const std::string& job, const std::string& server,
                              const std::set<TableId>& wanted);

}  // namespace sluice
