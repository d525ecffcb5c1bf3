// SPDX-License-Identifier: Apache-2.0
// TIMESTAMP(7) to (9) in Parquet files: INT96 as Paimon's Java code has it, times that 64 bits of nanoseconds hold.
#include <arrow/array.h>
#include <arrow/io/file.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>
#include <parquet/column_writer.h>
#include <parquet/file_reader.h>
#include <parquet/file_writer.h>
#include <parquet/schema.h>

#include <cstring>

#include "base/text.h"
#include "io/folder_test_util.h"
#include "lake/parquet/data_reader.h"
#include "lake/parquet/file_writer.h"
#include "row/format_value.h"

namespace sluice {
namespace {

constexpr int64_t kDayNanos = int64_t{86'400} * 1'000'000'000;
constexpr uint32_t kUnixDay = 2'440'588;

class NanosTest : public ::testing::Test {
 protected:
  std::string Path() const { return (folder_.path() / "f.parquet").string(); }

  // A file of one column of these (nanoseconds of the day, Julian day), by Parquet's own writer.
  void WriteInt96(const std::vector<std::pair<int64_t, uint32_t>>& times) {
    using parquet::schema::GroupNode, parquet::schema::PrimitiveNode;
    const auto node = PrimitiveNode::Make("t", parquet::Repetition::REQUIRED, parquet::Type::INT96);
    const auto schema = GroupNode::Make("paimon_schema", parquet::Repetition::REQUIRED, {node});
    const auto sink = *arrow::io::FileOutputStream::Open(Path());
    const auto file = parquet::ParquetFileWriter::Open(sink, std::static_pointer_cast<GroupNode>(schema));
    auto& writer = static_cast<parquet::Int96Writer&>(*file->AppendRowGroup()->NextColumn());
    for (const auto& [nanos, day] : times) {
      parquet::Int96 value;
      std::memcpy(value.value.data(), &nanos, sizeof nanos);
      value.value[2] = day;
      writer.WriteBatch(1, nullptr, nullptr, &value);
    }
    file->Close();
    ASSERT_TRUE(sink->Close().ok());
  }

  // The cells' texts, or the error.
  std::string Read(const std::vector<FileColumn>& columns, size_t column) const {
    auto reader = DataFileReader::Open(PosixEnv(), Path(), columns, ReadOptions());
    if (!reader.ok()) return reader.error().ToString();
    DataBatch batch;
    const auto more = (*reader)->Next(batch);
    if (!more.ok()) return more.error().code == ErrorCode::kUnsupported ? more.error().message : "another error";
    std::string out;
    for (int64_t row = 0; row < batch.rows->num_rows(); ++row) {
      if (row > 0) out += "|";
      if (!AppendText(*batch.rows->column(static_cast<int>(column)), row, out)) out += "NULL";
    }
    return out;
  }

  TestFolder folder_;
};

TEST_F(NanosTest, WhatIsWrittenIsRead) {
  std::vector<WriteColumn> columns;
  std::vector<FileColumn> wanted;
  arrow::ArrayVector arrays;
  arrow::FieldVector fields;
  for (const char* text : {"TIMESTAMP(9)", "TIMESTAMP_LTZ(7)", "TIMESTAMP(9) NOT NULL"}) {
    const DataType type = *ParseDataType(text);
    const int id = static_cast<int>(columns.size());
    columns.push_back({.id = id, .name = Str("c", id), .type = type, .required = !type.nullable,
                       .style = ParquetStyle::kPaimon});
    wanted.push_back({id, columns.back().name, type, !type.nullable});
    const char* cells = type.nullable ? "[-9223372036854775808, null, -1, 9223372036854775807]"
                                      : "[0, 86399999999999, -86400000000000, 1]";
    arrays.push_back(*arrow::json::ArrayFromJSONString(type.ToArrow(), cells));
    fields.push_back(arrow::field(columns.back().name, arrays.back()->type()));
  }
  auto writer = ParquetWriter::Open(PosixEnv(), Path(), columns, "paimon_schema", ParquetOptions());
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE((*writer)->Append(*arrow::RecordBatch::Make(arrow::schema(fields), 4, arrays)).ok());
  const auto file = (*writer)->Close();
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->columns[0].nulls, 1);
  EXPECT_EQ(file->columns[2].nulls, 0);
  EXPECT_FALSE(file->columns[0].lower || file->columns[0].upper);  // as Java's
  const auto stored = parquet::ParquetFileReader::OpenFile(Path());
  EXPECT_EQ(stored->metadata()->schema()->Column(0)->physical_type(), parquet::Type::INT96);
  EXPECT_EQ(Read(wanted, 0), "1677-09-21T00:12:43.145224192|NULL|1969-12-31T23:59:59.999999999|"
                             "2262-04-11T23:47:16.854775807");
  EXPECT_EQ(Read(wanted, 1), "1677-09-21T00:12:43.145224192Z|NULL|1969-12-31T23:59:59.999999999Z|"
                             "2262-04-11T23:47:16.854775807Z");
  EXPECT_EQ(Read(wanted, 2), "1970-01-01T00:00:00|1970-01-01T23:59:59.999999999|1969-12-31T00:00:00|"
                             "1970-01-01T00:00:00.000000001");
}

TEST_F(NanosTest, OfADayMayBeBelowZero) {  // as Java writes times before 1970
  WriteInt96({{-1, kUnixDay}, {kDayNanos - 1, kUnixDay - 1}, {-999'999, kUnixDay}});
  EXPECT_EQ(Read({{0, "t", *ParseDataType("TIMESTAMP(9)"), true}}, 0),
            "1969-12-31T23:59:59.999999999|1969-12-31T23:59:59.999999999|1969-12-31T23:59:59.999000001");
}

TEST_F(NanosTest, BeyondThemIsAnErrorByName) {
  for (const uint32_t day : {kUnixDay + 2'932'896, kUnixDay - 719'162, 0u, UINT32_MAX}) {  // 9999-12-31, 0001-01-01
    WriteInt96({{5, kUnixDay}, {0, day}});
    const std::string error = Read({{0, "t", *ParseDataType("TIMESTAMP(9)"), true}}, 0);
    EXPECT_NE(error.find("column t has a time that 64 bits of nanoseconds do not hold"), std::string::npos) << error;
  }
}

}  // namespace
}  // namespace sluice
