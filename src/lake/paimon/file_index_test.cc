// SPDX-License-Identifier: Apache-2.0
// File indexes, beside those that Paimon 2.0.0 made of the same rows: the container, bloom filters and bitmaps of each
// type of value, in both versions.
#include "lake/paimon/file_index.h"

#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "base/crc32.h"
#include "lake/paimon/deletion_vector.h"
#include "lake/paimon/file_conditions.h"
#include "lake/paimon/file_index_writer.h"
#include "lake/paimon/roaring_set.h"
#include "lake/paimon/table_model_test_util.h"

namespace sluice::paimon {
namespace {

using Op = ColumnCondition::Op;

// As ColumnCondition has it.
struct Value : std::variant<std::monostate, int64_t, double, std::string> {
  using variant::variant;
  Value(int number) : variant(int64_t{number}) {}               // NOLINT
  Value(const char* text) : variant(std::string(text)) {}       // NOLINT
};

// By Flink: CREATE TABLE kinds (b BOOLEAN, t TINYINT, s SMALLINT, i INT, l BIGINT, f FLOAT, d DOUBLE, c CHAR(4),
// v VARCHAR(20), x BYTES, y DATE, h TIME(3), m3 TIMESTAMP(3), m6 TIMESTAMP(6), z TIMESTAMP_LTZ(6)), bitmaps of all but
// x, bloom filters of all but b, with items = 4; the row is that of the test.
constexpr std::string_view kKinds =
    "00054e4ed01a35ae00000001000002970000000f0001620000000100066269746d6170000002970000002400016300000002000c"
    "626c6f6f6d2d66696c746572000002bb0000000700066269746d6170000002c20000003200016400000002000c626c6f6f6d2d66"
    "696c746572000002f40000000700066269746d6170000002fb0000003200016600000002000c626c6f6f6d2d66696c7465720000"
    "032d0000000700066269746d6170000003340000002a00026d3300000002000c626c6f6f6d2d66696c7465720000035e00000007"
    "00066269746d6170000003650000003200016800000002000c626c6f6f6d2d66696c746572000003970000000700066269746d61"
    "700000039e0000002a00016900000002000c626c6f6f6d2d66696c746572000003c80000000700066269746d6170000003cf0000"
    "002a00026d3600000002000c626c6f6f6d2d66696c746572000003f90000000700066269746d6170000004000000003200016c00"
    "000002000c626c6f6f6d2d66696c746572000004320000000700066269746d6170000004390000003200017300000002000c626c"
    "6f6f6d2d66696c7465720000046b0000000700066269746d6170000004720000002600017400000002000c626c6f6f6d2d66696c"
    "746572000004980000000700066269746d61700000049f0000002400017600000002000c626c6f6f6d2d66696c746572000004c3"
    "0000000700066269746d6170000004ca0000003400017800000001000c626c6f6f6d2d66696c746572000004fe00000007000179"
    "00000002000c626c6f6f6d2d66696c746572000005050000000700066269746d61700000050c0000002a00017a00000002000c62"
    "6c6f6f6d2d66696c746572000005360000000700066269746d61700000053d000000320000000002000000010000000100000000"
    "0101000000000000000d0000000101ffffffffffffffff0000000403280002000000010000000100000000010000000461622020"
    "0000000000000014000000010000000461622020ffffffffffffffff00000004000ac00200000001000000010000000001c00200"
    "0000000000000000000000001400000001c002000000000000ffffffffffffffff00000004017000020000000100000001000000"
    "00013fc000000000000000000010000000013fc00000ffffffffffffffff000000040090110200000001000000010000000001ff"
    "ffffffffffffff000000000000001400000001ffffffffffffffffffffffffffffffff0000000400081002000000010000000100"
    "000000010458618800000000000000100000000104586188ffffffffffffffff0000000400118802000000010000000100000000"
    "01fffeee90000000000000001000000001fffeee90ffffffffffffffff00000004401a0002000000010000000100000000010006"
    "1043888dfb4000000000000000140000000100061043888dfb40ffffffffffffffff00000004f000000200000001000000010000"
    "000001000000012a05f200000000000000001400000001000000012a05f200ffffffffffffffff00000004242004020000000100"
    "0000010000000001012c000000000000000e00000001012cffffffffffffffff0000000408844002000000010000000100000000"
    "01f9000000000000000d00000001f9ffffffffffffffff000000048100810200000001000000010000000001000000056bc3a473"
    "65000000000000001500000001000000056bc3a47365ffffffffffffffff00000004005401000000040090110200000001000000"
    "010000000001ffffffff000000000000001000000001ffffffffffffffffffffffff00000004401a000200000001000000010000"
    "00000100061043888dfb4000000000000000140000000100061043888dfb40ffffffffffffffff";
// CREATE TABLE runs (n INT, v STRING, w INT), bitmaps of all: of w in version 1, of n in blocks of 40 bytes.
constexpr std::string_view kRuns =
    "00054e4ed01a35ae000000010000005d000000030001760000000100066269746d61700000005d0000006a000177000000010006"
    "6269746d6170000000c70000006600016e0000000100066269746d61700000012d000000810000000002000000090000000301ff"
    "fffff900000012000000010000000161000000000000002b000000030000000161000000000000001c0000000162fffffffbffff"
    "ffff0000000163fffffff8ffffffff3a300000010000000000050010000000000001000200030005000800010000000900000003"
    "01000000000000000700000014000000080000002a00000009fffffff73a300000010000000000010010000000040005003a3000"
    "000100000000000200100000000000010002003a3000000100000000000200100000000300060007000200000009000000060000"
    "000002fffffffa0000000000000003000000280000005000000003fffffffafffffff7ffffffff00000001000000000000000f00"
    "000002fffffffbffffffff0000000300000003fffffffaffffffff00000004fffffff9ffffffff00000005fffffff8ffffffff3b"
    "3000000100000300010000000300";

std::string Unhex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1])));
  }
  return out;
}

