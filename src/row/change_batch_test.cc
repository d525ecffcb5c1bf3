// SPDX-License-Identifier: Apache-2.0
// The size of a batch bounds the queues: it follows the rows of a slice, not the buffers behind it.
#include "row/change_batch.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

ChangeBatch Make(int64_t rows, size_t text_bytes) {
  arrow::Int64Builder ids;
  arrow::StringBuilder names;
  for (int64_t i = 0; i < rows; ++i) {
    EXPECT_TRUE(ids.Append(i).ok());
    EXPECT_TRUE(names.Append(std::string(text_bytes, 'x')).ok());
  }
  auto schema = std::make_shared<TableSchema>();
  schema->columns = {{"id", *ParseDataType("BIGINT"), "", {}}, {"name", *ParseDataType("STRING"), "", {}}};
  ChangeBatch batch;
  batch.rows = arrow::RecordBatch::Make(schema->ToArrow(), rows, {*ids.Finish(), *names.Finish()});
  batch.schema = schema;
  return batch;
}

TEST(ChangeBatch, BytesFollowTheRows) {
  ChangeBatch batch = Make(1000, 100);
  EXPECT_EQ(batch.row_count(), 1000);
  EXPECT_GE(batch.bytes(), 1000 * 108);
  EXPECT_LE(batch.bytes(), 1000 * 116);
  batch.rows = batch.rows->Slice(10, 10);
  EXPECT_EQ(batch.row_count(), 10);
  EXPECT_LE(batch.bytes(), 10 * 116);
  EXPECT_EQ(ChangeBatch().bytes(), 0);
}

TEST(ChangeBatch, KindsAreInsertsByDefault) {
  ChangeBatch batch = Make(2, 1);
  EXPECT_EQ(batch.kind(1), RowKind::kInsert);
  batch.kinds = {RowKind::kUpdateBefore, RowKind::kUpdateAfter};
  EXPECT_STREQ(RowKindName(batch.kind(0)), "-U");
  EXPECT_STREQ(RowKindName(batch.kind(1)), "+U");
  EXPECT_STREQ(RowKindName(RowKind::kInsert), "+I");
  EXPECT_STREQ(RowKindName(RowKind::kDelete), "-D");
}

}  // namespace
}  // namespace sluice
