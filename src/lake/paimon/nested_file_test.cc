// SPDX-License-Identifier: Apache-2.0
// Random columns of nested types in Parquet, Avro and ORC files: what was written is read, types and names are those of
// Paimon, parts that are NOT NULL are never NULL.
#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>
#include <parquet/file_reader.h>
#include <parquet/schema.h>

#include "base/text.h"
#include "io/folder_test_util.h"
#include "lake/paimon/random_value_test_util.h"
#include "lake/paimon/schema.h"
#include "lake/parquet/data_reader.h"
#include "lake/parquet/file_writer.h"
#include "lake/parquet/format_writer.h"
#include "row/format_value.h"
#include "row/nested_type.h"
#include "row/timestamp.h"

namespace sluice::paimon {
namespace {

constexpr const char* kLeaves[] = {"BOOLEAN", "TINYINT", "SMALLINT", "INT", "BIGINT", "FLOAT", "DOUBLE",
                                   "DECIMAL(9, 2)", "DECIMAL(18, 3)", "DECIMAL(38, 10)", "STRING", "VARCHAR(20)",
                                   "BYTES", "DATE", "TIME(0)", "TIMESTAMP(3)", "TIMESTAMP(6)",
                                   "TIMESTAMP_LTZ(3)", "TIMESTAMP_LTZ(6)", "TIMESTAMP(9)", "TIMESTAMP_LTZ(7)"};

class NestedFileTest : public testing::TestWithParam<const char*> {
 protected:
  bool IsOrc() const { return std::string_view(GetParam()) == "orc"; }
  bool IsAvro() const { return std::string_view(GetParam()) == "avro"; }

  DataType RandomType(Random& random, int depth) {
    const uint64_t kind = depth == 0 ? 4 : random(depth == 3 ? 4 : 7);
    if (kind >= 4) {
      DataType leaf = *ParseDataType(kLeaves[random(std::size(kLeaves))]);
      while (HasNanos(leaf) && IsAvro()) leaf = *ParseDataType(kLeaves[random(std::size(kLeaves))]);
      leaf.nullable = !random.OneIn(4);
      return leaf;
    }
    const bool nullable = !random.OneIn(4);
    std::vector<NestedPart> parts;
    const auto kinds = static_cast<NestedKind>(kind);
    const uint64_t count = kinds == NestedKind::kRow ? 1 + random(3) : kinds == NestedKind::kMap ? 2 : 1;
    for (uint64_t i = 0; i < count; ++i) {
      const bool key = i == 0 && (kinds == NestedKind::kMap || kinds == NestedKind::kMultiset);
      NestedPart part{Str("f", i), RandomType(random, key ? 0 : depth - 1), -1};
      if (kinds == NestedKind::kRow) part.id = ++ids_;
      parts.push_back(std::move(part));
    }
    return MakeNested(kinds, std::move(parts), nullable);
  }

  static bool IsFar(const arrow::Scalar& cell) {
    constexpr int64_t kMost = 9'000'000'000'000'000;  // microseconds
    if (cell.type->id() != arrow::Type::TIMESTAMP || HasNanos(*cell.type)) return false;
    const int64_t micros = static_cast<const arrow::TimestampScalar&>(cell).value;
    return micros > kMost || micros < -kMost;
  }

  void Fill(Random& random, const DataType& type, arrow::ArrayBuilder& builder) {
    if (type.nullable && random.OneIn(4)) {
      ASSERT_TRUE(builder.AppendNull().ok());
      return;
    }
    if (type.kind != TypeKind::kArray) {
      Cell cell = RandomValue(random, type);
      while (IsOrc() && IsFar(*cell)) cell = RandomValue(random, type);
      ASSERT_TRUE(builder.AppendScalar(*cell).ok());
      return;
    }
    const NestedType& nested = NestedOf(type);
    const uint64_t count = random.OneIn(3) ? 0 : random(4);
    if (nested.kind == NestedKind::kRow) {
      auto& row = static_cast<arrow::StructBuilder&>(builder);
      ASSERT_TRUE(row.Append().ok());
      for (int i = 0; i < row.num_fields(); ++i) Fill(random, nested.parts[i].type, *row.field_builder(i));
    } else if (nested.kind == NestedKind::kArray) {
      auto& list = static_cast<arrow::ListBuilder&>(builder);
      ASSERT_TRUE(list.Append().ok());
      for (uint64_t i = 0; i < count; ++i) Fill(random, nested.parts[0].type, *list.value_builder());
    } else {
      auto& map = static_cast<arrow::MapBuilder&>(builder);
      ASSERT_TRUE(map.Append().ok());
      for (uint64_t i = 0; i < count; ++i) {
        Fill(random, nested.parts[0].type, *map.key_builder());
        Fill(random, nested.parts[1].type, *map.item_builder());
      }
    }
  }

