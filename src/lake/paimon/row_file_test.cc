// SPDX-License-Identifier: Apache-2.0
// Data files and what their manifests say of them: bounds and NULLs of each type, keys, kinds, sequence numbers.
#include "lake/paimon/row_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>

#include "lake/paimon/file_check_test_util.h"
#include "lake/paimon/local_time.h"
#include "lake/paimon/random_value_test_util.h"
#include "lake/paimon/table_model_test_util.h"

namespace sluice::paimon {
namespace {

// The parameter is the format.
class PaimonRowFileTest : public ::testing::TestWithParam<const char*> {
 protected:
  bool IsOrc() const { return std::string(GetParam()) == "orc"; }
  // Writes a file of a table without a key.
  Result<DataFileMeta> Write(const TableSchema& source, const std::vector<Cells>& rows, int64_t row_group_bytes = 0) {
    more_["file.format"] = GetParam();
    TRY_SET(schema_, FromTableSchema(source, {}, more_));
    TRY_SET(options_, TableOptions::Of(schema_));
    TRY_SET(layout_, RowLayout::Make(schema_, options_));
    RowFileOptions files = RowFileOptions::Of(options_, folder_.path().string());
    files.parquet.sync = false;
    if (row_group_bytes > 0) files.parquet.row_group_bytes = row_group_bytes;
    TRY_SET(auto writer, RowFileWriter::Open(PosixEnv(), layout_, files));
    const auto batch = BatchOf(source, rows);
    std::vector<uint32_t> all(rows.size());
    std::iota(all.begin(), all.end(), 0u);
    if (row_group_bytes == 0) {
      TRY(writer->Append(*layout_->Rows(batch->columns(), nullptr, nullptr, batch->num_rows()), all));
    }
    for (size_t i = 0; row_group_bytes > 0 && i < rows.size(); ++i) {
      TRY(writer->Append(*layout_->Rows(batch->columns(), nullptr, nullptr, batch->num_rows()), {&all[i], 1}));
    }
    auto meta = writer->Close(1234);
    path_ = writer->path();
    return meta;
  }
  // "min max nulls" of a column.
  std::string BoundsOf(const std::string& type, const std::vector<Cell>& cells, int64_t row_group_bytes = 0) {
    TableSchema source;
    source.columns = {Col("c", type)};
    std::vector<Cells> rows;
    for (const Cell& cell : cells) rows.push_back({cell});
    const auto meta = Write(source, rows, row_group_bytes);
    if (!meta.ok()) return meta.error().ToString();
    const auto codec = *BinaryRowCodec::Make({source.columns[0].type});
    std::string out;
    for (const std::string* row : {&meta->value_stats.min, &meta->value_stats.max}) {
      out += Line(*codec.Parse(*row));
      out.back() = ' ';
    }
    const auto columns = *ReadColumns(PosixEnv(), path_, *layout_);
    Status right = CheckStats(meta->value_stats, codec, columns);
    if (!right.ok()) out += right.error().ToString();
    return out + (meta->value_stats.null_counts[0] ? Str(*meta->value_stats.null_counts[0]) : "?");
  }
  std::string Bounds(const std::string& type, const std::vector<std::string>& texts) {
    std::vector<Cell> cells;
    for (const std::string& text : texts) cells.push_back(CellOf(Col("c", type), text));
    return BoundsOf(type, cells);
  }

