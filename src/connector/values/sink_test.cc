// SPDX-License-Identifier: Apache-2.0
// The lines of the `values` and `print` sinks.
#include "connector/values/sink.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

ChangeBatch People() {
  arrow::Int64Builder ids;
  arrow::StringBuilder names;
  EXPECT_TRUE(ids.AppendValues({1, 1, 1, 2}).ok());
  EXPECT_TRUE(names.Append("Ada").ok() && names.Append("Ada").ok() && names.Append("two\nlines").ok() &&
              names.AppendNull().ok());
  auto schema = std::make_shared<TableSchema>();
  schema->columns = {{"id", *ParseDataType("BIGINT NOT NULL"), "", {}}, {"name", *ParseDataType("STRING"), "", {}}};
  schema->primary_key = {"id"};
  ChangeBatch batch;
  batch.table = {"shop", "t"};
  batch.rows = arrow::RecordBatch::Make(schema->ToArrow(), 4, {*ids.Finish(), *names.Finish()});
  batch.schema = schema;
  batch.kinds = {RowKind::kInsert, RowKind::kUpdateBefore, RowKind::kUpdateAfter, RowKind::kDelete};
  return batch;
}
SchemaChange Create() {
  SchemaChange change;
  change.table = {"shop", "t"};
  change.schema = People().schema;
  return change;
}
std::string ReadBack(std::FILE* file) {
  std::string out;
  std::rewind(file);
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) out += static_cast<char>(c);
  return out;
}

TEST(ValuesSink, LinesAndCounts) {
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  ValuesSink sink({true, false, file});
  ASSERT_TRUE(sink.Open().ok());
  ASSERT_TRUE(sink.Apply(Create()).ok());
  ASSERT_TRUE(sink.Write(People()).ok());
  ASSERT_TRUE(sink.Prepare({1, "", ""}).ok());
  EXPECT_EQ(ReadBack(file),
            "create.table shop.t (id BIGINT NOT NULL, name STRING) key (id)\n"
            "+I[1, Ada] shop.t\n-U[1, Ada] shop.t\n+U[1, two\\nlines] shop.t\n-D[2, null] shop.t\n");
  EXPECT_EQ(sink.stats().inserted, 1);
  EXPECT_EQ(sink.stats().updated, 1);
  EXPECT_EQ(sink.stats().deleted, 1);
  EXPECT_EQ(sink.stats().commits, 1);
  std::fclose(file);
}

TEST(ValuesSink, OptionsAreChecked) {
  PipelineSpec spec;
  spec.sink.type = "values";
  std::vector<std::string> warnings;
  spec.sink.options["sink.api"] = {"SINK_V2", {}};
  EXPECT_TRUE(MakeValuesSink(spec, warnings).ok());
  EXPECT_EQ(warnings.size(), 1u);
  spec.sink.options["print.enabeld"] = {"true", {}};
  EXPECT_NE(MakeValuesSink(spec, warnings).error().hint.find("print.enabled"), std::string::npos);
}

TEST(ValuesSink, RefusesSchemaChangesOnRequest) {
  ValuesSink sink({false, true, stdout});
  EXPECT_TRUE(sink.Apply(Create()).ok());
  SchemaChange drop = Create();
  drop.kind = SchemaChangeKind::kDropColumn;
  drop.name = "name";
  EXPECT_EQ(sink.Apply(drop).error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace sluice
