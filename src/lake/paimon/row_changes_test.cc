// SPDX-License-Identifier: Apache-2.0
// The changes of a file come in batches, none of which ends between the two rows of an update.
#include "lake/paimon/row_changes.h"

#include <gtest/gtest.h>

#include "lake/paimon/table_changes.h"
#include "lake/paimon/table_model_test_util.h"

namespace sluice::paimon {
namespace {

// Batches of at most 16 Ki rows: with one row before the updates each of them ends within one.
TEST(PaimonRowChanges, UpdatesAreWhole) {
  constexpr int kUpdates = 20'000;
  TableSchema schema;
  schema.columns = {Col("id", "INT NOT NULL"), Col("v", "INT")};
  schema.primary_key = {"id"};
  for (const int before : {0, 1}) {
    ModelLake lake(schema);
    ASSERT_OK(lake.Create({}, {{"bucket", "1"}, {"changelog-producer", "input"}}));
    std::vector<std::pair<RowKind, Cells>> rows;
    for (int i = 0; i < before; ++i) rows.push_back(lake.Row(RowKind::kInsert, {"-1", "0"}));
    for (int id = 0; id < kUpdates; ++id) {
      rows.push_back(lake.Row(RowKind::kUpdateBefore, {Str(id), "0"}));
      rows.push_back(lake.Row(RowKind::kUpdateAfter, {Str(id), "1"}));
    }
    rows.push_back(lake.Row(RowKind::kUpdateBefore, {"-2", "0"}));  // alone, at the end
    ASSERT_OK(lake.Write(rows));
    ASSERT_OK(lake.CommitEpoch());
    const auto table = lake.OpenTable();
    ChangeRequest request;
    request.schema = &table->newest_schema();
    SnapshotFollower follower(*table, 1);
    const auto snapshot = *follower.Next();
    ASSERT_TRUE(snapshot);
    const auto reader = ReadChanges(PosixEnv(), *table, *snapshot, request);
    ASSERT_OK(reader);
    std::vector<RowKind> kinds;
    std::vector<int32_t> ids;
    int parted = 0;
    for (RowChanges changes; *(*reader)->Next(changes);) {
      ASSERT_EQ(static_cast<int64_t>(changes.kinds.size()), changes.rows->num_rows());
      ASSERT_GT(changes.rows->num_rows(), 0);
      parted += changes.kinds.back() == RowKind::kUpdateBefore;
      kinds.insert(kinds.end(), changes.kinds.begin(), changes.kinds.end());
      const auto& column = static_cast<const arrow::Int32Array&>(*changes.rows->column(0));
      for (int64_t row = 0; row < column.length(); ++row) ids.push_back(column.Value(row));
    }
    EXPECT_EQ(parted, 1);
    ASSERT_EQ(kinds.size(), rows.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      ASSERT_EQ(kinds[i], rows[i].first) << i;
      ASSERT_EQ(Str(ids[i]), rows[i].second[0]->ToString()) << i;
    }
  }
}

}  // namespace
}  // namespace sluice::paimon
