// SPDX-License-Identifier: Apache-2.0
// Whole partitions go: by name, or when their time is over (docs of Paimon: "Manage Partitions"). Each in one snapshot
// OVERWRITE. Borrow all; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/partition_filter.h"
#include "lake/paimon/schema.h"
#include "lake/paimon/table.h"

namespace sluice::paimon {

// The names of partitions that have gone, as dt=2024-01-31,hh=8.
using DroppedPartitions = std::vector<std::string>;

// Those of the newest snapshot that are one of the specs. None is no error, as in Java.
Result<DroppedPartitions> DropPartitions(Env& env, Table& table, const std::vector<PartitionSpec>& specs);

struct PartitionExpiry {
  int64_t keep_ms = 0;                    // `partition.expiration-time`; 0: for ever
  int64_t check_ms = 3'600'000;           // `partition.expiration-check-interval`
  bool by_update = false;                 // `partition.expiration-strategy`: update-time (newest file), values-time
  std::optional<std::string> formatter;   // `partition.timestamp-formatter`
  std::optional<std::string> pattern;     // `partition.timestamp-pattern`: '$dt $hour:00:00'; none: the first column
  int64_t most = 100;                     // `partition.expiration-max-num`: at once

  // kInvalid, kUnsupported name the option.
  static Result<PartitionExpiry> Of(const Schema& schema);
};

// Partitions whose time is longer ago than `keep_ms`. One whose value is no time stays; it is logged.
Result<DroppedPartitions> ExpirePartitions(Env& env, Table& table, const PartitionExpiry& expiry);

}  // namespace sluice::paimon
