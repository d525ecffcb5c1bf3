// SPDX-License-Identifier: Apache-2.0
// Small files of tables without a key become large ones: which are taken, and what an epoch makes of it.
#include "lake/paimon/append_compaction.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "lake/paimon/table_check_test_util.h"
#include "lake/paimon/table_model_test_util.h"

namespace sluice::paimon {
namespace {

// "10 5": sizes in MiB, in the order of the rows; "x10" is of another format. With a target of 100 MiB.
std::vector<DataFileMeta> Files(const std::string& text) {
  std::vector<DataFileMeta> files;
  for (const std::string& part : Split(text, ' ')) {
    if (part.empty()) continue;
    DataFileMeta file;
    const bool foreign = part[0] == 'x';
    file.name = Str("f", files.size(), foreign ? ".lance" : ".parquet");
    file.size = std::stoll(part.substr(foreign ? 1 : 0)) << 20;
    file.row_count = 10;
    file.min_sequence = static_cast<int64_t>(files.size()) * 10;
    file.max_sequence = file.min_sequence + 9;
    files.push_back(std::move(file));
  }
  return files;
}

// Groups as the places of their files: "0 1 2, 4 5".
std::string Pick(const std::string& text, BucketMode mode, bool full = false) {
  TableOptions options;
  options.bucket_mode = mode;
  options.target_file_bytes = 100 << 20;
  std::vector<DataFileMeta> files = Files(text);
  std::reverse(files.begin(), files.end());  // the order in which they are given has no meaning
  std::string out;
  for (const auto& group : PickAppendCompactions(files, options, {}, full)) {
    out += out.empty() ? "" : ", ";
    for (size_t i = 0; i < group.size(); ++i) out += Str(i == 0 ? "" : " ", group[i].min_sequence / 10);
  }
  return out;
}

TEST(AppendCompaction, WaitsForEnoughSmallFiles) {
  for (const BucketMode mode : {BucketMode::kUnaware, BucketMode::kFixed}) {
    EXPECT_EQ(Pick("", mode), "");
    EXPECT_EQ(Pick("1 1 1 1", mode), "");
    EXPECT_EQ(Pick("1 1 1 1 1", mode), "0 1 2 3 4");
    EXPECT_EQ(Pick("1", mode, true), "");
    EXPECT_EQ(Pick("1 1", mode, true), "0 1");
  }
}

TEST(AppendCompaction, LargeFilesAndThoseOfOtherFormatsStay) {
  EXPECT_EQ(Pick("1 70 1 1 x1 1 1", BucketMode::kUnaware), "0 2 3 5 6");
  EXPECT_EQ(Pick("1 69 1 1 1", BucketMode::kUnaware), "0 1 2 3 4");
  EXPECT_EQ(Pick("1 70 1 1 1 1", BucketMode::kFixed), "");  // rows would change places
  EXPECT_EQ(Pick("1 70 1 1 1 1 1", BucketMode::kFixed), "2 3 4 5 6");
  EXPECT_EQ(Pick("1 1 x1 1 1 1", BucketMode::kFixed), "");
}

TEST(AppendCompaction, GroupsAreOfTwoTargetSizesAtMost) {
  EXPECT_EQ(Pick("60 50 60 50", BucketMode::kUnaware), "0 1 2 3");  // 4 MiB a file for its opening
  EXPECT_EQ(Pick("60 60 60 60 1 1", BucketMode::kUnaware), "0 1 2 4 5");
  EXPECT_EQ(Pick("60 60 60 60 60 60", BucketMode::kFixed), "");  // never five within 200 MiB
  EXPECT_EQ(Pick("60 60 60 60 1 1 1 1", BucketMode::kFixed), "1 2 3 4 5");
  EXPECT_EQ(Pick("1 1 1 1 1 1 1 1 1 1", BucketMode::kFixed), "0 1 2 3 4, 5 6 7 8 9");
}

class AppendCompactionTest : public ::testing::Test {
 protected:
  void Start(const Options& options) {
    TableSchema schema;
    schema.columns = {Col("id", "INT NOT NULL"), Col("name", "VARCHAR(20)"), Col("grp", "INT")};
    lake_ = std::make_unique<ModelLake>(std::move(schema));
    ASSERT_OK(lake_->Create({}, options));
  }
  Status Epoch() {
    std::vector<std::pair<RowKind, Cells>> rows;
    for (int i = 0; i < 3; ++i, ++next_) {
      rows.push_back(lake_->Row(RowKind::kInsert, {Str(next_), Str("n", next_), "1"}));
      expected_.insert(Str(next_, "|\"n", next_, "\"|1|"));
    }
    TRY(lake_->Write(rows));
    return lake_->CommitEpoch();
  }
  std::vector<LiveFile> Live() const {
    auto table = lake_->OpenTable();
    return *table->LiveFiles(**table->LatestSnapshot());
  }
  void Check() {
    EXPECT_EQ(lake_->Read(), expected_);
    TableChecker checker(PosixEnv(), lake_->folder_);
    for (const Snapshot& snapshot : lake_->Snapshots()) ASSERT_OK(checker.CheckSnapshot(snapshot.id));
    ASSERT_OK(checker.CheckNames());
  }

