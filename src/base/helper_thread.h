// SPDX-License-Identifier: Apache-2.0
// HelperThread: one more thread for work that falls into independent parts. It starts with the first work and sleeps in
// between. One caller at a time; the owner ends it by destroying it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>

#include "base/result.h"

namespace sluice {

class HelperThread {
 public:
  HelperThread() = default;
  ~HelperThread();
  HelperThread(const HelperThread&) = delete;
  HelperThread& operator=(const HelperThread&) = delete;

  // Calls task(i) once for each i below `count`, in that order, on this thread and on the helper; all calls have ended
  // when it returns. The error of the lowest i; after an error no further i is begun. `task` throws nothing.
  Status ForEach(size_t count, const std::function<Status(size_t)>& task);

 private:
  void Run();
  void Work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread thread_;
  bool ending_ = false;
  bool offered_ = false;  // the helper may take part
  bool working_ = false;  // it does
  const std::function<Status(size_t)>* task_ = nullptr;
  size_t count_ = 0;
  std::atomic<size_t> next_{0};
  size_t failed_at_ = 0;  // with failure_
  Status failure_;
};

}  // namespace sluice