  std::string Path() const { return (folder_.path() / Str("f.", GetParam())).string(); }

  Status Write(const std::vector<WriteColumn>& columns, const arrow::RecordBatch& rows,
               const std::vector<uint32_t>& chosen) {
    ParquetOptions options;
    options.sync = false;
    options.codec = "snappy";
    options.codec_level = 0;
    std::unique_ptr<FormatWriter> writer;
    if (IsOrc()) {
      TRY_SET(writer, OpenOrcWriter(PosixEnv(), Path(), columns, options));
    } else if (IsAvro()) {
      TRY_SET(writer, OpenAvroWriter(PosixEnv(), Path(), columns, options));
    } else {
      TRY_SET(writer, ParquetWriter::Open(PosixEnv(), Path(), columns, "paimon_schema", options));
    }
    TRY(writer->Append(rows, chosen));
    TRY(writer->Append(rows, chosen));
    TRY_SET(const WrittenFile file, writer->Close());
    EXPECT_EQ(file.rows, static_cast<int64_t>(2 * chosen.size()));
    return Ok();
  }

  Result<std::shared_ptr<arrow::RecordBatch>> Read(const std::vector<FileColumn>& columns) {
    TRY_SET(auto reader, DataFileReader::Open(PosixEnv(), Path(), columns, ReadOptions()));
    DataBatch batch;
    TRY_SET(const bool more, reader->Next(batch));
    if (!more) return Corrupt("no rows");
    return batch.rows;
  }

  static std::vector<FileColumn> Wanted(const std::vector<WriteColumn>& columns) {
    std::vector<FileColumn> out;
    for (const WriteColumn& column : columns) out.push_back({column.id, column.name, column.type, false});
    return out;
  }

  static WriteColumn Column(int id, const DataType& type) {
    return {.id = id, .name = Str("c", id), .type = type, .required = !type.nullable, .style = ParquetStyle::kPaimon};
  }

  static std::string Text(const arrow::Array& cells, int64_t row) {
    std::string out;
    AppendJson(cells, row, out);
    return out;
  }

  TestFolder folder_;
  int ids_ = 100;
};

TEST_P(NestedFileTest, RandomCellsComeBack) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    Random random(seed);
    random.whole_old_seconds = IsOrc();
    std::vector<WriteColumn> columns;
    arrow::FieldVector fields;
    arrow::ArrayVector arrays;
    for (int i = 0; i < 4; ++i) {
      columns.push_back(Column(i, RandomType(random, i == 0 ? 0 : 3)));
      auto builder = *arrow::MakeBuilder(columns.back().type.ToArrow());
      for (int row = 0; row < 60; ++row) Fill(random, columns.back().type, *builder);
      arrays.push_back(*builder->Finish());
      fields.push_back(arrow::field(columns.back().name, arrays.back()->type()));
    }
    std::vector<uint32_t> chosen;
    for (uint32_t row = 0; row < 60; ++row) {
      if (!random.OneIn(5)) chosen.push_back(row);
    }
    const auto rows = arrow::RecordBatch::Make(arrow::schema(fields), 60, arrays);
    ASSERT_OK(Write(columns, *rows, chosen));
    const auto read = Read(Wanted(columns));
    ASSERT_TRUE(read.ok()) << "seed " << seed << ": " << read.error().ToString();
    ASSERT_EQ((*read)->num_rows(), static_cast<int64_t>(2 * chosen.size()));
    ASSERT_TRUE((*read)->ValidateFull().ok()) << (*read)->ValidateFull().ToString();
    for (int i = 0; i < 4; ++i) {
      for (size_t row = 0; row < 2 * chosen.size(); ++row) {
        ASSERT_EQ(Text(*(*read)->column(i), static_cast<int64_t>(row)), Text(*arrays[i], chosen[row % chosen.size()]))
            << "seed " << seed << ", " << columns[i].type.ToString();
      }
    }
  }
}

