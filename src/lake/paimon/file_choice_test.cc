// SPDX-License-Identifier: Apache-2.0
// Texts of partitions that are read, as `scan.partitions` has them.
#include "lake/paimon/file_choice.h"

#include <gtest/gtest.h>

namespace sluice::paimon {
namespace {

TEST(PaimonPartitionSpecs, AreSeparatedBySemicolons) {
  const auto specs = ParsePartitionSpecs("dt=2024-01-01,hh=8; dt = 2024-01-02 ;");
  ASSERT_TRUE(specs.ok()) << specs.error().ToString();
  EXPECT_EQ(*specs, (std::vector<PartitionSpec>{{{"dt", "2024-01-01"}, {"hh", "8"}}, {{"dt", "2024-01-02"}}}));
}

TEST(PaimonPartitionSpecs, OthersAreRefused) {
  EXPECT_EQ(ParsePartitionSpecs("max_pt()").error().code, ErrorCode::kUnsupported);
  for (const char* text : {"", ";", "dt", "=1", "dt=1;hh"}) {
    EXPECT_EQ(ParsePartitionSpecs(text).error().code, ErrorCode::kInvalid) << text;
  }
}

}  // namespace
}  // namespace sluice::paimon
