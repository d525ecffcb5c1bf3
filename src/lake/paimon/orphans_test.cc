// SPDX-License-Identifier: Apache-2.0
// Orphans: exactly the files that nothing names.
#include "lake/paimon/orphans.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "lake/paimon/table_writer_test_util.h"

namespace sluice::paimon {
namespace {

constexpr int64_t kEver = INT64_MAX;

class PaimonOrphansTest : public testing::Test {
 protected:
  // Files of partitions, of dynamic buckets' index and of a changelog; data files that only older snapshots reach.
  void SetUp() override {
    for (int n = 0; n < 7; ++n) ASSERT_OK(lake_.Epoch(n % 2, n % 2 + 5));
  }
  std::string Make(const std::string& name) {
    const std::filesystem::path path = std::filesystem::path(lake_.folder_) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << "four";
    return path;
  }
  std::vector<std::string> Orphans(int64_t before_ms = kEver) {
    const auto found = FindOrphans(PosixEnv(), lake_.folder_, before_ms);
    EXPECT_TRUE(found.ok()) << found.error().ToString();
    std::vector<std::string> out;
    for (const OrphanFile& file : *found) out.push_back(file.path);
    std::sort(out.begin(), out.end());
    return out;
  }

  Lake lake_{{{"changelog-producer", "input"}, {"dynamic-bucket.target-row-num", "2"}}, {"grp"}};
};

TEST_F(PaimonOrphansTest, ATableHasNone) {
  EXPECT_EQ(Orphans(), std::vector<std::string>());
  EXPECT_EQ(lake_.Files(), *lake_.Named());
}

TEST_F(PaimonOrphansTest, WhatAKilledWriterLeaves) {
  std::vector<std::string> left = {
      Make("grp=0/bucket-0/data-left-0.parquet"), Make("grp=0/bucket-9/changelog-left-0.parquet"),
      Make("grp=7/bucket-0/data-left-1.parquet"), Make("index/index-left-0"),
      Make("manifest/epoch-job-1-3.json"),        Make("manifest/manifest-left-0"),
      Make("manifest/manifest-list-left-0"),      Make("schema/.schema-1.left.tmp"),
      Make("snapshot/.snapshot-9.left.tmp"),      Make("statistics/stat-left-0")};
  Make("metadata/v1.metadata.json");  // of Paimon's Iceberg compatibility
  Make("bucket-0/data-x.parquet");    // not where files of partitions are
  Make("notes.txt");
  Make("consumer/consumer-a");
  Make("grp=0/notes.txt");
  std::ofstream(lake_.folder_ + "/consumer/consumer-a") << R"({"nextSnapshot": 3})";
  std::sort(left.begin(), left.end());
  EXPECT_EQ(Orphans(), left);
  const auto found = FindOrphans(PosixEnv(), lake_.folder_, kEver);
  EXPECT_EQ(found->at(0).bytes, 4);
}

TEST_F(PaimonOrphansTest, YoungFilesMayBeCommittedYet) {
  const std::string left = Make("manifest/manifest-left-0");
  const int64_t written = *PosixEnv().ModifiedMs(left);
  EXPECT_EQ(Orphans(written), std::vector<std::string>());
  EXPECT_EQ(Orphans(written + 1), std::vector<std::string>{left});
}

TEST_F(PaimonOrphansTest, OnlyWhatNothingNamesIsRemoved) {
  std::vector<std::string> all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(lake_.folder_)) {
    if (entry.is_regular_file()) all.push_back(entry.path());
  }
  const size_t named = all.size();
  const auto rows = lake_.RowsOfAll();
  for (const char* name : {"grp=0/bucket-0/data-left-0.parquet", "manifest/manifest-left-0", "snapshot/.LATEST.x"}) {
    all.push_back(Make(name));
  }
  const auto table = lake_.Open();
  ASSERT_OK(table);
  const auto removed = RemoveUnreachable(PosixEnv(), **table, all);
  ASSERT_OK(removed);
  EXPECT_EQ(*removed, 3);
  for (size_t i = 0; i < all.size(); ++i) EXPECT_EQ(std::filesystem::exists(all[i]), i < named) << all[i];
  EXPECT_EQ(lake_.RowsOfAll(), rows);
}

TEST_F(PaimonOrphansTest, TheEpochFileOfTheNewestSnapshotIsNamed) {
  const std::string file = Make("manifest/epoch-job-2-7.json");
  EXPECT_EQ(Orphans(), std::vector<std::string>{file});
  const auto commit = [&](int64_t epoch, const std::map<std::string, std::string>& more) {
    TableChange change;
    change.properties = {{"sluice.job-2.epoch", Str(epoch)}, {"sluice.job-2.tables", "1"}};
    change.properties.insert(more.begin(), more.end());
    return CommitChange(PosixEnv(), **lake_.Open(), change, {"job-2", epoch}, 0).ok();
  };
  ASSERT_TRUE(commit(7, {{"sluice.job-2.epoch-file", file}}));
  EXPECT_EQ(Orphans(), std::vector<std::string>());
  ASSERT_TRUE(commit(8, {}));
  EXPECT_EQ(Orphans(), std::vector<std::string>{file});
}

TEST_F(PaimonOrphansTest, NoneIsToldWhereABranchCannotBeRead) {
  ASSERT_OK(lake_.ForeignCommit());
  EXPECT_EQ(Orphans(), std::vector<std::string>());
  ASSERT_OK(lake_.Put("branch/branch-b/snapshot/snapshot-1", "{"));
  EXPECT_FALSE(FindOrphans(PosixEnv(), lake_.folder_, kEver).ok());
}

}  // namespace
}  // namespace sluice::paimon
