// SPDX-License-Identifier: Apache-2.0
// Truncated bounds against Iceberg's own results.
#include "lake/parquet/column_stats.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/test_data_test_util.h"
#include "base/text.h"

namespace sluice {
namespace {

using Json = nlohmann::json;

std::string FromHex(const std::string& hex) {
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return out;
}

TEST(ColumnStats, BoundsAreTruncatedAsIcebergDoes) {
  std::ifstream vectors(TestData("parquet/transforms.jsonl"));
  int tested = 0;
  for (std::string line; std::getline(vectors, line);) {
    Json vector = Json::parse(line);
    std::string name = vector["transform"];
    if (!name.starts_with("bounds[")) continue;
    int32_t length = std::stoi(name.substr(7));
    bool text = vector["type"] == "string";
    std::string value = text ? vector["value"].get<std::string>() : FromHex(vector["value"]);
    auto upper = text ? TruncateTextUp(value, length) : TruncateBytesUp(value, length);
    std::string lower = text ? TruncateText(value, length) : value.substr(0, static_cast<size_t>(length));
    auto expected = [&](const Json& bound) { return text ? bound.get<std::string>() : FromHex(bound); };
    EXPECT_EQ(lower, expected(vector["lower"])) << line;
    bool none = !vector.contains("upper") || vector["upper"].is_null();
    ASSERT_EQ(upper.has_value(), !none) << line;
    if (!none) {
      EXPECT_EQ(*upper, expected(vector["upper"])) << line;
    }
    ++tested;
  }
  EXPECT_EQ(tested, 42);
}

}  // namespace
}  // namespace sluice
