// SPDX-License-Identifier: Apache-2.0
// Changes of a Paimon table as `sluice read` prints them: LakeScans with the kind of each row ("+I", "-U", "+U", "-D")
// in the first column, `rowkind`. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/commands.h"
#include "cli/lake_scan.h"

namespace sluice {

inline constexpr const char* kRowKindColumn = "rowkind";

// Signals that end the following of a table: SIGINT and SIGTERM are held back from construction on.
class EndSignals {
 public:
  EndSignals();
  // Waits at most so long for one; true if there was one.
  bool Wait(int64_t ms);
  int received() const { return received_; }

 private:
  int received_ = 0;
};

// --incremental-between and --incremental-between-timestamp; or --follow, which ends by a signal or at its target.
// `columns`: without the kind; none: all. `signals` outlives the scan; null if nothing is followed.
Result<std::unique_ptr<LakeScan>> OpenChangeScan(const ReadArguments& arguments,
                                                 const std::vector<std::string>& columns, EndSignals* signals);

}  // namespace sluice
