// SPDX-License-Identifier: Apache-2.0
// Commits to a Paimon table in S3 that meet an outage at each request, and those of two writers at the same time.
#include <gtest/gtest.h>

#include <fstream>

#include "io/fake_s3_test_util.h"
#include "lake/paimon/commit.h"
#include "lake/paimon/table_model_test_util.h"

namespace sluice::paimon {
namespace {

constexpr char kTable[] = "s3://b/w/db.db/t";

class PaimonS3CommitTest : public ::testing::Test {
 protected:
  // A table with rows and a change that compacts; the state before its commit is `before_`.
  void SetUp() override {
    TableSchema schema;
    schema.columns = {Col("id", "INT NOT NULL"), Col("v", "VARCHAR(20)")};
    schema.primary_key = {"id"};
    lake_ = std::make_unique<ModelLake>(schema);
    ASSERT_OK(lake_->Create({}, {{"bucket", "1"}, {"num-sorted-run.compaction-trigger", "2"}}));
    ASSERT_OK(lake_->Write({lake_->Put({"1", "old"}), lake_->Put({"2", "old"})}));
    ASSERT_OK(lake_->CommitEpoch());
    ASSERT_OK(lake_->Write({lake_->Put({"2", "new"}), lake_->Put({"3", "new"})}));
    auto change = lake_->Finish();
    ASSERT_OK(change);
    change_ = *std::move(change);
    ASSERT_FALSE(change_.compacted.empty());
    const std::filesystem::path folder = lake_->folder_;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      before_["/b/w/db.db/t/" + entry.path().lexically_relative(folder).string()] =
          std::string(std::istreambuf_iterator<char>(file), {});
    }
    Reset();
  }
  void Reset() {
    server_ = {};
    server_.objects = before_;
    env_ = New();
  }
  std::unique_ptr<Env> New() {
    return MakeS3Env(clock_, FakeS3Config(), std::make_unique<FakeS3Transport>(server_));
  }
  Result<CommitOutcome> Commit(const std::string& user = kJob) {
    TRY_SET(auto table, Table::Open(*env_, kTable));
    return CommitChange(*env_, *table, change_, {user, lake_->epoch_}, 1);
  }
  std::string Kinds() {
    std::string out;
    auto table = *Table::Open(*env_, kTable);
    const std::vector<int64_t> ids = *table->SnapshotIds();
    for (const int64_t id : ids) out += (*table->SnapshotOf(id)).commit_kind + " ";
    return out;
  }
  Rows Read() {
    Rows out;
    auto table = *Table::Open(*env_, kTable);
    auto scan = *TableScan::Make(*env_, *table, {}, {});
    for (DataBatch batch; *scan.Next(batch);) {
      for (int64_t row = 0; row < batch.rows->num_rows(); ++row) {
        std::string line;
        for (const auto& column : batch.rows->columns()) AppendJson(*column, row, line += line.empty() ? "" : "|");
        out.insert(line);
      }
    }
    return out;
  }

  std::unique_ptr<ModelLake> lake_;
  TableChange change_;
  std::map<std::string, std::string> before_;
  FakeS3 server_;
  NoWaitEnv clock_;
  std::unique_ptr<Env> env_;
};

TEST_F(PaimonS3CommitTest, AnOutageFromAnyRequestOnIsRepairedByTheNextTry) {
  const Rows expected = {"1|\"old\"", "2|\"new\"", "3|\"new\""};
  for (const S3Fault fault : {S3Fault::kRefuse, S3Fault::kLose, S3Fault::kBusy}) {
    bool fired = true;
    for (int64_t at = 1; fired; ++at) {
      SCOPED_TRACE(testing::Message() << "fault " << static_cast<int>(fault) << " from request " << at << " on");
      Reset();
      server_.fault = [&](const HttpRequest&) { return server_.requests >= at ? &fault : nullptr; };
      const auto first = Commit();
      fired = server_.requests >= at;
      server_.fault = nullptr;
      env_ = New();  // a new process
      ASSERT_OK(Commit());
      ASSERT_EQ(Kinds(), "APPEND APPEND COMPACT ");
      ASSERT_EQ(Read(), expected);
      const auto once_more = Commit();
      ASSERT_OK(once_more);
      ASSERT_EQ(once_more->snapshots_made, 0);
      if (!fired) ASSERT_OK(first);
    }
  }
}

TEST_F(PaimonS3CommitTest, OneLostAnswerIsNoConflict) {
  bool fired = true;
  for (int64_t at = 1; fired; ++at) {
    SCOPED_TRACE(testing::Message() << "request " << at);
    Reset();
    server_.FailAt(S3Fault::kLose, at);
    const auto made = Commit();
    ASSERT_OK(made);
    ASSERT_EQ(made->snapshots_made, 2);
    ASSERT_EQ(Kinds(), "APPEND APPEND COMPACT ");
    fired = server_.requests >= at;
    int64_t lists = 0;  // no try was given up: its files would be there
    for (const auto& [name, bytes] : server_.objects) lists += name.find("/manifest-list-") != std::string::npos;
    int64_t lists_before = 0;
    for (const auto& [name, bytes] : before_) lists_before += name.find("/manifest-list-") != std::string::npos;
    ASSERT_EQ(lists, lists_before + 4);
  }
}

TEST_F(PaimonS3CommitTest, TheSlowerOfTwoWritersTakesTheNextNumber) {
  bool turn = true;
  auto other = New();
  server_.before = [&](const HttpRequest& request) {
    if (!turn || !request.headers.contains("if-none-match") || !request.path.ends_with("/snapshot-2")) return;
    turn = false;
    auto table = *Table::Open(*other, kTable);
    ASSERT_OK(CommitChange(*other, *table, {}, {"other", 1}, 1));
  };
  ASSERT_OK(Commit());
  EXPECT_FALSE(turn);
  EXPECT_EQ(Kinds(), "APPEND APPEND APPEND COMPACT ");
  EXPECT_EQ((*(*Table::Open(*env_, kTable))->SnapshotOf(2)).commit_user, "other");
  EXPECT_EQ(Read(), (Rows{"1|\"old\"", "2|\"new\"", "3|\"new\""}));
}

}  // namespace
}  // namespace sluice::paimon
