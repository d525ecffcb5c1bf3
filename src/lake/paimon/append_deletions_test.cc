// SPDX-License-Identifier: Apache-2.0
// Deletion vectors of tables without a key, which other engines' DELETEs make: appends leave them, compactions apply
// them.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "lake/paimon/append_compaction.h"
#include "lake/paimon/commit.h"
#include "lake/paimon/table_check_test_util.h"
#include "lake/paimon/table_compaction.h"
#include "lake/paimon/table_model_test_util.h"

namespace sluice::paimon {
namespace {

constexpr int kRows = 10;  // of each epoch's file

class AppendDeletionsTest : public ::testing::Test {
 protected:
  void Start(Options options) {
    TableSchema schema;
    schema.columns = {Col("id", "INT NOT NULL"), Col("name", "VARCHAR(20)")};
    lake_ = std::make_unique<ModelLake>(std::move(schema));
    options["deletion-vectors.enabled"] = "true";
    ASSERT_OK(lake_->Create({}, options));
    expected_.clear();
    next_ = 0;
  }
  std::string RowText(int id) const { return Str(id, "|\"n", id, "\"|"); }
  Status WriteRows() {
    std::vector<std::pair<RowKind, Cells>> rows;
    for (int i = 0; i < kRows; ++i, ++next_) {
      rows.push_back(lake_->Row(RowKind::kInsert, {Str(next_), Str("n", next_)}));
      expected_.insert(RowText(next_));
    }
    return lake_->Write(rows);
  }
  Status Epoch() {
    TRY(WriteRows());
    return lake_->CommitEpoch();
  }
  std::vector<LiveFile> Live() const {
    auto table = lake_->OpenTable();
    return *table->LiveFiles(**table->LatestSnapshot());
  }
  // As another engine deletes: the vectors of files that have none come in an index file more.
  Status Delete(const std::vector<int>& ids, bool wide = false) {
    auto table = lake_->OpenTable();
    TRY_SET(const auto snapshot, table->LatestSnapshot());
    TRY_SET(const auto files, table->LiveFiles(*snapshot));
    BucketDeletions deletions;
    for (const LiveFile& file : files) TRY(deletions.Load(PosixEnv(), file, /*several=*/true));
    for (int id : ids) {
      const LiveFile& file = *std::find_if(files.begin(), files.end(), [&](const LiveFile& each) {
        return id >= each.meta.min_sequence && id <= each.meta.max_sequence;
      });
      DeleteSet rows;
      rows.Add(id - file.meta.min_sequence);
      deletions.Add(file.meta.name, rows);
      expected_.erase(RowText(id));
    }
    TableChange change;
    TRY_SET(change.vectors, deletions.Write(PosixEnv(), *table, {files[0].partition, 0}, wide));
    TRY(CommitCompaction(PosixEnv(), *table, change, {"other", ++deletes_}, snapshot->id));
    return Ok();
  }
  // "2 1": the vectors of each index file; files with no vectors count too.
  std::string Indexes() const {
    auto table = lake_->OpenTable();
    std::vector<std::string> out;
    const auto entries = *table->ReadIndexManifest((*table->LatestSnapshot())->index_manifest);
    for (const IndexEntry& entry : entries) out.push_back(Str(entry.deletions.size()));
    return Join(out, " ");
  }
  void Check() {
    EXPECT_EQ(lake_->Read(), expected_);
    TableChecker checker(PosixEnv(), lake_->folder_);
    for (const Snapshot& snapshot : lake_->Snapshots()) ASSERT_OK(checker.CheckSnapshot(snapshot.id));
  }

