// SPDX-License-Identifier: Apache-2.0
// GatherRows gives what Arrow's Concatenate of the same slices gives, for each type.
#include "lake/paimon/row_gather.h"

#include <arrow/api.h>
#include <arrow/array/concatenate.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include <string>

namespace sluice::paimon {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

const std::vector<RowRange> kRanges = {{1, 2, 1}, {0, 0, 3}, {0, 0, 1}, {1, 0, 4}, {0, 3, 0}};

void ExpectGathered(const std::vector<ArrayPtr>& sources, const std::vector<RowRange>& ranges) {
  arrow::ArrayVector parts;
  for (const RowRange& range : ranges) parts.push_back(sources[range.source]->Slice(range.begin, range.count));
  const ArrayPtr wanted = *arrow::Concatenate(parts);
  const auto made = GatherRows(sources, ranges);
  ASSERT_TRUE(made.ok()) << made.error().ToString();
  EXPECT_TRUE((*made)->Validate().ok());
  EXPECT_TRUE((*made)->Equals(*wanted)) << sources[0]->type()->ToString() << "\n" << (*made)->ToString();
}

// Two sources of four rows each, the second one a slice.
void ExpectGathered(const std::shared_ptr<arrow::DataType>& type, const std::string& four, const std::string& six) {
  const ArrayPtr first = *arrow::json::ArrayFromJSONString(type, four);
  const ArrayPtr second = (*arrow::json::ArrayFromJSONString(type, six))->Slice(1, 4);
  ExpectGathered({first, second}, kRanges);
}

TEST(RowGather, Numbers) {
  for (const auto& type : {arrow::int32(), arrow::int64(), arrow::date32(), arrow::timestamp(arrow::TimeUnit::MICRO),
                           arrow::time64(arrow::TimeUnit::MICRO)}) {
    ExpectGathered(type, "[1, -2, 3, 4]", "[9, 5, 6, 7, 8, 9]");
    ExpectGathered(type, "[1, null, 3, 4]", "[null, null, 6, 7, 8, 9]");
  }
  for (const auto& type : {arrow::float32(), arrow::float64()}) {
    ExpectGathered(type, "[1.5, null, -3.5, 4]", "[null, 5, 6, 7, 8, 9]");
  }
  ExpectGathered(arrow::decimal128(30, 2), R"(["1.50", "-2.25", null, "4.00"])",
                 R"(["9.00", "5.00", "6.00", "7.00", "8.00", "9.00"])");
}

TEST(RowGather, Texts) {
  for (const auto& type : {arrow::utf8(), arrow::binary()}) {
    ExpectGathered(type, R"(["a", "", "longer than eight", "d"])", R"(["x", "e", "f", "g", "", "x"])");
    ExpectGathered(type, R"(["a", null, "c", "d"])", R"([null, "e", null, "g", "h", "x"])");
  }
}

TEST(RowGather, BooleansAndLists) {
  ExpectGathered(arrow::boolean(), "[true, null, false, true]", "[true, false, true, null, true, false]");
  ExpectGathered(arrow::list(arrow::utf8()), R"([["a"], null, [], ["b", null]])",
                 R"([["x"], ["c"], [], ["d", "e"], null, ["x"]])");
}

TEST(RowGather, NoRows) {
  const ArrayPtr source = *arrow::json::ArrayFromJSONString(arrow::utf8(), R"(["a"])");
  const auto made = GatherRows({source}, {});
  ASSERT_TRUE(made.ok());
  EXPECT_EQ((*made)->length(), 0);
  EXPECT_EQ((*made)->type_id(), arrow::Type::STRING);
}

}  // namespace
}  // namespace sluice::paimon
