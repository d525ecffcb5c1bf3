// SPDX-License-Identifier: Apache-2.0
// Data files: every type written and read back, Parquet types and ids, metrics, selection, row groups, errors.
#include "lake/iceberg/data_writer.h"

#include <arrow/builder.h>
#include <parquet/file_reader.h>
#include <parquet/schema.h>

#include <limits>

#include "base/bytes.h"
#include "lake/iceberg/data_file_test_util.h"

namespace sluice::iceberg {
namespace {

Schema AllTypes() {
  Schema schema;
  const char* types[] = {"boolean",        "int",             "long",   "float", "double",    "decimal(9, 2)",
                         "decimal(18, 3)", "decimal(38, 10)", "date",   "time",  "timestamp", "timestamptz",
                         "string",         "binary",          "list<string>", "list<float>"};
  int id = 0;
  for (const char* type : types) {
    ++id;
    schema.fields.push_back(MakeField(id, Str("c", id), type));
  }
  return schema;
}

std::shared_ptr<arrow::RecordBatch> AllTypesBatch(const Schema& schema) {
  return MakeBatch(schema, {"[true, null, false]", "[-2147483648, null, 7]", "[-9223372036854775808, null, 1]",
                            "[1.5, null, -0.0]", "[0.0, null, 2.25]", R"(["-9999999.99", null, "0.01"])",
                            R"(["-0.001", null, "999999999999999.999"])",
                            R"(["-9999999999999999999999999999.9999999999", null, "0.0000000001"])",
                            "[-719162, null, 0]", "[0, null, 86399999999]", "[-1, null, 1]",
                            "[-1, null, 1510871468000000]",
                            R"(["", null, "漢😀"])", R"(["", null, "ab"])", R"([["a", null, ""], null, []])",
                            "[[1.5], null, [null, 2.5]]"});
}

class DataWriterTest : public DataFileFixture {
 protected:
  DataFile Write(const Schema& schema, const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
                 const WriteOptions& options = {}) {
    auto writer = DataFileWriter::Open(env_, Path("f.parquet"), schema, options);
    EXPECT_TRUE(writer.ok()) << writer.error().ToString();
    for (const auto& batch : batches) {
      Status status = (*writer)->Append(*batch);
      EXPECT_TRUE(status.ok()) << status.error().ToString();
    }
    auto file = (*writer)->Close();
    EXPECT_TRUE(file.ok()) << file.error().ToString();
    return *file;
  }
};

TEST_F(DataWriterTest, EveryTypeComesBack) {
  Schema schema = AllTypes();
  auto batch = AllTypesBatch(schema);
  DataFile file = Write(schema, {batch});
  EXPECT_EQ(file.record_count, 3);
  EXPECT_EQ(file.size, *env_.FileSize(Path("f.parquet")));
  EXPECT_EQ(file.split_offsets, std::vector<int64_t>{4});
  auto rows = ReadRows(env_, Path("f.parquet"), schema);
  ASSERT_EQ(rows.size(), 3u) << rows[0];
  for (int64_t i = 0; i < 3; ++i) EXPECT_EQ(rows[static_cast<size_t>(i)], RowJson(*batch, i));
}

TEST_F(DataWriterTest, ParquetTypesAreThoseOfTheFormat) {
  Schema schema = AllTypes();
  schema.fields[1].required = true;
  schema.fields.push_back(MakeField(17, "u", "uuid"));
  schema.fields.push_back(MakeField(18, "f", "fixed[5]"));
  Write(schema, {});
  auto reader = parquet::ParquetFileReader::OpenFile(Path("f.parquet"));
  const auto* columns = reader->metadata()->schema();
  auto text = [&](int i) {
    const auto* column = columns->Column(i);
    return Str(column->schema_node()->field_id(), " ", parquet::TypeToString(column->physical_type()), " ",
               column->logical_type()->ToString());
  };
  EXPECT_EQ(text(0), "1 BOOLEAN None");
  EXPECT_EQ(text(5), "6 INT32 Decimal(precision=9, scale=2)");
  EXPECT_EQ(text(6), "7 INT64 Decimal(precision=18, scale=3)");
  EXPECT_EQ(text(7), "8 FIXED_LEN_BYTE_ARRAY Decimal(precision=38, scale=10)");
  EXPECT_EQ(columns->Column(7)->type_length(), 16);
  EXPECT_EQ(text(8), "9 INT32 Date");
  EXPECT_NE(text(9).find("10 INT64 Time(isAdjustedToUTC=false, timeUnit=microseconds"), std::string::npos) << text(9);
  EXPECT_NE(text(10).find("Timestamp(isAdjustedToUTC=false, timeUnit=microseconds"), std::string::npos) << text(10);
  EXPECT_NE(text(11).find("Timestamp(isAdjustedToUTC=true, timeUnit=microseconds"), std::string::npos) << text(11);
  EXPECT_EQ(text(12), "13 BYTE_ARRAY String");
  EXPECT_EQ(text(13), "14 BYTE_ARRAY None");
  EXPECT_EQ(text(14), "1015 BYTE_ARRAY String");
  EXPECT_EQ(columns->Column(14)->path()->ToDotString(), "c15.list.element");
  EXPECT_EQ(columns->GetColumnRoot(14)->field_id(), 15);
  EXPECT_EQ(text(16), "17 FIXED_LEN_BYTE_ARRAY UUID");
  EXPECT_EQ(text(17), "18 FIXED_LEN_BYTE_ARRAY None");
  EXPECT_EQ(columns->Column(1)->max_definition_level(), 0);
}

std::string Le(int64_t value) {
  std::string out;
  AppendLe(out, value);
  return out;
}

TEST_F(DataWriterTest, MetricsAreThoseOfTheRows) {
  Schema schema = AllTypes();
  DataFile file = Write(schema, {AllTypesBatch(schema)});
  for (int id = 1; id <= 14; ++id) {
    EXPECT_EQ(file.value_counts.at(id), 3) << id;
    EXPECT_EQ(file.null_counts.at(id), 1) << id;
    EXPECT_GT(file.column_sizes.at(id), 0) << id;
  }
  EXPECT_EQ(file.value_counts.count(15) + file.value_counts.count(1015), 0u);  // a list has none
  EXPECT_EQ(file.nan_counts, (std::map<int, int64_t>{{4, 0}, {5, 0}}));
  EXPECT_EQ(file.lower_bounds.at(1), std::string(1, '\0'));
  EXPECT_EQ(file.lower_bounds.at(3), Le(std::numeric_limits<int64_t>::min()));
  EXPECT_EQ(file.upper_bounds.at(11), Le(1));
  EXPECT_EQ(file.lower_bounds.at(6), "\xc4\x65\x36\x01");
  EXPECT_EQ(file.upper_bounds.at(6), "\x01");
  EXPECT_EQ(file.lower_bounds.at(7), "\xff");
  EXPECT_EQ(file.lower_bounds.at(8), std::string("\xb4\xc4\xb3\x57\xa5\x79\x3b\x85\xf6\x75\xdd\xc0\0\0\0\x01", 16));
  EXPECT_EQ(file.upper_bounds.at(13), "漢😀");
  EXPECT_EQ(file.lower_bounds.at(13), "");
  EXPECT_EQ(file.lower_bounds.at(4), std::string("\0\0\0\x80", 4)) << "a lower zero is -0.0";
  EXPECT_EQ(file.lower_bounds.at(5), std::string("\0\0\0\0\0\0\0\x80", 8));
}

TEST_F(DataWriterTest, NanIsCountedAndInNoBound) {
  Schema schema;
  schema.fields = {MakeField(1, "mixed", "double"), MakeField(2, "all", "float"), MakeField(3, "zero", "double")};
  arrow::DoubleBuilder mixed, zero;
  arrow::FloatBuilder all;
  double nan = std::numeric_limits<double>::quiet_NaN();
  ASSERT_TRUE(mixed.AppendValues({nan, -2.0, 3.0}).ok());
  ASSERT_TRUE(all.AppendValues({std::numeric_limits<float>::quiet_NaN(), 0.0f, 0.0f}, {true, false, false}).ok());
  ASSERT_TRUE(zero.AppendValues({-0.0, -1.0, -0.0}).ok());
  auto batch = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("mixed", arrow::float64()), arrow::field("all", arrow::float32()),
                     arrow::field("zero", arrow::float64())}),
      3, {mixed.Finish().ValueOrDie(), all.Finish().ValueOrDie(), zero.Finish().ValueOrDie()});
  DataFile file = Write(schema, {batch});
  EXPECT_EQ(file.nan_counts, (std::map<int, int64_t>{{1, 1}, {2, 1}, {3, 0}}));
  EXPECT_EQ(LoadLe<double>(file.lower_bounds.at(1).data()), -2.0);
  EXPECT_EQ(LoadLe<double>(file.upper_bounds.at(1).data()), 3.0);
  EXPECT_EQ(file.lower_bounds.count(2), 0u);
  EXPECT_EQ(file.upper_bounds.at(3), std::string(8, '\0')) << "an upper zero is +0.0";
}

