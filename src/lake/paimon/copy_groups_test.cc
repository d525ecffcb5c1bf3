// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/copy_groups.h"

#include <gtest/gtest.h>

namespace sluice::paimon {
namespace {

using Groups = std::vector<std::vector<size_t>>;

CopyPart Part(int64_t number, bool first = false, bool last = false) { return {number, first, last}; }

TEST(CopyGroups, NoBatches) { EXPECT_EQ(CopyGroups({}), Groups()); }

TEST(CopyGroups, BatchesOfUnknownPartsStayTogether) {
  EXPECT_EQ(CopyGroups({CopyPart(), CopyPart()}), (Groups{{0, 1}}));
  EXPECT_EQ(CopyGroups({Part(4), CopyPart(), Part(1)}), (Groups{{0, 1, 2}}));
}

TEST(CopyGroups, APartStaysInOrderOfArrival) {
  EXPECT_EQ(CopyGroups({Part(3, true), Part(3), Part(3, false, true)}), (Groups{{0, 1, 2}}));
}

TEST(CopyGroups, PartsThatWereReadAtOnceAreApart) {
  EXPECT_EQ(CopyGroups({Part(1, true), Part(0, true), Part(1), Part(0)}), (Groups{{1, 3}, {0, 2}}));
}

TEST(CopyGroups, AWholePartAndTheBeginningOfTheNextAreOne) {
  EXPECT_EQ(CopyGroups({Part(1, true), Part(0, true), Part(0, false, true), Part(1)}), (Groups{{1, 2, 0, 3}}));
}

TEST(CopyGroups, APartThatIsNotAtItsEndHasRowsToCome) {
  EXPECT_EQ(CopyGroups({Part(0, true), Part(1, true, true)}), (Groups{{0}, {1}}));
}

// Its first rows are in an earlier file, which lies between.
TEST(CopyGroups, APartThatWasBegunBeforeIsApart) {
  EXPECT_EQ(CopyGroups({Part(0, false, true), Part(1, false, true), Part(2, true)}), (Groups{{0}, {1, 2}}));
}

TEST(CopyGroups, APartBetweenThatIsMissingIsSeen) {
  EXPECT_EQ(CopyGroups({Part(0, true, true), Part(2, true, true)}), (Groups{{0}, {1}}));
}

}  // namespace
}  // namespace sluice::paimon
