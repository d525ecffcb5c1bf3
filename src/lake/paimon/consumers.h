// SPDX-License-Identifier: Apache-2.0
// Consumers: readers that a table keeps snapshots for, consumer/consumer-ID (docs of Paimon: "Consumer ID"). Borrow
// all; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/table.h"

namespace sluice::paimon {

// The snapshot that the consumer reads next; none: the consumer goes. kNotFound without that snapshot.
Status ResetConsumer(Env& env, Table& table, const std::string& id, std::optional<int64_t> next_snapshot);

// The same of a snapshot that may be still to come, as a reader does it that has read all before.
Status RecordConsumer(Env& env, const Table& table, const std::string& id, int64_t next_snapshot);
// Nothing without such a consumer.
Result<std::optional<int64_t>> ReadConsumer(Env& env, const Table& table, const std::string& id);

// Their ids.
Result<std::vector<std::string>> ListConsumers(Env& env, const std::string& folder);
// Takes away those that were last recorded before then; how many.
Result<int64_t> ExpireConsumers(Env& env, const std::string& folder, int64_t before_ms);

}  // namespace sluice::paimon
