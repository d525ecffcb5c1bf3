// SPDX-License-Identifier: Apache-2.0
#include "cli/partition_condition.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

paimon::Schema TableOf(std::vector<std::string> partition_keys) {
  paimon::Schema schema;
  for (const auto& [name, type] : {std::pair("dt", "STRING"), std::pair("hh", "INT"), std::pair("v", "INT")}) {
    paimon::Field& field = schema.fields.emplace_back();
    field.name = name;
    field.type = *ParseDataType(type);
  }
  schema.partition_keys = std::move(partition_keys);
  return schema;
}

bool Holds(const PartitionCondition& condition, const std::string& day, int hour) {
  return *condition.Holds({std::make_shared<arrow::StringScalar>(day), std::make_shared<arrow::Int32Scalar>(hour)});
}

TEST(PartitionCondition, AndOrAndParentheses) {
  const auto condition = PartitionCondition::Make("dt = '2024 OR 5' AND hh < 3 or hh >= 20", TableOf({"dt", "hh"}));
  ASSERT_TRUE(condition.ok()) << condition.error().ToString();
  EXPECT_TRUE(Holds(*condition, "2024 OR 5", 2));
  EXPECT_FALSE(Holds(*condition, "2024 OR 5", 3));
  EXPECT_FALSE(Holds(*condition, "2024", 2));
  EXPECT_TRUE(Holds(*condition, "2024", 20));
  const auto nested = PartitionCondition::Make("dt IN ('1', '2') AND NOT (hh BETWEEN 3 AND 5 OR dt LIKE '2%')",
                                               TableOf({"dt", "hh"}));
  ASSERT_TRUE(nested.ok()) << nested.error().ToString();
  EXPECT_TRUE(Holds(*nested, "1", 2));
  EXPECT_FALSE(Holds(*nested, "1", 4));
  EXPECT_FALSE(Holds(*nested, "2", 2));
  EXPECT_FALSE(Holds(*nested, "3", 2));
}

TEST(PartitionCondition, OnlyColumnsOfThePartitions) {
  const auto other = PartitionCondition::Make("v = 1", TableOf({"dt", "hh"}));
  ASSERT_FALSE(other.ok());
  EXPECT_NE(other.error().message.find("not partitioned by v"), std::string::npos) << other.error().ToString();
  EXPECT_FALSE(PartitionCondition::Make("dt = '1' OR", TableOf({"dt", "hh"})).ok());
  EXPECT_FALSE(PartitionCondition::Make("dt = '1'", TableOf({})).ok());
  EXPECT_FALSE(PartitionCondition::Make(" ", TableOf({"dt", "hh"})).ok());
}

}  // namespace
}  // namespace sluice
