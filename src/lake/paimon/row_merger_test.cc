// SPDX-License-Identifier: Apache-2.0
// Rows of one key become one, step by step, with the kinds and sequence numbers that Paimon's Java code gives.
#include "lake/paimon/row_merger.h"

#include <gtest/gtest.h>

#include "lake/paimon/special_fields.h"
#include "lake/paimon/table_model_test_util.h"

namespace sluice::paimon {
namespace {

struct Step {
  RowKind kind = RowKind::kInsert;
  std::vector<std::string> texts;  // of g, a, b, n
};
constexpr RowKind kI = RowKind::kInsert, kB = RowKind::kUpdateBefore, kA = RowKind::kUpdateAfter, kD = RowKind::kDelete;

// "kind sequence: cells" of the merged row; an error's text.
std::string Merge(Options options, const std::vector<Step>& steps, size_t times = 1) {
  TableSchema table;
  table.columns = {Col("id", "INT NOT NULL"), Col("g", "INT"), Col("a", "STRING"), Col("b", "STRING"), Col("n", "INT")};
  table.primary_key = {"id"};
  const Schema schema = *FromTableSchema(table, {}, options);
  const auto rules = MergeRules::Of(schema);
  if (!rules.ok()) return rules.error().ToString();
  std::vector<FileColumn> columns = {{kKeyIds, "_KEY_id", *ParseDataType("INT NOT NULL"), true},
                                     {kSequenceId, kSequenceName, *ParseDataType("BIGINT"), true},
                                     {kKindId, kKindName, *ParseDataType("TINYINT"), true}};
  for (const Field& field : schema.fields) columns.push_back({field.id, field.name, field.type, false});
  auto merger = RowMerger::Make(*rules, columns, columns.size());
  if (!merger.ok()) return merger.error().ToString();
  std::string line;
  for (; times > 0; --times) {  // each key begins anew
    (*merger)->Begin();
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
    int64_t sequence = 7;
    for (const Step& step : steps) {
      Cells cells = {CellOf(table.columns[0], "1")};
      for (size_t i = 0; i < step.texts.size(); ++i) cells.push_back(CellOf(table.columns[i + 1], step.texts[i]));
      batches.push_back(BatchOf(table, {cells}));
      std::vector<const arrow::Array*> arrays(3, batches.back()->column(0).get());
      for (const auto& column : batches.back()->columns()) arrays.push_back(column.get());
      const Status added = (*merger)->Add(arrays, 0, step.kind, sequence++);
      if (!added.ok()) return added.error().ToString();
    }
    EXPECT_TRUE((*merger)->Append().ok());
    const auto merged = (*merger)->Finish();
    const auto number = [&](size_t i) { return (*(*merged)[i]->GetScalar(0))->ToString(); };
    line = Str(RowKindName(static_cast<RowKind>(std::stoi(number(2)))), " ", number(1), ": ");
    EXPECT_EQ(number(0), "1");
    EXPECT_EQ(number(3), "1");
    for (size_t i = 4; i < merged->size(); ++i) {
      AppendJson(*(*merged)[i], 0, line);
      line += i + 1 < merged->size() ? " " : "";
    }
  }
  return line;
}

const Options kPartial = {{"merge-engine", "partial-update"}};
const Options kGroups = {{"merge-engine", "partial-update"}, {"fields.g.sequence-group", "a,n"},
                         {"fields.n.aggregate-function", "sum"}};
const Options kSums = {{"merge-engine", "aggregation"}, {"fields.n.aggregate-function", "sum"}};

Options With(Options options, const std::string& key, const std::string& value) {
  options[key] = value;
  return options;
}

TEST(PaimonRowMerger, UpdatesTheColumnsThatARowHas) {
  const std::vector<Step> parts = {{kI, {"1", "x", "null", "3"}}, {kA, {"null", "null", "y", "4"}}};
  EXPECT_EQ(Merge(kPartial, parts, 2), "+I 8: 1 \"x\" \"y\" 4");
  const std::vector<Step> nothing = {{kI, {"1", "x", "y", "3"}}, {kI, {"null", "null", "null", "null"}}};
  EXPECT_EQ(Merge(kPartial, nothing), "+I 8: 1 \"x\" \"y\" 3");
}

TEST(PaimonRowMerger, OfPartsTakesNoDeletes) {
  for (RowKind kind : {kB, kD}) {
    EXPECT_NE(Merge(kPartial, {{kI, {"1", "x", "y", "3"}}, {kind, {"1", "x", "y", "3"}}}).find("ignore-delete"),
              std::string::npos);
  }
  const Options ignores = With(kPartial, "ignore-delete", "true");
  EXPECT_EQ(Merge(ignores, {{kI, {"1", "x", "y", "3"}}, {kD, {"1", "x", "y", "3"}}}), "+I 7: 1 \"x\" \"y\" 3");
  EXPECT_EQ(Merge(ignores, {{kD, {"1", "x", "y", "3"}}, {kD, {"1", "x", "y", "3"}}}), "-D 0: 1 \"x\" \"y\" 3");
}

TEST(PaimonRowMerger, OfPartsRemovesARow) {
  const Options removes = With(kPartial, "partial-update.remove-record-on-delete", "true");
  EXPECT_EQ(Merge(removes, {{kI, {"1", "x", "y", "3"}}, {kD, {"1", "d", "null", "3"}}}), "-D 8: 1 \"d\" null 3");
  EXPECT_EQ(Merge(removes, {{kI, {"1", "x", "y", "3"}}, {kB, {"1", "x", "y", "3"}}}), "+I 8: 1 \"x\" \"y\" 3");
  EXPECT_EQ(Merge(removes, {{kD, {"1", "x", "y", "3"}}, {kI, {"2", "null", "z", "null"}}}), "+I 8: 2 \"x\" \"z\" 3");
}

TEST(PaimonRowMerger, FollowsSequenceGroups) {
  const std::vector<Step> begin = {{kI, {"5", "x", "y", "3"}}};
  const auto then = [&](Step step) {
    std::vector<Step> steps = begin;
    steps.push_back(std::move(step));
    return steps;
  };
  EXPECT_EQ(Merge(kGroups, then({kI, {"6", "null", "null", "4"}})), "+I 8: 6 null \"y\" 7");
  EXPECT_EQ(Merge(kGroups, then({kI, {"5", "z", "null", "4"}})), "+I 8: 5 \"z\" \"y\" 7");
  EXPECT_EQ(Merge(kGroups, then({kI, {"4", "late", "b", "4"}})), "+I 8: 5 \"x\" \"b\" 7");  // the sum takes it still
  EXPECT_EQ(Merge(kGroups, then({kI, {"null", "z", "b", "4"}})), "+I 8: 5 \"x\" \"b\" 3");
  EXPECT_EQ(Merge(kGroups, then({kD, {"6", "x", "y", "3"}})), "+I 8: 6 null \"y\" 0");
  EXPECT_EQ(Merge(kGroups, then({kB, {"4", "x", "y", "1"}})), "+I 8: 5 \"x\" \"y\" 2");
  EXPECT_EQ(Merge(kGroups, {{kD, {"1", "x", "y", "3"}}, {kD, {"2", "x", "y", "3"}}}).substr(0, 4), "-D 8");
  const Options removes = With(kGroups, "partial-update.remove-record-on-sequence-group", "g");
  EXPECT_EQ(Merge(removes, then({kD, {"6", "d", "null", "9"}})), "-D 8: 6 \"d\" null 9");
  EXPECT_EQ(Merge(removes, then({kD, {"4", "d", "null", "1"}})), "+I 8: 5 \"x\" \"y\" 2");
  EXPECT_EQ(Merge(removes, then({kB, {"6", "d", "null", "1"}})), "+I 8: 6 null \"y\" 2");
}

TEST(PaimonRowMerger, ComparesAllColumnsThatOrderAGroup) {
  const Options two = {{"merge-engine", "partial-update"}, {"fields.g,n.sequence-group", "a"}};
  EXPECT_EQ(Merge(two, {{kI, {"1", "x", "y", "2"}}, {kI, {"1", "z", "w", "1"}}}), "+I 8: 1 \"x\" \"w\" 2");
  EXPECT_EQ(Merge(two, {{kI, {"1", "x", "y", "2"}}, {kI, {"1", "z", "w", "3"}}}), "+I 8: 1 \"z\" \"w\" 3");
  EXPECT_EQ(Merge(two, {{kI, {"1", "x", "y", "2"}}, {kI, {"2", "z", "w", "null"}}}), "+I 8: 2 \"z\" \"w\" null");
  EXPECT_EQ(Merge(two, {{kI, {"1", "x", "y", "2"}}, {kI, {"null", "z", "w", "9"}}}), "+I 8: 1 \"x\" \"w\" 2");
}

TEST(PaimonRowMerger, Aggregates) {
  EXPECT_EQ(Merge(kSums, {{kI, {"1", "x", "y", "3"}}, {kI, {"null", "z", "null", "4"}}}, 3), "+I 8: 1 \"z\" \"y\" 7");
  EXPECT_EQ(Merge(kSums, {{kI, {"1", "x", "y", "3"}}, {kD, {"1", "x", "y", "3"}}}), "+I 8: null null null 0");
  EXPECT_EQ(Merge(kSums, {{kB, {"1", "x", "y", "3"}}, {kA, {"2", "z", "null", "5"}}}), "+I 8: 2 \"z\" null 2");
  const Options removes = With(kSums, "aggregation.remove-record-on-delete", "true");
  EXPECT_EQ(Merge(removes, {{kI, {"1", "x", "y", "3"}}, {kD, {"1", "d", "null", "4"}}}), "-D 8: 1 \"d\" null 4");
  EXPECT_EQ(Merge(removes, {{kD, {"1", "d", "null", "4"}}, {kI, {"1", "x", "y", "3"}}}), "+I 8: 1 \"x\" \"y\" 7");
}

}  // namespace
}  // namespace sluice::paimon
