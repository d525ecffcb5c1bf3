// SPDX-License-Identifier: Apache-2.0
// Of a file whose index has chosen rows only the pages with these are read, and the rows that are deleted stay away;
// without a page index, row groups.
#include "lake/paimon/row_choice.h"

#include <arrow/io/file.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include <filesystem>
#include <functional>

#include "io/counting_env_test_util.h"
#include "lake/paimon/column_index.h"
#include "lake/paimon/table_model_test_util.h"
#include "lake/parquet/page_index.h"

namespace sluice::paimon {
namespace {

using Op = ColumnCondition::Op;

std::string TextOf(int64_t id) { return Str("row ", id * 2'654'435'761 % 1'000'003, " of many ", id); }

std::shared_ptr<arrow::RecordBatch> RowsOf(const TableSchema& schema, int64_t rows,
                                           const std::function<std::optional<int>(int64_t)>& group_of) {
  arrow::Int32Builder ids, groups;
  arrow::StringBuilder texts;
  for (int64_t id = 0; id < rows; ++id) {
    const auto group = group_of(id);
    EXPECT_TRUE(ids.Append(static_cast<int32_t>(id)).ok() && texts.Append(TextOf(id)).ok());
    EXPECT_TRUE((group ? groups.Append(*group) : groups.AppendNull()).ok());
  }
  return arrow::RecordBatch::Make(schema.ToArrow(), rows, {*ids.Finish(), *texts.Finish(), *groups.Finish()});
}

class PaimonRowChoiceTest : public ::testing::Test {
 protected:
  void Start(bool keyed, Options options, int64_t rows, const std::function<std::optional<int>(int64_t)>& group_of) {
    TableSchema schema;
    schema.columns = {Col("id", keyed ? "INT NOT NULL" : "INT"), Col("text", "STRING"), Col("grp", "INT")};
    if (keyed) schema.primary_key = {"id"};
    lake_ = std::make_unique<ModelLake>(schema);
    options.insert({{"file-index.bitmap.columns", "grp"},
                    {"file-index.in-manifest-threshold", "10 mb"},
                    {"metadata.stats-mode", "none"}});
    ASSERT_OK(lake_->Create({}, options));
    ChangeBatch batch;
    batch.table = kTestTable;
    batch.schema = lake_->schema_;
    batch.kinds.assign(static_cast<size_t>(rows), RowKind::kInsert);
    batch.rows = RowsOf(schema, rows, group_of);
    ASSERT_OK(lake_->writer_->Write(batch));
    ASSERT_OK(lake_->CommitEpoch());
  }

  // The ids that come, whether they meet the conditions or not.
  std::vector<int64_t> Ask(const std::vector<ColumnCondition>& conditions) {
    std::vector<int64_t> out;
    const auto table = lake_->OpenTable();
    auto scan = TableScan::Make(env_, *table, std::nullopt, {});
    EXPECT_TRUE(scan.ok());
    const int64_t before = env_.bytes_read();
    scan->Want(conditions);
    for (DataBatch batch;;) {
      const auto more = scan->Next(batch);
      EXPECT_TRUE(more.ok()) << more.error().ToString();
      if (!more.ok() || !*more) break;
      const auto& ids = static_cast<const arrow::Int32Array&>(*batch.rows->column(0));
      const auto& texts = static_cast<const arrow::StringArray&>(*batch.rows->column(1));
      for (int64_t row = 0; row < ids.length(); ++row) {
        EXPECT_EQ(texts.GetView(row), TextOf(ids.Value(row)));
        out.push_back(ids.Value(row));
      }
    }
    bytes_ = env_.bytes_read() - before;
    skipped_ = scan->files_skipped();
    return out;
  }

  std::unique_ptr<ModelLake> lake_;
  CountingEnv env_{PosixEnv()};
  int64_t bytes_ = 0, skipped_ = 0;
};

std::optional<int> FewOfMany(int64_t id) {
  if (id == 12'345 || (id >= 5'000 && id < 5'003)) return 1;
  if (id == 7'000) return std::nullopt;
  return static_cast<int>(2 + id % 3);
}

const std::vector<int64_t> kFew = {5'000, 5'001, 5'002, 12'345};

TEST_F(PaimonRowChoiceTest, PagesWithoutChosenRowsAreNotRead) {
  ASSERT_NO_FATAL_FAILURE(Start(false, {{"parquet.page.row.count.limit", "256"}}, 20'000, FewOfMany));
  EXPECT_EQ(Ask({}).size(), 20'000u);
  const int64_t all = bytes_;
  EXPECT_EQ(Ask({{"grp", Op::kEqual, int64_t{1}}}), kFew);
  EXPECT_LT(bytes_, all / 2) << "with the page index";
  EXPECT_EQ(Ask({{"grp", Op::kIsNull}}), std::vector<int64_t>{7'000});
  EXPECT_EQ(Ask({{"grp", Op::kEqual, int64_t{1}}, {"id", Op::kAtLeast, int64_t{0}}}), kFew);
  EXPECT_EQ(Ask({{"grp", Op::kEqual, int64_t{8}}}).size(), 0u);
  EXPECT_EQ(skipped_, 1);
  EXPECT_EQ(Ask({{"grp", Op::kEqual, int64_t{2}}}).size(), 20'000u) << "each page has some";
}

TEST_F(PaimonRowChoiceTest, OneLargePageIsReadAsAWhole) {
  ASSERT_NO_FATAL_FAILURE(Start(false, {}, 2'000, [](int64_t id) { return id == 7 ? 1 : 2; }));
  EXPECT_EQ(Ask({{"grp", Op::kEqual, int64_t{1}}}).size(), 2'000u);
}

TEST_F(PaimonRowChoiceTest, OtherFormatsAreReadAsAWhole) {
  for (const char* format : {"orc", "avro"}) {
    ASSERT_NO_FATAL_FAILURE(Start(false, {{"file.format", format}}, 2'000, [](int64_t id) { return id == 7 ? 1 : 2; }));
    EXPECT_EQ(Ask({{"grp", Op::kEqual, int64_t{1}}}).size(), 2'000u) << format;
    EXPECT_EQ(Ask({{"grp", Op::kEqual, int64_t{3}}}).size(), 0u) << format;
  }
}

TEST_F(PaimonRowChoiceTest, DeletedRowsStayAway) {
  const Options options = {{"bucket", "1"}, {"deletion-vectors.enabled", "true"},
                           {"parquet.page.row.count.limit", "256"}};
  ASSERT_NO_FATAL_FAILURE(Start(true, options, 20'000, FewOfMany));
  EXPECT_EQ(Ask({{"grp", Op::kEqual, int64_t{1}}}), kFew);
  const auto gone = [&](int64_t id) {
    ASSERT_OK(lake_->Write({lake_->Row(RowKind::kDelete, {Str(id), TextOf(id), "1"})}));
    ASSERT_OK(lake_->CommitEpoch());
  };
  ASSERT_NO_FATAL_FAILURE(gone(5'001));
  EXPECT_EQ(Ask({{"grp", Op::kEqual, int64_t{1}}}), (std::vector<int64_t>{5'000, 5'002, 12'345}));
  EXPECT_EQ(Ask({}).size(), 19'999u);
  for (int64_t id : {5'000, 5'002, 12'345}) ASSERT_NO_FATAL_FAILURE(gone(id));
  EXPECT_EQ(Ask({{"grp", Op::kEqual, int64_t{1}}}).size(), 0u);
  EXPECT_GE(skipped_, 1) << "all chosen rows are deleted";
}

TEST_F(PaimonRowChoiceTest, AnIndexOfOtherRowsIsAnErrorByName) {
  ASSERT_NO_FATAL_FAILURE(Start(false, {}, 100, FewOfMany));
  const auto table = lake_->OpenTable();
  LiveFile file = (*table->LiveFiles(**table->LatestSnapshot()))[0];
  const Schema& schema = table->newest_schema();
  const ColumnCondition wanted{"grp", Op::kEqual, int64_t{2}};
  const std::vector<FieldCondition> asked = {{&schema.fields[2], &wanted}};
  EXPECT_EQ((*RowsByIndex(PosixEnv(), file, asked))->count(), 34);
  file.meta.row_count = 99;
  const auto rows = RowsByIndex(PosixEnv(), file, asked);
  ASSERT_FALSE(rows.ok());
  EXPECT_NE(rows.error().ToString().find("the bitmap of column grp is not well formed"), std::string::npos);
}

// As pyarrow writes by default.
TEST_F(PaimonRowChoiceTest, WithoutAPageIndexRowGroupsArePassedOver) {
  TestFolder folder;
  TableSchema schema;
  schema.columns = {Col("id", "INT"), Col("text", "STRING"), Col("grp", "INT")};
  const std::string path = (folder.path() / "some.parquet").string();
  const auto batch = RowsOf(schema, 1'000, [](int64_t) { return 1; });
  const auto table = *arrow::Table::FromRecordBatches({batch});
  const auto out = *arrow::io::FileOutputStream::Open(path);
  const auto properties = parquet::WriterProperties::Builder().disable_write_page_index()->build();
  ASSERT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), out, 100, properties).ok());
  ASSERT_TRUE(out->Close().ok());
  RowBits rows(1'000);
  for (int64_t row : {150, 199, 700}) rows.Add(row);
  const auto chosen = ChoosePages(PosixEnv(), path, rows);
  ASSERT_TRUE(chosen.ok() && *chosen != nullptr);
  EXPECT_FALSE((*chosen)->index->complete());
  ReadOptions options;
  options.chosen = *chosen;
  options.rows = 1'000;
  const auto reader = DataFileReader::Open(PosixEnv(), path, {{-1, "id", schema.columns[0].type}}, options);
  ASSERT_TRUE(reader.ok());
  std::vector<int64_t> positions;
  DataBatch read;
  while (*(*reader)->Next(read)) {
    const auto& ids = static_cast<const arrow::Int32Array&>(*read.rows->column(0));
    for (int64_t row = 0; row < ids.length(); ++row) {
      EXPECT_EQ(ids.Value(row), read.position(row));
      positions.push_back(read.position(row));
    }
  }
  EXPECT_EQ(positions.size(), 200u);
  EXPECT_EQ(positions.front(), 100);
  EXPECT_EQ(positions.back(), 799);
}

}  // namespace
}  // namespace sluice::paimon
