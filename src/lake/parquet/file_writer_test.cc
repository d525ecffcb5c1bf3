// SPDX-License-Identifier: Apache-2.0
// Files in Paimon's physical forms, read back by Arrow: types, values and stats of every column; modes; errors.
#include "lake/parquet/file_writer.h"

#include <arrow/array.h>
#include <arrow/io/file.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/schema.h>

#include <filesystem>

#include "base/bytes.h"
#include "base/text.h"

namespace sluice {
namespace {

struct Case {
  const char* type;    // of the column
  const char* stored;  // physical and logical type
  const char* cells;   // as given; three, the second NULL
  std::shared_ptr<arrow::DataType> read_type;
  const char* read;  // as Arrow reads them; null: as given
};

const std::vector<Case>& Cases() {
  static const std::vector<Case> cases = {
      {"BOOLEAN", "BOOLEAN None", "[true, null, false]", arrow::boolean(), nullptr},
      {"TINYINT", "INT32 Int(bitWidth=8, isSigned=true)", "[-128, null, 127]", arrow::int8(), nullptr},
      {"SMALLINT", "INT32 Int(bitWidth=16, isSigned=true)", "[-32768, null, 32767]", arrow::int16(), nullptr},
      {"INT", "INT32 None", "[-2147483648, null, 7]", arrow::int32(), nullptr},
      {"BIGINT", "INT64 None", "[-9223372036854775808, null, 1]", arrow::int64(), nullptr},
      {"FLOAT", "FLOAT None", "[1.5, null, -2.5]", arrow::float32(), nullptr},
      {"DOUBLE", "DOUBLE None", "[1.5, null, -2.5]", arrow::float64(), nullptr},
      {"DECIMAL(9, 2)", "INT32 Decimal(precision=9, scale=2)", R"(["-9999999.99", null, "0.01"])",
       arrow::decimal128(9, 2), nullptr},
      {"DECIMAL(18, 3)", "INT64 Decimal(precision=18, scale=3)", R"(["-0.001", null, "999999999999999.999"])",
       arrow::decimal128(18, 3), nullptr},
      {"DECIMAL(20, 0)", "FIXED_LEN_BYTE_ARRAY(9) Decimal(precision=20, scale=0)",
       R"(["-1", null, "99999999999999999999"])", arrow::decimal128(20, 0), nullptr},
      {"VARCHAR(20)", "BYTE_ARRAY String", R"(["", null, "漢😀"])", arrow::utf8(), nullptr},
      {"BYTES", "BYTE_ARRAY None", R"(["", null, "ab"])", arrow::binary(), nullptr},
      {"DATE", "INT32 Date", "[-719162, null, 0]", arrow::date32(), nullptr},
      {"TIME(0)", "INT32 Time(isAdjustedToUTC=true, timeUnit=milliseconds)", "[0, null, 86399000000]",
       arrow::time32(arrow::TimeUnit::MILLI), "[0, null, 86399000]"},
      {"TIME(6)", "INT32 Time(isAdjustedToUTC=true, timeUnit=milliseconds)", "[1999, null, 86399999999]",
       arrow::time32(arrow::TimeUnit::MILLI), "[1, null, 86399999]"},
      {"TIMESTAMP(3)", "INT64 Timestamp(isAdjustedToUTC=false, timeUnit=milliseconds", "[-1, null, 1510871468123000]",
       arrow::timestamp(arrow::TimeUnit::MILLI), "[-1, null, 1510871468123]"},
      {"TIMESTAMP(4)", "INT64 Timestamp(isAdjustedToUTC=false, timeUnit=microseconds", "[-1, null, 1510871468123400]",
       arrow::timestamp(arrow::TimeUnit::MICRO), nullptr},
      {"TIMESTAMP_LTZ(0)", "INT64 Timestamp(isAdjustedToUTC=true, timeUnit=milliseconds", "[-1000, null, -1001]",
       arrow::timestamp(arrow::TimeUnit::MILLI, "UTC"), "[-1, null, -2]"},
      {"TIMESTAMP_LTZ(6)", "INT64 Timestamp(isAdjustedToUTC=true, timeUnit=microseconds", "[-1, null, 1]",
       arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), nullptr},
  };
  return cases;
}

WriteColumn Column(int id, const char* type, bool required = false) {
  return {.id = id,
          .name = Str("c", id),
          .type = *ParseDataType(type),
          .required = required,
          .style = ParquetStyle::kPaimon};
}

std::shared_ptr<arrow::Array> Cells(const std::shared_ptr<arrow::DataType>& type, const char* cells) {
  return arrow::json::ArrayFromJSONString(type, cells).ValueOrDie();
}

std::shared_ptr<arrow::RecordBatch> Batch(const std::vector<WriteColumn>& columns,
                                          const std::vector<std::shared_ptr<arrow::Array>>& arrays) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (size_t i = 0; i < arrays.size(); ++i) fields.push_back(arrow::field(columns[i].name, arrays[i]->type()));
  return arrow::RecordBatch::Make(arrow::schema(fields), arrays[0]->length(), arrays);
}

