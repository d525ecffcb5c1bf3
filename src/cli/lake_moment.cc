// SPDX-License-Identifier: Apache-2.0
#include "cli/lake_moment.h"

#include <algorithm>

#include "base/text.h"

namespace sluice {
namespace {

constexpr int kLooksMost = 100;
constexpr int64_t kBetweenLooksMs = 50;

Result<HeldLog> Held(const StoredEpochs& stored, const std::string& server) {
  HeldLog held;
  held.epoch = stored.newest.epoch;
  if (held.epoch == 0) {
    held.kind = stored.known ? HeldLog::Kind::kNone : HeldLog::Kind::kForeign;
    held.text = stored.known ? "no position: they have no epoch of this job yet"
                             : "no position: they were not written by this job";
    return held;
  }
  TRY_SET(mysql::SourceState state, mysql::SourceState::Parse(stored.newest.end));
  held.from = state.log.position;
  held.to = std::max(held.from, state.OverlapEnd());
  held.text = Str(held.from.ToString(), ", epoch ", held.epoch);
  held.kind = HeldLog::Kind::kHeld;
  if (state.server_uid != server) {
    held.kind = HeldLog::Kind::kForeign;
    held.text += ", of another server";
  } else if (!stored.whole()) {
    held.kind = HeldLog::Kind::kTorn;
    held.text += Str(", which is in ", stored.tables_with, " of ", stored.tables_of, " tables");
  } else if (state.CopyPending()) {
    held.kind = HeldLog::Kind::kCopying;
    held.text += ", in the first copy";
  }
  held.copies = std::move(state.tables);
  return held;
}

}  // namespace

Result<HeldLog> ReadHeldLog(LakeTables& lake, const std::string& job, const std::string& server) {
  TRY_SET(StoredEpochs stored, lake.ReadStoredEpochs(job));
  return Held(stored, server);
}

Result<LakeMoment> LookAtLake(Env& env, LakeTables& lake, const std::string& job, const std::string& server,
                              const std::set<TableId>& wanted) {
  for (int look = 1;; ++look) {
    LakeMoment moment;
    TRY_SET(StoredEpochs stored, lake.ReadStoredEpochs(job));
    bool same = true;
    for (const TableId& id : wanted) {
      auto table = lake.Open(id);
      if (!table.ok() && table.error().code == ErrorCode::kNotFound) continue;
      TRY_SET(moment.tables[id], std::move(table));
      auto before = stored.versions.find(id);
      same &= before != stored.versions.end() && before->second == moment.tables[id]->version();
    }
    TRY_SET(moment.held, Held(stored, server));
    // A job at work commits one table after the other.
    const bool torn = moment.held.kind == HeldLog::Kind::kTorn;
    if (same && (!torn || look == kLooksMost)) return moment;
    if (look == kLooksMost) {
      return Unavailable("the tables change faster than they can be looked at",
                         "try again, or with a longer execution.checkpointing.interval of the job");
    }
    (void)env.Wait(kBetweenLooksMs, nullptr);
  }
}

}  // namespace sluice
