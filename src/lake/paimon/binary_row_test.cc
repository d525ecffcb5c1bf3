// SPDX-License-Identifier: Apache-2.0
// Rows, hashes, buckets and partition folders against those of Paimon's Java code (test/data/paimon).
#include "lake/paimon/binary_row.h"

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/test_data_test_util.h"
#include "base/text.h"
#include "lake/paimon/partition_path.h"
#include "lake/paimon/schema.h"
#include "row/timestamp.h"

namespace sluice::paimon {
namespace {

using Json = nlohmann::json;

std::string Bytes(const std::string& hex) { return FromHex(hex).value(); }

double Real(const Json& value) {
  if (!value.is_string()) return value.get<double>();
  if (value == "NaN") return std::numeric_limits<double>::quiet_NaN();
  return value == "-Infinity" ? -INFINITY : INFINITY;
}

// An array of one cell. Times are milliseconds, timestamps [milliseconds, nanoseconds of the millisecond].
std::shared_ptr<arrow::Array> Cell(const DataType& type, const Json& value) {
  const auto arrow_type = type.ToArrow();
  const auto of = [&](auto&& scalar_value) {
    return *arrow::MakeArrayFromScalar(**arrow::MakeScalar(arrow_type, scalar_value), 1);
  };
  if (value.is_null()) return *arrow::MakeArrayOfNull(arrow_type, 1);
  switch (type.kind) {
    case TypeKind::kBinary:
    case TypeKind::kVarBinary:
    case TypeKind::kBytes: return of(Bytes(value.get<std::string>()));
    case TypeKind::kChar:
    case TypeKind::kVarChar:
    case TypeKind::kString: return of(value.get<std::string>());
    case TypeKind::kFloat: return of(static_cast<float>(Real(value)));
    case TypeKind::kDouble: return of(Real(value));
    case TypeKind::kTime: return of(value.get<int64_t>() * 1000);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz: {
      const int64_t millis = value[0].get<int64_t>(), nanos = value[1].get<int64_t>();
      return of(HasNanos(type) ? millis * 1'000'000 + nanos : millis * 1000 + nanos / 1000);
    }
    default: return *arrow::json::ArrayFromJSONString(arrow_type, "[" + value.dump() + "]");
  }
}

std::vector<Json> Vectors(const char* member) {
  std::ifstream file(TestData("paimon/rows.jsonl"));
  std::vector<Json> out;
  for (std::string line; std::getline(file, line);) {
    Json vector = Json::parse(line);
    if (vector.contains(member)) out.push_back(std::move(vector));
  }
  return out;
}

TEST(BinaryRow, IsWhatJavaMakes) {
  int tested = 0;
  for (const Json& vector : Vectors("types")) {
    std::vector<DataType> types;
    std::vector<std::shared_ptr<arrow::Array>> cells;
    for (size_t i = 0; i < vector["types"].size(); ++i) {
      types.push_back(*FromPaimonType(vector["types"][i].get<std::string>()));
      const Json& value = vector["values"][i];
      cells.push_back(Cell(types.back(), value));
    }
    auto codec = BinaryRowCodec::Make(types);
    ASSERT_TRUE(codec.ok()) << vector;
    std::string row;
    codec->Encode(cells, 0, row);
    ASSERT_EQ(Hex(row), vector["row"]) << vector;
    ASSERT_EQ(HashBinaryRow(row), vector["hash"]) << vector;
    for (const auto& [buckets, bucket] : vector["default"].items()) {
      ASSERT_EQ(BucketOf(row, std::stoi(buckets)), bucket) << vector;
    }
    auto parsed = codec->Parse(codec->Serialize(cells, 0));
    ASSERT_TRUE(parsed.ok()) << vector;
    for (size_t i = 0; i < cells.size(); ++i) {
      const auto back = *arrow::MakeArrayFromScalar(*(*parsed)[i], 1);
      ASSERT_TRUE(back->Equals(cells[i], arrow::EqualOptions().nans_equal(true))) << vector;
    }
    ++tested;
  }
  EXPECT_GT(tested, 250);
}

TEST(BinaryRow, OfDamagedBytesIsAnError) {
  for (const Json& vector : Vectors("types")) {
    std::vector<DataType> types;
    for (const std::string type : vector["types"]) types.push_back(*FromPaimonType(type));
    auto codec = BinaryRowCodec::Make(types);
    ASSERT_TRUE(codec.ok());
    std::string bytes = std::string(3, '\0') + static_cast<char>(types.size()) + Bytes(vector["row"]);
    for (size_t size = 0; size < bytes.size(); ++size) (void)codec->Parse(bytes.substr(0, size)).ok();
    EXPECT_FALSE(codec->Parse(bytes.substr(0, 11)).ok()) << vector;
    for (size_t at = 0; at < bytes.size(); ++at) {  // no byte makes it read outside
      std::string wrong = bytes;
      wrong[at] = static_cast<char>(wrong[at] ^ 0xFF);
      (void)codec->Parse(wrong).ok();
    }
  }
}

TEST(BinaryRow, OfATimeBeyondMicrosecondsIsAnError) {
  for (const int precision : {3, 6, 9}) {
    auto codec = BinaryRowCodec::Make({{.kind = TypeKind::kTimestamp, .precision = static_cast<int8_t>(precision)}});
    ASSERT_TRUE(codec.ok());
    std::string bytes = Bytes("00000001" "0000000000000000");
    if (precision >= 6) bytes += Bytes("0000000010000000");  // no nanoseconds; the milliseconds lie at 16
    EXPECT_TRUE(codec->Parse(bytes + Bytes("0100000000000000")).ok()) << precision;
    EXPECT_FALSE(codec->Parse(bytes + Bytes("ffffffffffffff7f")).ok()) << precision;
  }
}

TEST(PartitionPath, IsWhatJavaMakes) {
  int tested = 0;
  for (const Json& vector : Vectors("partition")) {
    const auto type = FromPaimonType(vector["partition"].get<std::string>());
    ASSERT_TRUE(type.ok()) << vector;
    const auto value = Cell(*type, vector["value"])->GetScalar(0);
    PartitionPathStyle style;
    style.legacy = vector["legacy"];
    EXPECT_EQ(PartitionPath({"p"}, {*type}, {*value}, style), vector["path"]) << vector;
    ++tested;
  }
  EXPECT_GT(tested, 60);
}

TEST(PartitionPath, HasTheDefaultNameWhereJavaSeesBlanksOnly) {
  const DataType type{.kind = TypeKind::kString};
  const auto path = [&](const std::string& text) {
    return PartitionPath({"p"}, {type}, {std::make_shared<arrow::StringScalar>(text)}, {});
  };
  for (const char* text : {"", "  ", "\t\n", "\x1c\x1f", "\u3000", " \u2003\u205f ", "\u1680\u2028"}) {
    EXPECT_EQ(path(text), "p=__DEFAULT_PARTITION__/") << text;
  }
  for (const char* text : {"\u00a0", "\u2007", "\u202f", "\u200b", "\u3000x"}) {
    EXPECT_EQ(path(text), Str("p=", text, "/")) << text;
  }
}

}  // namespace
}  // namespace sluice::paimon
