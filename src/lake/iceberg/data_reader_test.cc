// SPDX-License-Identifier: Apache-2.0
// Reading data files of Java Iceberg by field id: evolution, promotion, projection, codecs, deletes; broken files.
#include "lake/parquet/data_reader.h"

#include <arrow/io/file.h>
#include <arrow/json/from_string.h>
#include <arrow/table.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/writer.h>

#include <fstream>

#include "lake/iceberg/data_file_test_util.h"
#include "lake/iceberg/delete_writer.h"

namespace sluice::iceberg {
namespace {

using Rows = std::vector<std::string>;

class DataReaderTest : public DataFileFixture {};

TEST_F(DataReaderTest, OldFilesGiveTheNewestSchema) {
  Schema wanted;  // the flat columns of the table after all its changes
  wanted.fields = {MakeField(16, "added", "string"), MakeField(1, "id", "int"), MakeField(20, "gone", "int"),
                   MakeField(2, "renamed", "long"), MakeField(3, "b", "double"), MakeField(4, "c", "decimal(12, 2)")};
  EXPECT_EQ(ReadRows(env_, Golden("evolve_1.parquet"), wanted), Rows{R"([null,1,null,10,1.5,"1.25"])"});
  EXPECT_EQ(ReadRows(env_, Golden("evolve_2.parquet"), wanted), Rows{R"(["new2",2,null,20,2.5,"2.25"])"});
  EXPECT_EQ(ReadRows(env_, Golden("evolve_3.parquet"), wanted),
            Rows{R"(["new3",3,null,3000000000,3.5,"1234567890.25"])"});
  EXPECT_EQ(ReadRows(env_, Golden("evolve_4.parquet"), wanted), Rows{R"(["new4",4,44,40,4.5,"4.25"])"});
}

TEST_F(DataReaderTest, JavaTypesAndTwoFieldsOfOneColumn) {
  Schema wanted;
  wanted.fields = {MakeField(3, "u", "uuid"), MakeField(2, "tm", "time"), MakeField(4, "fx", "fixed[5]"),
                   MakeField(99, "none", "timestamptz"), MakeField(2, "again", "time")};
  auto rows = ReadRows(env_, Golden("java_types.parquet"), wanted);
  ASSERT_EQ(rows.size(), 4u) << rows[0];
  EXPECT_EQ(rows[0], R"(["f79c3e09677c4bbda4793f349cb785e7","22:31:08","00010203ff",null,"22:31:08"])");
  EXPECT_EQ(rows[1], "[null,null,null,null,null]");
}

TEST_F(DataReaderTest, AFileWithNoneOfTheFieldsIsRowsOfNull) {
  Schema wanted;
  wanted.fields = {MakeField(99, "none", "list<string>")};
  EXPECT_EQ(ReadRows(env_, Golden("deleted_from.parquet"), wanted), Rows(8, "[null]"));
}

TEST_F(DataReaderTest, EveryCodec) {
  Schema wanted;
  wanted.fields = {MakeField(2, "v", "string")};
  const char* names[] = {"uncompressed", "snappy", "gzip", "lz4_raw", "zstd"};
  for (int i = 1; i <= 5; ++i) {
    EXPECT_EQ(ReadRows(env_, Golden(Str("codec_", i, ".parquet")), wanted), Rows{Str("[\"", names[i - 1], "\"]")});
  }
}

TEST_F(DataReaderTest, DeletedRowsAreLeftOutAndPositionsStay) {
  Schema wanted;
  wanted.fields = {MakeField(1, "id", "int")};
  DeleteSet deletes;
  for (int64_t position : {0, 3, 7}) deletes.Add(position);
  ReadOptions options;
  options.deletes = &deletes;
  options.batch_rows = 3;
  auto reader = DataFileReader::Open(env_, Golden("deleted_from.parquet"), FileColumns(wanted), options);
  ASSERT_TRUE(reader.ok()) << reader.error().ToString();
  EXPECT_EQ((*reader)->schema()->ToString(), "id: int32");
  DataBatch batch;
  Rows rows;
  std::vector<int64_t> positions;
  while (*(*reader)->Next(batch)) {
    for (int64_t i = 0; i < batch.rows->num_rows(); ++i) {
      rows.push_back(RowJson(*batch.rows, i));
      positions.push_back(batch.position(i));
    }
  }
  EXPECT_EQ(rows, (Rows{"[2]", "[3]", "[5]", "[6]", "[7]"}));
  EXPECT_EQ(positions, (std::vector<int64_t>{1, 2, 4, 5, 6}));
}

TEST_F(DataReaderTest, ATypeThatIsNoPromotionIsRefused) {
  Schema wanted;
  wanted.fields = {MakeField(2, "v", "long")};
  Rows rows = ReadRows(env_, Golden("deleted_from.parquet"), wanted);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_NE(rows[0].find("column v is string in the file and cannot be read as int64"), std::string::npos) << rows[0];
  EXPECT_NE(rows[0].find("deleted_from.parquet"), std::string::npos) << rows[0];
}

// PyIceberg and others write by Arrow, which keeps its own types in the file; in Iceberg only the Parquet types count.
TEST_F(DataReaderTest, TypesThatArrowKeepsInTheFileDoNotCount) {
  struct Case {
    const char* type;  // wanted
    std::shared_ptr<arrow::DataType> stored;
    const char* values;
  };
  const std::vector<Case> cases = {
      {"string", arrow::large_utf8(), R"(["a", null])"},
      {"string", arrow::dictionary(arrow::int32(), arrow::utf8()), R"(["b", "b"])"},
      {"binary", arrow::large_binary(), R"(["c", ""])"},
      {"timestamptz", arrow::timestamp(arrow::TimeUnit::MICRO, "+00:00"), "[1000000, null]"},
      {"list<string>", arrow::large_list(arrow::large_utf8()), R"([["d", null], null])"},
  };
  Schema wanted;
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (const Case& item : cases) {
    const int id = static_cast<int>(fields.size()) + 1;
    wanted.fields.push_back(MakeField(id, Str("f", id), item.type));
    auto ids = arrow::key_value_metadata({"PARQUET:field_id"}, {Str(id)});
    fields.push_back(arrow::field(Str("f", id), item.stored)->WithMetadata(ids));
    columns.push_back(*arrow::json::ArrayFromJSONString(item.stored, item.values));
  }
  auto table = arrow::Table::Make(arrow::schema(fields), columns);
  auto out = *arrow::io::FileOutputStream::Open(Path("arrow.parquet"));
  auto keep_types = parquet::ArrowWriterProperties::Builder().store_schema()->build();
  ASSERT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), out, 1024,
                                         parquet::default_writer_properties(), keep_types)
                  .ok());
  ASSERT_TRUE(out->Close().ok());
  EXPECT_EQ(ReadRows(env_, Path("arrow.parquet"), wanted),
            (Rows{R"(["a","b","63","1970-01-01T00:00:01Z",["d",null]])", R"([null,"b","",null,null])"}));
}

