// SPDX-License-Identifier: Apache-2.0
// BoundedQueue: hands items between threads, bounded by the sum of their weights (bytes). One item is always admitted,
// however heavy. Any number of producers and consumers. Close() ends both sides: Push fails, Pop drains, then fails.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace sluice {

template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(size_t weight_max) : weight_max_(weight_max) {}

  // Blocks while the queue is full; false once it is closed.
  bool Push(T item, size_t weight) {
    std::unique_lock lock(mutex_);
    not_full_.wait(lock, [&] { return closed_ || items_.empty() || weight_ + weight <= weight_max_; });
    if (closed_) return false;
    items_.emplace_back(std::move(item), weight);
    weight_ += weight;
    lock.unlock();
    not_empty_.notify_one();
    return true;
  }

  // Waits at most `timeout`; nothing on time-out, and on a closed queue that is drained.
  std::optional<T> Pop(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    if (!not_empty_.wait_for(lock, timeout, [&] { return closed_ || !items_.empty(); }) || items_.empty()) return {};
    auto [item, weight] = std::move(items_.front());
    items_.pop_front();
    weight_ -= weight;
    lock.unlock();
    not_full_.notify_all();
    return std::move(item);
  }

  void Close() {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    not_empty_.notify_all();
    not_full_.notify_all();
  }

  bool closed() const {
    std::lock_guard lock(mutex_);
    return closed_;
  }
  bool drained() const {
    std::lock_guard lock(mutex_);
    return closed_ && items_.empty();
  }

 private:
  const size_t weight_max_;
  mutable std::mutex mutex_;
  std::condition_variable not_full_;
  std::condition_variable not_empty_;
  std::deque<std::pair<T, size_t>> items_;
  size_t weight_ = 0;
  bool closed_ = false;
};

}  // namespace sluice