  std::unique_ptr<ModelLake> lake_;
  Rows expected_;
  int next_ = 0;
};

TEST_F(AppendCompactionTest, AnEpochJoinsSmallFiles) {
  for (const char* bucket : {"-1", "1"}) {
    Options options{{"bucket", bucket}, {"compaction.min.file-num", "3"}};
    if (bucket[0] == '1') options["bucket-key"] = "id";
    expected_.clear();
    next_ = 0;
    ASSERT_NO_FATAL_FAILURE(Start(options));
    for (int i = 0; i < 3; ++i) ASSERT_OK(Epoch());
    EXPECT_EQ(lake_->Kinds(), "APPEND APPEND APPEND COMPACT");
    const auto files = Live();
    ASSERT_EQ(files.size(), 1u);
    EXPECT_EQ(files[0].meta.row_count, 9);
    EXPECT_EQ(files[0].meta.source, FileSource::kCompact);
    EXPECT_EQ(files[0].meta.level, 0);
    EXPECT_EQ(files[0].meta.min_sequence, 0);
    EXPECT_EQ(files[0].meta.max_sequence, 8);
    EXPECT_EQ(lake_->Snapshots().back().delta_record_count, 0);
    Check();
    ASSERT_OK(lake_->Reopen());
    for (int i = 0; i < 4; ++i) ASSERT_OK(Epoch());  // the joined file is small too
    EXPECT_EQ(Live().size(), 1u);
    EXPECT_EQ(Live()[0].meta.row_count, 21);
    Check();
  }
}

TEST_F(AppendCompactionTest, AWriteOnlyTableKeepsItsFiles) {
  ASSERT_NO_FATAL_FAILURE(Start({{"compaction.min.file-num", "2"}, {"write-only", "true"}}));
  for (int i = 0; i < 4; ++i) ASSERT_OK(Epoch());
  EXPECT_EQ(lake_->Kinds(), "APPEND APPEND APPEND APPEND");
  Check();
}

// Two files of one partition are joined though no third comes, once five epochs have gone by that wrote elsewhere.
TEST_F(AppendCompactionTest, SmallFilesDoNotWaitForEver) {
  TableSchema schema;
  schema.columns = {Col("id", "INT NOT NULL"), Col("dt", "VARCHAR(20) NOT NULL")};
  lake_ = std::make_unique<ModelLake>(std::move(schema));
  ASSERT_OK(lake_->Create({"dt"}, {{"compaction.min.file-num", "100"}}));
  const auto write = [&](const std::string& dt) {
    ASSERT_OK(lake_->Write({lake_->Row(RowKind::kInsert, {Str(next_), dt})}));
    ASSERT_OK(lake_->CommitEpoch());
    expected_.insert(Str(next_++, "|\"", dt, "\"|"));
  };
  write("old");
  write("old");
  for (int i = 0; i < 4; ++i) write("new");
  EXPECT_EQ(lake_->Kinds(), "APPEND APPEND APPEND APPEND APPEND APPEND");
  write("new");
  EXPECT_EQ(lake_->Kinds(), "APPEND APPEND APPEND APPEND APPEND APPEND APPEND COMPACT");
  const auto files = Live();
  EXPECT_EQ(std::count_if(files.begin(), files.end(), [](const auto& file) { return file.meta.row_count == 2; }), 1);
  for (int i = 0; i < 8; ++i) write("new");
  EXPECT_EQ(Live().size(), files.size() + 8) << "one file is not joined, and those of the other partition are young";
  Check();
}

// Files of an older schema are read as it was, and written as it is.
TEST_F(AppendCompactionTest, ColumnsThatCameLaterAreNull) {
  ASSERT_NO_FATAL_FAILURE(Start({{"compaction.min.file-num", "3"}}));
  ASSERT_OK(Epoch());
  ASSERT_OK(Epoch());
  SchemaChange change;
  change.kind = SchemaChangeKind::kAddColumn;
  change.column = Col("more", "INT");
  change.name = "more";
  ASSERT_OK(lake_->Change(change));
  ASSERT_OK(lake_->Write({lake_->Row(RowKind::kInsert, {"7", "seven", "1", "5"})}));
  ASSERT_OK(lake_->CommitEpoch());
  EXPECT_EQ(lake_->Kinds(), "APPEND APPEND APPEND COMPACT");
  Rows expected{"7|\"seven\"|1|5|"};
  for (const std::string& row : expected_) expected.insert(row + "null|");
  expected_ = expected;
  EXPECT_EQ(Live().size(), 1u);
  Check();
}

// Another writer took a file away that was joined: the rows are committed all the same, the joined file is not.
TEST_F(AppendCompactionTest, IsLeftOutIfItsFilesAreGone) {
  ASSERT_NO_FATAL_FAILURE(Start({{"compaction.min.file-num", "3"}}));
  ASSERT_OK(Epoch());
  ASSERT_OK(Epoch());
  ASSERT_OK(lake_->Write({lake_->Row(RowKind::kInsert, {"100", "late", "1"})}));
  auto change = lake_->Finish();
  ASSERT_OK(change);
  ASSERT_FALSE(change->compacted.empty());
  auto other = lake_->NewWriter("job-2");
  ASSERT_OK(other);
  ASSERT_OK((*other)->Adopt(*lake_->schema_));
  SchemaChange truncate;
  truncate.kind = SchemaChangeKind::kTruncateTable;
  ASSERT_OK((*other)->Change(truncate));
  const auto theirs = (*other)->Finish({1, "e"});
  ASSERT_OK(theirs);
  ASSERT_OK((*other)->Commit(*theirs, 1));
  ASSERT_OK(lake_->writer_->Commit(*change, lake_->epoch_));
  expected_ = {"100|\"late\"|1|"};
  EXPECT_EQ(lake_->Kinds(), "APPEND APPEND OVERWRITE APPEND");
  Check();
}

}  // namespace
}  // namespace sluice::paimon
