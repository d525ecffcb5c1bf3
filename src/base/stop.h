// SPDX-License-Identifier: Apache-2.0
// StopSignal: one flag that ends every wait of a job. Owned by the job; every thread may ask, any thread may set.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace sluice {

class StopSignal {
 public:
  bool stopped() const { return stopped_.load(std::memory_order_acquire); }
  void Stop() {
    {
      std::lock_guard lock(mutex_);
      stopped_.store(true, std::memory_order_release);
    }
    changed_.notify_all();
  }
  // Waits at most `timeout`; true if stopped.
  bool WaitFor(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [this] { return stopped(); });
  }

 private:
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace sluice