TEST_P(NestedFileTest, FieldsOfRowsComeAndGo) {
  const auto row = [](std::vector<NestedPart> parts) { return MakeNested(NestedKind::kRow, std::move(parts), true); };
  const DataType integer = *ParseDataType("INT"), text = *ParseDataType("STRING"), wide = *ParseDataType("BIGINT");
  const std::vector<WriteColumn> columns = {Column(1, row({{"x", integer, 7}, {"y", text, 8}}))};
  const auto cells = *arrow::json::ArrayFromJSONString(columns[0].type.ToArrow(), R"([{"x": 1, "y": "a"}, null])");
  const auto rows = arrow::RecordBatch::Make(arrow::schema({arrow::field("c1", cells->type())}), 2, {cells});
  ASSERT_OK(Write(columns, *rows, {0, 1}));
  const auto as = [&](const DataType& type) -> std::string {
    const auto read = Read({{1, "c1", type, false}});
    return read.ok() ? Text(*(*read)->column(0), 0) + Text(*(*read)->column(0), 1) : read.error().ToString();
  };
  EXPECT_EQ(as(row({{"x", wide, 7}, {"y", text, 8}, {"z", text, 9}})), R"({"x":1,"y":"a","z":null}null)");
  EXPECT_EQ(as(row({{"y", text, 8}})), R"({"y":"a"}null)");
  const std::string renamed = as(row({{"x", integer, 7}, {"new", text, 8}}));
  if (std::string_view(GetParam()) == "parquet") {
    EXPECT_EQ(renamed, R"({"x":1,"new":"a"}null)");
  } else {  // no ids: the field may be another one
    EXPECT_NE(renamed.find("cannot be read"), std::string::npos) << renamed;
  }
  EXPECT_EQ(as(row({{"x", text, 7}, {"y", text, 8}})), R"({"x":"1","y":"a"}null)");
  EXPECT_NE(as(row({{"x", integer, 7}, {"y", wide, 8}})).find("cannot be read"), std::string::npos);
}

TEST_P(NestedFileTest, RequiredPartsAreNotNull) {
  DataType element = *ParseDataType("INT");
  const DataType loose = MakeNested(NestedKind::kArray, {{"", element, -1}}, true);
  element.nullable = false;
  const std::vector<WriteColumn> columns = {Column(1, MakeNested(NestedKind::kArray, {{"", element, -1}}, true))};
  const auto cells = *arrow::json::ArrayFromJSONString(loose.ToArrow(), "[[1], [2, null]]");
  const auto rows = arrow::RecordBatch::Make(arrow::schema({arrow::field("c1", cells->type())}), 2, {cells});
  EXPECT_TRUE(Write(columns, *rows, {0}).ok());
  const Status refused = Write(columns, *rows, {0, 1});
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("column c1 has a part that is required"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Formats, NestedFileTest, testing::Values("parquet", "avro", "orc"),
                         [](const auto& one) { return std::string(one.param); });

TEST(NestedParquet, HasPaimonsNamesAndIds) {
  const auto schema = ParseSchema(R"({"version": 3, "id": 0, "highestFieldId": 4, "partitionKeys": [],
      "primaryKeys": [], "options": {}, "timeMillis": 0,
      "fields": [{"id": 2, "name": "c", "type": {"type": "MAP NOT NULL", "key": "INT",
      "value": {"type": "ARRAY", "element": {"type": "ROW", "fields": [{"id": 3, "name": "x", "type": "TINYINT"},
      {"id": 4, "name": "y", "type": {"type": "MULTISET", "element": "STRING NOT NULL"}}]}}}}]})");
  ASSERT_OK(schema);
  ASSERT_TRUE(schema->fields[0].supported);
  EXPECT_EQ(schema->fields[0].type.ToString(),
            "MAP<INT NOT NULL, ARRAY<ROW<x TINYINT, y MULTISET<STRING NOT NULL>>>> NOT NULL");
  EXPECT_EQ(LeavesOf(schema->fields[0].type), 4);
  TestFolder folder;
  const std::string path = (folder.path() / "f.parquet").string();
  const WriteColumn column{.id = 2, .name = "c", .type = schema->fields[0].type, .required = true,
                           .style = ParquetStyle::kPaimon};
  auto writer = ParquetWriter::Open(PosixEnv(), path, {column}, "paimon_schema", ParquetOptions());
  ASSERT_OK(writer);
  ASSERT_OK((*writer)->Close());
  const auto file = parquet::ParquetFileReader::OpenFile(path);
  std::vector<std::string> leaves;
  for (int i = 0; i < 4; ++i) {
    const auto* leaf = file->metadata()->schema()->Column(i);
    leaves.push_back(Str(leaf->path()->ToDotString(), " ", leaf->schema_node()->field_id(), " ",
                         leaf->max_definition_level(), " ", leaf->max_repetition_level()));
  }
  EXPECT_EQ(leaves, (std::vector<std::string>{
                        "c.key_value.key 536868862 1 1", "c.key_value.value.list.element.x 3 5 2",
                        "c.key_value.value.list.element.y.key_value.key 536866814 6 3",
                        "c.key_value.value.list.element.y.key_value.value 536875008 6 3"}));
}