using Texts = std::vector<std::string>;

std::string Built(const TableSchema& schema, const Options& options, const std::vector<Texts>& rows) {
  const auto parsed = FileIndexOptions::Of(options);
  if (!parsed.ok()) return parsed.error().ToString();
  std::vector<WriteColumn> columns;
  for (const Column& column : schema.columns) columns.push_back({.name = column.name, .type = column.type});
  std::vector<Cells> cells;
  for (const auto& row : rows) {
    cells.emplace_back();
    for (size_t i = 0; i < row.size(); ++i) cells.back().push_back(CellOf(schema.columns[i], row[i]));
  }
  const auto writer = FileIndexWriter::Make(*parsed, columns, 0);
  writer->Add(*BatchOf(schema, cells));
  auto bytes = writer->Finish();
  return bytes.ok() ? *bytes : bytes.error().ToString();
}

// That both have the same indexes: Java orders columns as its hash map does.
void ExpectSame(const std::string& ours, const std::string& theirs, const TableSchema& schema) {
  EXPECT_EQ(ours.size(), theirs.size());
  auto left = FileIndex::Of(ours, "ours");
  auto right = FileIndex::Of(theirs, "theirs");
  ASSERT_TRUE(left.ok() && right.ok());
  for (const Column& column : schema.columns) {
    for (const char* type : {kBitmapIndex, kBloomFilterIndex}) {
      const auto made = *left->Read(column.name, type), wanted = *right->Read(column.name, type);
      EXPECT_EQ(made.has_value(), wanted.has_value()) << column.name << " " << type;
      EXPECT_TRUE(made == wanted) << column.name << " " << type;
    }
  }
}

