// SPDX-License-Identifier: Apache-2.0
// merge_map, merge_map_with_keytime, nested_update, nested_partial_update and collect over nested elements, as Paimon's
// Java code (2.0.0) computes them.
#include "lake/paimon/nested_merge.h"

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "io/folder_test_util.h"
#include "lake/paimon/aggregator.h"
#include "lake/paimon/schema.h"
#include "row/format_value.h"

namespace sluice::paimon {
namespace {

constexpr const char* kMap = R"({"type": "MAP", "key": "STRING", "value": "INT"})";
constexpr const char* kTimes = R"({"type": "MAP", "key": "STRING", "value": {"type": "ROW", "fields": [
    {"id": 2, "name": "v", "type": "INT"}, {"id": 3, "name": "ts", "type": "STRING"}]}})";
constexpr const char* kRows = R"({"type": "ARRAY", "element": {"type": "ROW", "fields": [
    {"id": 2, "name": "k", "type": "INT"}, {"id": 3, "name": "s", "type": "INT"},
    {"id": 4, "name": "v", "type": "STRING"}]}})";

Result<Schema> SchemaOf(const std::string& type, const Options& options) {
  std::string text = R"({"version": 3, "id": 0, "highestFieldId": 9, "partitionKeys": [], "primaryKeys": ["id"],
      "timeMillis": 0, "options": {"merge-engine": "aggregation")";
  for (const auto& [key, value] : options) text += Str(", \"fields.x.", key, "\": \"", value, "\"");
  return ParseSchema(text + R"(}, "fields": [{"id": 0, "name": "id", "type": "INT NOT NULL"},
      {"id": 1, "name": "x", "type": )" + type + "}]}");
}

// What the steps give: JSON adds a value, behind "~" it takes one back, behind "<" it is an older one.
std::string Fold(const std::string& type, const Options& options, const std::vector<std::string>& steps) {
  const auto schema = SchemaOf(type, options);
  if (!schema.ok()) return schema.error().message;
  const auto rules = MergeRules::Of(*schema);
  if (!rules.ok()) return rules.error().message;
  if (const Status fits = rules->CheckWritable(*schema); !fits.ok()) return fits.error().message;
  auto made = Aggregator::Make(rules->aggregates.at("x"), "x", schema->fields[1].type);
  if (!made.ok()) return made.error().message;
  const auto arrow_type = schema->fields[1].type.ToArrow();
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  MergedCell sum, value;
  for (const std::string& step : steps) {
    const bool marked = step[0] == '~' || step[0] == '<';
    // A row before it, so that its place is not 0.
    const std::string cells = Str("[null, ", step.substr(marked ? 1 : 0), "]");
    arrays.push_back(arrow::json::ArrayFromJSONString(arrow_type, cells).ValueOrDie());
    value.Pick(*arrays.back(), 1);
    const Status done = step[0] == '~'   ? made->Retract(sum, value)
                        : step[0] == '<' ? made->AddOlder(sum, value)
                                         : made->Add(sum, value);
    if (!done.ok()) return done.error().message;
  }
  auto builder = arrow::MakeBuilder(arrow_type).ValueOrDie();
  EXPECT_TRUE(AppendCell(sum, *builder).ok());
  std::string out;
  AppendJson(*builder->Finish().ValueOrDie(), 0, out);
  return out;
}

TEST(PaimonMergeMap, LaterEntriesWin) {
  const auto fold = [](const std::vector<std::string>& steps) {
    return Fold(kMap, {{"aggregate-function", "merge_map"}}, steps);
  };
  EXPECT_EQ(fold({R"([["a", 1], ["b", 2]])", R"([["b", 20], ["c", null]])"}), R"([["a",1],["c",null],["b",20]])");
  EXPECT_EQ(fold({R"([["a", 1]])", R"(<[["a", 2], ["b", 3]])"}), R"([["a",1],["b",3]])");
  EXPECT_EQ(fold({R"([["a", 1]])", "null"}), R"([["a",1]])");
  EXPECT_EQ(fold({"[]", "null", R"([["a", 1]])"}), R"([["a",1]])");
  EXPECT_EQ(fold({R"([["a", 1], ["b", 2]])", R"(~[["b", 99], ["z", 1]])"}), R"([["a",1]])");
  EXPECT_EQ(fold({R"([["a", 1]])", "~null"}), R"([["a",1]])");
  EXPECT_EQ(fold({"null", R"(~[["a", 1]])"}), "null");
}

