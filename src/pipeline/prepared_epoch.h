// SPDX-License-Identifier: Apache-2.0
// PreparedEpoch: the commits of one epoch, as they stand in the checkpoint and in the epoch file
// (docs/formats/epoch.md). A value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "row/table_id.h"

namespace sluice {

struct PreparedTable {
  TableId id;
  std::optional<int64_t> base;  // snapshot that the change was made on
  std::string change;           // JSON, as the table format has it
};

struct PreparedEpoch {
  std::string job;
  int64_t epoch = 0;
  std::vector<PreparedTable> tables;

  std::string ToJson() const;                                  // one line
  static Result<PreparedEpoch> Parse(const std::string& text);  // kCorrupt
};

}  // namespace sluice
