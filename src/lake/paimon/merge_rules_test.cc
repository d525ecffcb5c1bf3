// SPDX-License-Identifier: Apache-2.0
// What the options of a table make of rows with the same key, and which of them contradict each other.
#include "lake/paimon/merge_rules.h"

#include <gtest/gtest.h>

#include "lake/paimon/merge_reader.h"
#include "lake/paimon/table_model_test_util.h"

namespace sluice::paimon {
namespace {

Schema SchemaOf(const Options& options) {
  TableSchema table;
  for (const char* name : {"a", "b", "g", "h", "n"}) table.columns.push_back(Col(name, "INT"));
  table.columns.push_back(Col("id", "INT NOT NULL"));
  table.columns.push_back(Col("s", "STRING"));
  table.primary_key = {"id"};
  return *FromTableSchema(table, {}, options);
}

MergeRules Rules(const std::string& engine, Options options = {}) {
  options["merge-engine"] = engine;
  auto rules = MergeRules::Of(SchemaOf(options));
  if (!rules.ok()) ADD_FAILURE() << rules.error().ToString();
  return rules.ok() ? *rules : MergeRules();
}

std::string Refusal(const std::string& engine, Options options) {
  options["merge-engine"] = engine;
  const Schema schema = SchemaOf(options);
  const auto rules = MergeRules::Of(schema);
  if (!rules.ok()) return rules.error().message;
  const Status writable = rules->CheckWritable(schema);
  return writable.ok() ? "none" : writable.error().message;
}

std::string Taken(const MergeRules& rules, RowKind kind) {
  const Status takes = rules.CheckTakes(kind);
  return takes.ok() ? "yes" : takes.error().ToString();
}

TEST(PaimonMergeRules, AreThoseOfTheEngine) {
  EXPECT_EQ(Rules("Partial-Update").engine, MergeEngine::kPartialUpdate);
  EXPECT_EQ(Rules("first-row").engine, MergeEngine::kFirstRow);
  const MergeRules sums = Rules("aggregation", {{"fields.n.aggregate-function", "sum"}, {"sequence.field", "g"},
                                                {"fields.default-aggregate-function", "max"}});
  EXPECT_EQ(sums.aggregates.at("n").function, AggregateFunction::kSum);
  EXPECT_EQ(sums.aggregates.at("a").function, AggregateFunction::kMax);
  EXPECT_EQ(sums.aggregates.at("g").function, AggregateFunction::kLastValue);
  EXPECT_EQ(sums.aggregates.at("id").function, AggregateFunction::kPrimaryKey);
  EXPECT_EQ(Rules("aggregation").aggregates.at("s").function, AggregateFunction::kLastNonNullValue);
  EXPECT_NE(Refusal("newest", {}).find("merge-engine='newest'"), std::string::npos);
  for (const char* key : {"ignore-delete", "first-row.ignore-delete", "partial-update.ignore-delete"}) {
    EXPECT_TRUE(Rules("partial-update", {{key, "true"}}).ignore_delete) << key;
  }
  const Options both = {{"first-row.ignore-delete", "true"}, {"ignore-delete", "false"}};
  EXPECT_FALSE(Rules("partial-update", both).ignore_delete);
}

TEST(PaimonMergeRules, KnowTheSequenceGroups) {
  const Options options = {{"fields.g,h.sequence-group", "a, b"}, {"fields.n.sequence-group", "s"},
                           {"partial-update.remove-record-on-sequence-group", "n"}};
  const MergeRules rules = Rules("partial-update", options);
  ASSERT_EQ(rules.groups.size(), 2u);
  EXPECT_EQ(rules.groups[rules.group_of.at("a")].order, (std::vector<std::string>{"g", "h"}));
  EXPECT_EQ(rules.group_of.at("b"), rules.group_of.at("h"));
  EXPECT_FALSE(rules.groups[rules.group_of.at("a")].removes);
  EXPECT_TRUE(rules.groups[rules.group_of.at("s")].removes);
  EXPECT_EQ(rules.AlsoNeeded({"id"}), (std::vector<std::string>{"n"}));  // whose -D rows remove the row
  EXPECT_EQ(rules.AlsoNeeded({"h", "b", "n"}), (std::vector<std::string>{"g"}));
}

TEST(PaimonMergeRules, RefuseOptionsThatCannotBe) {
  const std::vector<std::tuple<std::string, Options, std::string>> kCases = {
      {"partial-update", {{"fields.g.sequence-group", "x"}}, "names x, which is no column"},
      {"partial-update", {{"fields.x.sequence-group", "a"}}, "names x, which is no column"},
      {"partial-update", {{"fields.g.sequence-group", "id"}}, "names id, which is part of the primary key"},
      {"partial-update", {{"fields.g.sequence-group", "a"}, {"fields.h.sequence-group", "a"}}, "another"},
      {"partial-update", {{"fields.n.aggregate-function", "sum"}}, "column n: the aggregate function sum needs"},
      {"partial-update", {{"fields.default-aggregate-function", "sum"}, {"fields.g.sequence-group", "a"}}, "needs"},
      {"partial-update", {{"partial-update.remove-record-on-sequence-group", "g"}}, "names g, which orders no"},
      {"partial-update", {{"ignore-delete", "true"}, {"partial-update.remove-record-on-delete", "true"}}, "contradict"},
      {"partial-update", {{"fields.g.sequence-group", "a"}, {"partial-update.remove-record-on-delete", "true"}},
       "contradict"},
      {"partial-update", {{"ignore-delete", "true"}, {"fields.g.sequence-group", "a"},
                          {"partial-update.remove-record-on-sequence-group", "g"}}, "contradict"},
      {"aggregation", {{"aggregation.remove-record-on-delete", "true"}, {"fields.a.ignore-retract", "true"}},
       "contradict"},
      {"aggregation", {{"sequence.field", "a"}, {"fields.a.aggregate-function", "sum"}}, "column a is a sequence"},
      {"aggregation", {{"fields.s.aggregate-function", "sum"}}, "column s is STRING, which the aggregate function sum"},
      {"aggregation", {{"fields.a.aggregate-function", "bool_or"}}, "column a is INT"},
      {"aggregation", {{"fields.a.aggregate-function", "hll_sketch"}}, "column a is INT"},
      {"aggregation", {{"fields.a.aggregate-function", "merge_map"}}, "column a: merge_map takes columns of type MAP"},
      {"first-row", {{"sequence.field", "a"}}, "sequence.field has no meaning"},
      {"first-row", {{"changelog-producer", "input"}}, "cannot have changelog-producer input"}};
  for (const auto& [engine, options, words] : kCases) {
    EXPECT_NE(Refusal(engine, options).find(words), std::string::npos) << words << ": " << Refusal(engine, options);
  }
  EXPECT_EQ(Refusal("partial-update", {{"fields.default-aggregate-function", "last_non_null_value"}}), "none");
  EXPECT_EQ(Refusal("deduplicate", {{"fields.n.aggregate-function", "merge_map"}}), "none");  // has no meaning there
}

TEST(PaimonMergeRules, SayWhichOptionsLetDeletesThrough) {
  for (const char* engine : {"partial-update", "first-row"}) {
    EXPECT_NE(Taken(Rules(engine), RowKind::kDelete).find("ignore-delete"), std::string::npos);
    EXPECT_EQ(Taken(Rules(engine), RowKind::kUpdateBefore), "yes");  // is left out
    EXPECT_EQ(Taken(Rules(engine), RowKind::kUpdateAfter), "yes");
    EXPECT_EQ(Taken(Rules(engine, {{"ignore-delete", "true"}}), RowKind::kDelete), "yes");
  }
  const MergeRules logged = Rules("partial-update", {{"changelog-producer", "input"}});
  EXPECT_NE(Taken(logged, RowKind::kUpdateBefore).find("partial-update cannot take it"), std::string::npos);
  const MergeRules removing = Rules("partial-update", {{"partial-update.remove-record-on-delete", "true"}});
  EXPECT_EQ(Taken(removing, RowKind::kDelete), "yes");
  EXPECT_EQ(Taken(Rules("partial-update", {{"fields.g.sequence-group", "a"}}), RowKind::kDelete), "yes");
  const Options max = {{"fields.n.aggregate-function", "max"}};
  EXPECT_NE(Taken(Rules("aggregation", max), RowKind::kDelete).find("fields.n.ignore-retract"), std::string::npos);
  EXPECT_EQ(Taken(Rules("aggregation", {{"fields.n.aggregate-function", "sum"}}), RowKind::kUpdateBefore), "yes");
  Options removes = max;
  removes["aggregation.remove-record-on-delete"] = "true";
  EXPECT_EQ(Taken(Rules("aggregation", removes), RowKind::kDelete), "yes");
  EXPECT_NE(Taken(Rules("aggregation", removes), RowKind::kUpdateBefore).find("column n"), std::string::npos);
  removes["ignore-update-before"] = "true";
  EXPECT_EQ(Taken(Rules("aggregation", removes), RowKind::kUpdateBefore), "yes");
}

TEST(PaimonMergeRules, KnowWhenTheOldRowOfAnUpdateCounts) {
  EXPECT_TRUE(Rules("aggregation").needs_old_rows());
  EXPECT_FALSE(Rules("aggregation", {{"ignore-update-before", "true"}}).needs_old_rows());
  EXPECT_FALSE(Rules("partial-update").needs_old_rows());
  EXPECT_TRUE(Rules("partial-update", {{"fields.g.sequence-group", "n"}, {"fields.n.aggregate-function", "sum"}})
                  .needs_old_rows());
  EXPECT_FALSE(Rules("first-row").needs_old_rows());
  EXPECT_TRUE(MayNeedOldRows({{"merge-engine", "Aggregation"}}));
  EXPECT_TRUE(MayNeedOldRows({{"merge-engine", "partial-update"}, {"fields.n.aggregate-function", "sum"}}));
  EXPECT_FALSE(MayNeedOldRows({{"merge-engine", "partial-update"}, {"fields.g.sequence-group", "n"}}));
  EXPECT_FALSE(MayNeedOldRows({{"fields.n.aggregate-function", "sum"}}));
}

TEST(PaimonMergeRules, OptionsAreCheckedAloneToo) {
  for (const auto& [key, value] : Options{{"merge-engine", "first"}, {"fields.a.aggregate-function", "hll"},
                                          {"fields.default-aggregate-function", "x"}, {"fields.a.distinct", "yes"},
                                          {"fields.a.ignore-retract", "1"}}) {
    const Status checked = CheckMergeOption(key, value);
    EXPECT_FALSE(checked.ok()) << key;
    EXPECT_NE(checked.error().message.find(key), std::string::npos);
  }
  EXPECT_TRUE(CheckMergeOption("merge-engine", "aggregation").ok());
  EXPECT_TRUE(CheckMergeOption("fields.a.aggregate-function", "listagg").ok());
  EXPECT_TRUE(CheckMergeOption("fields.a.ignore-retract", "True").ok());
}

}  // namespace
}  // namespace sluice::paimon