std::string Le32(int32_t value) {
  std::string out;
  AppendLe(out, value);
  return out;
}

std::string Le64(int64_t value) {
  std::string out;
  AppendLe(out, value);
  return out;
}

class FileWriterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = Str(::testing::TempDir(), "/sluice-parquet-", env_.Uuid());
    ASSERT_TRUE(env_.MakeFolders(folder_).ok());
    path_ = folder_ + "/f.parquet";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<ParquetWriter> Open(const std::vector<WriteColumn>& columns, ParquetOptions options = {}) {
    auto writer = ParquetWriter::Open(env_, path_, columns, "paimon_schema", std::move(options));
    EXPECT_TRUE(writer.ok()) << writer.error().ToString();
    return *std::move(writer);
  }

  WrittenFile Write(const std::vector<WriteColumn>& columns, const arrow::RecordBatch& batch,
                    ParquetOptions options = {}) {
    auto writer = Open(columns, std::move(options));
    Status status = writer->Append(batch);
    EXPECT_TRUE(status.ok()) << status.error().ToString();
    auto file = writer->Close();
    EXPECT_TRUE(file.ok()) << file.error().ToString();
    return *file;
  }

  // One chunk a column.
  std::shared_ptr<arrow::Table> ReadBack() {
    auto file = arrow::io::ReadableFile::Open(path_).ValueOrDie();
    auto reader = parquet::arrow::OpenFile(file, arrow::default_memory_pool()).ValueOrDie();
    return reader->ReadTable().ValueOrDie()->CombineChunks().ValueOrDie();
  }

  Env& env_ = PosixEnv();
  std::string folder_;
  std::string path_;
};

TEST_F(FileWriterTest, PaimonsTypesAndValuesComeBack) {
  std::vector<WriteColumn> columns;
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (const Case& one : Cases()) {
    columns.push_back(Column(static_cast<int>(columns.size()) + 10, one.type));
    arrays.push_back(Cells(columns.back().type.ToArrow(), one.cells));
  }
  auto batch = Batch(columns, arrays);
  auto writer = Open(columns);
  ASSERT_TRUE(writer->Append(*batch).ok());
  std::vector<uint32_t> rows{2, 1, 2};
  ASSERT_TRUE(writer->Append(*batch->Slice(0, 3), rows).ok());
  EXPECT_EQ(writer->position(), 6);
  auto file = writer->Close();
  ASSERT_TRUE(file.ok()) << file.error().ToString();
  EXPECT_EQ(file->rows, 6);
  EXPECT_EQ(file->size, *env_.FileSize(path_));
  EXPECT_EQ(file->split_offsets, std::vector<int64_t>{4});

  auto footer = parquet::ParquetFileReader::OpenFile(path_)->metadata();
  EXPECT_EQ(footer->schema()->schema_root()->name(), "paimon_schema");
  auto table = ReadBack();
  for (size_t i = 0; i < columns.size(); ++i) {
    const Case& one = Cases()[i];
    const auto* leaf = footer->schema()->Column(static_cast<int>(i));
    std::string length = leaf->type_length() > 0 ? Str("(", leaf->type_length(), ")") : "";
    std::string stored =
        Str(parquet::TypeToString(leaf->physical_type()), length, " ", leaf->logical_type()->ToString());
    EXPECT_TRUE(stored.starts_with(one.stored)) << one.type << ": " << stored;
    EXPECT_EQ(leaf->schema_node()->field_id(), columns[i].id);
    EXPECT_TRUE(leaf->schema_node()->is_optional());
    auto read = table->column(static_cast<int>(i))->chunk(0);
    EXPECT_TRUE(read->type()->Equals(one.read_type)) << one.type << ": " << read->type()->ToString();
    auto expected = Cells(one.read_type, one.read ? one.read : one.cells);
    EXPECT_TRUE(read->Slice(0, 3)->Equals(expected)) << one.type << ": " << read->ToString();
    EXPECT_TRUE(read->Slice(4, 2)->Equals(expected->Slice(1, 2))) << one.type << ": " << read->ToString();
    EXPECT_TRUE(read->Slice(3, 1)->Equals(expected->Slice(2, 1))) << one.type << ": " << read->ToString();
  }
}

TEST_F(FileWriterTest, PaimonsListsComeBack) {
  std::vector<WriteColumn> columns = {Column(3, "ARRAY<STRING>"), Column(4, "ARRAY<FLOAT>", true)};
  columns[0].element_id = 1003;
  columns[1].element_id = 1004;
  columns[1].element_required = true;
  auto batch = Batch(columns, {Cells(columns[0].type.ToArrow(), R"([["a", null], null, []])"),
                               Cells(columns[1].type.ToArrow(), "[[1.5], [], [2.5, -1]]")});
  WrittenFile file = Write(columns, *batch);
  EXPECT_GT(file.columns[0].compressed_size, 0);
  ColumnStats size_only;
  size_only.compressed_size = file.columns[0].compressed_size;
  EXPECT_EQ(file.columns[0], size_only);
  auto footer = parquet::ParquetFileReader::OpenFile(path_)->metadata();
  EXPECT_EQ(footer->schema()->Column(0)->path()->ToDotString(), "c3.list.element");
  EXPECT_EQ(footer->schema()->Column(0)->schema_node()->field_id(), 1003);
  EXPECT_EQ(footer->schema()->GetColumnRoot(0)->field_id(), 3);
  EXPECT_TRUE(footer->schema()->Column(1)->schema_node()->is_required());
  auto table = ReadBack();
  EXPECT_EQ(table->column(0)->chunk(0)->ToString(), batch->column(0)->ToString());
  EXPECT_EQ(table->column(1)->chunk(0)->ToString(), batch->column(1)->ToString());
}

