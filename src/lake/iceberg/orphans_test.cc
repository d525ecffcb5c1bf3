// SPDX-License-Identifier: Apache-2.0
// Orphans: exactly the files that no snapshot reaches.
#include "lake/iceberg/orphans.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "lake/iceberg/table_writer_test_util.h"

namespace sluice::iceberg {
namespace {

constexpr int64_t kEver = INT64_MAX;

class OrphansTest : public testing::Test {
 protected:
  // Two epochs: data files, a delete file, and a file that only the first snapshot reaches.
  void SetUp() override {
    ASSERT_OK(lake_.Create(By(1, "id_bucket", "bucket[2]")));
    for (const char* name : {"\"a\"", "\"b\""}) {
      ASSERT_OK(lake_.Write({{RowKind::kInsert, {"1", name, "1", "null"}}, {RowKind::kInsert, {"2", name, "1", "null"}},
                             {RowKind::kInsert, {"3", name, "1", "null"}}}));
      ASSERT_OK(lake_.CommitEpoch());
    }
    folder_ = lake_.folder_ / "db" / "t";
  }
  std::string Make(const std::string& name) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << "four";
    return folder_ / name;
  }
  std::vector<std::string> Orphans(int64_t before_ms = kEver) {
    auto found = FindOrphans(PosixEnv(), folder_, before_ms);
    EXPECT_TRUE(found.ok()) << found.error().ToString();
    std::vector<std::string> out;
    for (const OrphanFile& file : *found) out.push_back(file.path);
    std::sort(out.begin(), out.end());
    return out;
  }

  Lake lake_{Shop()};
  std::filesystem::path folder_;
};

TEST_F(OrphansTest, ATableHasNone) { EXPECT_EQ(Orphans(), std::vector<std::string>()); }

TEST_F(OrphansTest, WhatAKilledWriterLeaves) {
  std::vector<std::string> left = {Make("data/id_bucket=0/left.parquet"), Make("data/left.parquet"),
                                   Make("metadata/left-m0.avro"), Make("metadata/left.metadata.json"),
                                   Make("metadata/snap-1-1-left.avro"), Make("metadata/v99999.metadata.json.foreign")};
  Make("data/.hidden");
  Make("inner/data/x.parquet");
  Make("inner/metadata/version-hint.text");  // a table of its own
  EXPECT_EQ(Orphans(), left);
  auto found = FindOrphans(PosixEnv(), folder_, kEver);
  EXPECT_EQ(found->at(0).bytes, 4);
}

TEST_F(OrphansTest, YoungFilesMayBeCommittedYet) {
  std::string left = Make("data/left.parquet");
  int64_t written = *PosixEnv().ModifiedMs(left);
  EXPECT_EQ(Orphans(written), std::vector<std::string>());
  EXPECT_EQ(Orphans(written + 1), std::vector<std::string>{left});
}

TEST_F(OrphansTest, OnlyWhatIsUnreachableIsRemoved) {
  std::vector<std::string> all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
    if (entry.is_regular_file()) all.push_back(entry.path());
  }
  auto rows = lake_.Rows();
  std::string left = Make("data/left.parquet");
  all.push_back(left);
  auto table = Table::OpenAt(PosixEnv(), folder_);
  ASSERT_OK(table);
  auto removed = RemoveUnreachable(PosixEnv(), **table, all);
  ASSERT_OK(removed);
  EXPECT_EQ(*removed, 1);
  EXPECT_FALSE(std::filesystem::exists(left));
  EXPECT_EQ(lake_.Rows(), rows);
  EXPECT_EQ(lake_.SnapshotCount(), 2u);
}

TEST_F(OrphansTest, TheEpochFileOfTheTableIsReachable) {
  std::string file = Make("metadata/epoch-job-1-7.json");
  EXPECT_EQ(Orphans(), std::vector<std::string>{file});
  TableChange change;
  change.set_properties["sluice.job-1.epoch-file"] = file;
  ASSERT_OK(lake_.writer_->table().Commit(change, {}));
  EXPECT_EQ(Orphans(), std::vector<std::string>());
}

TEST_F(OrphansTest, FilesThatMayBelongToOthersAreNotListed) {
  Make("data/left.parquet");
  TableChange change;
  change.set_properties["gc.enabled"] = "false";
  ASSERT_OK(lake_.writer_->table().Commit(change, {}));
  auto found = FindOrphans(PosixEnv(), folder_, kEver);
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace sluice::iceberg
