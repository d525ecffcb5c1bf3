// SPDX-License-Identifier: Apache-2.0
// RecordExpiry: rows whose time is over, which compactions leave out (docs of Paimon: "Record Level Expiration"). Until
// then readers see them. A value; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "lake/paimon/manifest.h"
#include "lake/paimon/schema.h"

namespace arrow {
class Array;
}

namespace sluice::paimon {

struct RecordExpiry {
  std::string column;          // `record-level.time-field`
  int64_t seconds = 0;         // `record-level.expire-time`
  int64_t from_s = INT64_MIN;  // what is before that is over

  // Nothing: rows stay. kInvalid names the option or the column.
  static Result<std::optional<RecordExpiry>> Of(const Schema& schema);
  void SetNow(int64_t now_ms) { from_s = now_ms / 1000 - seconds; }
  // `times`: of the column. NULL is never over.
  bool IsOver(const arrow::Array& times, int64_t row) const;
};

// The names of those files whose statistics tell of a row that is over. `schemas`: by id, those of the files.
Result<std::set<std::string>> FilesWithExpired(const RecordExpiry& expiry,
                                               const std::map<int64_t, const Schema*>& schemas,
                                               const std::vector<DataFileMeta>& files);

}  // namespace sluice::paimon