  TestFolder folder_;
  Options more_;  // of the table
  Schema schema_;
  TableOptions options_;
  std::shared_ptr<const RowLayout> layout_;
  std::string path_;
};

TEST_P(PaimonRowFileTest, BoundsOfNumbersAreTheirValues) {
  EXPECT_EQ(Bounds("BOOLEAN", {"true", "null", "true"}), "true true 1");
  EXPECT_EQ(Bounds("TINYINT", {"-128", "127"}), "-128 127 0");
  EXPECT_EQ(Bounds("SMALLINT", {"-32768", "5"}), "-32768 5 0");
  EXPECT_EQ(Bounds("INT", {"-2147483648", "2147483647"}), "-2147483648 2147483647 0");
  EXPECT_EQ(Bounds("BIGINT", {"-9223372036854775808", "7"}), "-9223372036854775808 7 0");
  EXPECT_EQ(Bounds("DECIMAL(4, 2)", {"-99.99", "0.01"}), "\"-99.99\" \"0.01\" 0");
  EXPECT_EQ(Bounds("DECIMAL(18, 0)", {"-999999999999999999", "128"}), "\"-999999999999999999\" \"128\" 0");
  EXPECT_EQ(Bounds("DECIMAL(38, 2)", {"-999999999999999999999999999999999999.99", "0.00", "-0.01"}),
            "\"-999999999999999999999999999999999999.99\" \"0.00\" 0");
  EXPECT_EQ(Bounds("DECIMAL(20, 3)", {"-0.129", "-0.128", "-1.000"}), "\"-1.000\" \"-0.128\" 0");
  EXPECT_EQ(Bounds("DATE", {"0001-01-01", "9999-12-31", "null"}), "\"0001-01-01\" \"9999-12-31\" 1");
}

TEST_P(PaimonRowFileTest, BoundsOfTimesAreOfTheirUnits) {
  EXPECT_EQ(Bounds("TIME(3)", {"00:00:00.001", "23:59:59.999"}), "\"00:00:00.001\" \"23:59:59.999\" 0");
  EXPECT_EQ(Bounds("TIMESTAMP(0)", {"1969-12-31 23:59:59", "1000-01-01 00:00:00"}),
            "\"1000-01-01T00:00:00\" \"1969-12-31T23:59:59\" 0");
  EXPECT_EQ(Bounds("TIMESTAMP(6)", {"1970-01-01 00:00:00.000001", "9999-12-31 23:59:59.999999", "0001-01-01 00:00:00"}),
            "\"0001-01-01T00:00:00\" \"9999-12-31T23:59:59.999999\" 0");
  if (IsOrc()) return;  // see below
  EXPECT_EQ(Bounds("TIMESTAMP(3)", {"1969-12-31 23:59:59.999", "9999-12-31 23:59:59.999"}),
            "\"1969-12-31T23:59:59.999\" \"9999-12-31T23:59:59.999\" 0");
  EXPECT_EQ(Bounds("TIMESTAMP(6)", {"1969-12-31 23:59:59.999999", "1970-01-01 00:00:00.000001"}),
            "\"1969-12-31T23:59:59.999999\" \"1970-01-01T00:00:00.000001\" 0");
  const auto ltz = arrow::MakeScalar(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), int64_t{-1001000}).ValueOrDie();
  EXPECT_EQ(BoundsOf("TIMESTAMP_LTZ(3)", {ltz}), "\"1969-12-31T23:59:58.999Z\" \"1969-12-31T23:59:58.999Z\" 0");
}

TEST_P(PaimonRowFileTest, BoundsOfRealNumbersKnowTheirZerosAndNoNan) {
  const auto of = [&](const std::vector<double>& values, const char* type) {
    std::vector<Cell> cells;
    for (double value : values) cells.push_back(arrow::MakeScalar(value)->CastTo(ParseDataType(type)->ToArrow())
                                                    .ValueOrDie());
    return BoundsOf(type, cells);
  };
  for (const char* type : {"FLOAT", "DOUBLE"}) {
    EXPECT_EQ(of({1.5, -2}, type), "-2 1.5 0");
    EXPECT_EQ(of({0.0}, type), "-0 0 0");
    EXPECT_EQ(of({-0.0}, type), "-0 0 0");
    EXPECT_EQ(of({1, NAN}, type), "null null 0");
    EXPECT_EQ(of({NAN}, type), "null null 0");
    EXPECT_EQ(of({INFINITY, -INFINITY}, type), "\"-Infinity\" \"Infinity\" 0");
  }
}

TEST_P(PaimonRowFileTest, BoundsOfLongTextsAreRounded) {
  EXPECT_EQ(Bounds("STRING", {"b", "a", "null"}), "\"a\" \"b\" 1");
  EXPECT_EQ(Bounds("STRING", {""}), "\"\" \"\" 0");
  EXPECT_EQ(Bounds("STRING", {"1234567890123456"}), "\"1234567890123456\" \"1234567890123456\" 0");
  EXPECT_EQ(Bounds("STRING", {"12345678901234567"}), "\"1234567890123456\" \"1234567890123457\" 0");
  EXPECT_EQ(Bounds("VARCHAR(99)", {"ääääääääääääääääZ"}), "\"ääääääääääääääää\" \"äääääääääääääääå\" 0");
  std::string last;
  for (int i = 0; i < 17; ++i) last += "\xf4\x8f\xbf\xbf";  // U+10FFFF has none above it
  EXPECT_EQ(Bounds("STRING", {last, "a"}), "\"a\" null 0");
  EXPECT_EQ(Bounds("STRING", {"12345\xed\x9f\xbf" + last}), "\"12345\xed\x9f\xbf" + last.substr(0, 40) +
                                                                "\" \"12345\xee\x80\x80\" 0");  // no surrogates
  EXPECT_EQ(Bounds("BYTES", {std::string("\0\xff", 2), "\xff"}), "\"00ff\" \"ff\" 0");
  EXPECT_EQ(Bounds("BYTES", {std::string(17, '\xff')}), "\"" + std::string(32, 'f') + "\" null 0");
  EXPECT_EQ(Bounds("VARBINARY(20)", {"\x01\x02" + std::string(17, '\xff')}),
            "\"0102" + std::string(28, 'f') + "\" \"0103\" 0");
  const bool footer = std::string(GetParam()) == "parquet";  // which does not take long bounds
  EXPECT_EQ(Bounds("STRING", {std::string(100'000, 'x'), "a"}),
            footer ? "null null 0" : "\"a\" \"xxxxxxxxxxxxxxxy\" 0");
}

TEST_P(PaimonRowFileTest, ColumnsOfNullHaveNoBounds) {
  for (const char* type : {"BOOLEAN", "INT", "DOUBLE", "DECIMAL(10, 2)", "DECIMAL(30, 2)", "STRING", "BYTES", "DATE",
                           "TIME(0)", "TIMESTAMP(3)", "TIMESTAMP(6)", "TIMESTAMP_LTZ(6)"}) {
    EXPECT_EQ(Bounds(type, {"null", "null"}), "null null 2") << type;
  }
}

TEST_P(PaimonRowFileTest, BoundsAreOfAllRowGroups) {
  std::vector<Cell> ints, texts, reals;
  for (int i = 0; i < 2000; ++i) {
    ints.push_back(i % 7 == 0 ? arrow::MakeNullScalar(arrow::int32()) : arrow::MakeScalar(int32_t{(i * 7919) % 2003}));
    texts.push_back(arrow::MakeScalar(Str("text ", (i * 7919) % 2003)));
    reals.push_back(arrow::MakeScalar(i == 1500 ? double{NAN} : i));
  }
  EXPECT_EQ(BoundsOf("INT", ints, 1000), "1 1995 286");
  EXPECT_EQ(BoundsOf("STRING", texts, 1000), "\"text 0\" \"text 999\" 0");
  EXPECT_EQ(BoundsOf("DOUBLE", reals, 1000), "null null 0");
}

TEST_P(PaimonRowFileTest, ArraysHaveNoStatistics) {
  TableSchema source;
  source.columns = {Col("a", "INT"), Col("tags", "ARRAY<STRING>"), Col("b", "INT")};
  Random random(1);
  const Cells row = {CellOf(source.columns[0], "1"), RandomValue(random, source.columns[1].type),
                     CellOf(source.columns[2], "null")};
  const auto meta = Write(source, {row});
  ASSERT_OK(meta);
  EXPECT_EQ(meta->value_stats_columns, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(meta->value_stats.null_counts, (std::vector<std::optional<int64_t>>{0, 1}));
  source.columns = {Col("tags", "ARRAY<STRING>")};
  const auto only = Write(source, {{row[1]}});
  ASSERT_OK(only);
  EXPECT_EQ(only->value_stats, SimpleStats::None());
  EXPECT_EQ(only->value_stats_columns, std::vector<std::string>());
}

TEST_P(PaimonRowFileTest, OfNoKeySaysNothingOfKeys) {
  TableSchema source;
  source.columns = {Col("a", "INT")};
  const auto meta = Write(source, {{CellOf(source.columns[0], "1")}, {CellOf(source.columns[0], "2")}});
  ASSERT_OK(meta);
  EXPECT_EQ(meta->min_key, EmptyRow());
  EXPECT_EQ(meta->key_stats, SimpleStats::None());
  EXPECT_EQ(meta->row_count, 2);
  EXPECT_EQ(meta->delete_row_count, 0);
  EXPECT_EQ(meta->creation_ms, LocalOfUtc(1234));
  EXPECT_EQ(meta->size, *PosixEnv().FileSize(path_));
}

// As Java: what its clock shows.
TEST_P(PaimonRowFileTest, IsMadeAtATimeOfTheProcessZone) {
  const char* before = std::getenv("TZ");
  const std::string zone = before == nullptr ? "" : before;
  setenv("TZ", "XYZ-5", 1);  // five hours ahead of UTC
  tzset();
  TableSchema source;
  source.columns = {Col("a", "INT")};
  const auto meta = Write(source, {{CellOf(source.columns[0], "1")}});
  if (before == nullptr) {
    unsetenv("TZ");
  } else {
    setenv("TZ", zone.c_str(), 1);
  }
  tzset();
  ASSERT_OK(meta);
  EXPECT_EQ(meta->creation_ms, 5 * 3'600'000 + 1234);
}

// Random columns: the bounds are those of the rows, or wider ones of texts.
TEST_P(PaimonRowFileTest, RandomColumnsAreWithinTheirBounds) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Random random(seed);
    random.whole_old_seconds = IsOrc() && seed % 2 == 0;
    TableSchema source;
    for (const char* type : {"INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL(9, 2)", "DECIMAL(18, 4)", "DECIMAL(38, 9)",
                             "STRING", "BYTES", "DATE", "TIME(0)", "TIMESTAMP(3)", "TIMESTAMP(6)", "BOOLEAN",
                             "TIMESTAMP_LTZ(3)", "CHAR(5)", "VARBINARY(40)", "TINYINT"}) {
      source.columns.push_back(Col(Str("c", source.columns.size()), type));
    }
    std::vector<Cells> rows(1 + random(40));
    for (Cells& row : rows) {
      for (const Column& column : source.columns) {
        row.push_back(random.OneIn(4) ? arrow::MakeNullScalar(column.type.ToArrow())
                                      : RandomValue(random, column.type));
      }
    }
    const auto meta = Write(source, rows, random.OneIn(2) ? 500 : 0);
    ASSERT_OK(meta);
    std::vector<DataType> types;
    for (const Column& column : source.columns) types.push_back(column.type);
    const auto columns = ReadColumns(PosixEnv(), path_, *layout_);
    ASSERT_OK(columns);
    ASSERT_OK(CheckStats(meta->value_stats, *BinaryRowCodec::Make(types), *columns));
  }
}

TEST_P(PaimonRowFileTest, ANullInARequiredColumnIsRefusedByName) {
  TableSchema source;
  source.columns = {Col("wanted", "INT NOT NULL")};
  const auto meta = Write(source, {{CellOf(source.columns[0], "null")}});
  ASSERT_FALSE(meta.ok());
  EXPECT_EQ(meta.error().code, ErrorCode::kInvalid);
  EXPECT_NE(meta.error().message.find("wanted"), std::string::npos);
}

TEST_P(PaimonRowFileTest, RandomRowsAreReadBack) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed);
    random.whole_old_seconds = IsOrc() && seed % 2 == 0;
    TableSchema source;
    for (const char* type : {"INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL(9, 2)", "DECIMAL(18, 4)", "DECIMAL(38, 9)",
                             "STRING", "BYTES", "DATE", "TIME(0)", "TIMESTAMP(0)", "TIMESTAMP(3)", "TIMESTAMP(6)",
                             "BOOLEAN", "TIMESTAMP_LTZ(3)", "TIMESTAMP_LTZ(6)", "CHAR(5)", "VARCHAR(7)", "BINARY(3)",
                             "VARBINARY(40)", "TINYINT", "SMALLINT", "ARRAY<STRING>", "BIGINT NOT NULL"}) {
      source.columns.push_back(Col(Str("c", source.columns.size()), type));
    }
    const bool dense = random.OneIn(3);  // no NULLs
    std::vector<Cells> rows(1 + random(seed % 10 == 0 ? 1500 : 60));
    for (Cells& row : rows) {
      for (const Column& column : source.columns) {
        const bool null = column.type.nullable && !dense && random.OneIn(4);
        row.push_back(null ? arrow::MakeNullScalar(column.type.ToArrow()) : RandomValue(random, column.type));
      }
    }
    more_["file.compression"] = random.Of<std::string>({"zstd", "snappy"});
    const auto meta = Write(source, rows, random.OneIn(3) ? 2000 : 0);
    ASSERT_OK(meta);
    EXPECT_EQ(meta->row_count, static_cast<int64_t>(rows.size()));
    const auto columns = ReadColumns(PosixEnv(), path_, *layout_);
    ASSERT_OK(columns);
    const auto batch = BatchOf(source, rows);
    for (size_t i = 0; i < columns->size(); ++i) {
      const auto equal = arrow::EqualOptions::Defaults().nans_equal(true);
      EXPECT_TRUE((*columns)[i]->Equals(*batch->columns()[i], equal))
          << seed << " " << source.columns[i].type.ToString() << "\n" << (*columns)[i]->Diff(*batch->columns()[i]);
    }
  }
}

