// SPDX-License-Identifier: Apache-2.0
// What is said of a running job: one line, a few lines for a terminal, or the members of a JSON line; and how often.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/job.h"

namespace sluice {

// What happened in the last `seconds`: from `before` to `now`.
struct ProgressStep {
  const JobProgress& now;
  const JobProgress& before;
  double seconds;
  int64_t wall_ms;  // wall clock now
};

// "snapshot 2 of 5 tables, 41 %, 1200000 rows, 812 k rows/s; 10 inserted, …" or
// "following, lag 0 s, 12 rows/s, binlog.000002:981; 10 inserted, …".
std::string ProgressLine(const ProgressStep& step);
// The same as `,"event":"progress","phase":"following",…`, for Log. What is not known is null; the members of a copy
// ("tables" and so on) stand in phase "snapshot" only.
std::string ProgressMembers(const ProgressStep& step);

struct TerminalSize {
  size_t columns;
  size_t rows;
};
// The same over several lines, one a table that is being copied. Each is shorter than the terminal is wide, and all of
// them fit on it.
std::vector<std::string> ProgressBlock(const ProgressStep& step, TerminalSize size);
// How many rows of a terminal of this width such lines take. Most terminals wrap again what is on them when they
// are made narrower.
size_t RowsTaken(const std::vector<std::string>& lines, size_t columns);

// When a line of the log is due: every few seconds at the start and while rows move, once a minute when nothing does.
class ProgressPace {
 public:
  static constexpr int64_t kStepMs = 5'000;
  // Asked every kStepMs; `elapsed_ms` is the age of the display. True: a line is written now.
  bool Due(const JobProgress& now, int64_t elapsed_ms);

 private:
  JobProgress last_;
  int64_t last_ms_ = 0;
};

}  // namespace sluice