TEST_F(DataWriterTest, SelectedRowsInTheirOrder) {
  Schema schema = AllTypes();
  auto batch = AllTypesBatch(schema);
  auto writer = DataFileWriter::Open(env_, Path("s.parquet"), schema, {}, "file:///lake/s.parquet");
  ASSERT_TRUE(writer.ok());
  std::vector<uint32_t> first{2, 0}, second{1, 2, 2};
  ASSERT_TRUE((*writer)->Append(*batch, first).ok());
  EXPECT_EQ((*writer)->position(), 2);
  ASSERT_TRUE((*writer)->Append(*batch->Slice(0, 3), second).ok());
  ASSERT_TRUE((*writer)->Append(*batch->Slice(1, 2)).ok());
  EXPECT_EQ((*writer)->position(), 7);
  EXPECT_GT((*writer)->bytes(), 0);
  auto file = (*writer)->Close();
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->path, "file:///lake/s.parquet");
  std::vector<std::string> expected;
  for (int64_t row : {2, 0, 1, 2, 2, 1, 2}) expected.push_back(RowJson(*batch, row));
  EXPECT_EQ(ReadRows(env_, Path("s.parquet"), schema), expected);
}

TEST_F(DataWriterTest, ManyRowsMakeRowGroupsByBytes) {
  Schema schema;
  schema.fields = {MakeField(1, "id", "long", true), MakeField(2, "s", "string"), MakeField(3, "few", "int")};
  constexpr int64_t kRows = 20'000;
  arrow::Int64Builder ids;
  arrow::StringBuilder texts;
  arrow::Int32Builder few;
  uint64_t state = 7;
  for (int64_t i = 0; i < kRows; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    ASSERT_TRUE(ids.Append(i).ok());
    ASSERT_TRUE((i % 10 == 0 ? texts.AppendNull() : texts.Append(Str(state, "-", state >> 7))).ok());
    ASSERT_TRUE(few.Append(static_cast<int32_t>(i % 5)).ok());
  }
  auto batch = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("s", arrow::utf8()),
                     arrow::field("few", arrow::int32())}),
      kRows, {ids.Finish().ValueOrDie(), texts.Finish().ValueOrDie(), few.Finish().ValueOrDie()});
  WriteOptions options;
  options.row_group_bytes = 100'000;
  options.page_bytes = 8'000;
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  for (int64_t from = 0; from < kRows; from += 2'000) batches.push_back(batch->Slice(from, 2'000));
  DataFile file = Write(schema, batches, options);
  EXPECT_GT(file.split_offsets.size(), 2u);
  EXPECT_TRUE(std::is_sorted(file.split_offsets.begin(), file.split_offsets.end()));
  EXPECT_EQ(file.lower_bounds.at(1), Le(0));
  EXPECT_EQ(file.upper_bounds.at(1), Le(kRows - 1));
  EXPECT_EQ(file.null_counts.at(2), kRows / 10);
  auto footer = parquet::ParquetFileReader::OpenFile(Path("f.parquet"))->metadata();
  EXPECT_FALSE(footer->RowGroup(0)->ColumnChunk(0)->has_dictionary_page()) << "ids are unique";
  EXPECT_FALSE(footer->RowGroup(0)->ColumnChunk(1)->has_dictionary_page());
  EXPECT_TRUE(footer->RowGroup(0)->ColumnChunk(2)->has_dictionary_page());
  auto rows = ReadRows(env_, Path("f.parquet"), schema);
  ASSERT_EQ(static_cast<int64_t>(rows.size()), kRows);
  for (int64_t i = 0; i < kRows; i += 7) ASSERT_EQ(rows[static_cast<size_t>(i)], RowJson(*batch, i));
  // Two threads write the same bytes.
  const std::string alone = *env_.ReadFile(Path("f.parquet"));
  HelperThread helper;
  options.helper = &helper;
  Write(schema, batches, options);
  EXPECT_TRUE(*env_.ReadFile(Path("f.parquet")) == alone);
}