TEST(PaimonMergeMap, TheTimeOfAnEntryDecides) {
  Options options = {{"aggregate-function", "merge_map_with_keytime"}};
  const auto fold = [&](const std::vector<std::string>& steps) { return Fold(kTimes, options, steps); };
  const std::string first = R"([["p", {"v": 1, "ts": "2024-01-01"}], ["q", {"v": 2, "ts": "2024-01-05"}]])";
  EXPECT_EQ(fold({first, R"([["p", {"v": 10, "ts": "2023-12-31"}], ["q", {"v": 20, "ts": "2024-01-06"}]])"}),
            R"([["q",{"v":20,"ts":"2024-01-06"}],["p",{"v":1,"ts":"2024-01-01"}]])");
  EXPECT_EQ(fold({first, R"([["p", {"v": 10, "ts": "2024-01-01"}]])"}),  // not later
            R"([["q",{"v":2,"ts":"2024-01-05"}],["p",{"v":1,"ts":"2024-01-01"}]])");
  EXPECT_EQ(fold({first, R"([["p", null], ["r", {"v": 30, "ts": null}]])"}), R"([["q",{"v":2,"ts":"2024-01-05"}]])");
  EXPECT_EQ(fold({R"([["z", {"v": 1, "ts": null}]])", R"([["z", {"v": 2, "ts": "1"}]])"}),
            R"([["z",{"v":2,"ts":"1"}]])");
  EXPECT_NE(fold({first, "~" + first}).find("cannot take a value back"), std::string::npos);
  options["ts-field"] = "v";
  EXPECT_NE(fold({first}).find("needs a text in the field v"), std::string::npos);
  options["ts-field"] = "nope";
  EXPECT_NE(fold({first}).find("names nope, which is no field"), std::string::npos);
}

TEST(PaimonNestedUpdate, RowsWithoutAKeyAreJoined) {
  Options options = {{"aggregate-function", "nested_update"}};
  const auto fold = [&](const std::vector<std::string>& steps) { return Fold(kRows, options, steps); };
  const std::string a = R"({"k":1,"s":1,"v":"a"})", b = R"({"k":2,"s":1,"v":"b"})", c = R"({"k":3,"s":1,"v":null})";
  EXPECT_EQ(fold({"[" + a + "]", "[null, " + b + ", " + a + "]"}), "[" + a + "," + b + "," + a + "]");
  EXPECT_EQ(fold({"[" + a + "]", "null"}), "[" + a + "]");
  EXPECT_EQ(fold({"[" + a + "," + b + "," + a + "," + c + "]", "~[" + a + "," + c + "]"}), "[" + b + "]");
  EXPECT_EQ(fold({"[" + a + "]", "<[" + b + "]"}), "[" + b + "," + a + "]");
  options["count-limit"] = "2";
  EXPECT_EQ(fold({"[" + a + "]", "[" + b + "," + c + "]"}), "[" + a + "," + b + "]");
  EXPECT_EQ(fold({"[" + a + "," + b + "," + c + "]", "[" + c + "]"}), "[" + a + "," + b + "]");
  options["nested-sequence-field"] = "s";
  EXPECT_NE(fold({"[]"}).find("needs the table option fields.<column>.nested-key"), std::string::npos);
}

