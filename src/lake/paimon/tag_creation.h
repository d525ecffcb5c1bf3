// SPDX-License-Identifier: Apache-2.0
// TagCreation: a tag for each day or hour of a table that is written to (docs of Paimon: "Automatic Creation" of tags),
// of the first snapshot after it. A tag of a period needs a snapshot that comes later. Borrows the Env; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "expr/time_zone.h"
#include "io/env.h"
#include "lake/paimon/schema.h"
#include "lake/paimon/table.h"

namespace sluice::paimon {

// `tag.*` of a table.
struct TagOptions {
  bool automatic = false;          // `tag.automatic-creation`: process-time or watermark; else none
  std::optional<TimeZone> watermark_zone;  // of watermark, `sink.watermark-time-zone`: the clock of tags' names
  int64_t period_ms = 86'400'000;  // `tag.creation-period`, `tag.creation-period-duration`
  int64_t delay_ms = 0;            // `tag.creation-delay`
  std::optional<int64_t> most;     // `tag.num-retained-max`
  std::string pattern;             // of their names: yyyy-MM-dd
  bool complete = false;           // `tag.automatic-completion`: also for periods without a snapshot
  bool expire = true;              // `tag.time-expire-enabled`

  // kInvalid, kUnsupported name the option.
  static Result<TagOptions> Of(const Schema& schema);
};

class TagCreation {
 public:
  explicit TagCreation(Env& env) : env_(env) {}

  // Makes the tags that are due for snapshots since the last call, and takes the oldest ones away; names of new ones.
  Result<std::vector<std::string>> Run(Table& table, const TagOptions& options);

 private:
  Status Begin(Table& table, const TagOptions& options);
  Status TakeOldest(Table& table, const TagOptions& options);

  Env& env_;
  bool begun_ = false;
  int64_t next_snapshot_ = 0;
  std::optional<int64_t> next_tag_;  // the beginning of its period, local_time.h
};

}  // namespace sluice::paimon