TEST_F(DataWriterTest, LargeBlobsAndAThousandColumns) {
  Schema blobs;
  blobs.fields = {MakeField(1, "b", "binary")};
  arrow::BinaryBuilder builder;
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(builder.Append(std::string(8 << 20, static_cast<char>('a' + i))).ok());
  auto batch = arrow::RecordBatch::Make(arrow::schema({arrow::field("b", arrow::binary())}), 5,
                                        {builder.Finish().ValueOrDie()});
  DataFile file = Write(blobs, {batch});
  EXPECT_EQ(file.record_count, 5);
  EXPECT_EQ(file.null_counts.at(1), 0);
  EXPECT_EQ(file.lower_bounds.count(1), 0u) << "values over 4 kB have no statistics in the footer";
  auto reader = DataFileReader::Open(env_, Path("f.parquet"), FileColumns(blobs));
  ASSERT_TRUE(reader.ok());
  DataBatch out;
  int64_t rows = 0;
  while (*(*reader)->Next(out)) {
    EXPECT_LE(out.rows->num_rows(), 2) << "about 16 MB a batch";
    rows += out.rows->num_rows();
  }
  EXPECT_EQ(rows, 5);

  Schema wide;
  std::vector<std::string> columns;
  for (int i = 1; i <= 1000; ++i) {
    wide.fields.push_back(MakeField(i, Str("c", i), i % 2 ? "int" : "string"));
    columns.push_back(i % 2 ? Str("[", i, ", null]") : Str("[\"", i, "\", null]"));
  }
  auto wide_batch = MakeBatch(wide, columns);
  auto options = WriteOptions::FromProperties({}, wide);
  ASSERT_TRUE(options.ok());
  DataFile wide_file = Write(wide, {wide_batch}, *options);
  EXPECT_EQ(wide_file.value_counts.size(), 100u) << "metrics of the first 100 columns only";
  auto wide_rows = ReadRows(env_, Path("f.parquet"), wide);
  ASSERT_EQ(wide_rows.size(), 2u);
  EXPECT_EQ(wide_rows[0], RowJson(*wide_batch, 0));
}

