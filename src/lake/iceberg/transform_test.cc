// SPDX-License-Identifier: Apache-2.0
// Partition transforms against Iceberg's own results, path texts, and the `partition.key` grammar.
#include "lake/iceberg/transform.h"

#include <arrow/builder.h>
#include <arrow/util/decimal.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "base/test_data_test_util.h"
#include "base/text.h"
#include "base/bytes.h"
#include "lake/iceberg/data_file_test_util.h"

namespace sluice::iceberg {
namespace {

using Json = nlohmann::json;

std::string Bytes(const std::string& hex) { return FromHex(hex).value(); }

bool IsBinary(const std::string& type) { return type == "binary" || type == "uuid" || type.starts_with("fixed"); }

// The vectors' value as one cell; null for what sluice has no rows of.
std::shared_ptr<arrow::Array> Cell(const std::string& type, const Json& value) {
  auto known = FromIcebergType(type);
  if (!known.ok()) return nullptr;
  if (IsBinary(type)) {
    std::string hex = value.get<std::string>();
    std::erase(hex, '-');
    arrow::BinaryBuilder builder;
    if (!builder.Append(Bytes(hex)).ok()) return nullptr;
    return builder.Finish().ValueOrDie();
  }
  if (type == "float" || type == "double") return nullptr;  // only single-value, tested by the writer
  return arrow::json::ArrayFromJSONString(known->ToArrow(), "[" + value.dump() + "]").ValueOrDie();
}

// The expected result as a PartitionValue's single-value bytes.
std::string Expected(const std::string& result_type, const Json& value) {
  if (IsBinary(result_type)) return Bytes(value.get<std::string>());
  if (value.is_string() && result_type == "string") return value.get<std::string>();
  if (value.is_string()) {  // decimal
    arrow::Decimal128 number;
    EXPECT_TRUE(arrow::Decimal128::FromString(value.get<std::string>(), &number, nullptr, nullptr).ok());
    auto raw = number.ToBytes();
    return std::string(MinimalBigEndian(std::string(raw.rbegin(), raw.rend())));
  }
  bool is_long = result_type == "long" || result_type == "time" || result_type.starts_with("timestamp");
  return is_long ? SingleValueBytes(value.get<int64_t>()) : SingleValueBytes(value.get<int32_t>());
}

TEST(Transform, GivesWhatIcebergGives) {
  std::ifstream vectors(TestData("parquet/transforms.jsonl"));
  std::map<std::string, int> tested;
  for (std::string line; std::getline(vectors, line);) {
    Json vector = Json::parse(line);
    std::string type = vector["type"], name = vector["transform"];
    if (name == "single-value" || name.starts_with("bounds")) continue;
    auto column = Cell(type, vector["value"]);
    if (column == nullptr) continue;
    auto transform = ParseTransform(name);
    ASSERT_TRUE(transform.ok()) << line;
    ASSERT_TRUE(transform->Check(type, "c").ok()) << line;
    std::vector<PartitionValue> out;
    ASSERT_TRUE(transform->Apply(*column, type, nullptr, 1, out).ok()) << line;
    ASSERT_EQ(SingleValueBytes(out[0]), Expected(TransformResultType(name, type), vector["expected"])) << line;
    Schema schema;
    schema.fields = {MakeField(1, "c", type)};
    PartitionSpec spec;
    spec.fields = {{1, 1000, "", name}};
    // Java gives small decimals an exponent in paths, we never do; texts are encoded, see below.
    bool exponent = type.starts_with("decimal") && vector["path"].get<std::string>().find('E') != std::string::npos;
    if (!IsBinary(type) && type != "string" && !exponent) {
      ASSERT_EQ(PartitionPath(spec, schema, out), "=" + vector["path"].get<std::string>()) << line;
    }
    ++tested[name.substr(0, name.find('['))];
  }
  EXPECT_GE(tested["bucket"], 400);
  EXPECT_GE(tested["truncate"], 300);
  EXPECT_GE(tested["hour"], 18);
  EXPECT_GE(tested["year"], 29);
}

TEST(Transform, SpecificationsHashes) {
  EXPECT_EQ(static_cast<int32_t>(Murmur3("iceberg")), 1210000089);
  EXPECT_EQ(static_cast<int32_t>(Murmur3(std::string("\0\1\2\3", 4))), -188683207);
  EXPECT_EQ(static_cast<int32_t>(Murmur3(Bytes("f79c3e09677c4bbda4793f349cb785e7"))), 1488055340);
}

TEST(Transform, NullStaysNullAndRowsAreChosen) {
  auto column = arrow::json::ArrayFromJSONString(arrow::int64(), "[34, null, 35]").ValueOrDie();
  std::vector<PartitionValue> out;
  std::vector<uint32_t> rows{1, 2, 0};
  ASSERT_TRUE((Transform{TransformKind::kBucket, 16}).Apply(*column, "long", rows.data(), 3, out).ok());
  EXPECT_EQ(out[0], PartitionValue());
  EXPECT_EQ(out[2], PartitionValue(int32_t{3}));
  ASSERT_TRUE((Transform{TransformKind::kVoid, 0}).Apply(*column, "long", nullptr, 3, out).ok());
  EXPECT_EQ(out, std::vector<PartitionValue>(3));
}

TEST(PartitionPath, IsEncodedAndBounded) {
  Schema schema;
  schema.fields = {MakeField(1, "s", "string"), MakeField(2, "ts", "timestamptz"), MakeField(3, "b", "binary")};
  PartitionSpec spec;
  spec.fields = {{1, 1000, "a b", "identity"}, {2, 1001, "ts_hour", "hour"}, {3, 1002, "b", "identity"}};
  EXPECT_EQ(PartitionPath(spec, schema, {std::string("../é x*"), int32_t{-1}, std::string("\xff\xfe")}),
            "a+b=..%2F%C3%A9+x*/ts_hour=1969-12-31-23/b=%2F%2F4%3D");
  EXPECT_EQ(PartitionPath(spec, schema, {PartitionValue(), PartitionValue(), PartitionValue()}),
            "a+b=null/ts_hour=null/b=null");
  spec.fields.resize(1);
  std::string one = PartitionPath(spec, schema, {std::string(1000, 'x')});
  std::string two = PartitionPath(spec, schema, {std::string(1001, 'x')});
  EXPECT_LE(one.size(), 200u);
  EXPECT_NE(one, two);
  EXPECT_EQ(PartitionPath({}, schema, {}), "");
}

TEST(PartitionKey, FlinksGrammar) {
  auto parsed = ParsePartitionKey("db.t1:year(ts), bucket[16](id) ,truncate[2](name);db.t2:region;");
  ASSERT_TRUE(parsed.ok()) << parsed.error().ToString();
  ASSERT_EQ(parsed->size(), 2u);
  EXPECT_EQ((*parsed)[1].table, "db.t2");
  Schema schema;
  schema.fields = {MakeField(1, "id", "long"), MakeField(4, "ts", "timestamp"), MakeField(5, "name", "string")};
  auto spec = ToPartitionSpec((*parsed)[0].terms, schema);
  ASSERT_TRUE(spec.ok()) << spec.error().ToString();
  EXPECT_EQ(spec->fields, (std::vector<PartitionField>{{4, 1000, "ts_year", "year"},
                                                       {1, 1001, "id_bucket", "bucket[16]"},
                                                       {5, 1002, "name_trunc", "truncate[2]"}}));
  EXPECT_TRUE(ParsePartitionKey("  ")->empty());
}

TEST(PartitionKey, BadOnesAreNamed) {
  auto error = [](const char* text) {
    auto parsed = ParsePartitionKey(text);
    return parsed.ok() ? "" : parsed.error().message;
  };
  EXPECT_EQ(error("region"), "partition.key: 'region' is not table:columns");
  EXPECT_EQ(error("db.t:a,,b"), "partition.key: 'db.t:a,,b' has an empty term");
  EXPECT_EQ(error("db.t:year(ts"), "partition.key: 'year(ts' lacks a closing parenthesis");
  EXPECT_EQ(error("db.t:void(ts)"), "partition.key: transform void is not accepted");
  EXPECT_EQ(error("db.t:bucket[0](id)"), "partition transform 'bucket[0]': the width must be a number of at least 1");
  EXPECT_EQ(error("db.t:week(ts)"), "partition transform 'week' is unknown");
  EXPECT_EQ(error("db.t:a;db.t:b"), "partition.key: table db.t stands twice");
  Schema schema;
  schema.fields = {MakeField(1, "region", "string"), MakeField(2, "tags", "list<string>"),
                   MakeField(3, "d_year", "int"), MakeField(4, "d", "date")};
  auto spec_error = [&](const char* terms) {
    auto parsed = ParsePartitionKey(Str("t:", terms));
    return ToPartitionSpec(parsed->at(0).terms, schema).error().ToString();
  };
  EXPECT_EQ(spec_error("regoin"), "partition column regoin is not in the table\nhint: did you mean region?");
  EXPECT_EQ(spec_error("hour(d)"), "partition transform hour does not take column d of type date");
  EXPECT_EQ(spec_error("tags"), "partition transform identity does not take column tags of type list<string>");
  EXPECT_EQ(spec_error("year(d)"), "partition field d_year has the name of another column or partition field");
}

}  // namespace
}  // namespace sluice::iceberg
