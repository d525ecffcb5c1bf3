// SPDX-License-Identifier: Apache-2.0
// Texts of partitions that are read, as `scan.partitions` has them.
#include "lake/paimon/file_choice.h"

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

namespace sluice::paimon {
namespace {

TEST(PaimonPartitionSpecs, AreSeparatedBySemicolons) {
  FileChoice choice;
  ASSERT_TRUE(choice.ParsePartitions("dt=2024-01-01,hh=8; dt = 2024-01-02 ;").ok());
  const std::vector<PartitionSpec> expected = {{{"dt", "2024-01-01"}, {"hh", "8"}}, {{"dt", "2024-01-02"}}};
  EXPECT_EQ(choice.partitions, expected);
}

TEST(PaimonPartitionSpecs, OthersAreRefused) {
  for (const char* text : {"", ";", "dt", "=1", "dt=1;hh", "dt=max_pt(),hh=1", "dt=max_pt();dt=1", "dt=1;dt=max_pt()",
                           "max_three_pt()"}) {
    FileChoice choice;
    Status parsed = choice.ParsePartitions(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalid) << text;
  }
}

TEST(PaimonPartitionSpecs, OfTheGreatestValues) {
  for (const auto& [text, count, columns] :
       std::vector<std::tuple<const char*, int, std::vector<std::string>>>{
           {"max_pt()", 1, {}}, {" MAX_TWO_PT() ", 2, {}}, {"hh=max_pt(), dt=Max_pt()", 0, {"dt", "hh"}}}) {
    FileChoice choice;
    ASSERT_TRUE(choice.ParsePartitions(text).ok()) << text;
    ASSERT_TRUE(choice.greatest.has_value()) << text;
    EXPECT_EQ(choice.greatest->count, count) << text;
    EXPECT_EQ(choice.greatest->columns, columns) << text;
    EXPECT_TRUE(choice.partitions.empty()) << text;
  }
}

}  // namespace
}  // namespace sluice::paimon
