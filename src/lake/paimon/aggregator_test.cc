// SPDX-License-Identifier: Apache-2.0
// Aggregate functions over the values of a key, as Paimon's Java code computes them.
#include "lake/paimon/aggregator.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "lake/paimon/roaring_set.h"
#include "lake/paimon/table_model_test_util.h"

namespace sluice::paimon {
namespace {

// What the steps give, as text: "v" adds a value, "~v" takes one back, "<v" adds one that is older; "null" is NULL.
std::string FoldBy(const Options& options, const std::string& type, const std::vector<std::string>& steps) {
  TableSchema table;
  table.columns = {Col("id", "INT NOT NULL"), Col("x", type)};
  table.primary_key = {"id"};
  Options all = options;
  all["merge-engine"] = "aggregation";
  const auto schema = FromTableSchema(table, {}, all);
  const auto rules = MergeRules::Of(*schema);
  if (!rules.ok()) return rules.error().message;
  auto made = Aggregator::Make(rules->aggregates.at("x"), "x", table.columns[1].type);
  if (!made.ok()) return made.error().message;
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  MergedCell sum, value;
  for (const std::string& step : steps) {
    const bool marked = step[0] == '~' || step[0] == '<';
    arrays.push_back(*arrow::MakeArrayFromScalar(*CellOf(table.columns[1], step.substr(marked ? 1 : 0)), 1));
    value.Pick(*arrays.back(), 0);
    Status done = step[0] == '~'   ? made->Retract(sum, value)
                  : step[0] == '<' ? made->AddOlder(sum, value)
                                   : made->Add(sum, value);
    if (!done.ok()) return done.error().message;
  }
  auto builder = *arrow::MakeBuilder(table.columns[1].type.ToArrow());
  EXPECT_TRUE(AppendCell(sum, *builder).ok());
  std::string out;
  AppendJson(**builder->Finish(), 0, out);
  if (type.starts_with("DECIMAL")) std::erase(out, '"');
  return out;
}

std::string Fold(const std::string& function, const std::string& type, const std::vector<std::string>& steps) {
  return FoldBy({{"fields.x.aggregate-function", function}}, type, steps);
}

TEST(PaimonAggregator, TakesTheFirstOrLastValue) {
  EXPECT_EQ(Fold("last_value", "STRING", {"a", "b", "null"}), "null");
  EXPECT_EQ(Fold("last_value", "STRING", {"a", "<b"}), "\"a\"");
  EXPECT_EQ(Fold("last_value", "STRING", {"a", "~a"}), "null");
  EXPECT_EQ(Fold("last_non_null_value", "STRING", {"a", "b", "null"}), "\"b\"");
  EXPECT_EQ(Fold("last_non_null_value", "STRING", {"a", "~null"}), "\"a\"");
  EXPECT_EQ(Fold("last_non_null_value", "STRING", {"a", "~b"}), "null");
  EXPECT_EQ(Fold("first_value", "STRING", {"null", "b", "c"}), "null");
  EXPECT_EQ(Fold("first_value", "STRING", {"a", "b", "<c"}), "\"c\"");
  EXPECT_EQ(Fold("first_non_null_value", "STRING", {"null", "b", "c"}), "\"b\"");
  EXPECT_EQ(Fold("first_not_null_value", "STRING", {"null", "b", "c"}), "\"b\"");
}

TEST(PaimonAggregator, AddsAndTakesBack) {
  for (const char* type : {"TINYINT", "SMALLINT", "INT", "BIGINT"}) {
    EXPECT_EQ(Fold("sum", type, {"1", "null", "20", "~5"}), "16") << type;
    EXPECT_EQ(Fold("sum", type, {"~5", "~null"}), "-5") << type;
    EXPECT_EQ(Fold("product", type, {"3", "7", "null", "~3", "<2"}), "14") << type;
  }
  EXPECT_EQ(Fold("sum", "DOUBLE", {"0.5", "0.25", "~0.125"}), "0.625");
  EXPECT_EQ(Fold("sum", "DOUBLE", {"~0"}), "-0");
  EXPECT_EQ(Fold("sum", "FLOAT", {"16777216", "1"}), "16777216");  // in the column's precision
  EXPECT_EQ(Fold("product", "FLOAT", {"2", "3", "~4"}), "1.5");
  EXPECT_EQ(Fold("sum", "DECIMAL(10, 2)", {"0.10", "0.20", "~0.05"}), "0.25");
  EXPECT_EQ(Fold("sum", "DECIMAL(30, 2)", {"0.10", "null", "~100.20"}), "-100.10");
  EXPECT_EQ(Fold("sum", "DECIMAL(30, 2)", {"~0.10"}), "-0.10");
}

TEST(PaimonAggregator, SaysWhichIntegersAreTooLarge) {
  const std::pair<const char*, const char*> kMost[] = {
      {"TINYINT", "127"}, {"SMALLINT", "32767"}, {"INT", "2147483647"}, {"BIGINT", "9223372036854775807"}};
  for (const auto& [type, most] : kMost) {
    EXPECT_NE(Fold("sum", type, {most, "1"}).find(Str("column x: sum: ", most, " + 1 is no ", type)),
              std::string::npos);
    EXPECT_EQ(Fold("sum", type, {most, "~1", "1"}), most);
    EXPECT_NE(Fold("product", type, {most, "2"}).find("is no"), std::string::npos);
  }
  EXPECT_NE(Fold("sum", "TINYINT", {"~-128"}).find("0 - -128 is no TINYINT"), std::string::npos);
  EXPECT_NE(Fold("product", "INT", {"1", "~0"}).find("1 / 0"), std::string::npos);
}

TEST(PaimonAggregator, MakesDecimalsThatDoNotFitNull) {
  const std::string most(30, '9');
  EXPECT_EQ(Fold("sum", "DECIMAL(30, 0)", {most, "1"}), "null");
  EXPECT_EQ(Fold("sum", "DECIMAL(30, 0)", {most, "1", "7"}), "7");
  EXPECT_EQ(Fold("sum", "DECIMAL(38, 0)", {std::string(38, '9'), std::string(38, '9')}), "null");
  EXPECT_EQ(Fold("product", "DECIMAL(38, 0)", {std::string(38, '9'), std::string(38, '9')}), "null");
  EXPECT_EQ(Fold("sum", "DECIMAL(4, 2)", {"99.99", "0.02"}), "100.01");  // Java does not look
}

TEST(PaimonAggregator, MultipliesDecimalsRoundedHalfUp) {
  EXPECT_EQ(Fold("product", "DECIMAL(10, 2)", {"1.50", "0.03"}), "0.05");
  EXPECT_EQ(Fold("product", "DECIMAL(10, 2)", {"-1.50", "0.03"}), "-0.05");
  EXPECT_EQ(Fold("product", "DECIMAL(10, 2)", {"1.48", "0.03"}), "0.04");
  EXPECT_EQ(Fold("product", "DECIMAL(10, 2)", {"1.00", "~8.00"}), "0.13");
  EXPECT_EQ(Fold("product", "DECIMAL(10, 2)", {"-1.00", "~8.00"}), "-0.13");
  EXPECT_NE(Fold("product", "DECIMAL(10, 2)", {"1.00", "~3.00"}).find("has no end"), std::string::npos);
  EXPECT_NE(Fold("product", "DECIMAL(10, 2)", {"1.00", "~0.00"}).find("no number"), std::string::npos);
  EXPECT_EQ(Fold("product", "DECIMAL(10, 2)", {"6.00", "~3.00"}), "2.00");
}

TEST(PaimonAggregator, FindsTheLeastAndTheGreatest) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> kValues = {
      {"INT", {"-5", "7"}}, {"STRING", {"a", "ab"}}, {"DECIMAL(10, 2)", {"-1.00", "2.00"}},
      {"BOOLEAN", {"false", "true"}}, {"DATE", {"1969-12-31", "2000-01-01"}}, {"DOUBLE", {"-0.0", "0.0"}},
      {"TIMESTAMP(3)", {"1960-01-01", "1990-01-01"}}};
  for (const auto& [type, values] : kValues) {
    const std::string least = Fold("min", type, {values[0]}), most = Fold("max", type, {values[1]});
    EXPECT_NE(least, most);
    EXPECT_EQ(Fold("min", type, {values[1], "null", values[0], values[1]}), least) << type;
    EXPECT_EQ(Fold("max", type, {values[0], "null", values[1], values[0]}), most) << type;
  }
  EXPECT_NE(Fold("max", "INT", {"1", "~1"}).find("column x: the aggregate function max cannot"), std::string::npos);
  const Options ignores = {{"fields.x.aggregate-function", "max"}, {"fields.x.ignore-retract", "true"}};
  EXPECT_EQ(FoldBy(ignores, "INT", {"1", "~1"}), "1");
}

TEST(PaimonAggregator, JoinsTruths) {
  EXPECT_EQ(Fold("bool_and", "BOOLEAN", {"true", "null", "true"}), "true");
  EXPECT_EQ(Fold("bool_and", "BOOLEAN", {"true", "false", "true"}), "false");
  EXPECT_EQ(Fold("bool_or", "BOOLEAN", {"false", "null"}), "false");
  EXPECT_EQ(Fold("bool_or", "BOOLEAN", {"false", "true", "false"}), "true");
}

TEST(PaimonAggregator, ListsTexts) {
  EXPECT_EQ(Fold("listagg", "STRING", {"a", "null", "b", "", "a"}), "\"a,b,a\"");
  EXPECT_EQ(Fold("listagg", "STRING", {"", "a"}), "\"a\"");
  EXPECT_EQ(Fold("listagg", "STRING", {"a", " \t\u2003\u3000", "\u00a0"}), "\"a,\u00a0\"");  // a no-break space is text
  EXPECT_EQ(Fold("listagg", "STRING", {"b", "<a"}), "\"a,b\"");
  const Options options = {{"fields.x.aggregate-function", "listagg"}, {"fields.x.list-agg-delimiter", "; "},
                           {"fields.x.distinct", "true"}};
  EXPECT_EQ(FoldBy(options, "STRING", {"b; b", "a", "c; b;  ; c; a;"}), "\"b; b; a; c; a;\"");
}

// The list as words, for CellOf; "null" for NULL.
std::string Collected(const Options& options, const std::string& type, const std::vector<std::string>& steps) {
  Options all = options;
  all["fields.x.aggregate-function"] = "collect";
  std::string out = FoldBy(all, type, steps);
  std::erase_if(out, [](char c) { return c == '[' || c == ']' || c == '"'; });
  std::replace(out.begin(), out.end(), ',', ' ');
  return out;
}

TEST(PaimonAggregator, CollectsTheElementsOfLists) {
  EXPECT_EQ(Collected({}, "ARRAY<STRING>", {"b a", "null", "a null", "", "c"}), "b a a null c");
  EXPECT_EQ(Collected({}, "ARRAY<STRING>", {"null", "null"}), "null");
  EXPECT_EQ(Collected({}, "ARRAY<STRING>", {"null", "a a"}), "a a");
  EXPECT_EQ(Collected({}, "ARRAY<STRING>", {"a", "<b"}), "a b");  // as in Java
  EXPECT_EQ(Collected({}, "ARRAY<FLOAT>", {"1.5", "2 1.5"}), "1.5 2 1.5");
}

TEST(PaimonAggregator, TakesElementsOfListsBack) {
  EXPECT_EQ(Collected({}, "ARRAY<STRING>", {"a b null a c a", "~a x null a"}), "b c a");
  EXPECT_EQ(Collected({}, "ARRAY<STRING>", {"a", "~null", "~", "b", "~a b"}), "");
  EXPECT_EQ(Collected({}, "ARRAY<STRING>", {"~a"}), "null");
  EXPECT_EQ(Collected({}, "ARRAY<FLOAT>", {"nan 0 -0 2", "~2 nan 0"}), "-0");
  EXPECT_EQ(Collected({{"fields.x.ignore-retract", "true"}}, "ARRAY<STRING>", {"a", "~a"}), "a");
}

// The order is that of Java's FieldCollectAgg.
TEST(PaimonAggregator, CollectsDistinctElementsInTheOrderOfJava) {
  const Options distinct = {{"fields.x.distinct", "true"}};
  const auto texts = [&](const std::vector<std::string>& steps) { return Collected(distinct, "ARRAY<STRING>", steps); };
  EXPECT_EQ(texts({"b a null b", "a alpha beta gamma delta"}), "null alpha gamma a delta beta b");
  std::string many;
  for (int i = 1; i <= 30; ++i) many += Str("w", i, " ");
  EXPECT_EQ(texts({many}), "w26 w15 w5 w28 w1 w27 w17 w13 w23 w8 w14 w18 w4 w2 w25 w21 w19 w6 w10 w20 w12 w30 w16 w29 "
                           "w9 w7 w22 w24 w3 w11");
  EXPECT_EQ(texts({"zürich köln straße 日本 ab abc abcd abcde", "x y zürich"}),
            "zürich straße x abc abcde y köln ab abcd 日本");
  EXPECT_EQ(texts({"a b", "~a", "b c"}), "c b");
  EXPECT_EQ(texts({"null", "null"}), "null");
  EXPECT_EQ(Collected(distinct, "ARRAY<FLOAT>", {"1.5 2 -0 0 3.25", "2 7"}), "1.5 2 -0 0 3.25 7");
}

// The serialised bitmap of the numbers 1 and `key` << 16 | 2.
std::string Bitmap(RoaringWidth width, uint64_t key) {
  return SerializeRoaring(width, UnionOf({{0, {{1, 1}}}}, {{key, {{2, 2}}}}));
}

TEST(PaimonAggregator, UnitesBitmaps) {
  for (const auto& [name, width] : {std::pair("rbm32", RoaringWidth::k32), std::pair("rbm64", RoaringWidth::k64)}) {
    const std::string a = Bitmap(width, 0), b = Bitmap(width, 7);
    EXPECT_NE(a, b);
    EXPECT_EQ(Fold(name, "BYTES", {a, "null", b}), Fold("last_value", "BYTES", {SerializeRoaring(
        width, {{0, {{1, 2}}}, {7, {{2, 2}}}})}));
    EXPECT_EQ(Fold(name, "VARBINARY(9)", {"null", "as it is"}), Fold("last_value", "BYTES", {"as it is"}));
    EXPECT_NE(Fold(name, "BYTES", {a, "bytes"}).find(Str("column x: ", name, ": a value is no serialised Roaring")),
              std::string::npos);
    EXPECT_NE(Fold(name, "BYTES", {a, "~" + a}).find("cannot take a value back"), std::string::npos);
  }
}

TEST(PaimonAggregator, UnitesSketches) {
  const std::string none("\1\3\3\0\0\x1e\0\0", 8);
  EXPECT_EQ(Fold("theta_sketch", "BYTES", {"null", none, "null", none}), Fold("last_value", "BYTES", {none}));
  EXPECT_EQ(Fold("theta_sketch", "BYTES", {none, "this is no sketch"}),
            "column x: theta_sketch: a value is no theta sketch: serial version 104 is not read");
  const std::string empty("\2\1\7\x0c\3\x0c\0\0", 8), one("\2\1\7\x0c\3\x08\1\0\x7b\x65\xe6\x08", 12);
  EXPECT_EQ(Fold("hll_sketch", "BYTES", {empty, "null", one, empty}), Fold("last_value", "BYTES", {one}));
  EXPECT_EQ(Fold("hll_sketch", "VARBINARY(90)", {one, none}),
            "column x: hll_sketch: a value is no HLL sketch: its first bytes are of none");
  EXPECT_NE(Fold("theta_sketch", "BYTES", {none, "~" + none}).find("cannot take a value back"), std::string::npos);
}

TEST(PaimonAggregator, RefusesWhatItCannotComputeByName) {
  const std::string max = Fold("max", "ARRAY<STRING>", {"a"});
  EXPECT_NE(max.find("which the aggregate function max does not take"), std::string::npos) << max;
  EXPECT_NE(Fold("summ", "INT", {"1"}).find("'summ' is not known"), std::string::npos);
}

}  // namespace
}  // namespace sluice::paimon
