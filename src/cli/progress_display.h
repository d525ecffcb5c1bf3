// SPDX-License-Identifier: Apache-2.0
// ProgressDisplay: shows how a job goes: redrawn lines on a terminal, else a log line every few seconds. Has a thread
// of its own, which only reads Job::progress().
#pragma once

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
  void Redraw();
  void WriteLog();
  const Job& job_;
  Env& env_;
  bool terminal_;
  StopSignal stop_;
  std::thread thread_;
};

}  // namespace sluice