TEST(PaimonNestedUpdate, TheKeyIsUnique) {
  Options options = {{"aggregate-function", "nested_update"}, {"nested-key", "k"}};
  const auto fold = [&](const std::vector<std::string>& steps) { return Fold(kRows, options, steps); };
  const std::string a = R"({"k":1,"s":5,"v":"a"})", older = R"({"k":1,"s":4,"v":"z"})";
  const std::string none = R"({"k":null,"s":1,"v":"n"})";
  EXPECT_EQ(fold({"[" + a + "]", "[" + older + "]"}), "[" + older + "]");
  EXPECT_EQ(fold({"[" + a + "]", "~[" + older + "]"}), "[]");
  EXPECT_EQ(fold({"[" + a + "]", "~[" + none + "]"}), "[" + a + "]");
  options["nested-key-null-strategy"] = "ignore";
  EXPECT_EQ(fold({"[" + none + "]", "[" + a + "," + none + "]"}), "[" + a + "]");
  options["nested-key-null-strategy"] = "error";
  EXPECT_NE(fold({"[" + none + "]"}).find("NULL in its nested-key"), std::string::npos);
  options["nested-key-null-strategy"] = "other";
  EXPECT_NE(fold({"[]"}).find("nested-key-null-strategy='other' is not known"), std::string::npos);
  options.erase("nested-key-null-strategy");
  options["nested-sequence-field"] = "s";
  EXPECT_EQ(fold({"[" + a + "]", "[" + older + "]"}), "[" + a + "]");
  EXPECT_EQ(fold({"[" + older + "]", "[" + a + "]"}), "[" + a + "]");
  options["count-limit"] = "1";
  EXPECT_EQ(fold({"[" + older + "]", R"([{"k": 2, "s": 1, "v": "new"}, )" + a + "]"}), "[" + a + "]");
}

TEST(PaimonNestedPartialUpdate, NullChangesNothing) {
  Options options = {{"aggregate-function", "nested_partial_update"}, {"nested-key", "k"}};
  const auto fold = [&](const std::vector<std::string>& steps) { return Fold(kRows, options, steps); };
  const std::string first = R"([{"k": 1, "s": 1, "v": null}])";
  EXPECT_EQ(fold({first, R"([{"k": 1, "s": null, "v": "now"}])"}), R"([{"k":1,"s":1,"v":"now"}])");
  EXPECT_EQ(fold({first, R"([{"k": 1, "s": 9, "v": "x"}, null])"}), R"([{"k":1,"s":9,"v":"x"}])");
  EXPECT_EQ(fold({"null", first}), R"([{"k":1,"s":1,"v":null}])");
  EXPECT_NE(fold({first, "~" + first}).find("cannot take a value back"), std::string::npos);
  options.erase("nested-key");
  EXPECT_NE(fold({first}).find("nested_partial_update needs"), std::string::npos);
}

TEST(PaimonCollect, TakesElementsOfAnyType) {
  Options options = {{"aggregate-function", "collect"}};
  const std::string a = R"({"k":1,"s":5,"v":"a"})", b = R"({"k":1,"s":5,"v":"b"})";
  EXPECT_EQ(Fold(kRows, options, {"[" + a + "]", "[" + b + "," + a + "]", "~[" + a + "]"}), "[" + b + "," + a + "]");
  options["distinct"] = "true";
  EXPECT_EQ(Fold(kRows, options, {"[" + b + "," + b + "]", "[" + a + ",null," + b + ",null]"}),
            "[" + b + "," + a + ",null]");
  EXPECT_NE(Fold(kMap, options, {"[]"}).find("which the aggregate function collect does not take"), std::string::npos);
}

TEST(PaimonNestedUpdate, OtherTypesAreRefused) {
  for (const char* function : {"merge_map", "merge_map_with_keytime", "nested_update", "nested_partial_update"}) {
    for (const char* type : {"\"INT\"", R"({"type": "ARRAY", "element": "STRING"})",
                             R"({"type": "MULTISET", "element": "STRING"})"}) {
      const std::string told = Fold(type, {{"aggregate-function", function}, {"nested-key", "k"}}, {});
      EXPECT_NE(told.find("column x: "), std::string::npos) << told;
      EXPECT_NE(told.find("takes columns of type"), std::string::npos) << told;
    }
  }
}

}  // namespace
}  // namespace sluice::paimon
