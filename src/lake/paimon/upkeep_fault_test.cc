// SPDX-License-Identifier: Apache-2.0
// The upkeep of a table is killed at each of its steps: every snapshot that is there can be read, and the same action
// done again ends as if nothing had been.
#include <gtest/gtest.h>

#include <functional>

#include "base/text.h"
#include "lake/paimon/branches.h"
#include "lake/paimon/fast_forward.h"
#include "lake/paimon/orphans.h"
#include "lake/paimon/partition_expiry.h"
#include "lake/paimon/rollback.h"
#include "lake/paimon/table_compaction.h"
#include "lake/paimon/table_writer_test_util.h"
#include "lake/paimon/tags.h"

namespace sluice::paimon {
namespace {

using Action = std::function<Status(Env&, Table&)>;

template <typename Value>
Status StatusOf(const Result<Value>& result) {
  return result.ok() ? Ok() : Status(Error(result.error()));
}

struct Case {
  const char* name;
  Action action;
  // What the newest snapshot shows after it, from what it showed.
  std::function<std::multiset<std::string>(const std::multiset<std::string>&)> expected;
};

std::multiset<std::string> Same(const std::multiset<std::string>& rows) { return rows; }
std::multiset<std::string> WithoutOddOnes(const std::multiset<std::string>& rows) {
  std::multiset<std::string> out;
  for (const std::string& row : rows) {
    if (row.ends_with("|0|")) out.insert(row);
  }
  return out;
}

class PaimonUpkeepFault : public testing::TestWithParam<Case> {
 protected:
  static std::unique_ptr<Lake> Made() {
    const Options options = {{"bucket", "1"},
                             {"write-only", "true"},
                             {"file-index.bitmap.columns", "name"},
                             {"file-index.in-manifest-threshold", "0 b"}};
    auto lake = std::make_unique<Lake>(options, std::vector<std::string>{"grp"});
    for (int n = 0; n < 3; ++n) EXPECT_TRUE(lake->Epoch(n, n + 4).ok());
    auto table = lake->Open();
    EXPECT_TRUE(CreateTag(PosixEnv(), **table, {"old", 1, {}}).ok());
    EXPECT_TRUE(CreateBranch(PosixEnv(), **table, "side", "old").ok());
    return lake;
  }
  static Status Do(Lake& lake, Env& env) {
    TRY_SET(const auto table, Table::Open(env, lake.folder_));
    return GetParam().action(env, *table);
  }
  // Was it done by the try that was killed?
  static bool IsDone(const Status& again) {
    return again.ok() || again.error().code == ErrorCode::kNotFound || again.error().code == ErrorCode::kConflict;
  }
};

TEST_P(PaimonUpkeepFault, IsDoneByTheNextTry) {
  for (const Fault fault : {Fault::kCrash, Fault::kFailAfter}) {
    bool fired = true;
    int64_t steps = 0;
    for (int64_t step = 1; fired && step < 200; ++step) {
      auto lake = Made();
      const auto before = lake->RowsOfAll();
      lake->env_.Arm(fault, step);
      (void)Do(*lake, lake->env_).ok();
      fired = lake->env_.fired();
      lake->env_.Disarm();
      steps += fired;
      const auto expected = GetParam().expected(before.rbegin()->second);
      for (const auto& [id, rows] : lake->RowsOfAll()) {
        const auto was = before.find(id);
        EXPECT_EQ(rows, was == before.end() ? expected : was->second) << "step " << step << ", snapshot " << id;
      }
      const Status again = Do(*lake, PosixEnv());
      EXPECT_TRUE(IsDone(again)) << "step " << step << ": " << again.error().ToString();
      EXPECT_EQ(lake->RowsOf(lake->Ids().back()), expected) << "step " << step;
      if (std::string(GetParam().name) == "CreateBranch") {
        const auto branch = Table::OpenBranch(PosixEnv(), lake->folder_, "new");
        ASSERT_OK(branch);
        EXPECT_EQ((*branch)->SnapshotIds()->size(), 1u) << "step " << step;
      }
      ASSERT_OK(lake->Epoch(1, 1));  // a writer goes on
    }
    EXPECT_GT(steps, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Actions, PaimonUpkeepFault,
    testing::Values(
        Case{"Compact", [](Env& env, Table& table) { return StatusOf(CompactTable(env, table.folder(), {})); }, Same},
        Case{"CreateTag", [](Env& env, Table& table) { return StatusOf(CreateTag(env, table, {"new", 2, {}})); }, Same},
        Case{"DeleteTag", [](Env& env, Table& table) { return DeleteTag(env, table, "old"); }, Same},
        Case{"CreateBranch", [](Env& env, Table& table) { return CreateBranch(env, table, "new", "old"); }, Same},
        Case{"DeleteBranch", [](Env& env, Table& table) { return DeleteBranch(env, table, "side"); }, Same},
        Case{"DropPartition",
             [](Env& env, Table& table) { return StatusOf(DropPartitions(env, table, {{{"grp", "1"}}})); },
             WithoutOddOnes}),
    [](const auto& each) { return std::string(each.param.name); });

// Killed on its way, a rollback has taken the newest snapshots; done again it takes the others.
TEST(PaimonRollbackFault, EndsAtTheSnapshotInTheEnd) {
  bool fired = true;
  for (int64_t step = 1; fired && step < 100; ++step) {
    Lake lake(Options{{"bucket", "1"}});
    for (int n = 0; n < 4; ++n) ASSERT_OK(lake.Epoch(n, n + 4));
    const auto before = lake.RowsOfAll();
    lake.env_.Arm(Fault::kCrash, step);
    {
      auto table = Table::Open(PosixEnv(), lake.folder_);
      (void)RollBackTo(lake.env_, **table, "2").ok();
    }
    fired = lake.env_.fired();
    lake.env_.Disarm();
    for (const auto& [id, rows] : lake.RowsOfAll()) EXPECT_EQ(rows, before.at(id)) << "step " << step;
    auto table = Table::Open(PosixEnv(), lake.folder_);
    ASSERT_OK(RollBackTo(PosixEnv(), **table, "2"));
    EXPECT_EQ(lake.Ids().back(), 2) << "step " << step;
    EXPECT_EQ(lake.RowsOf(2), before.at(2));
  }
  EXPECT_FALSE(fired);
}

// The branch went on from snapshot 2 with what a copy of the table wrote, the table with 3 and 4 of its own and another
// schema.
TEST(PaimonFastForwardFault, EndsAsTheBranch) {
  bool fired = true;
  for (int64_t step = 1; fired && step < 100; ++step) {
    Lake lake(Options{{"bucket", "1"}});
    for (int n = 0; n < 2; ++n) ASSERT_OK(lake.Epoch(n, n + 4));
    auto table = lake.Open();
    ASSERT_OK(CreateTag(PosixEnv(), **table, {"fork", 2, {}}));
    ASSERT_OK(CreateBranch(PosixEnv(), **table, "dev", "fork"));
    ASSERT_OK(lake.Epoch(20, 25));
    const auto of_branch = lake.RowsOf(3);
    const std::string branch = lake.folder_ + "/branch/branch-dev";
    for (const char* name : {"/snapshot/snapshot-3", "/schema/schema-0"}) {
      ASSERT_OK(PosixEnv().WriteFile(branch + name, *PosixEnv().ReadFile(lake.folder_ + name)));
    }
    ASSERT_OK(PosixEnv().Remove(lake.folder_ + "/snapshot/snapshot-3"));  // it was the branch's
    lake.writers_.clear();
    ASSERT_OK(lake.Epoch(40, 41));
    ASSERT_OK(lake.Epoch(42, 43));
    Schema later = (*lake.Open())->newest_schema();
    later.id = 1;
    ASSERT_OK(lake.Put("schema/schema-1", later.ToJson()));
    ASSERT_OK(CreateTag(PosixEnv(), **lake.Open(), {"lost", 4, {}}));
    const auto before = lake.RowsOfAll();
    lake.env_.Arm(Fault::kCrash, step);
    (void)FastForward(lake.env_, **Table::Open(PosixEnv(), lake.folder_), "dev").ok();
    fired = lake.env_.fired();
    lake.env_.Disarm();
    for (const auto& [id, rows] : lake.RowsOfAll()) {
      EXPECT_TRUE(rows == before.at(id) || (id == 3 && rows == of_branch)) << "step " << step << ", snapshot " << id;
    }
    const auto done = FastForward(PosixEnv(), **Table::Open(PosixEnv(), lake.folder_), "dev");
    ASSERT_TRUE(done.ok()) << "step " << step << ": " << done.error().ToString();
    EXPECT_EQ(done->snapshot, 3);
    EXPECT_EQ(lake.Ids(), (std::vector<int64_t>{1, 2, 3})) << "step " << step;
    EXPECT_EQ(lake.RowsOf(3), of_branch) << "step " << step;
    EXPECT_EQ((*lake.Open())->newest_schema().id, 0) << "step " << step;
    EXPECT_EQ(ListTags(PosixEnv(), lake.folder_)->size(), 1u) << "step " << step;
    EXPECT_TRUE(fired || FindOrphans(PosixEnv(), lake.folder_, INT64_MAX)->empty());  // a kill leaves some
  }
  EXPECT_FALSE(fired);
}

TEST(PaimonFastForward, NeedsABranchWithSnapshots) {
  Lake lake(Options{{"bucket", "1"}});
  ASSERT_OK(lake.Epoch(1, 3));
  auto table = lake.Open();
  EXPECT_EQ(FastForward(PosixEnv(), **table, "none").error().code, ErrorCode::kNotFound);
  ASSERT_OK(CreateBranch(PosixEnv(), **table, "empty", ""));
  EXPECT_EQ(FastForward(PosixEnv(), **table, "empty").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(lake.Ids().size(), 1u);
}

}  // namespace
}  // namespace sluice::paimon
