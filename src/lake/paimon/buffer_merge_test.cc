// SPDX-License-Identifier: Apache-2.0
// Rows that wait for their file: what their kinds are, and which one a key gets with each merge engine.
#include "lake/paimon/buffer_merge.h"

#include <gtest/gtest.h>

#include "lake/paimon/table_model_test_util.h"

namespace sluice::paimon {
namespace {

TableSchema Source() {
  TableSchema schema;
  schema.columns = {Col("id", "INT NOT NULL"), Col("kind", "VARCHAR(9)"), Col("v", "INT"), Col("w", "STRING")};
  schema.primary_key = {"id"};
  return schema;
}

class BufferMerge : public testing::Test {
 protected:
  Status Create(const Options& options) {
    Options all = options;
    all["bucket"] = "1";
    all["write-only"] = "true";
    return lake_.Create({}, all);
  }
  // Rows of a buffer: kind, then the cells.
  Status Write(const std::vector<std::pair<RowKind, std::vector<std::string>>>& rows) {
    std::vector<std::pair<RowKind, Cells>> out;
    for (const auto& [kind, texts] : rows) out.push_back(lake_.Row(kind, texts));
    return lake_.Write(out);
  }
  Rows Lines(const std::vector<std::vector<std::string>>& rows) const {
    Rows out;
    for (const auto& texts : rows) out.insert(Line(lake_.Put(texts).second));
    return out;
  }
  // Rows in the files of level 0.
  int64_t RowsOfFiles() const {
    const auto table = lake_.OpenTable();
    const auto files = *table->LiveFiles(**table->LatestSnapshot());
    int64_t rows = 0;
    for (const LiveFile& file : files) rows += file.meta.row_count;
    return rows;
  }

  ModelLake lake_{Source()};
};

constexpr RowKind kI = RowKind::kInsert, kB = RowKind::kUpdateBefore, kA = RowKind::kUpdateAfter, kD = RowKind::kDelete;

TEST_F(BufferMerge, MakesOneRowOfAKey) {
  ASSERT_TRUE(Create({{"merge-engine", "partial-update"}}).ok());
  ASSERT_TRUE(Write({{kI, {"2", "null", "1", "null"}}, {kI, {"1", "null", "1", "null"}},
                     {kA, {"2", "x", "null", "a"}}, {kA, {"3", "null", "9", "c"}}}).ok());
  ASSERT_TRUE(lake_.CommitEpoch().ok());
  EXPECT_EQ(RowsOfFiles(), 3);
  EXPECT_EQ(lake_.Read(), Lines({{"1", "null", "1", "null"}, {"2", "x", "1", "a"}, {"3", "null", "9", "c"}}));
}

TEST_F(BufferMerge, TellsUpdatesOfAKeyFromOthers) {
  ASSERT_TRUE(Create({{"merge-engine", "partial-update"}, {"partial-update.remove-record-on-delete", "true"}}).ok());
  ASSERT_TRUE(Write({{kI, {"1", "null", "1", "a"}}, {kI, {"2", "null", "2", "b"}}}).ok());
  ASSERT_TRUE(Write({{kB, {"1", "null", "1", "a"}}, {kA, {"1", "null", "5", "a"}},
                     {kB, {"2", "null", "2", "b"}}, {kA, {"3", "null", "2", "b"}}}).ok());
  ASSERT_TRUE(lake_.CommitEpoch().ok());
  EXPECT_EQ(lake_.Read(), Lines({{"1", "null", "5", "a"}, {"3", "null", "2", "b"}}));
}

TEST_F(BufferMerge, TakesNoRowThatCannotBeMerged) {
  ASSERT_TRUE(Create({{"merge-engine", "first-row"}}).ok());
  ASSERT_TRUE(Write({{kI, {"1", "null", "1", "a"}}, {kB, {"1", "null", "1", "a"}},
                     {kA, {"1", "null", "2", "a"}}}).ok());
  const Status gone = Write({{kD, {"1", "null", "2", "a"}}});
  ASSERT_FALSE(gone.ok());
  EXPECT_EQ(gone.error().code, ErrorCode::kInvalid);
  EXPECT_NE(gone.error().message.find("table db.t: a row of kind -D"), std::string::npos) << gone.error().message;
  EXPECT_FALSE(Write({{kB, {"1", "null", "1", "a"}}, {kA, {"2", "null", "1", "a"}}}).ok());  // it leaves its key
}

TEST_F(BufferMerge, LeavesDeletesAndOldRowsOut) {
  ASSERT_TRUE(Create({{"merge-engine", "aggregation"}, {"fields.v.aggregate-function", "sum"},
                      {"ignore-update-before", "true"}}).ok());
  ASSERT_TRUE(Write({{kI, {"1", "null", "1", "a"}}, {kB, {"1", "null", "1", "a"}},
                     {kA, {"1", "null", "2", "a"}}}).ok());
  ASSERT_TRUE(Write({{kD, {"1", "null", "7", "null"}}}).ok());
  ASSERT_TRUE(lake_.CommitEpoch().ok());
  EXPECT_EQ(lake_.Read(), Lines({{"1", "null", "-4", "a"}}));
}

TEST_F(BufferMerge, ReadsKindsFromAColumn) {
  ASSERT_TRUE(Create({{"rowkind.field", "kind"}}).ok());
  ASSERT_TRUE(Write({{kI, {"1", "+I", "1", "a"}}, {kI, {"2", "+U", "2", "b"}}, {kD, {"3", "+I", "3", "c"}}}).ok());
  ASSERT_TRUE(Write({{kI, {"1", "-D", "1", "a"}}}).ok());
  ASSERT_TRUE(lake_.CommitEpoch().ok());
  EXPECT_EQ(lake_.Read(), Lines({{"2", "+U", "2", "b"}, {"3", "+I", "3", "c"}}));
  for (const char* text : {"null", "I", "+i", ""}) {
    const Status wrong = Write({{kI, {"4", text, "1", "a"}}});
    ASSERT_FALSE(wrong.ok()) << text;
    EXPECT_NE(wrong.error().message.find("rowkind.field"), std::string::npos);
  }
}

}  // namespace
}  // namespace sluice::paimon
