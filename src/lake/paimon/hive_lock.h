// SPDX-License-Identifier: Apache-2.0
// The lock of a table in a Hive metastore, as Paimon's writers take it around commits. The server takes it away from a
// process that died (metastore.txn.timeout, 5 min by default). One thread.
#pragma once

#include <cstdint>
#include <functional>

#include "base/result.h"
#include "io/env.h"
#include "lake/catalog/hive_client.h"
#include "row/table_id.h"

namespace sluice::paimon {

struct HiveLockOptions {
  bool enabled = false;
  int64_t sleep_max_ms = 8'000;
  int64_t timeout_ms = 480'000;
};

// `change` while the lock is held, if locks are enabled. kUnavailable if it cannot be had in time.
Status WithHiveLock(Env& env, hive::Client& client, const HiveLockOptions& options, const TableId& id,
                    const std::function<Status()>& change);

}  // namespace sluice::paimon
