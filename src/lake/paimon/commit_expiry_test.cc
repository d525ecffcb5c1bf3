// SPDX-License-Identifier: Apache-2.0
// Commits while other writers commit and expire: each change is in the table once, and in its history.
#include "lake/paimon/commit.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "io/passing_env_test_util.h"
#include "lake/paimon/expiry.h"
#include "lake/paimon/table_writer_test_util.h"

namespace sluice::paimon {
namespace {

// Passes everything on; `before_link` and `before_read` see the path first, and are called until they have met
// theirs.
class HookEnv final : public PassingEnv {
 public:
  using Hook = std::function<bool(const std::string& path)>;  // true: it was the one

  HookEnv() : PassingEnv(PosixEnv()) {}
  Result<std::string> ReadFile(const std::string& path) override {
    Call(before_read, path);
    return real_.ReadFile(path);
  }
  Result<std::vector<std::string>> List(const std::string& folder) override {
    auto names = real_.List(folder);
    if (names.ok()) std::erase_if(*names, [&](const std::string& name) { return unlisted.contains(name); });
    return names;
  }
  Status Link(const std::string& from, const std::string& to) override {
    Call(before_link, to);
    return real_.Link(from, to);
  }

  Hook before_link, before_read;
  std::set<std::string> unlisted;  // names that lists leave out

 private:
  static void Call(Hook& hook, const std::string& path) {
    Hook called = std::exchange(hook, nullptr);
    if (called && !called(path)) hook = std::move(called);
  }
};

class PaimonCommitExpiryTest : public testing::Test {
 protected:
  void SetUp() override {
    for (int n = 0; n < 3; ++n) ASSERT_OK(lake_.Epoch(n, n));
  }
  // Others make so many snapshots that those of today expire.
  void OthersGoOn() {
    for (int n = 10; n < 15; ++n) ASSERT_OK(lake_.Epoch(n, n));
    const auto table = lake_.Open();
    ASSERT_OK(table);
    const auto expired = ExpireSnapshots(lake_.env_, **table);
    ASSERT_OK(expired);
    ASSERT_GT(expired->snapshots, 4);
  }
  Result<CommitOutcome> Commit(int64_t epoch) {
    TRY_SET(const auto table, Table::Open(env_, lake_.folder_));
    TableChange change;
    change.properties = {{"sluice.job-2.epoch", Str(epoch)}};
    return CommitChange(env_, *table, change, {"job-2", epoch}, 3);
  }
  void CommitWhileExpiring(const char* read) {
    env_.before_read = [&](const std::string& path) {
      if (path.find(read) == std::string::npos) return false;
      OthersGoOn();
      return true;
    };
    const auto outcome = Commit(1);
    ASSERT_OK(outcome);
    EXPECT_EQ(outcome->snapshot, 9);
    EXPECT_EQ(Made(), std::vector<int64_t>{9});
    EXPECT_EQ(lake_.Files(), *lake_.Named());
  }
  // Of job-2, newest last.
  std::vector<int64_t> Made() {
    std::vector<int64_t> out;
    const auto table = lake_.Open();
    for (int64_t id : lake_.Ids()) {
      if ((*table)->SnapshotOf(id)->commit_user == "job-2") out.push_back(id);
    }
    return out;
  }

  Lake lake_{{{"bucket", "1"},
              {"num-sorted-run.compaction-trigger", "100"},
              {"snapshot.num-retained.min", "2"},
              {"snapshot.num-retained.max", "2"}}};
  HookEnv env_;
};

TEST_F(PaimonCommitExpiryTest, ANumberThatIsFreeAgainIsNotTaken) {
  env_.before_link = [&](const std::string& to) {
    if (!to.ends_with("/snapshot-4")) return false;
    OthersGoOn();
    return true;
  };
  const auto outcome = Commit(1);
  ASSERT_OK(outcome);
  EXPECT_EQ(outcome->snapshot, 9);
  EXPECT_EQ(lake_.Ids(), (std::vector<int64_t>{7, 8, 9}));
  EXPECT_FALSE(std::filesystem::exists(lake_.folder_ + "/snapshot/snapshot-4"));
  EXPECT_EQ(Made(), std::vector<int64_t>{9});
  EXPECT_EQ(lake_.Files(), *lake_.Named());
  ASSERT_OK(Commit(1));
  EXPECT_EQ(Made(), std::vector<int64_t>{9}) << "a commit that was made is made again";
}

TEST_F(PaimonCommitExpiryTest, OneThatWasLeftBehindIsNotTaken) {  // the process died before it could look
  const auto table = lake_.Open();
  ASSERT_OK(table);
  Snapshot left = *(*table)->SnapshotOf(3);
  OthersGoOn();
  left.id = 4;
  left.commit_user = "job-2";
  left.commit_identifier = 1;
  ASSERT_OK(lake_.Put("snapshot/snapshot-4", left.ToJson()));
  EXPECT_EQ(lake_.Ids(), (std::vector<int64_t>{7, 8}));
  EXPECT_FALSE(LatestOfUser(**table, "job-2")->has_value());
  const auto outcome = Commit(1);
  ASSERT_OK(outcome);
  EXPECT_EQ(Made(), std::vector<int64_t>{9});
}

TEST_F(PaimonCommitExpiryTest, ASnapshotThatExpiresBeforeItIsRead) {
  CommitWhileExpiring("/snapshot/snapshot-3");
}

TEST_F(PaimonCommitExpiryTest, ASnapshotThatExpiresBeforeItsManifestsAreRead) {
  CommitWhileExpiring("/manifest/manifest-list-");
}

TEST_F(PaimonCommitExpiryTest, WhatAListMissesIsNoGap) {
  for (int n = 10; n < 13; ++n) ASSERT_OK(lake_.Epoch(n, n));
  const auto table = Table::Open(env_, lake_.folder_);
  ASSERT_OK(table);
  env_.unlisted = {"snapshot-4", "snapshot-5"};
  EXPECT_EQ(*(*table)->SnapshotIds(), (std::vector<int64_t>{1, 2, 3, 4, 5, 6}));
  ASSERT_OK(PosixEnv().Remove((*table)->SnapshotPath(4)));
  EXPECT_EQ(*(*table)->SnapshotIds(), (std::vector<int64_t>{5, 6}));
}

}  // namespace
}  // namespace sluice::paimon