TEST(NestedType, HasABoundToItsDepth) {
  const auto supported = [](int depth) {
    std::string type = "\"INT\"";
    for (int i = 0; i < depth; ++i) type = Str(R"({"type": "ARRAY", "element": )", type, "}");
    const auto schema = ParseSchema(Str(R"({"version": 3, "id": 0, "highestFieldId": 0, "partitionKeys": [],
        "primaryKeys": [], "options": {}, "timeMillis": 0, "fields": [{"id": 0, "name": "c", "type": )", type, "}]}"));
    return schema.ok() && schema->fields[0].supported;
  };
  EXPECT_TRUE(supported(20));
  EXPECT_FALSE(supported(200));
}

TEST(NestedOrc, OldTimesWithFractionsAreRefused) {
  TestFolder folder;
  const std::string path = (folder.path() / "f.orc").string();
  WriteColumn column{.id = 1, .name = "c", .style = ParquetStyle::kPaimon};
  column.type = MakeNested(NestedKind::kArray, {{"", *ParseDataType("TIMESTAMP(3)"), -1}}, true);
  const auto write = [&](const char* json) -> Status {
    const auto cells = *arrow::json::ArrayFromJSONString(column.type.ToArrow(), json);
    TRY_SET(auto writer, OpenOrcWriter(PosixEnv(), path, {column}, ParquetOptions()));
    return writer->Append(*arrow::RecordBatch::Make(arrow::schema({arrow::field("c", cells->type())}),
                                                    cells->length(), {cells}));
  };
  EXPECT_TRUE(write(R"([[1500, null, -2000000, -1999001]])").ok());  // the last one is whole in milliseconds
  for (const char* beyond : {"[[-1500000]]", "[[null, 9300000000000000]]", "[null, [-9300000000000000]]"}) {
    const Status refused = write(beyond);
    ASSERT_FALSE(refused.ok()) << beyond;
    EXPECT_NE(refused.error().message.find("column c: a time before 1970"), std::string::npos);
  }
}

TEST(NestedType, IsOneForEqualParts) {
  const DataType integer = *ParseDataType("INT"), text = *ParseDataType("STRING");
  const auto map = [&](bool nullable) {
    return MakeNested(NestedKind::kMap, {{"", text, -1}, {"", integer, -1}}, nullable);
  };
  EXPECT_EQ(map(true), map(true));
  EXPECT_TRUE(map(true).SameIgnoringNull(map(false)));
  EXPECT_NE(map(true), map(false));
  EXPECT_NE(map(true), MakeNested(NestedKind::kMap, {{"", text, -1}, {"", text, -1}}, true));
  EXPECT_NE(MakeNested(NestedKind::kRow, {{"a", text, 1}}, true), MakeNested(NestedKind::kRow, {{"a", text, 2}}, true));
  EXPECT_EQ(map(true).ToArrow()->ToString(), "map<string, int32>");
  const DataType multiset = MakeNested(NestedKind::kMultiset, {{"", text, -1}}, true);
  EXPECT_EQ(ToPaimonType(multiset), R"({"type":"MULTISET","element":"STRING NOT NULL"})");
}

}  // namespace
}  // namespace sluice::paimon
