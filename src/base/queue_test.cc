// SPDX-License-Identifier: Apache-2.0
// BoundedQueue: order, the bound on weight, and what Close() means for both sides.
#include "base/queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

namespace sluice {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kDeadline{10'000};

TEST(BoundedQueue, KeepsTheOrder) {
  BoundedQueue<int> queue(100);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(queue.Push(i, 1));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(queue.Pop(kDeadline), i);
}

TEST(BoundedQueue, PopOfAnEmptyQueueTimesOut) {
  BoundedQueue<int> queue(100);
  EXPECT_EQ(queue.Pop(milliseconds(1)), std::nullopt);
  EXPECT_FALSE(queue.drained());
}

TEST(BoundedQueue, AdmitsOneItemHoweverHeavy) {
  BoundedQueue<std::unique_ptr<int>> queue(10);
  EXPECT_TRUE(queue.Push(std::make_unique<int>(7), 1'000'000));
  EXPECT_EQ(**queue.Pop(kDeadline), 7);
}

TEST(BoundedQueue, NeverHoldsMoreThanItsBound) {
  constexpr int kItems = 2000;
  constexpr int kWeight = 10;
  BoundedQueue<int> queue(3 * kWeight);
  std::atomic<int> pushed{0};
  std::atomic<int> popped{0};
  std::atomic<int> held_max{0};
  std::latch full(3);
  std::thread producer([&] {
    for (int i = 0; i < kItems; ++i) {
      if (!queue.Push(i, kWeight)) return;
      int held = ++pushed - popped.load();
      if (held > held_max.load()) held_max.store(held);
      if (i < 3) full.count_down();
    }
    queue.Close();
  });
  full.wait();  // the fourth Push has to wait for the first Pop
  int next = 0;
  while (!queue.drained()) {
    if (auto item = queue.Pop(kDeadline)) {
      EXPECT_EQ(*item, next++);
      ++popped;
    }
  }
  producer.join();
  EXPECT_EQ(next, kItems);
  EXPECT_GE(held_max.load(), 3);
  EXPECT_LE(held_max.load(), 4);  // three in the queue and one between Pop and its count
}

TEST(BoundedQueue, CloseDrainsThenEnds) {
  BoundedQueue<int> queue(100);
  EXPECT_TRUE(queue.Push(1, 1));
  queue.Close();
  EXPECT_TRUE(queue.closed());
  EXPECT_FALSE(queue.drained());
  EXPECT_FALSE(queue.Push(2, 1));
  EXPECT_EQ(queue.Pop(kDeadline), 1);
  EXPECT_TRUE(queue.drained());
  EXPECT_EQ(queue.Pop(kDeadline), std::nullopt);
}

TEST(BoundedQueue, CloseWakesWaitersOfBothSides) {
  BoundedQueue<int> full(1);
  BoundedQueue<int> empty(1);
  ASSERT_TRUE(full.Push(1, 1));
  std::atomic<bool> push_refused{false};
  std::atomic<bool> pop_ended{false};
  std::latch started(2);
  std::thread producer([&] {
    started.count_down();
    push_refused = !full.Push(2, 1);
  });
  std::thread consumer([&] {
    started.count_down();
    pop_ended = !empty.Pop(kDeadline).has_value();
  });
  started.wait();
  auto before = std::chrono::steady_clock::now();
  full.Close();
  empty.Close();
  producer.join();
  consumer.join();
  EXPECT_TRUE(push_refused);
  EXPECT_TRUE(pop_ended);
  EXPECT_LT(std::chrono::steady_clock::now() - before, kDeadline);
}

TEST(BoundedQueue, ManyProducersAndConsumersLoseNothing) {
  constexpr int kThreads = 4;
  constexpr int kEach = 1000;
  BoundedQueue<int> queue(5);
  std::atomic<int64_t> sum{0};
  std::atomic<int> count{0};
  std::vector<std::thread> producers;
  std::vector<std::thread> consumers;
  for (int t = 0; t < kThreads; ++t) {
    producers.emplace_back([&queue, t] {
      for (int i = 0; i < kEach; ++i) queue.Push(t * kEach + i, 1);
    });
    consumers.emplace_back([&] {
      while (!queue.drained()) {
        if (auto item = queue.Pop(kDeadline)) {
          sum += *item;
          ++count;
        }
      }
    });
  }
  for (auto& thread : producers) thread.join();
  queue.Close();
  for (auto& thread : consumers) thread.join();
  constexpr int64_t kAll = kThreads * kEach;
  EXPECT_EQ(count, kAll);
  EXPECT_EQ(sum, kAll * (kAll - 1) / 2);
}

}  // namespace
}  // namespace sluice
