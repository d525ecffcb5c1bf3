// SPDX-License-Identifier: Apache-2.0
// The blackhole counts what it swallows and has no options.
#include "connector/blackhole/sink.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(BlackholeSink, Counts) {
  arrow::Int64Builder ids;
  ASSERT_TRUE(ids.AppendValues({1, 2, 3, 4}).ok());
  ChangeBatch batch;
  batch.rows = arrow::RecordBatch::Make(arrow::schema({arrow::field("id", arrow::int64())}), 4, {*ids.Finish()});
  BlackholeSink sink;
  ASSERT_TRUE(sink.Write(batch).ok());
  EXPECT_EQ(sink.stats().inserted, 4);
  batch.kinds = {RowKind::kInsert, RowKind::kUpdateBefore, RowKind::kUpdateAfter, RowKind::kDelete};
  ASSERT_TRUE(sink.Write(batch).ok());
  EXPECT_EQ(sink.stats().inserted, 5);
  EXPECT_EQ(sink.stats().updated, 1);
  EXPECT_EQ(sink.stats().deleted, 1);
}

TEST(BlackholeSink, HasNoOptions) {
  PipelineSpec spec;
  spec.sink.type = "blackhole";
  std::vector<std::string> warnings;
  EXPECT_TRUE(MakeBlackholeSink(spec, warnings).ok());
  spec.sink.options["x"] = {"1", {"a.yaml", 3, 3}};
  EXPECT_NE(MakeBlackholeSink(spec, warnings).error().message.find("a.yaml:3:3: unknown option \"x\""),
            std::string::npos);
}

}  // namespace
}  // namespace sluice