TEST_P(PaimonRowFileTest, AFileOfFewerRowsThanItsTableSaysIsCorrupt) {
  TableSchema source;
  source.columns = {Col("a", "INT")};
  ASSERT_OK(Write(source, {{CellOf(source.columns[0], "1")}, {CellOf(source.columns[0], "2")}}));
  for (int64_t rows : {2, 3}) {
    ReadOptions options;
    options.rows = rows;
    auto reader = *DataFileReader::Open(PosixEnv(), path_, layout_->FileColumns(), options);
    DataBatch batch;
    ASSERT_TRUE(*reader->Next(batch));
    const auto end = reader->Next(batch);
    EXPECT_EQ(end.ok(), rows == 2);
    EXPECT_TRUE(end.ok() || end.error().code == ErrorCode::kCorrupt);
  }
}

TEST_P(PaimonRowFileTest, ModesSayWhichStatisticsThereAre) {
  TableSchema source;
  source.columns = {Col("a", "INT"), Col("b", "STRING"), Col("c", "INT")};
  const Cells row = {CellOf(source.columns[0], "7"), CellOf(source.columns[1], "abcdef"),
                     CellOf(source.columns[2], "null")};
  const auto said = [&](const Options& options) -> std::string {
    more_ = options;
    const auto meta = Write(source, {row});
    if (!meta.ok()) return meta.error().ToString();
    std::string out = meta->value_stats_columns ? Join(*meta->value_stats_columns, ",") : "all";
    std::vector<DataType> types;
    for (const Column& column : source.columns) {
      const auto& names = meta->value_stats_columns;
      const bool named = !names || std::find(names->begin(), names->end(), column.name) != names->end();
      if (named) types.push_back(column.type);
    }
    const auto codec = *BinaryRowCodec::Make(types);
    out += " " + Line(*codec.Parse(meta->value_stats.min)) + " " + Line(*codec.Parse(meta->value_stats.max));
    for (const auto& count : meta->value_stats.null_counts) out += Str(" ", count ? Str(*count) : "?");
    return out;
  };
  const std::string default_bounds = said({});
  EXPECT_EQ(said({{"metadata.stats-mode", "truncate(16)"}}), default_bounds);
  EXPECT_EQ(said({{"metadata.stats-mode", "full"}}), default_bounds);
  EXPECT_NE(said({{"metadata.stats-mode", "truncate(2)"}}).find("\"ab\""), std::string::npos);
  EXPECT_NE(said({{"metadata.stats-mode", "truncate(2)"}}).find("\"ac\""), std::string::npos);
  EXPECT_EQ(said({{"metadata.stats-mode", "counts"}}).substr(0, 8), "all null");
  EXPECT_TRUE(said({{"metadata.stats-mode", "counts"}}).ends_with(" 0 0 1"));
  EXPECT_EQ(Write(source, {row})->value_stats.null_counts.size(), 3u);
  more_ = {{"metadata.stats-mode", "none"}};
  const auto none = Write(source, {row});
  ASSERT_OK(none);
  EXPECT_EQ(none->value_stats, SimpleStats::None());
  EXPECT_EQ(none->value_stats_columns, std::vector<std::string>());
  EXPECT_EQ(said({{"metadata.stats-mode", "none"}, {"fields.b.stats-mode", "full"}}), "b \"abcdef\"| \"abcdef\"| 0");
  EXPECT_EQ(said({{"metadata.stats-keep-first-n-columns", "1"}}), "a 7| 7| 0");
  EXPECT_EQ(said({{"metadata.stats-keep-first-n-columns", "0"}, {"fields.c.stats-mode", "counts"}}), "c null| null| 1");
}