TEST_F(FileWriterTest, StatsAreOfWhatIsStored) {
  const std::vector<std::pair<const char*, const char*>> given = {{"TINYINT", "[-5, null, 3]"},
                                                                  {"TIME(6)", "[1999, null, 86399999999]"},
                                                                  {"TIMESTAMP(3)", "[-1, null, 2999]"},
                                                                  {"TIMESTAMP(6)", "[-1, null, 2999]"},
                                                                  {"TIMESTAMP_LTZ(1)", "[100000, null, 1]"},
                                                                  {"STRING", R"(["abc", null, "b"])"},
                                                                  {"DOUBLE", "[NaN, 1.0, null]"}};
  std::vector<WriteColumn> columns;
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (const auto& [type, cells] : given) {
    columns.push_back(Column(static_cast<int>(columns.size()), type));
    arrays.push_back(Cells(columns.back().type.ToArrow(), cells));
  }
  ParquetOptions options;
  options.modes.resize(columns.size());
  options.modes[5].length = 2;
  WrittenFile file = Write(columns, *Batch(columns, arrays), options);
  auto bounds = [&](size_t i) { return std::pair(file.columns[i].lower.value(), file.columns[i].upper.value()); };
  EXPECT_EQ(bounds(0), std::pair(Le32(-5), Le32(3)));
  EXPECT_EQ(bounds(1), std::pair(Le32(1), Le32(86'399'999)));
  EXPECT_EQ(bounds(2), std::pair(Le64(-1), Le64(2)));
  EXPECT_EQ(bounds(3), std::pair(Le64(-1), Le64(2999)));
  EXPECT_EQ(bounds(4), std::pair(Le64(0), Le64(100)));
  EXPECT_EQ(bounds(5), std::pair(std::string("ab"), std::string("b")));
  EXPECT_EQ(file.columns[6].nans, 1);
  for (const ColumnStats& column : file.columns) {
    EXPECT_EQ(column.values, 3);
    EXPECT_EQ(column.nulls, 1);
    EXPECT_GT(column.compressed_size, 0);
  }
}

TEST_F(FileWriterTest, AModeIsOfItsColumnAndTheDefaultIsTruncate16) {
  std::vector<WriteColumn> columns;
  for (int i = 0; i < 4; ++i) columns.push_back(Column(i, "STRING", true));
  auto text = Cells(arrow::utf8(), R"(["0123456789abcdefgh"])");
  ParquetOptions options;
  options.modes = {{MetricsKind::kNone, 0}, {MetricsKind::kCounts, 0}, {MetricsKind::kFull, 0}};
  WrittenFile file = Write(columns, *Batch(columns, {text, text, text, text}), options);
  EXPECT_EQ(file.columns[0], ColumnStats());
  EXPECT_EQ(file.columns[1].values, 1);
  EXPECT_FALSE(file.columns[1].lower.has_value());
  EXPECT_EQ(file.columns[2].lower, "0123456789abcdefgh");
  EXPECT_EQ(file.columns[3].lower, "0123456789abcdef");
  EXPECT_EQ(file.columns[3].upper, "0123456789abcdeg");
}

TEST_F(FileWriterTest, WrongInputIsRefusedByColumn) {
  std::vector<WriteColumn> columns = {Column(1, "TIMESTAMP(3)", true)};
  auto error_of = [&](const std::shared_ptr<arrow::Array>& cells) {
    Status status = Open(columns)->Append(*Batch(columns, {cells}));
    return status.ok() ? "" : status.error().message;
  };
  EXPECT_EQ(error_of(Cells(columns[0].type.ToArrow(), "[1, null]")),
            "column c1 is required but a row has NULL in it");
  EXPECT_EQ(error_of(Cells(arrow::int64(), "[1]")),
            Str("column c1 of type ", columns[0].type.ToString(), " cannot take Arrow values of type int64"));
  EXPECT_EQ(error_of(Cells(arrow::timestamp(arrow::TimeUnit::MILLI), "[1]")),
            Str("column c1 of type ", columns[0].type.ToString(), " cannot take Arrow values of type timestamp[ms]"));
  columns[0] = Column(1, "TIME(3)");
  EXPECT_NE(error_of(Cells(arrow::time32(arrow::TimeUnit::MILLI), "[1]")), "");
  auto none = ParquetWriter::Open(env_, path_, {}, "paimon_schema", {});
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace sluice
