// SPDX-License-Identifier: Apache-2.0
// Java's LocalDateTime: what a clock shows, without its zone, as milliseconds since it showed 1970-01-01 00:00. Paimon
// keeps times of tags and partitions so, in the zone of the process that writes. Pure but for TZ; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace sluice::paimon {

// In the zone of the process.
int64_t LocalOfUtc(int64_t utc_ms);
int64_t UtcOfLocal(int64_t local_ms);

// "2024-01-31", or with " 20:15:00" or " 20:15:00.123"; numbers may be shorter.
std::optional<int64_t> ParseLocal(std::string_view text);
// "2024-01-31 20:15:00.123"
std::string LocalText(int64_t local_ms);

// A pattern of Java's DateTimeFormatter, of year, month, day, hour, minute and second: yyyyMMdd, yyyy-MM-dd HH:mm:ss,
// dd.MM.yyyy'T'HH.
class LocalPattern {
 public:
  // kUnsupported names the letter; kInvalid without year, month and day.
  static Result<LocalPattern> Make(std::string pattern);
  // Nothing for a text that does not fit.
  std::optional<int64_t> Parse(std::string_view text) const;

 private:
  explicit LocalPattern(std::string pattern) : pattern_(std::move(pattern)) {}
  std::string pattern_;
};

}  // namespace sluice::paimon
