// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/sort_order.h"

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "base/text.h"

namespace sluice::paimon {
namespace {

FileColumn Col(const char* name, const char* type) {
  FileColumn column;
  column.name = name;
  column.type = *ParseDataType(type);
  return column;
}

// The rows of one column in the order of their keys.
std::vector<int64_t> Sorted(SortOrder::Curve curve, const char* type, const std::string& json) {
  const FileColumn column = Col("a", type);
  const auto arrow_type = column.type.ToArrow();
  const auto values = *arrow::json::ArrayFromJSONString(arrow_type, json);
  const auto schema = arrow::schema({arrow::field("a", arrow_type)});
  const auto rows = arrow::RecordBatch::Make(schema, values->length(), {values});
  const auto order = SortOrder::Make(curve, {"a"}, {column});
  std::vector<std::string> keys(static_cast<size_t>(values->length()));
  std::vector<int64_t> places;
  for (int64_t row = 0; row < values->length(); ++row) {
    order->Key(*rows, row, keys[static_cast<size_t>(row)]);
    places.push_back(row);
  }
  std::stable_sort(places.begin(), places.end(), [&](int64_t a, int64_t b) {
    return keys[static_cast<size_t>(a)] < keys[static_cast<size_t>(b)];
  });
  return places;
}

TEST(PaimonSortOrder, CellsOfEachTypeInTheirOrder) {
  const std::vector<int64_t> ascending = {0, 1, 2, 3, 4};
  for (const auto& [type, json] : {
           std::pair("INT", "[null, -5, -1, 0, 7]"),
           std::pair("BIGINT", "[null, -5000000000, -1, 0, 5000000000]"),
           std::pair("DOUBLE", "[null, -2.5, -0.5, 0.5, 1e300]"),
           std::pair("FLOAT", "[null, -2.5, -0.5, 0.5, 2.5]"),
           std::pair("DECIMAL(30, 1)", R"([null, "-10000000000000000000.0", "-1.0", "0.1", "10000000000000000000.0"])"),
           std::pair("DATE", "[null, -1, 0, 1, 20000]"),
           std::pair("STRING", R"([null, "", "a", "ab", "b"])"),
       }) {
    EXPECT_EQ(Sorted(SortOrder::Curve::kOrder, type, json), ascending) << type;
  }
  // As far as 8 bytes go.
  EXPECT_EQ(Sorted(SortOrder::Curve::kZorder, "INT", "[7, -5, 0, null]"), (std::vector<int64_t>{3, 1, 2, 0}));
  EXPECT_EQ(Sorted(SortOrder::Curve::kZorder, "STRING", R"(["b", "a", "ab"])"), (std::vector<int64_t>{1, 2, 0}));
  EXPECT_EQ(Sorted(SortOrder::Curve::kZorder, "DECIMAL(30, 0)", R"(["100000000000000000000", "3", "-3"])"),
            (std::vector<int64_t>{2, 1, 0}));
}

// The places of a grid of 16 × 16 in the order of a curve.
std::vector<std::pair<int, int>> Grid(SortOrder::Curve curve) {
  std::string x = "[", y = "[";
  for (int i = 0; i < 256; ++i) {
    x += Str(i == 0 ? "" : ",", i % 16);
    y += Str(i == 0 ? "" : ",", i / 16);
  }
  const std::vector<FileColumn> columns = {Col("x", "INT"), Col("y", "INT")};
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (const std::string& json : {x, y}) {
    arrays.push_back(*arrow::json::ArrayFromJSONString(arrow::int32(), json + "]"));
  }
  const auto schema = arrow::schema({arrow::field("x", arrow::int32()), arrow::field("y", arrow::int32())});
  const auto rows = arrow::RecordBatch::Make(schema, 256, arrays);
  const auto order = SortOrder::Make(curve, {"x", "y"}, columns);
  std::vector<std::pair<std::string, int>> keys(256);
  for (int i = 0; i < 256; ++i) {
    order->Key(*rows, i, keys[static_cast<size_t>(i)].first);
    keys[static_cast<size_t>(i)].second = i;
  }
  std::sort(keys.begin(), keys.end());
  std::vector<std::pair<int, int>> out;
  for (const auto& [key, i] : keys) out.emplace_back(i % 16, i / 16);
  return out;
}

TEST(PaimonSortOrder, AHilbertCurveGoesFromPlaceToPlace) {
  const auto grid = Grid(SortOrder::Curve::kHilbert);
  for (size_t i = 1; i < grid.size(); ++i) {
    EXPECT_EQ(std::abs(grid[i].first - grid[i - 1].first) + std::abs(grid[i].second - grid[i - 1].second), 1) << i;
  }
}

TEST(PaimonSortOrder, AZOrderEndsASquareBeforeItBeginsTheNext) {
  const auto grid = Grid(SortOrder::Curve::kZorder);
  for (size_t i = 0; i < grid.size(); ++i) {
    const auto& first = grid[i / 16 * 16];
    EXPECT_EQ(std::pair(grid[i].first / 4, grid[i].second / 4), std::pair(first.first / 4, first.second / 4)) << i;
  }
}

TEST(PaimonSortOrder, ColumnsThatThereAreEachOnce) {
  const std::vector<FileColumn> columns = {Col("a", "INT"), Col("l", "ARRAY<STRING>")};
  const auto code = [&](const std::vector<std::string>& by) {
    return SortOrder::Make(SortOrder::Curve::kOrder, by, columns).error().code;
  };
  EXPECT_EQ(code({}), ErrorCode::kInvalid);
  EXPECT_EQ(code({"b"}), ErrorCode::kInvalid);
  EXPECT_EQ(code({"a", "a"}), ErrorCode::kInvalid);
  EXPECT_EQ(code({"l"}), ErrorCode::kUnsupported);
  EXPECT_FALSE(SortOrder::ParseCurve("none").ok());
}

}  // namespace
}  // namespace sluice::paimon