INSTANTIATE_TEST_SUITE_P(Formats, PaimonRowFileTest, ::testing::Values("parquet", "orc", "avro"),
                         [](const auto& format) { return std::string(format.param); });

// No ORC file holds them as its readers understand it: such rows, and those before them, are in Parquet.
TEST(PaimonOrcFile, BecomesParquetWithATimeThatOrcCannotHold) {
  for (const char* type : {"TIMESTAMP(3)", "TIMESTAMP_LTZ(6)"}) {
    TestFolder folder;
    TableSchema source;
    source.columns = {Col("t", type), Col("n", "INT")};
    const auto schema = *FromTableSchema(source, {}, {{"file.format", "orc"}, {"file.compression", "zlib"}});
    const auto options = *TableOptions::Of(schema);
    const auto layout = *RowLayout::Make(schema, options);
    const auto file = [&](const std::vector<std::string>& times) -> std::string {
      auto writer = *RowFileWriter::Open(PosixEnv(), layout, RowFileOptions::Of(options, folder.path().string()));
      for (const std::string& time : times) {
        const auto batch = BatchOf(source, {{CellOf(source.columns[0], time), CellOf(source.columns[1], "7")}});
        EXPECT_TRUE(writer->Append(*layout->Rows(batch->columns(), nullptr, nullptr, 1)).ok());
      }
      const auto meta = writer->Close(1);
      if (!meta.ok()) return meta.error().ToString();
      EXPECT_TRUE(writer->path().ends_with(meta->name));
      const auto columns = ReadColumns(PosixEnv(), writer->path(), *layout);
      if (!columns.ok()) return columns.error().ToString();
      std::string out(meta->name.substr(meta->name.rfind('.')));
      for (size_t i = 0; i < times.size(); ++i) {
        out += Str(" ", static_cast<const arrow::TimestampArray&>(*(*columns)[0]).Value(static_cast<int64_t>(i)));
      }
      return out;
    };
    EXPECT_EQ(file({"1969-12-31 23:59:58", "1970-01-01 00:00:00.5", "null"}), ".orc -2000000 500000 0");
    EXPECT_EQ(file({"1969-12-31 23:59:58", "1969-12-31 23:59:59.999", "2024-01-01 00:00:00"}),
              ".parquet -2000000 -1000 1704067200000000");
    EXPECT_EQ(file({"1969-12-31 23:59:58.001"}), ".parquet -1999000");
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) files += entry.is_regular_file();
    EXPECT_EQ(files, 3) << "what was begun in ORC is gone";
  }
}

