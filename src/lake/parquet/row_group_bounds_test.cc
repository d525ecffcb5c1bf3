// SPDX-License-Identifier: Apache-2.0
// Reading a Parquet file with conditions: row groups that their statistics rule out are passed over, and the other rows
// keep their positions.
#include "lake/parquet/row_group_bounds.h"

#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/json/from_string.h>

#include "io/folder_test_util.h"
#include "lake/parquet/data_reader.h"

namespace sluice {
namespace {

using Op = ColumnCondition::Op;

constexpr int kGroups = 10, kGroupRows = 10;

class RowGroupsTest : public testing::Test {
 protected:
  // Rows n = 0, 1, …, d the same; v = "a0", …, NULL in the group 5.
  void SetUp() override {
    std::string numbers = "[", texts = "[", reals = "[";
    for (int n = 0; n < kGroups * kGroupRows; ++n) {
      const std::string comma = n == 0 ? "" : ",";
      numbers += comma + std::to_string(n);
      texts += comma + (n / kGroupRows == 5 ? "null" : "\"" + std::string(1, static_cast<char>('a' + n / kGroupRows)) +
                                                            std::to_string(n) + "\"");
      reals += comma + std::to_string(n);
    }
    const auto schema = arrow::schema({arrow::field("n", arrow::int32()), arrow::field("v", arrow::utf8()),
                                       arrow::field("d", arrow::float64())});
    const auto table = arrow::Table::Make(schema, {*arrow::json::ArrayFromJSONString(arrow::int32(), numbers + "]"),
                                                   *arrow::json::ArrayFromJSONString(arrow::utf8(), texts + "]"),
                                                   *arrow::json::ArrayFromJSONString(arrow::float64(), reals + "]")});
    const auto out = *arrow::io::FileOutputStream::Open(path_);
    ASSERT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), out, kGroupRows).ok());
    ASSERT_TRUE(out->Close().ok());
  }

  // The positions of the rows that come; -1: an error.
  std::vector<int64_t> Read(const std::vector<ColumnCondition>& conditions, const DeleteSet* deletes = nullptr,
                            int64_t rows = kGroups * kGroupRows) {
    ReadOptions options;
    options.conditions = &conditions;
    options.deletes = deletes;
    options.rows = rows;
    const auto reader = DataFileReader::Open(PosixEnv(), path_, {{1, "n", *ParseDataType("INT")},
                                                                 {2, "v", *ParseDataType("STRING")},
                                                                 {3, "d", *ParseDataType("DOUBLE")}}, options);
    EXPECT_TRUE(reader.ok()) << reader.error().ToString();
    std::vector<int64_t> out;
    for (DataBatch batch;;) {
      const auto more = (*reader)->Next(batch);
      if (!more.ok()) return {-1};
      if (!*more) return out;
      const auto& numbers = static_cast<const arrow::Int32Array&>(*batch.rows->column(0));
      for (int64_t row = 0; row < batch.rows->num_rows(); ++row) {
        out.push_back(batch.position(row));
        EXPECT_EQ(numbers.Value(row), batch.position(row));
      }
    }
  }
  static std::vector<int64_t> Rows(int from, int to) {
    std::vector<int64_t> out;
    for (int n = from; n < to; ++n) out.push_back(n);
    return out;
  }

  TestFolder folder_;
  const std::string path_ = (folder_.path() / "data.parquet").string();
};

TEST_F(RowGroupsTest, WithoutAWantedRowAreNotRead) {
  EXPECT_EQ(Read({}), Rows(0, 100));
  EXPECT_EQ(Read({{"n", Op::kEqual, int64_t{42}}}), Rows(40, 50));
  EXPECT_EQ(Read({{"n", Op::kAtLeast, int64_t{77}}}), Rows(70, 100));
  EXPECT_EQ(Read({{"n", Op::kAtMost, int64_t{10}}}), Rows(0, 20));
  EXPECT_EQ(Read({{"v", Op::kEqual, "d35"}}), Rows(30, 40));
  EXPECT_EQ(Read({{"v", Op::kIsNull}}), Rows(50, 60));
  EXPECT_EQ(Read({{"v", Op::kIsNotNull}, {"n", Op::kAtLeast, int64_t{50}}}), Rows(60, 100));
  EXPECT_EQ(Read({{"n", Op::kEqual, int64_t{100}}}), Rows(0, 0));
}

TEST_F(RowGroupsTest, AreReadWhereNothingIsKnown) {
  EXPECT_EQ(Read({{"d", Op::kEqual, 5.0}}), Rows(0, 100));
  EXPECT_EQ(Read({{"n", Op::kNotEqual, int64_t{5}}}), Rows(0, 100));
  EXPECT_EQ(Read({{"other", Op::kEqual, int64_t{5}}}), Rows(0, 100));
}

TEST_F(RowGroupsTest, CountAmongTheRowsOfTheFile) {
  DeleteSet gone;
  for (int64_t row : {5, 42, 43}) gone.Add(row);
  std::vector<int64_t> left = Rows(40, 50);
  left.erase(left.begin() + 2, left.begin() + 4);
  EXPECT_EQ(Read({{"n", Op::kEqual, int64_t{42}}}, &gone), left);
  EXPECT_EQ(Read({{"n", Op::kEqual, int64_t{1}}}, nullptr, 101), std::vector<int64_t>{-1}) << "one is missing";
}

}  // namespace
}  // namespace sluice