TEST(PaimonFileIndex, IsThatOfJava) {
  TableSchema schema;
  schema.columns = {Col("v", "STRING"), Col("id", "INT")};
  const Options options = {{"file-index.bitmap.columns", "id"}, {"file-index.bloom-filter.columns", "v"}};
  const std::string bytes = Built(schema, options, {{"a", "1"}, {"b", "2"}, {"c", "3"}});
  // Of the table index.bloom of golden.tar.xz, whose index has the columns in this order.
  EXPECT_EQ(bytes.size(), 599'214u);
  EXPECT_EQ(Crc32(bytes), 3'596'744'373u);
}

TableSchema Kinds() {
  TableSchema schema;
  schema.columns = {Col("b", "BOOLEAN"),      Col("t", "TINYINT"),      Col("s", "SMALLINT"),
                    Col("i", "INT"),          Col("l", "BIGINT"),       Col("f", "FLOAT"),
                    Col("d", "DOUBLE"),       Col("c", "CHAR(4)"),      Col("v", "VARCHAR(20)"),
                    Col("x", "BYTES"),        Col("y", "DATE"),         Col("h", "TIME(3)"),
                    Col("m3", "TIMESTAMP(3)"), Col("m6", "TIMESTAMP(6)"), Col("z", "TIMESTAMP_LTZ(6)")};
  return schema;
}

TEST(PaimonFileIndex, OfEachTypeIsThatOfJava) {
  Options options = {{"file-index.bitmap.columns", "b,t,s,i,l,f,d,c,v,y,h,m3,m6,z"},
                     {"file-index.bloom-filter.columns", "t,s,i,l,f,d,c,v,x,y,h,m3,m6,z"}};
  for (const Column& column : Kinds().columns) options["file-index.bloom-filter." + column.name + ".items"] = "4";
  const std::vector<std::string> row = {"true",  "-7",         "300",      "-70000",
                                        "5000000000", "1.5",   "-2.25",    "ab  ",
                                        "käse",  std::string("\0\xff", 2), "1969-12-31", "20:15:01",
                                        "1969-12-31 23:59:59.999", "2024-01-31 20:15:00.123456",
                                        "2024-01-31 20:15:00.123456Z"};
  ExpectSame(Built(Kinds(), options, {row}), Unhex(kKinds), Kinds());
}

TEST(PaimonFileIndex, OfManyRowsIsThatOfJava) {
  TableSchema schema;
  schema.columns = {Col("n", "INT"), Col("v", "STRING"), Col("w", "INT")};
  const Options options = {{"file-index.bitmap.columns", "n, v,w"},
                           {"file-index.bitmap.w.version", "1"},
                           {"file-index.bitmap.n.index-block-size", "40 b"}};
  const std::string bytes =
      Built(schema, options, {{"1", "a", "7"}, {"1", "a", "7"}, {"1", "a", "7"}, {"1", "a", "8"}, {"2", "b", "null"},
                              {"3", "a", "null"}, {"4", "null", "8"}, {"5", "c", "8"}, {"-6", "a", "9"}});
  ExpectSame(bytes, Unhex(kRuns), schema);
}

TEST(PaimonFileIndex, WithoutTheLeastNumberOfABsiThatCannotHaveIt) {
  TableSchema schema;
  schema.columns = {Col("l", "BIGINT"), Col("m", "DECIMAL(18, 2)")};
  const Options options = {{"file-index.bsi.columns", "l,m"}, {"file-index.range-bitmap.columns", "l,m"},
                           {"file-index.range-bitmap.l.chunk-size", "8 b"}};
  for (const bool least : {false, true}) {
    const std::string number = least ? "-9223372036854775808" : "-9223372036854775807";
    auto index = FileIndex::Of(Built(schema, options, {{number, "-1.50"}, {"null", "null"}, {"3", "2.00"}}), "it");
    ASSERT_TRUE(index.ok()) << index.error().ToString();
    EXPECT_EQ((*index->Read("l", kBsiIndex)).has_value(), !least);
    EXPECT_TRUE((*index->Read("m", kBsiIndex)).has_value());
    EXPECT_TRUE((*index->Read("l", kRangeBitmapIndex)).has_value());
    EXPECT_TRUE((*index->Read("m", kRangeBitmapIndex)).has_value());
  }
}

// Paimon 2.0.0 misses rows by it.
TEST(PaimonFileIndex, WithoutARangeBitmapOfNullsAlone) {
  TableSchema schema;
  schema.columns = {Col("i", "INT"), Col("v", "STRING")};
  const Options options = {{"file-index.bsi.columns", "i"}, {"file-index.range-bitmap.columns", "i,v"}};
  auto index = FileIndex::Of(Built(schema, options, {{"null", "a"}, {"null", "null"}}), "it");
  ASSERT_TRUE(index.ok());
  EXPECT_TRUE((*index->Read("i", kBsiIndex)).has_value());
  EXPECT_FALSE((*index->Read("i", kRangeBitmapIndex)).has_value());
  EXPECT_TRUE((*index->Read("v", kRangeBitmapIndex)).has_value());
}

// What the index of one file, made by Java or here, says to a condition.
class Asking {
 public:
  Asking(const TableSchema& schema, const std::string& index, int64_t rows, const char* format = "parquet") {
    file_.meta.row_count = rows;
    schema_ = *FromTableSchema(schema, {}, {});
    file_.path = Str("/t/bucket-0/data-1-0.", format);
    file_.meta.embedded_index = index;
    for (const Field& field : schema_.fields) columns_.push_back({field.id, field.name, field.type, false});
  }
  std::string Ask(const std::string& column, Op op, Value value = {}) {
    return Ask(ColumnCondition{column, op, std::move(value)});
  }
  std::string AskIn(const std::string& column, const std::vector<Value>& values) {
    return Ask(ColumnCondition{column, Op::kIn, {}, {values.begin(), values.end()}});
  }
  std::string Ask(const ColumnCondition& condition) {
    const FileConditions conditions({condition}, columns_);
    const auto may = conditions.MayHold(PosixEnv(), file_, schema_);
    return may.ok() ? *may ? "perhaps" : "no" : may.error().ToString();
  }

  Schema schema_;
  LiveFile file_;
  std::vector<FileColumn> columns_;
};

TEST(PaimonFileIndex, OfJavaTellsWhatAFileHas) {
  Asking java(Kinds(), Unhex(kKinds), 1);
  const std::vector<std::tuple<std::string, Value, Value>> cells = {
      {"b", 1, 0}, {"t", -7, 7}, {"s", 300, 44}, {"i", -70000, -70001}, {"l", 5'000'000'000, 705'032'704},
      {"f", 1.5, 1.25}, {"d", -2.25, 2.25}, {"c", "ab  ", "ab"}, {"v", "käse", "kase"},
      {"x", std::string("\0\xff", 2), std::string("\0", 1)}, {"y", -1, 0}, {"h", 72'901'000'000, 72'902'000'000},
      {"m3", -1000, -2000}, {"m6", 1'706'732'100'123'456, 1'706'732'100'123'457},
      {"z", 1'706'732'100'123'456, 1'706'732'100'123'457}};
  for (const auto& [column, has, has_not] : cells) {
    EXPECT_EQ(java.Ask(column, Op::kEqual, has), "perhaps") << column;
    EXPECT_EQ(java.Ask(column, Op::kEqual, has_not), "no") << column;
    EXPECT_EQ(java.AskIn(column, {has_not, has}), "perhaps") << column;
    EXPECT_EQ(java.AskIn(column, {has_not, has_not}), "no") << column;
    const bool bitmap = column != "x";
    EXPECT_EQ(java.Ask(column, Op::kNotEqual, has), bitmap ? "no" : "perhaps") << column;
    EXPECT_EQ(java.Ask(column, Op::kNotEqual, has_not), "perhaps") << column;
    EXPECT_EQ(java.Ask(column, Op::kIsNull), bitmap ? "no" : "perhaps") << column;
    EXPECT_EQ(java.Ask(column, Op::kIsNotNull), "perhaps") << column;
  }
  // No cell of the type can be these, so that all rows differ, though the index would take the file's value for them.
  EXPECT_EQ(java.Ask("t", Op::kNotEqual, 249), "perhaps") << "its last byte is that of -7";
  EXPECT_EQ(java.Ask("m3", Op::kNotEqual, -999), "perhaps") << "the millisecond before 1970";
  EXPECT_EQ(java.Ask("h", Op::kNotEqual, 72'901'000'001), "perhaps");
  EXPECT_EQ(java.Ask("f", Op::kNotEqual, 1.5 + 1e-9), "perhaps");
  TableSchema runs;
  runs.columns = {Col("n", "INT"), Col("v", "STRING"), Col("w", "INT")};
  Asking more(runs, Unhex(kRuns), 9);
  for (int64_t n : {-6, 1, 2, 3, 4, 5}) EXPECT_EQ(more.Ask("n", Op::kEqual, n), "perhaps") << n;
  for (int64_t n : {-7, 0, 6}) EXPECT_EQ(more.Ask("n", Op::kEqual, n), "no") << n;
  for (const char* column : {"v", "w"}) EXPECT_EQ(more.Ask(column, Op::kIsNull), "perhaps");
  EXPECT_EQ(more.Ask("n", Op::kIsNull), "no");
  for (int64_t w : {7, 8, 9}) EXPECT_EQ(more.Ask("w", Op::kEqual, w), "perhaps") << w;
  EXPECT_EQ(more.Ask("w", Op::kEqual, 10), "no");
  EXPECT_EQ(more.Ask("v", Op::kEqual, ""), "no");
}

// The reader takes the blanks away that Java's writer of ORC, not its index, has added or had.
TEST(PaimonFileIndex, OfTextOfFixedLengthIsNotForOrc) {
  EXPECT_EQ(Asking(Kinds(), Unhex(kKinds), 1, "orc").Ask("c", Op::kEqual, "ab"), "perhaps");
  EXPECT_EQ(Asking(Kinds(), Unhex(kKinds), 1, "avro").Ask("c", Op::kEqual, "ab"), "no");
}

TEST(PaimonFileIndex, HasOneNotANumberAndTwoZeros) {
  TableSchema schema;
  schema.columns = {Col("f", "FLOAT"), Col("d", "DOUBLE")};
  const Options options = {{"file-index.bitmap.columns", "f,d"}, {"file-index.bloom-filter.columns", "f,d"}};
  for (const auto& [text, value] : std::vector<std::pair<std::string, double>>{
           {"nan", -std::nan("1")}, {"-nan", std::nan("")}, {"0", -0.0}, {"-0.0", 0.0}, {"inf", INFINITY}}) {
    Asking asking(schema, Built(schema, options, {{text, text}}), 1);
    for (const char* column : {"f", "d"}) {
      EXPECT_EQ(asking.Ask(column, Op::kEqual, value), "perhaps") << text;
      EXPECT_EQ(asking.Ask(column, Op::kNotEqual, value), "no") << text;
      EXPECT_EQ(asking.Ask(column, Op::kEqual, 1.0), "no") << text;
      EXPECT_EQ(asking.Ask(column, Op::kNotEqual, 1e39), "perhaps") << text << ": no FLOAT, nor infinite";
    }
  }
}

TEST(PaimonFileIndex, OfColumnsThatChangedTellsWhatItCan) {
  TableSchema schema;
  schema.columns = {Col("i", "INT"), Col("v", "VARCHAR(3)"), Col("m", "TIMESTAMP(3)")};
  const Options options = {{"file-index.bitmap.columns", "i,v,m"}};
  Asking asking(schema, Built(schema, options, {{"1", "a", "1970-01-01 00:00:01"}}), 1);
  asking.columns_[0].type = *ParseDataType("BIGINT");
  asking.columns_[0].name = "renamed";
  asking.columns_[1].type = *ParseDataType("STRING");
  asking.columns_[2].type = *ParseDataType("TIMESTAMP(6)");
  EXPECT_EQ(asking.Ask("renamed", Op::kEqual, 2), "perhaps");
  EXPECT_EQ(asking.Ask("v", Op::kEqual, "b"), "no");
  EXPECT_EQ(asking.Ask("m", Op::kEqual, 1), "perhaps");
  asking.columns_[1].type = *ParseDataType("VARCHAR(2)");
  EXPECT_EQ(asking.Ask("v", Op::kEqual, "b"), "perhaps");
  asking.columns_[1] = {7, "v", *ParseDataType("VARCHAR(3)"), false};  // dropped, and another one of this name
  EXPECT_EQ(asking.Ask("v", Op::kEqual, "b"), "perhaps");
}

// Each byte missing or another one: an answer or an error by name, and nothing else happens.
TEST(PaimonFileIndex, ThatIsDamagedIsAnErrorOrAnAnswer) {
  TableSchema runs;
  runs.columns = {Col("n", "INT"), Col("v", "STRING"), Col("w", "INT")};
  const std::string whole = Unhex(kRuns);
  const auto ask_all = [&](const std::string& bytes) {
    std::string out;
    Asking asking(runs, bytes, 9);
    for (const char* column : {"n", "v", "w"}) {
      const Value value = column[0] != 'v' ? Value(10) : Value("zz");
      for (Op op : {Op::kEqual, Op::kNotEqual, Op::kIsNull}) out += asking.Ask(column, op, value) + "\n";
    }
    return out;
  };
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::string answer = ask_all(whole.substr(0, size));
    const std::string first = Asking(runs, whole.substr(0, size), 9).Ask("n", Op::kEqual, 9);
    EXPECT_NE(first, "no") << size;  // the index of n is the last one
    EXPECT_NE(answer.find("/t/bucket-0/data-1-0.parquet"), std::string::npos) << size;
  }
  for (size_t at = 0; at < whole.size(); ++at) {
    for (const char change : {'\x01', '\x80', '\xff'}) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ change);
      EXPECT_FALSE(ask_all(bytes).empty());
    }
  }
  std::string version = whole;
  version[11] = 2;
  EXPECT_NE(Asking(runs, version, 9).Ask("n", Op::kEqual, 9).find("is of version 2"), std::string::npos);
}

TEST(PaimonFileIndex, BitmapsHaveTheirMembers) {
  const auto back = [](const std::vector<uint32_t>& members) {
    const std::string bitmap = SerializeRoaring(RoaringWidth::k32, RoaringOf(members));
    const auto read = ParseDeletionVector("\x5E\x43\xF2\xD0" + bitmap, 1 << 20);
    std::vector<uint32_t> out;
    if (read.ok()) read->ForEach([&](int64_t member) { out.push_back(static_cast<uint32_t>(member)); });
    return out;
  };
  std::vector<std::vector<uint32_t>> cases(7);
  cases[0] = {0};
  for (uint32_t i = 0; i < 4096; ++i) cases[1].push_back(i * 2);          // an array, full
  for (uint32_t i = 0; i < 5000; ++i) cases[2].push_back(i * 3);          // a bitset
  for (uint32_t i = 0; i < 300'000; ++i) cases[3].push_back(i);           // a run a container, with offsets
  for (uint32_t i = 0; i < 200'000; ++i) cases[4].push_back(i);           // without offsets
  for (uint32_t i = 0; i < 100'000; ++i) {
    if (i < 65'536 || i % 2 == 0) cases[5].push_back(i);                  // a run and a bitset
  }
  for (uint32_t i = 0; i < 10; ++i) cases[6].push_back(i << 16 | 0xFFFF);
  for (const auto& members : cases) EXPECT_TRUE(back(members) == members) << members.size();
}

std::string OptionsError(const Options& options) {
  TableSchema schema;
  schema.columns = {Col("id", "INT"), Col("v", "STRING"), Col("m", "DECIMAL(4, 2)"), Col("x", "BYTES"),
                    Col("b", "BOOLEAN")};
  const auto read = TableOptions::Of(*FromTableSchema(schema, {}, options));
  return read.ok() ? "" : read.error().ToString();
}

TEST(PaimonFileIndex, OptionsAreRefusedByName) {
  const std::string bloom = "file-index.bloom-filter.", bitmap = "file-index.bitmap.";
  EXPECT_EQ(OptionsError({{bloom + "columns", "id, v,x"}, {bitmap + "columns", "b,v"}, {bloom + "v.fpp", "0.01"},
                          {bloom + "v.items", "100"}, {bitmap + "v.version", "1"},
                          {bitmap + "b.index-block-size", "4 kb"}, {"file-index.in-manifest-threshold", "0 b"},
                          {"file-index.read.enabled", "false"}, {"file-index.other", "x"}}), "");
  EXPECT_EQ(OptionsError({{"file-index.bsi.columns", "id,m"}, {"file-index.range-bitmap.columns", "id,v,m,b"},
                          {"file-index.range-bitmap.v.chunk-size", "1 kb"}}), "");
  const std::vector<std::pair<Options, std::string>> wrong = {
      {{{"file-index.other.columns", "id"}}, "file-index.other.columns is not supported yet"},
      {{{"file-index.bsi.columns", "v"}}, "file-index.bsi.columns names v, which is "},
      {{{"file-index.range-bitmap.columns", "x"}}, "file-index.range-bitmap.columns names x, which is BYTES"},
      {{{"file-index.range-bitmap.columns", "v"}, {"file-index.range-bitmap.v.chunk-size", "3 gb"}},
       "file-index.range-bitmap.v.chunk-size='3 gb' must be at most"},
      {{{"file-index.bsi.columns", "m"}, {"file-index.range-bitmap.m.chunk-size", "1 kb"}},
       "column m is not in file-index.range-bitmap.columns"},
      {{{bloom + "columns", "nope"}}, bloom + "columns names nope, which is no column"},
      {{{bloom + "columns", "v,,id"}}, bloom + "columns='v,,id' must be names"},
      {{{bloom + "columns", "v[k]"}}, "maps cannot be indexed"},
      {{{bloom + "columns", "m"}}, "names m, which is DECIMAL(4, 2)"},
      {{{bloom + "columns", "b"}}, "names b, which is BOOLEAN"},
      {{{bitmap + "columns", "x"}}, "names x, which is BYTES"},
      {{{bloom + "columns", "v"}, {bloom + "id.fpp", "0.1"}}, "column id is not in file-index.bloom-filter.columns"},
      {{{bloom + "columns", "v"}, {bloom + "v.fpp", "1"}}, bloom + "v.fpp='1' must be"},
      {{{bloom + "columns", "v"}, {bloom + "v.items", "0"}}, bloom + "v.items='0' must be"},
      {{{bloom + "columns", "v"}, {bloom + "v.items", "2000000000"}}, "need more than 2^31 bits"},
      {{{bitmap + "columns", "v"}, {bitmap + "v.version", "3"}}, bitmap + "v.version='3' must be 1 or 2"},
      {{{bitmap + "columns", "v"}, {bitmap + "v.index-block-size", "x"}}, bitmap + "v.index-block-size='x' must be"},
      {{{"file-index.in-manifest-threshold", "-1"}}, "file-index.in-manifest-threshold='-1' must be"},
      {{{"file-index.read.enabled", "yes"}}, "file-index.read.enabled='yes' must be"}};
  for (const auto& [options, words] : wrong) {
    EXPECT_NE(OptionsError(options).find(words), std::string::npos) << OptionsError(options);
  }
  EXPECT_TRUE(CheckOption(bloom + "v.fpp", "0.01").ok()) << "the list of columns is another option";
}

}  // namespace
}  // namespace sluice::paimon