  std::unique_ptr<ModelLake> lake_;
  Rows expected_;
  int next_ = 0;
  int64_t deletes_ = 0;
};

TEST_F(AppendDeletionsTest, AreReadAndStayWithAppends) {
  for (const bool wide : {false, true}) {
    ASSERT_NO_FATAL_FAILURE(Start({{"write-only", "true"}}));
    ASSERT_OK(Epoch());
    ASSERT_OK(Epoch());
    ASSERT_OK(Delete({3, 4}, wide));
    ASSERT_OK(Delete({15}, wide));
    ASSERT_OK(Delete({5}, wide));  // with what the file's vector had
    EXPECT_EQ(Indexes(), "1 1");
    ASSERT_OK(Epoch());
    EXPECT_EQ(Indexes(), "1 1");
    EXPECT_EQ(expected_.size(), 26u);
    EXPECT_EQ(lake_->Read(2).size(), 20u);
    Check();
  }
}

// A small file is not waited with, so that readers need no vector of it.
TEST_F(AppendDeletionsTest, ACompactionDropsTheRows) {
  for (const bool wide : {false, true}) {
    ASSERT_NO_FATAL_FAILURE(Start({{"deletion-vectors.bitmap64", wide ? "true" : "false"}}));
    ASSERT_OK(Epoch());
    ASSERT_OK(Epoch());
    ASSERT_OK(Delete({3, 4, 15}, !wide));  // of either kind, whatever the option says
    ASSERT_OK(Epoch());
    EXPECT_EQ(lake_->Kinds(), "APPEND APPEND COMPACT APPEND COMPACT");
    EXPECT_EQ(Indexes(), "");
    const auto files = Live();
    ASSERT_EQ(files.size(), 2u);
    EXPECT_EQ(files[0].meta.row_count, 17);
    EXPECT_EQ(lake_->Snapshots().back().delta_record_count, -3);
    Check();
  }
}

TEST_F(AppendDeletionsTest, LargeFilesAreRewrittenWhenManyRowsAreGone) {
  ASSERT_NO_FATAL_FAILURE(Start({{"target-file-size", "1 b"}, {"compaction.delete-ratio-threshold", "0.3"}}));
  ASSERT_OK(Epoch());
  ASSERT_OK(Epoch());
  ASSERT_OK(Epoch());
  ASSERT_OK(Delete({1, 2, 3, 11, 12, 13, 14}));
  ASSERT_OK(Delete({21}));
  EXPECT_EQ(Indexes(), "2 1");
  ASSERT_OK(Epoch());
  EXPECT_EQ(Indexes(), "1 1");  // of the second file nothing is left
  const auto files = Live();
  EXPECT_EQ(std::count_if(files.begin(), files.end(), [](const auto& file) { return file.meta.row_count == 6; }), 1);
  EXPECT_EQ(std::count_if(files.begin(), files.end(), [](const auto& file) { return file.deletion.has_value(); }), 2);
  Check();
}

TEST_F(AppendDeletionsTest, AFileWithoutRowsGoes) {
  ASSERT_NO_FATAL_FAILURE(Start({}));
  ASSERT_OK(Epoch());
  ASSERT_OK(Epoch());
  ASSERT_OK(Delete({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  ASSERT_OK(Epoch());
  EXPECT_EQ(Live().size(), 2u);
  EXPECT_EQ(Indexes(), "");
  Check();
}

// Rows that are deleted while they are joined would come back with the joined file.
TEST_F(AppendDeletionsTest, ACompactionIsLeftOutIfItHasNotSeenADelete) {
  for (const bool more : {false, true}) {  // of a file that had a vector, or had none
    ASSERT_NO_FATAL_FAILURE(Start({{"compaction.min.file-num", "3"}}));
    ASSERT_OK(Epoch());
    ASSERT_OK(Epoch());
    if (more) ASSERT_OK(Delete({3}));
    ASSERT_OK(WriteRows());
    const auto change = lake_->Finish();
    ASSERT_OK(change);
    ASSERT_FALSE(change->compacted.empty());
    ASSERT_OK(Delete({4, 15}));
    ASSERT_OK(lake_->writer_->Commit(*change, lake_->epoch_));
    EXPECT_EQ(lake_->Snapshots().back().commit_kind, "APPEND");
    Check();
    ASSERT_OK(Epoch());  // and is made with the next one
    EXPECT_EQ(lake_->Snapshots().back().commit_kind, "COMPACT");
    EXPECT_EQ(Indexes(), "");
    Check();
  }
}

TEST_F(AppendDeletionsTest, StayGoneWhenAColumnIsFilled) {
  ASSERT_NO_FATAL_FAILURE(Start({{"write-only", "true"}}));
  ASSERT_OK(Epoch());
  ASSERT_OK(Epoch());
  ASSERT_OK(Delete({3, 4}));
  ASSERT_OK(Delete({15}));
  SchemaChange add;
  add.kind = SchemaChangeKind::kAddColumn;
  add.column = Col("more", "INT");
  add.name = "more";
  add.initial = {InitialDefault::Kind::kLiteral, "7"};
  ASSERT_OK(lake_->Change(add));
  Rows filled;
  for (const std::string& row : expected_) filled.insert(row + "7|");
  expected_ = filled;
  ASSERT_OK(lake_->CommitEpoch());
  EXPECT_EQ(Indexes(), "");
  Check();
}

// With buckets rows have an order: only a compaction of all files looks at vectors.
TEST_F(AppendDeletionsTest, AFullCompactionOfABucketDropsTheRows) {
  ASSERT_NO_FATAL_FAILURE(Start({{"bucket", "1"}, {"bucket-key", "id"}, {"target-file-size", "1 b"}}));
  for (int i = 0; i < 3; ++i) ASSERT_OK(Epoch());
  ASSERT_OK(Delete({3, 25}));
  ASSERT_OK(Epoch());
  EXPECT_EQ(Indexes(), "2");
  ASSERT_OK(CompactTable(PosixEnv(), lake_->folder_, CompactionRequest()));
  EXPECT_EQ(Indexes(), "");
  int64_t rows = 0;
  for (const LiveFile& file : Live()) {
    EXPECT_GE(file.meta.min_sequence, rows);  // the files are in the order of their rows
    rows = file.meta.min_sequence;
  }
  Check();
  const auto again = CompactTable(PosixEnv(), lake_->folder_, CompactionRequest());
  ASSERT_OK(again);
  EXPECT_EQ(again->snapshot, 0) << "there was nothing left to do";
}

}  // namespace
}  // namespace sluice::paimon
