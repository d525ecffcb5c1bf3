// SPDX-License-Identifier: Apache-2.0
// RowDigests: rows that differ are named, however often a side is changed and compared again.
#include "lake/iceberg/row_digest.h"

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include "row/change_batch.h"

namespace sluice {
namespace {

std::shared_ptr<arrow::RecordBatch> Rows(const std::string& json) {
  auto schema = arrow::schema({arrow::field("id", arrow::int32()), arrow::field("v", arrow::utf8())});
  auto array = *arrow::json::ArrayFromJSONString(arrow::struct_(schema->fields()), json);
  return *arrow::RecordBatch::FromStructArray(array);
}

ChangeBatch Changes(const std::string& json, std::vector<RowKind> kinds) {
  ChangeBatch out;
  out.rows = Rows(json);
  out.kinds = std::move(kinds);
  return out;
}

std::vector<std::string> Differences(RowDigests& digests, const std::string& right) {
  digests.BeginRight();
  digests.AddRight(*Rows(right));
  digests.Finish();
  EXPECT_EQ(digests.differences(), static_cast<int64_t>(digests.examples().size()));
  return digests.examples();
}

using Texts = std::vector<std::string>;

TEST(RowDigests, NamesRowsByKey) {
  RowDigests digests({"id"}, {"id", "v"});
  digests.AddLeft(*Rows(R"([[1,"a"],[2,"b"],[3,null]])"));
  EXPECT_EQ(Differences(digests, R"([[3,null],[1,"a"],[2,"b"]])"), Texts());
  EXPECT_EQ(digests.left_checksum(), digests.right_checksum());
  EXPECT_EQ(Differences(digests, R"([[3,null],[1,"a"],[2,""]])"), Texts({"id=2: differs"}));
  EXPECT_EQ(Differences(digests, R"([[3,null],[1,"a"]])"), Texts({"id=2: only in the source"}));
  EXPECT_EQ(Differences(digests, R"([[3,null],[1,"a"],[2,"b"],[1,"a"]])"),
            Texts({"id=1: only in the sink (or there twice)"}));
  EXPECT_EQ(Differences(digests, R"([[1,"a"],[2,"b"],[3,null]])"), Texts());
}

TEST(RowDigests, FollowsChangesByKey) {
  RowDigests digests({"id"}, {"id", "v"});
  digests.AddLeft(*Rows(R"([[1,"a"],[2,"b"],[3,"c"]])"));
  EXPECT_EQ(Differences(digests, R"([[1,"a"]])").size(), 2u);
  using enum RowKind;
  digests.ChangeLeft(Changes(R"([[1,"x"],[2,null],[20,"b"],[3,null],[4,"d"],[4,"e"],[9,null]])",
                             {kUpdateAfter, kUpdateBefore, kUpdateAfter, kDelete, kInsert, kUpdateAfter, kDelete}));
  EXPECT_EQ(Differences(digests, R"([[1,"x"],[20,"b"],[4,"e"]])"), Texts());
  EXPECT_EQ(digests.left_rows(), 3);
  EXPECT_EQ(digests.left_checksum(), digests.right_checksum());
}

TEST(RowDigests, CountsRowsWithoutAKey) {
  RowDigests digests({}, {"id", "v"});
  digests.AddLeft(*Rows(R"([[1,"a"],[1,"a"],[2,null]])"));
  EXPECT_EQ(Differences(digests, R"([[1,"a"],[2,null],[1,"a"]])"), Texts());
  EXPECT_EQ(Differences(digests, R"([[1,"a"],[2,null]])").size(), 1u);
  EXPECT_EQ(Differences(digests, R"([[1,"a"],[1,"a"],[1,"a"],[2,null]])").size(), 1u);
  using enum RowKind;
  digests.ChangeLeft(Changes(R"([[1,"a"],[2,null],[2,"b"],[3,"c"]])", {kDelete, kUpdateBefore, kUpdateAfter, kInsert}));
  EXPECT_EQ(Differences(digests, R"([[1,"a"],[2,"b"],[3,"c"]])"), Texts());
  EXPECT_EQ(digests.left_checksum(), digests.right_checksum());
}

}  // namespace
}  // namespace sluice