TEST_F(DataWriterTest, PromotedBatchesAndFixedValues) {
  Schema schema;
  schema.fields = {MakeField(1, "l", "long"), MakeField(2, "d", "double"), MakeField(3, "m", "decimal(20, 2)"),
                   MakeField(4, "f", "fixed[2]")};
  Schema narrow;
  narrow.fields = {MakeField(1, "l", "int"), MakeField(2, "d", "float"), MakeField(3, "m", "decimal(5, 2)"),
                   MakeField(4, "f", "binary")};
  Write(schema, {MakeBatch(narrow, {"[-5, null]", "[1.5, null]", R"(["-1.25", null])", R"(["ab", null])"})});
  EXPECT_EQ(ReadRows(env_, Path("f.parquet"), schema),
            (std::vector<std::string>{R"([-5,1.5,"-1.25","6162"])", "[null,null,null,null]"}));
}

TEST_F(DataWriterTest, WrongInputIsRefusedByColumn) {
  Schema schema;
  schema.fields = {MakeField(1, "id", "int", true), MakeField(2, "f", "fixed[2]")};
  Schema binary = schema;
  binary.fields[1] = MakeField(2, "f", "binary");
  auto error_of = [&](const Schema& given, const std::vector<std::string>& columns) {
    auto writer = DataFileWriter::Open(env_, Path("e.parquet"), schema, {});
    Status status = (*writer)->Append(*MakeBatch(given, columns));
    EXPECT_FALSE(status.ok());
    EXPECT_FALSE((*writer)->Close().ok());
    return status.ok() ? "" : status.error().message;
  };
  EXPECT_EQ(error_of(binary, {"[1, null]", "[null, null]"}), "column id is required but a row has NULL in it");
  EXPECT_EQ(error_of(binary, {"[1]", R"(["abc"])"}), "column f of type fixed[2] cannot take a value of 3 bytes");
  Schema text = binary;
  text.fields[0] = MakeField(1, "id", "string");
  EXPECT_EQ(error_of(text, {R"(["1"])", R"(["ab"])"}), "column id of type int cannot take Arrow values of type string");
  Schema one;
  one.fields = {schema.fields[0]};
  EXPECT_NE(error_of(one, {"[1]"}).find("a batch of 1 columns does not fit a table of 2"), std::string::npos);
}

