// SPDX-License-Identifier: Apache-2.0
// ProgressDisplay: shows how a job goes: redrawn lines on a terminal, else a log line every few seconds. Has a thread
// of its own, which only reads Job::progress().
#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "base/stop.h"
#include "runtime/job.h"

namespace sluice {

class ProgressDisplay {
 public:
  ProgressDisplay(const Job& job, Env& env);
  ~ProgressDisplay();  // clears the display

 private:
  void Run();
  const Job& job_;
  Env& env_;
  bool terminal_;
  StopSignal stop_;
  std::thread thread_;
};

// "snapshot 2 of 5 tables, 41 %, 1200000 rows, 812 k rows/s" or "following binlog.000002:981, …"; one line.
std::string ProgressLine(const JobProgress& now, const JobProgress& before, double seconds, int64_t wall_ms);
// The same over several lines, one a table that is being copied.
std::string ProgressBlock(const JobProgress& now, const JobProgress& before, double seconds, int64_t wall_ms);

}  // namespace sluice
