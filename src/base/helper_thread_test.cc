// SPDX-License-Identifier: Apache-2.0
// Each part is done once, errors come back, and nothing runs after ForEach.
#include "base/helper_thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

namespace sluice {
namespace {

TEST(HelperThread, DoesEachPartOnce) {
  HelperThread helper;
  for (int round = 0; round < 2000; ++round) {
    std::vector<int> done(round % 9, 0);  // not atomic: each part belongs to one thread
    ASSERT_TRUE(helper.ForEach(done.size(), [&](size_t i) -> Status {
      ++done[i];
      return Ok();
    }).ok());
    for (int count : done) ASSERT_EQ(count, 1);
  }
}

// Part 0 waits for part 1, which only another thread can do meanwhile.
TEST(HelperThread, TwoThreadsTakePart) {
  HelperThread helper;
  std::atomic<int> begun{0};
  const Status status = helper.ForEach(2, [&](size_t) -> Status {
    ++begun;
    while (begun < 2) std::this_thread::yield();
    return Ok();
  });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(begun, 2);
}

TEST(HelperThread, GivesTheFirstErrorAndGoesOn) {
  HelperThread helper;
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> running{0};
    const Status status = helper.ForEach(8, [&](size_t i) -> Status {
      ++running;
      Status out = i == 2 || i == 3 ? Status(Invalid(std::to_string(i))) : Ok();
      --running;
      return out;
    });
    ASSERT_EQ(running, 0);
    ASSERT_FALSE(status.ok());
    ASSERT_EQ(status.error().message, "2");
  }
  EXPECT_TRUE(helper.ForEach(3, [](size_t) { return Ok(); }).ok());
}

}  // namespace
}  // namespace sluice
