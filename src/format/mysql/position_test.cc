// SPDX-License-Identifier: Apache-2.0
// Log positions and GTID sets: order, text, containment.
#include "format/mysql/position.h"

#include <gtest/gtest.h>

namespace sluice::mysql {
namespace {

TEST(BinlogPosition, IsOrderedByFileNumber) {
  const BinlogPosition a{"binlog.000009", 500}, b{"binlog.000010", 4}, c{"binlog.999999", 4}, d{"binlog.1000000", 4};
  EXPECT_LT(a, b);
  EXPECT_LT(c, d);
  EXPECT_LT(BinlogPosition{}, a);
  EXPECT_LT((BinlogPosition{"binlog.000009", 499}), a);
}

TEST(BinlogPosition, TextAndBack) {
  auto position = ParseBinlogPosition("my:log.000042:19837");
  ASSERT_TRUE(position.ok());
  EXPECT_EQ(position->file, "my:log.000042");
  EXPECT_EQ(position->ToString(), "my:log.000042:19837");
  EXPECT_FALSE(ParseBinlogPosition("binlog.000042").ok());
  EXPECT_FALSE(ParseBinlogPosition("binlog.000042:-1").ok());
}

TEST(BinlogPosition, OffsetsGoBeyondFourGiB) {
  EXPECT_EQ(AdvanceOffset(0xFFFFFF00, 0x10), 0x100000010u);
  EXPECT_EQ(AdvanceOffset(0x100000010, 0x200), 0x100000200u);
  EXPECT_EQ(AdvanceOffset(77, 0), 77u);
}

TEST(GtidSet, ParsesUpdatesAndContains) {
  auto set = GtidSet::Parse("1-7-5, 0-1-2");
  ASSERT_TRUE(set.ok());
  EXPECT_EQ(set->ToString(), "0-1-2,1-7-5");
  EXPECT_TRUE(set->Contains(MariadbGtid{0, 9, 2}));
  EXPECT_FALSE(set->Contains(MariadbGtid{0, 1, 3}));
  EXPECT_FALSE(set->Contains(MariadbGtid{2, 1, 1}));
  GtidSet more = *set;
  more.Update({0, 3, 10});
  more.Update({2, 3, 1});
  EXPECT_EQ(more.ToString(), "0-3-10,1-7-5,2-3-1");
  EXPECT_TRUE(more.Contains(*set));
  EXPECT_FALSE(set->Contains(more));
  EXPECT_TRUE(GtidSet::Parse(" ")->empty());
  EXPECT_FALSE(GtidSet::Parse("0-1").ok());
  EXPECT_FALSE(GtidSet::Parse("0-1-2,0-2-3").ok());
}

}  // namespace
}  // namespace sluice::mysql
