// SPDX-License-Identifier: Apache-2.0
// Events of prepared groups that are held in memory.
#include "connector/mysql/prepared_xa.h"

#include <gtest/gtest.h>

#include "connector/mysql/source_state.h"

namespace sluice::mysql {
namespace {

using Events = std::optional<std::vector<std::string>>;

TEST(PreparedEvents, GivesAGroupOnce) {
  PreparedEvents held(100);
  held.Begin("a");
  held.Add("a", "one");
  held.Begin("b");
  held.Add("a", "two");
  EXPECT_EQ(held.Take("a"), Events({"one", "two"}));
  EXPECT_EQ(held.Take("a"), std::nullopt);
  EXPECT_EQ(held.Take("b"), Events(std::vector<std::string>{}));
  EXPECT_EQ(held.bytes(), 0u);
}

TEST(PreparedEvents, GivesUpAGroupThatDoesNotFit) {
  PreparedEvents held(10);
  held.Begin("a");
  held.Add("a", "12345");
  held.Begin("b");
  held.Add("b", "1234");
  held.Add("b", "12");
  held.Add("b", "1");
  EXPECT_EQ(held.Take("b"), std::nullopt) << "a group with a hole would lose rows";
  EXPECT_EQ(held.Take("a"), Events({"12345"}));
  EXPECT_EQ(held.bytes(), 0u);
}

TEST(PreparedEvents, AnXidThatIsUsedAgainBeginsAnew) {
  PreparedEvents held(10);
  held.Begin("a");
  held.Add("a", "old");
  held.Begin("a");
  held.Add("a", "new");
  EXPECT_EQ(held.Take("a"), Events({"new"}));
  held.Begin("a");
  held.Add("a", "old");
  held.Clear();
  EXPECT_EQ(held.Take("a"), std::nullopt);
  EXPECT_EQ(held.bytes(), 0u);
}

TEST(PreparedXa, IsPartOfTheState) {
  SourceState state;
  state.prepared[std::string("\1\0\0\0\2\0xy", 8)] = {{"binlog.000007", 5'000'000'000}, false};
  auto read = SourceState::Parse(state.ToJson(true));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->ToJson(true), state.ToJson(true));
  EXPECT_EQ(read->prepared.begin()->second.at.offset, 5'000'000'000u);
  EXPECT_FALSE(read->prepared.begin()->second.rows);
}

}  // namespace
}  // namespace sluice::mysql
