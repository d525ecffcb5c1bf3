// SPDX-License-Identifier: Apache-2.0
// compaction.force-rewrite-all-files: a full compaction writes files again that need none.
#include <gtest/gtest.h>

#include "base/text.h"
#include "lake/paimon/table_check_test_util.h"
#include "lake/paimon/table_compaction.h"
#include "lake/paimon/table_model_test_util.h"

namespace sluice::paimon {
namespace {

std::set<std::string> Names(const ModelLake& lake) {
  auto table = lake.OpenTable();
  std::set<std::string> out;
  const auto files = *table->LiveFiles(**table->LatestSnapshot());
  for (const LiveFile& file : files) out.insert(file.meta.name);
  return out;
}

TEST(TableCompactionRewrite, WritesAllFilesOnce) {
  for (const bool keyed : {true, false}) {
    TableSchema schema;
    schema.columns = {Col("id", "INT NOT NULL"), Col("name", "VARCHAR(20)")};
    if (keyed) schema.primary_key = {"id"};
    ModelLake lake(std::move(schema));
    ASSERT_OK(lake.Create({}, {{"bucket", "1"}, {"bucket-key", "id"}}));
    ASSERT_OK(lake.Write({lake.Row(RowKind::kInsert, {"1", "a"})}));
    ASSERT_OK(lake.CommitEpoch());
    ASSERT_OK(lake.Write({lake.Row(RowKind::kInsert, {"2", "b"})}));
    ASSERT_OK(lake.CommitEpoch());
    CompactionRequest request;
    ASSERT_OK(CompactTable(PosixEnv(), lake.folder_, request));
    const auto one_run = Names(lake);
    ASSERT_EQ(one_run.size(), 1u);
    ASSERT_OK(CompactTable(PosixEnv(), lake.folder_, request));
    EXPECT_EQ(Names(lake), one_run);
    request.options = {{"compaction.force-rewrite-all-files", "true"}};
    ASSERT_OK(CompactTable(PosixEnv(), lake.folder_, request));
    EXPECT_EQ(Names(lake).size(), 1u);
    EXPECT_NE(Names(lake), one_run);
    EXPECT_EQ(lake.Read(), (Rows{"1|\"a\"|", "2|\"b\"|"}));
    TableChecker checker(PosixEnv(), lake.folder_);
    for (const Snapshot& snapshot : lake.Snapshots()) ASSERT_OK(checker.CheckSnapshot(snapshot.id));
    ASSERT_OK(checker.CheckNames());
  }
}

}  // namespace
}  // namespace sluice::paimon