TEST(PaimonAvroFile, DamageIsAnErrorOrOtherRows) {
  TestFolder folder;
  TableSchema source;
  source.columns = {Col("a", "INT"), Col("b", "STRING"), Col("c", "DECIMAL(20, 2)"), Col("d", "ARRAY<STRING>"),
                    Col("e", "TIMESTAMP(6)")};
  Random random(1);
  std::vector<Cells> rows(50);
  for (Cells& row : rows) {
    for (const Column& column : source.columns) row.push_back(RandomValue(random, column.type));
  }
  for (const char* codec : {"null", "zstd"}) {
    const auto schema = *FromTableSchema(source, {}, {{"file.format", "avro"}, {"file.compression", codec}});
    const auto options = *TableOptions::Of(schema);
    const auto layout = *RowLayout::Make(schema, options);
    auto writer = *RowFileWriter::Open(PosixEnv(), layout, RowFileOptions::Of(options, folder.path().string()));
    std::vector<uint32_t> all(rows.size());
    std::iota(all.begin(), all.end(), 0u);
    ASSERT_OK(writer->Append(*layout->Rows(BatchOf(source, rows)->columns(), nullptr, nullptr, 50), all));
    ASSERT_OK(writer->Close(1));
    std::ifstream file(writer->path(), std::ios::binary);
    const std::string whole((std::istreambuf_iterator<char>(file)), {});
    int errors = 0;
    for (int i = 0; i < 1500; ++i) {
      std::string bytes = whole;
      if (i % 3 == 0) bytes.resize(random(bytes.size()));
      for (int n = 0; i % 3 != 0 && n <= i % 5; ++n) bytes[random(bytes.size())] = static_cast<char>(random.Bits());
      const std::string path = (folder.path() / "damaged.avro").string();
      std::ofstream(path, std::ios::binary) << bytes;
      errors += !ReadColumns(PosixEnv(), path, *layout).ok();
    }
    EXPECT_GT(errors, 400) << codec;
  }
}

TEST(PaimonAvroFile, NamesThatAvroHasNotAreRefused) {
  TestFolder folder;
  TableSchema source;
  source.columns = {Col("größe", "INT")};
  const auto schema = *FromTableSchema(source, {}, {{"file.format", "avro"}});
  const auto options = *TableOptions::Of(schema);
  const auto layout = *RowLayout::Make(schema, options);
  const auto writer = RowFileWriter::Open(PosixEnv(), layout, RowFileOptions::Of(options, folder.path().string()));
  ASSERT_FALSE(writer.ok());
  EXPECT_NE(writer.error().message.find("größe"), std::string::npos);
}

}  // namespace
}  // namespace sluice::paimon
