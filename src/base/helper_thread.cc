// SPDX-License-Identifier: Apache-2.0
#include "base/helper_thread.h"

#include <utility>

namespace sluice {

HelperThread::~HelperThread() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Status HelperThread::ForEach(size_t count, const std::function<Status(size_t)>& task) {
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
  {
    std::lock_guard lock(mutex_);
    task_ = &task;
    count_ = count;
    next_ = 0;
    failure_ = Ok();
    offered_ = true;
  }
  changed_.notify_all();
  Work();
  std::unique_lock lock(mutex_);
  offered_ = false;  // a helper that comes late has nothing to do
  changed_.wait(lock, [&] { return !working_; });
  return std::exchange(failure_, Ok());
}

void HelperThread::Work() {
  for (size_t i = next_++; i < count_; i = next_++) {
    Status status = (*task_)(i);
    if (status.ok()) continue;
    next_ = count_;
    std::lock_guard lock(mutex_);
    if (!failure_.ok() && failed_at_ < i) continue;
    failed_at_ = i;
    failure_ = std::move(status);
  }
}

void HelperThread::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return ending_ || offered_; });
    if (ending_) return;
    offered_ = false;
    working_ = true;
    lock.unlock();
    Work();
    lock.lock();
    working_ = false;
    changed_.notify_all();
  }
}

}  // namespace sluice