TEST_F(DataWriterTest, OptionsFromTableProperties) {
  Schema schema = AllTypes();
  auto options = WriteOptions::FromProperties({{"write.parquet.compression-codec", "GZIP"},
                                               {"write.parquet.row-group-size-bytes", "1000"},
                                               {"write.metadata.metrics.default", "counts"},
                                               {"write.metadata.metrics.column.c13", "truncate(1)"},
                                               {"write.metadata.metrics.column.c14", "full"},
                                               {"write.metadata.metrics.column.c1", "none"},
                                               {"history.expire.max-snapshot-age-ms", "x"}},
                                              schema);
  ASSERT_TRUE(options.ok()) << options.error().ToString();
  EXPECT_EQ(options->codec, "gzip");
  EXPECT_EQ(options->row_group_bytes, 1000);
  DataFile file = Write(schema, {AllTypesBatch(schema)}, *options);
  EXPECT_EQ(file.lower_bounds.size(), 2u);
  EXPECT_EQ(file.upper_bounds.at(13), "\xE6\xBC\xA3") << "the code point after 漢";
  EXPECT_EQ(file.value_counts.count(1) + file.column_sizes.count(1), 0u);
  EXPECT_EQ(file.value_counts.at(2), 3);

  auto error = [&](const char* key, const char* value) {
    auto made = WriteOptions::FromProperties({{key, value}}, schema);
    return made.ok() ? "" : made.error().message;
  };
  EXPECT_NE(error("write.parquet.compression-codec", "lzo").find("compression-codec='lzo'"), std::string::npos);
  EXPECT_NE(error("write.parquet.page-size-bytes", "1MB").find("page-size-bytes='1MB'"), std::string::npos);
  EXPECT_NE(error("write.metadata.metrics.default", "some").find("write.metadata.metrics.default"), std::string::npos);
  EXPECT_NE(error("write.format.default", "orc").find("only parquet"), std::string::npos);
}

TEST_F(DataWriterTest, AFolderThatIsNotThereIsNotFound) {
  Schema schema = AllTypes();
  auto writer = DataFileWriter::Open(env_, Path("no/f.parquet"), schema, {});
  ASSERT_FALSE(writer.ok());
  EXPECT_EQ(writer.error().code, ErrorCode::kNotFound);
}

TEST_F(DataWriterTest, AFullDiskIsItsOwnErrorAndStays) {
  if (!*env_.Exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
  Schema schema = AllTypes();
  auto writer = DataFileWriter::Open(env_, "/dev/full", schema, {});
  ASSERT_TRUE(writer.ok()) << writer.error().ToString();
  ASSERT_TRUE((*writer)->Append(*AllTypesBatch(schema)).ok());
  auto file = (*writer)->Close();
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(file.error().message.find("/dev/full"), std::string::npos) << file.error().message;
  EXPECT_EQ((*writer)->Append(*AllTypesBatch(schema)).error().message, file.error().message);
}

}  // namespace
}  // namespace sluice::iceberg