TEST_F(DataReaderTest, BrokenFilesAreCorruptAndNamed) {
  Schema wanted;
  wanted.fields = {MakeField(1, "id", "int"), MakeField(2, "v", "string")};
  std::string good = *env_.ReadFile(Golden("deleted_from.parquet"));
  auto open = [&](const std::string& bytes) {
    std::ofstream(Path("bad.parquet"), std::ios::binary) << bytes;
    auto reader = DataFileReader::Open(env_, Path("bad.parquet"), FileColumns(wanted));
    if (!reader.ok()) return reader.error();
    DataBatch batch;
    for (int i = 0; i < 100; ++i) {
      auto more = (*reader)->Next(batch);
      if (!more.ok()) return more.error();
      if (!*more) break;
    }
    return Invalid("no error");
  };
  for (size_t size : {size_t{0}, size_t{3}, good.size() / 2, good.size() - 1}) {
    Error error = open(good.substr(0, size));
    EXPECT_EQ(error.code, ErrorCode::kCorrupt) << size << ": " << error.message;
    EXPECT_NE(error.message.find("bad.parquet"), std::string::npos) << error.message;
  }
  // A flipped byte gives an error or rows, never a crash or an error that hides the file.
  for (size_t at = 4; at < good.size(); at += 3) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x55);
    Error error = open(bad);
    if (error.message == "no error") continue;
    EXPECT_NE(error.message.find("bad.parquet"), std::string::npos) << at << ": " << error.message;
  }
  auto absent = DataFileReader::Open(env_, Path("absent.parquet"), FileColumns(wanted));
  ASSERT_FALSE(absent.ok());
  EXPECT_EQ(absent.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace sluice::iceberg
