// SPDX-License-Identifier: Apache-2.0
// Expiry: snapshots go as the options say, with exactly the files that nothing needs any more, also if it is killed.
#include "lake/paimon/expiry.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "lake/paimon/orphans.h"
#include "lake/paimon/table_writer_test_util.h"

namespace sluice::paimon {
namespace {

const Options kTwo = {{"snapshot.num-retained.min", "2"}, {"snapshot.num-retained.max", "2"}};
const Options kFixed = {{"bucket", "2"}, {"num-sorted-run.compaction-trigger", "2"}};

Result<Expired> Expire(Lake& lake, Env& env) {
  TRY_SET(const auto table, Table::Open(env, lake.folder_));
  return ExpireSnapshots(env, *table);
}
Expired Expire(Lake& lake) {
  auto outcome = Expire(lake, lake.env_);
  EXPECT_TRUE(outcome.ok()) << outcome.error().ToString();
  return outcome.ok() ? *outcome : Expired();
}

void ExpectWhole(Lake& lake) {
  const auto named = lake.Named();
  ASSERT_OK(named);
  EXPECT_EQ(lake.Files(), *named);
  const auto ids = lake.Ids();
  EXPECT_EQ(ids.back() - ids.front() + 1, static_cast<int64_t>(ids.size())) << "numbers have gaps";
}

// The snapshots that stay have the rows that they had.
void ExpectRows(Lake& lake, const std::map<int64_t, std::multiset<std::string>>& before) {
  for (const auto& [id, rows] : lake.RowsOfAll()) EXPECT_EQ(rows, before.at(id)) << "snapshot " << id;
}

struct Kind {
  const char* name;
  Options options;
  std::vector<std::string> partition_keys;
};

class PaimonExpiryOf : public testing::TestWithParam<Kind> {};

TEST_P(PaimonExpiryOf, OnlyWhatIsNeededStays) {
  Lake lake(With(GetParam().options, {{"snapshot.num-retained.min", "2"}, {"snapshot.num-retained.max", "5"}}),
            GetParam().partition_keys);
  int64_t gone = 0;
  for (int n = 0; n < 16; ++n) {
    if (n == 9) {
      ASSERT_OK(lake.Truncate());
    } else {
      ASSERT_OK(lake.Epoch(n * 3 % 11, n * 3 % 11 + 4, n % 4 == 3 ? RowKind::kDelete : RowKind::kInsert));
    }
    if (n % 3 == 1) continue;
    const auto rows = lake.RowsOfAll();
    gone += Expire(lake).snapshots;
    ExpectRows(lake, rows);
    ExpectWhole(lake);
    EXPECT_LE(lake.Ids().size(), 5u);
  }
  EXPECT_GT(gone, 10);
  ASSERT_OK(lake.Epoch(1, 5));  // the writer goes on
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, PaimonExpiryOf,
    testing::Values(Kind{"fixed", kFixed, {}},
                    Kind{"changelog", With(kFixed, {{"changelog-producer", "input"}}), {}},
                    Kind{"dynamic", {{"dynamic-bucket.target-row-num", "3"}}, {}},
                    Kind{"partitions", With(kFixed, {{"changelog-producer", "input"}}), {"grp"}},
                    Kind{"small", With(kFixed, {{"target-file-size", "1 b"}, {"manifest.merge-min-count", "2"}}), {}}),
    [](const auto& kind) { return std::string(kind.param.name); });

TEST(PaimonExpiry, AFileThatIsLiftedToAnotherLevelStays) {
  Lake lake(With(kTwo, {{"bucket", "1"}, {"num-sorted-run.compaction-trigger", "2"}, {"target-file-size", "1 b"}}));
  for (int n = 0; n < 6; ++n) ASSERT_OK(lake.Epoch(n * 10, n * 10 + 5));
  const auto table = lake.Open();
  ASSERT_OK(table);
  bool lifted = false;
  for (int64_t id : lake.Ids()) {
    std::set<std::string> come, go;
    const auto delta = (*table)->ReadManifestList((*table)->SnapshotOf(id)->delta_manifest_list);
    for (const ManifestFile& manifest : *delta) {
      const auto entries = (*table)->ReadManifest(manifest.name);
      for (const ManifestEntry& entry : *entries) {
        (entry.kind == EntryKind::kAdd ? come : go).insert(entry.file.name);
      }
    }
    lifted |= std::any_of(go.begin(), go.end(), [&](const std::string& name) { return come.contains(name); });
  }
  EXPECT_TRUE(lifted) << "the compaction wrote all files anew";
  const auto rows = lake.RowsOfAll();
  EXPECT_GT(Expire(lake).snapshots, 3);
  ExpectRows(lake, rows);
  ExpectWhole(lake);
}

TEST(PaimonExpiry, ByNumberAndAge) {
  Lake lake(With(kFixed, {{"write-only", "false"},
                          {"num-sorted-run.compaction-trigger", "100"},
                          {"snapshot.num-retained.min", "3"},
                          {"snapshot.num-retained.max", "8"},
                          {"snapshot.time-retained", "60 s"}}));
  for (int n = 0; n < 10; ++n) ASSERT_OK(lake.Epoch(n, n));
  EXPECT_EQ(Expire(lake).snapshots, 2);  // above the most
  EXPECT_EQ(lake.Ids().front(), 3);
  EXPECT_EQ(*PosixEnv().ReadFile(lake.folder_ + "/snapshot/EARLIEST"), "3");
  EXPECT_EQ(*PosixEnv().ReadFile(lake.folder_ + "/snapshot/LATEST"), "10");
  lake.env_.SetNowMs(kFirstMs + 64'500);  // snapshot n was made after n seconds
  EXPECT_EQ(Expire(lake).snapshots, 2);
  EXPECT_EQ(lake.Ids().front(), 5);
  lake.env_.SetNowMs(kFirstMs + 1'000'000);
  EXPECT_EQ(Expire(lake).snapshots, 3);  // the least
  EXPECT_EQ(lake.Ids(), (std::vector<int64_t>{8, 9, 10}));
  EXPECT_EQ(Expire(lake).snapshots, 0);
  ExpectWhole(lake);
}

TEST(PaimonExpiry, AtMostTheLimitInOneCall) {
  Lake lake(With(With(kFixed, kTwo), {{"num-sorted-run.compaction-trigger", "100"}, {"snapshot.expire.limit", "3"}}));
  for (int n = 0; n < 10; ++n) ASSERT_OK(lake.Epoch(n, n));
  for (const auto& [snapshots, more] : {std::pair{3, true}, {3, true}, {2, false}, {0, false}}) {
    const Expired outcome = Expire(lake);
    EXPECT_EQ(outcome.snapshots, snapshots);
    EXPECT_EQ(outcome.more, more);
    ExpectWhole(lake);
  }
}

TEST(PaimonExpiry, NothingWhereItIsNotThisWritersMatter) {
  Lake lake(With(With(kFixed, kTwo), {{"write-only", "true"}}));
  for (int n = 0; n < 5; ++n) ASSERT_OK(lake.Epoch(n, n));
  EXPECT_EQ(Expire(lake).snapshots, 0);
  EXPECT_EQ(lake.Ids().front(), 1);
}

TEST(PaimonExpiry, TheNewestSnapshotOfEachJobStays) {
  Lake lake(With(With(kFixed, kTwo), {{"num-sorted-run.compaction-trigger", "100"}}));
  ASSERT_OK(lake.Epoch(1, 5));
  ASSERT_OK(lake.ForeignCommit());
  ASSERT_OK(lake.Epoch(2, 2, RowKind::kInsert, "job-2"));
  ASSERT_OK(lake.Epoch(3, 3, RowKind::kInsert, "job-2"));
  for (int n = 0; n < 5; ++n) ASSERT_OK(lake.Epoch(n, n));
  const Expired outcome = Expire(lake);
  EXPECT_EQ(outcome.snapshots, 3);
  EXPECT_EQ(outcome.held_by, "job-2");
  EXPECT_EQ(lake.Ids().front(), 4);
  ExpectWhole(lake);
  ASSERT_OK(lake.Epoch(3, 3, RowKind::kInsert, "job-2"));
  const Expired next = Expire(lake);
  EXPECT_EQ(next.snapshots, 5);
  EXPECT_EQ(next.held_by, "");
  ExpectWhole(lake);
}

TEST(PaimonExpiry, ConsumersKeepSnapshots) {
  Lake lake(With(With(kFixed, kTwo), {{"num-sorted-run.compaction-trigger", "100"}}));
  for (int n = 0; n < 8; ++n) ASSERT_OK(lake.Epoch(n, n));
  ASSERT_OK(lake.Put("consumer/consumer-a", R"({"nextSnapshot": 6})"));
  ASSERT_OK(lake.Put("consumer/consumer-b", R"({"nextSnapshot": 4})"));
  Expire(lake);
  EXPECT_EQ(lake.Ids().front(), 4);
  ASSERT_OK(lake.Put("consumer/consumer-b", "not JSON"));
  EXPECT_FALSE(Expire(lake, lake.env_).ok());
  EXPECT_EQ(lake.Ids().front(), 4);
}

TEST(PaimonExpiry, ConsumersThatReadNoMoreGoIfTheTableSaysSo) {
  Lake lake(With(With(kFixed, kTwo), {{"consumer.expiration-time", "1 h"}}));
  for (int n = 0; n < 8; ++n) ASSERT_OK(lake.Epoch(n, n));
  ASSERT_OK(lake.Put("consumer/consumer-a", R"({"nextSnapshot": 2})"));
  const int64_t recorded_ms = *PosixEnv().ModifiedMs(lake.folder_ + "/consumer/consumer-a");
  lake.env_.SetNowMs(recorded_ms + 3'500'000);
  ASSERT_TRUE(Expire(lake, lake.env_).ok());
  EXPECT_EQ(lake.Ids().front(), 2);
  lake.env_.SetNowMs(recorded_ms + 3'700'000);
  ASSERT_TRUE(Expire(lake, lake.env_).ok());
  EXPECT_GT(lake.Ids().front(), 2);
  EXPECT_FALSE(*PosixEnv().Exists(lake.folder_ + "/consumer/consumer-a"));
}

TEST(PaimonExpiry, TagsAndBranchesKeepFiles) {
  for (const char* folder : {"tag/tag-", "branch/branch-b/tag/tag-", "branch/branch-b/snapshot/snapshot-"}) {
    Lake lake(With(With(kFixed, kTwo), {{"changelog-producer", "input"}, {"manifest.merge-min-count", "3"}}));
    for (int n = 0; n < 12; ++n) {
      ASSERT_OK(lake.Epoch(n % 3, n % 3 + 4));
      if (n != 2 && n != 5) continue;
      const int64_t id = lake.Ids().back();
      ASSERT_OK(lake.Tag(Str(n), id));
      if (folder[0] == 'b') {
        ASSERT_OK(PosixEnv().Remove(lake.folder_ + "/tag/tag-" + Str(n)));
        ASSERT_OK(lake.Put(Str(folder, n), lake.tags_.back().ToJson()));
      }
      Expire(lake);
    }
    Expire(lake);
    const auto named = lake.Named();
    ASSERT_OK(named);
    const auto files = lake.Files();
    if (folder[0] == 't') {
      EXPECT_EQ(files, *named);
      const auto orphans = FindOrphans(PosixEnv(), lake.folder_, INT64_MAX);
      ASSERT_OK(orphans);
      EXPECT_EQ(orphans->size(), 0u);
    }
    EXPECT_TRUE(std::includes(files.begin(), files.end(), named->begin(), named->end())) << folder;
    EXPECT_LE(lake.Ids().size(), 3u);
  }
}

// Whatever step fails, and wherever the process dies: the snapshots that are there are whole, and the rest is found.
TEST(PaimonExpiry, KilledAtEveryStep) {
  Lake lake(With(With(kFixed, kTwo), {{"changelog-producer", "input"}, {"manifest.merge-min-count", "4"}}));
  for (int n = 0; n < 8; ++n) {
    ASSERT_OK(lake.Epoch(n % 3, n % 3 + 4));
    if (n == 2) ASSERT_OK(lake.Tag("t", lake.Ids().back()));
  }
  const auto rows = lake.RowsOfAll();
  const std::string copy = lake.test_folder_.path() / "copy";
  std::filesystem::copy(lake.folder_, copy, std::filesystem::copy_options::recursive);
  int64_t steps = 0;
  for (const Fault fault : {Fault::kFail, Fault::kFailAfter, Fault::kCrash}) {
    for (int64_t step = 1;; ++step) {
      std::filesystem::remove_all(lake.folder_);
      std::filesystem::copy(copy, lake.folder_, std::filesystem::copy_options::recursive);
      FaultyEnv env(PosixEnv());
      env.SetNowMs(lake.now_ms_);
      env.Arm(fault, step);
      (void)Expire(lake, env).ok();
      const auto orphans = FindOrphans(PosixEnv(), lake.folder_, INT64_MAX);
      ASSERT_OK(orphans);
      for (const OrphanFile& file : *orphans) ASSERT_OK(PosixEnv().Remove(file.path));
      if (step % 5 == 1) ExpectRows(lake, rows);
      ExpectWhole(lake);
      Expire(lake);
      ExpectWhole(lake);
      EXPECT_EQ(lake.Ids().back() - lake.Ids().front(), 1);
      if (testing::Test::HasFailure()) FAIL() << "fault " << static_cast<int>(fault) << " at step " << step;
      steps = std::max(steps, step);
      if (!env.fired()) break;
    }
  }
  EXPECT_GT(steps, 50);
}

}  // namespace
}  // namespace sluice::paimon
