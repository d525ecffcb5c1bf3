// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/hive_lock.h"

#include <algorithm>

#include "base/log.h"
#include "base/text.h"

namespace sluice::paimon {
namespace {

Result<hive::Lock> Acquire(Env& env, hive::Client& client, const HiveLockOptions& options, const TableId& id) {
  TRY_SET(hive::Lock lock, client.LockTable(id.schema, id.table, "sluice"));
  const int64_t begin = env.MonotonicMs();
  int64_t sleep_ms = 50;
  while (lock.state == hive::LockState::kWaiting && env.MonotonicMs() - begin < options.timeout_ms) {
    sleep_ms = std::min(2 * sleep_ms, options.sleep_max_ms);
    (void)env.Wait(sleep_ms, nullptr);
    auto checked = client.CheckLock(lock.id);
    if (!checked.ok()) {
      (void)client.Unlock(lock.id).ok();  // else it waits on, and then keeps others out
      return checked;
    }
    lock = *checked;
  }
  if (lock.state == hive::LockState::kAcquired) return lock;
  if (lock.state == hive::LockState::kWaiting) (void)client.Unlock(lock.id).ok();
  return Unavailable(Str("the lock of table ", id.ToString(), " in the Hive metastore was not to be had in ",
                         (env.MonotonicMs() - begin) / 1000, " s"),
                     "SHOW LOCKS of Hive tells who holds it; one of a process that died goes after "
                     "metastore.txn.timeout");
}

}  // namespace

Status WithHiveLock(Env& env, hive::Client& client, const HiveLockOptions& options, const TableId& id,
                    const std::function<Status()>& change) {
  if (!options.enabled) return change();
  TRY_SET(const hive::Lock lock, Acquire(env, client, options, id));
  Status done = change();
  const Status unlocked = client.Unlock(lock.id);
  if (!unlocked.ok()) LogWarn(Str("table ", id.ToString(), ": its lock stays until the metastore takes it away: ",
                                  unlocked.error().message));
  return done;
}

}  // namespace sluice::paimon
