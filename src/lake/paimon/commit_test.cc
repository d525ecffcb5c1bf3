// SPDX-License-Identifier: Apache-2.0
// Commits to Paimon tables that are cut off at each step and made again, and those of two writers at the same time.
#include "lake/paimon/commit.h"

#include <gtest/gtest.h>

#include <functional>

#include "io/faulty_env.h"
#include "io/passing_env_test_util.h"
#include "lake/paimon/compaction.h"
#include "lake/paimon/manifest_files.h"
#include "lake/paimon/table_check_test_util.h"
#include "lake/paimon/table_model_test_util.h"

namespace sluice::paimon {
namespace {

TableSchema Shop() {
  TableSchema schema;
  schema.columns = {Col("id", "INT NOT NULL"), Col("name", "VARCHAR(20)"), Col("grp", "INT")};
  schema.primary_key = {"id"};
  return schema;
}

// Passes all on, and does something of the test's before a link to a name that ends so. Once.
class HookEnv final : public PassingEnv {
 public:
  using PassingEnv::PassingEnv;
  void BeforeLink(std::string ending, std::function<void()> what) {
    ending_ = std::move(ending);
    what_ = std::move(what);
  }
  bool called() const { return what_ == nullptr; }

  Status Link(const std::string& from, const std::string& to) override {
    if (what_ != nullptr && to.ends_with(ending_)) std::exchange(what_, nullptr)();
    return real_.Link(from, to);
  }

 private:
  std::string ending_;
  std::function<void()> what_;
};

// What crash points leave of the newest epoch: "APPEND COMPACT", and an error's text if something is wrong.
std::string KindsOf(const ModelLake& lake, const std::string& folder, int64_t identifier) {
  std::string out;
  auto table = *Table::Open(PosixEnv(), folder);
  const auto ids = *table->SnapshotIds();
  for (int64_t id : ids) {
    const Snapshot snapshot = *table->SnapshotOf(id);
    if (snapshot.commit_user != kJob || snapshot.commit_identifier != identifier) continue;
    out += (out.empty() ? "" : " ") + snapshot.commit_kind;
    TableChecker checker(PosixEnv(), folder);
    Status right = checker.CheckSnapshot(id);
    if (!right.ok()) out += right.error().ToString();
    if (snapshot.properties.at(Str("sluice.", kJob, ".epoch")) != Str(lake.epoch_)) out += " wrong epoch";
  }
  return out;
}

// A table that has all that a commit can have: schemas, rows, a changelog, a compaction, indexes of keys and files.
class PaimonCommitFaultTest : public ::testing::TestWithParam<Fault> {
 protected:
  PaimonCommitFaultTest() : lake_(Shop()) {}
  Status Prepare(bool truncate, bool fills) {
    TRY(lake_.Create({}, {{"bucket", "-1"}, {"dynamic-bucket.target-row-num", "2"}, {"changelog-producer", "input"},
                          {"num-sorted-run.compaction-trigger", "2"}, {"manifest.merge-min-count", "2"},
                          {"file-index.bitmap.columns", "name"}, {"file-index.in-manifest-threshold", "0 b"}}));
    for (int i = 0; i < 3; ++i) {
      TRY(lake_.Write({lake_.Put({Str(i), "a", "1"}), lake_.Put({Str(i + 1), "b", Str(i)})}));
      TRY(lake_.CommitEpoch());
    }
    if (truncate) {
      TRY(lake_.Write({lake_.Put({"9", "is gone", "1"})}));
      TRY(lake_.Truncate());
    }
    TRY(lake_.Write({lake_.Put({"1", "new", "1"}), lake_.Put({"7", "new", "1"})}));
    SchemaChange add;
    add.kind = SchemaChangeKind::kAddColumn;
    add.column = Col("more", "INT", "5");
    if (!fills) add.initial.kind = InitialDefault::Kind::kNull;
    TRY(lake_.Change(add));
    TRY(lake_.Write({lake_.Put({"2", "newer", "1", "null"}), lake_.Gone({"1", "new", "1", "5"})}));
    TRY_SET(change_, lake_.Finish());
    base_ = lake_.writer_->base_snapshot();
    const std::string old = fills ? "5|" : "null|";
    expected_ = {"2|\"newer\"|1|null|", "7|\"new\"|1|" + old};
    if (!truncate) expected_.insert({"0|\"a\"|1|" + old, "3|\"b\"|2|" + old});
    return Ok();
  }
  std::string Copied() {
    const std::string folder = copies_.path().string() + Str("/", ++copy_);
    std::filesystem::copy(lake_.folder_, folder, std::filesystem::copy_options::recursive);
    return folder;
  }
  static Rows Read(const std::string& folder) {
    Rows out;
    auto table = *Table::Open(PosixEnv(), folder);
    auto scan = *TableScan::Make(PosixEnv(), *table, {}, {});
    for (DataBatch batch; *scan.Next(batch);) {
      for (int64_t row = 0; row < batch.rows->num_rows(); ++row) {
        std::string line;
        for (const auto& column : batch.rows->columns()) AppendJson(*column, row, line += line.empty() ? "" : "|");
        out.insert(line + "|");
      }
    }
    return out;
  }
  Result<CommitOutcome> CommitBy(Env& env, const std::string& folder) {
    TRY_SET(auto table, Table::Open(env, folder));
    return CommitChange(env, *table, change_, {kJob, lake_.epoch_}, base_);
  }
  // Cuts off the commit at each step, and that which repairs it at another one.
  void RunAll(const char* kinds, int64_t least_steps) {
    int64_t step = 1;
    for (bool fired = true; fired; ++step) {
      SCOPED_TRACE(testing::Message() << "step " << step);
      const std::string folder = Copied();
      FaultyEnv env(PosixEnv());
      env.Arm(GetParam(), step);
      (void)CommitBy(env, folder).ok();
      fired = env.fired();
      FaultyEnv again(PosixEnv());
      again.Arm(GetParam(), 1 + step * 7 % 11);
      (void)CommitBy(again, folder).ok();
      ASSERT_OK(CommitBy(PosixEnv(), folder));
      ASSERT_EQ(KindsOf(lake_, folder, lake_.epoch_), kinds);
      ASSERT_EQ(Read(folder), expected_);
      const auto once_more = CommitBy(PosixEnv(), folder);
      ASSERT_OK(once_more);
      ASSERT_EQ(once_more->snapshots_made, 0);
      std::filesystem::remove_all(folder);
    }
    EXPECT_GT(step, least_steps);
  }

  ModelLake lake_;
  TestFolder copies_;
  int copy_ = 0;
  TableChange change_;
  int64_t base_ = 0;
  Rows expected_;
};

TEST_P(PaimonCommitFaultTest, AnAppendAndACompactionAreMadeOnce) {
  ASSERT_OK(Prepare(false, false));
  ASSERT_NO_FATAL_FAILURE(RunAll("APPEND COMPACT", 30));
}

TEST_P(PaimonCommitFaultTest, AColumnIsFilledOnce) {  // and no snapshot shows the rows without it
  ASSERT_OK(Prepare(false, true));
  ASSERT_NO_FATAL_FAILURE(RunAll("APPEND", 15));
}

TEST_P(PaimonCommitFaultTest, ATruncationIsMadeOnce) {
  ASSERT_OK(Prepare(true, false));
  ASSERT_NO_FATAL_FAILURE(RunAll("OVERWRITE COMPACT", 30));
}

INSTANTIATE_TEST_SUITE_P(Faults, PaimonCommitFaultTest,
                         testing::Values(Fault::kFail, Fault::kFailAfter, Fault::kCrash));

// The writer itself goes on after an error of a commit that is tried again.
TEST(PaimonCommitTest, AWriterTriesAgainAndGoesOn) {
  for (Fault fault : {Fault::kFail, Fault::kFailAfter}) {
    for (int64_t step = 1; step < 60; step += 5) {
      FaultyEnv env(PosixEnv());
      ModelLake lake(Shop(), env);
      ASSERT_OK(lake.Create({}, {{"bucket", "1"},
                                 {"num-sorted-run.compaction-trigger", "2"},
                                 {"compaction.max-size-amplification-percent", "0"}}));
      ASSERT_OK(lake.Write({lake.Put({"1", "a", "1"})}));
      ASSERT_OK(lake.CommitEpoch());
      ASSERT_OK(lake.Write({lake.Put({"2", "b", "1"})}));
      const auto change = lake.Finish();
      ASSERT_OK(change);
      env.Arm(fault, step);
      const auto first = lake.writer_->Commit(*change, lake.epoch_);
      if (!first.ok()) {
        ASSERT_OK(lake.writer_->Commit(*change, lake.epoch_));
      }
      env.Disarm();
      ASSERT_OK(lake.Write({lake.Put({"1", "c", "1"})}));
      ASSERT_OK(lake.CommitEpoch());
      ASSERT_EQ(lake.Kinds(), "APPEND APPEND COMPACT APPEND COMPACT") << step;
      ASSERT_EQ(lake.Read(), (Rows{"1|\"c\"|1|", "2|\"b\"|1|"}));
      TableChecker checker(PosixEnv(), lake.folder_);
      ASSERT_OK(checker.CheckSnapshot(5));
    }
  }
}

// Two writers of one table, of which one has not committed yet.
class PaimonCommitRaceTest : public ::testing::Test {
 protected:
  PaimonCommitRaceTest() : env_(PosixEnv()), lake_(Shop(), env_) {}
  void Start(const std::string& trigger, int epochs = 2, const Options& more = {}) {
    Options options = more;
    options.emplace("bucket", "1");
    options["num-sorted-run.compaction-trigger"] = trigger;
    ASSERT_OK(lake_.Create({}, options));
    for (int i = 0; i < epochs; ++i) {
      ASSERT_OK(lake_.Write({lake_.Put({Str(i), "a", "1"})}));
      ASSERT_OK(lake_.CommitEpoch());
    }
  }
  // Rows of another job.
  Status Foreign(const std::vector<std::vector<std::string>>& rows, bool truncate = false, bool compact = true) {
    TRY_SET(auto writer, lake_.NewWriter("job-2"));
    SchemaChange change;
    change.kind = SchemaChangeKind::kTruncateTable;
    if (truncate) TRY(writer->Change(change));
    for (const auto& row : rows) TRY(lake_.WriteBy(*writer, {lake_.Put(row)}));
    TRY_SET(TableChange made, writer->Finish({++foreign_epoch_, "", "", ""}));
    if (!compact) made.compacted = {};
    TRY_SET(const int64_t snapshots, writer->Commit(made, foreign_epoch_));
    (void)snapshots;
    return Ok();
  }
  // All files of the only bucket become one, by another job.
  Status ForeignCompaction() {
    auto table = lake_.OpenTable();
    const Schema& schema = table->newest_schema();
    TRY_SET(const TableOptions options, TableOptions::Of(schema));
    TRY_SET(const auto layout, RowLayout::Make(schema, options));
    TRY_SET(const auto latest, table->LatestSnapshot());
    TRY_SET(const auto live, table->LiveEntries(*latest));
    std::vector<DataFileMeta> files;
    for (const ManifestEntry& entry : live) files.push_back(entry.file);
    const auto unit = PickCompaction(files, options, true);
    if (!unit) return Invalid("nothing to compact");
    RowFileOptions file_options;
    file_options.folder = lake_.folder_ + "/bucket-0";
    TRY_SET(const auto done, Compact(PosixEnv(), schema, {{schema.id, &schema}}, options, layout, file_options, *unit));
    std::vector<ManifestEntry> entries;
    TableChange change;
    const auto add = [&](EntryKind kind, const DataFileMeta& file) {
      entries.push_back({kind, EmptyRow(), 0, 1, file});
      change.compacted.rows += kind == EntryKind::kAdd ? file.row_count : -file.row_count;
    };
    for (const DataFileMeta& file : done.before) add(EntryKind::kDelete, file);
    for (const DataFileMeta& file : done.after) add(EntryKind::kAdd, file);
    TRY_SET(change.compacted.manifests, WriteManifests(PosixEnv(), *table, entries));
    TRY_SET(const CommitOutcome outcome, CommitChange(PosixEnv(), *table, change, {"job-2", ++foreign_epoch_}, 0));
    return outcome.compacted ? Ok() : Status(Invalid("left out"));
  }
  void During(const std::string& link, std::function<Status()> what) {
    env_.BeforeLink(link, [what] { ASSERT_OK(what()); });
  }
  void CheckAll(bool names = true) {
    EXPECT_TRUE(env_.called());
    TableChecker checker(PosixEnv(), lake_.folder_);
    for (const Snapshot& snapshot : lake_.Snapshots()) ASSERT_OK(checker.CheckSnapshot(snapshot.id));
    if (names) ASSERT_OK(checker.CheckNames());
  }

  HookEnv env_;
  ModelLake lake_;
  int64_t foreign_epoch_ = 0;
};

TEST_F(PaimonCommitRaceTest, TheLoserTakesTheNextNumber) {
  ASSERT_NO_FATAL_FAILURE(Start("9", 2, {{"manifest.merge-min-count", "2"}}));
  During("snapshot-3", [&] { return Foreign({{"8", "foreign", "1"}}); });
  ASSERT_OK(lake_.Write({lake_.Put({"1", "ours", "1"})}));
  ASSERT_OK(lake_.CommitEpoch());
  EXPECT_EQ(lake_.Read(), (Rows{"0|\"a\"|1|", "1|\"ours\"|1|", "8|\"foreign\"|1|"}));
  EXPECT_EQ(lake_.Snapshots()[2].commit_user, "job-2");
  EXPECT_EQ(lake_.Snapshots()[3].commit_user, kJob);
  CheckAll();
  ASSERT_OK(lake_.Write({lake_.Put({"8", "ours now", "1"})}));  // newer than the foreign row
  ASSERT_OK(lake_.CommitEpoch());
  EXPECT_EQ(lake_.Read(), (Rows{"0|\"a\"|1|", "1|\"ours\"|1|", "8|\"ours now\"|1|"}));
}

TEST_F(PaimonCommitRaceTest, ACompactionWhoseFilesAreGoneIsLeftOut) {
  ASSERT_NO_FATAL_FAILURE(Start("3"));
  for (const char* when : {"snapshot-3", "snapshot-6"}) {  // of the append, and of the compaction
    During(when, [&] { return ForeignCompaction(); });
    ASSERT_OK(lake_.Write({lake_.Put({"1", Str("ours ", when), "1"}), lake_.Put({"5", when, "1"})}));
    ASSERT_OK(lake_.CommitEpoch());
    ASSERT_NO_FATAL_FAILURE(CheckAll());
    EXPECT_EQ(lake_.Read(), (Rows{"0|\"a\"|1|", Str("1|\"ours ", when, "\"|1|"), Str("5|\"", when, "\"|1|")}));
    if (std::string(when) == "snapshot-6") break;
    EXPECT_EQ(lake_.Kinds(), "APPEND APPEND APPEND COMPACT APPEND");
    ASSERT_OK(lake_.Write({lake_.Put({"0", "a", "1"})}));
  }
}

TEST_F(PaimonCommitRaceTest, ACompactionIsMadeBehindRowsOfOthers) {
  ASSERT_NO_FATAL_FAILURE(Start("3"));
  During("snapshot-4", [&] { return Foreign({{"8", "foreign", "1"}}, false, false); });
  ASSERT_OK(lake_.Write({lake_.Put({"1", "ours", "1"})}));
  ASSERT_OK(lake_.CommitEpoch());
  EXPECT_EQ(lake_.Snapshots().back().commit_kind, "COMPACT");
  EXPECT_EQ(lake_.Snapshots().back().commit_user, kJob);
  EXPECT_EQ(lake_.Read(), (Rows{"0|\"a\"|1|", "1|\"ours\"|1|", "8|\"foreign\"|1|"}));
  CheckAll(false);
}

// Both compact files that are their own, to a level where nothing was: the keys of the files there must not meet.
TEST_F(PaimonCommitRaceTest, ACompactionThatMeetsAnotherOneInItsLevelIsLeftOut) {
  ASSERT_NO_FATAL_FAILURE(Start("2", 0));
  During("snapshot-1", [&]() -> Status {
    TRY(Foreign({{"1", "foreign", "1"}}));
    return Foreign({{"9", "foreign", "1"}});
  });
  ASSERT_OK(lake_.Write({lake_.Put({"2", "ours", "1"})}));
  ASSERT_OK(lake_.writer_->Flush());
  ASSERT_OK(lake_.Write({lake_.Put({"3", "ours", "1"})}));
  ASSERT_OK(lake_.CommitEpoch());
  EXPECT_EQ(lake_.Read(), (Rows{"1|\"foreign\"|1|", "2|\"ours\"|1|", "3|\"ours\"|1|", "9|\"foreign\"|1|"}));
  CheckAll();
}

// Nor later, after a restart, when the other files have gone on: the writer has removed its own.
TEST_F(PaimonCommitRaceTest, ACompactionThatWasLeftOutStaysSo) {
  ASSERT_NO_FATAL_FAILURE(Start("2", 0));
  During("snapshot-1", [&]() -> Status {
    TRY(Foreign({{"1", "foreign", "1"}}));
    return Foreign({{"9", "foreign", "1"}});
  });
  ASSERT_OK(lake_.Write({lake_.Put({"2", "ours", "1"})}));
  ASSERT_OK(lake_.writer_->Flush());
  ASSERT_OK(lake_.Write({lake_.Put({"3", "ours", "1"})}));
  const auto change = lake_.Finish();
  ASSERT_OK(change);
  ASSERT_OK(lake_.writer_->Commit(*change, lake_.epoch_));
  ASSERT_OK(Foreign({}, true));
  const auto again = lake_.CommitAgain(*change, 0);
  ASSERT_OK(again);
  EXPECT_EQ(again->snapshots_made, 0);
  EXPECT_EQ(lake_.Read(), Rows());
}

TEST_F(PaimonCommitRaceTest, ATruncationRemovesWhatOthersAddedBefore) {
  ASSERT_NO_FATAL_FAILURE(Start("9"));
  During("snapshot-3", [&] { return Foreign({{"8", "foreign", "1"}}); });
  ASSERT_OK(lake_.Truncate());
  ASSERT_OK(lake_.Write({lake_.Put({"1", "ours", "1"})}));
  ASSERT_OK(lake_.CommitEpoch());
  EXPECT_EQ(lake_.Read(), (Rows{"1|\"ours\"|1|"}));
  EXPECT_EQ(lake_.Kinds(), "APPEND APPEND APPEND OVERWRITE");
  CheckAll();
}

TEST_F(PaimonCommitRaceTest, RowsOfOursStayBehindAForeignTruncation) {
  ASSERT_NO_FATAL_FAILURE(Start("3"));
  During("snapshot-3", [&] { return Foreign({{"8", "foreign", "1"}}, true); });
  ASSERT_OK(lake_.Write({lake_.Put({"1", "ours", "1"})}));
  ASSERT_OK(lake_.CommitEpoch());
  EXPECT_EQ(lake_.Read(), (Rows{"1|\"ours\"|1|", "8|\"foreign\"|1|"}));
  EXPECT_EQ(lake_.Kinds(), "APPEND APPEND OVERWRITE APPEND");
  CheckAll();
  for (const char* key : {"0", "1", "2", "3", "8", "9"}) {
    ASSERT_OK(lake_.Write({lake_.Put({key, "new", "1"})}));
    ASSERT_OK(lake_.CommitEpoch());
  }
  EXPECT_EQ(lake_.Read().size(), 6u);
}

TEST_F(PaimonCommitRaceTest, ColumnsChangedByBothAreRefused) {
  ASSERT_NO_FATAL_FAILURE(Start("9"));
  SchemaChange add;
  add.kind = SchemaChangeKind::kAddColumn;
  add.column = Col("ours", "INT");
  ASSERT_OK(lake_.Change(add));
  ASSERT_OK(lake_.Write({lake_.Put({"1", "ours", "1", "2"})}));
  const auto change = lake_.Finish();
  ASSERT_OK(change);
  Schema theirs = lake_.OpenTable()->newest_schema();
  theirs.id = 1;
  theirs.fields[1].description = "theirs";
  ASSERT_OK(PosixEnv().WriteFile(lake_.folder_ + "/schema/schema-1", theirs.ToJson()));
  const auto refused = lake_.writer_->Commit(*change, lake_.epoch_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_NE(refused.error().message.find("schema-1 was made by another writer"), std::string::npos);
  EXPECT_EQ(lake_.Snapshots().size(), 2u);
}

TEST_F(PaimonCommitRaceTest, AColumnOfAnotherWriterIsNullInOurRows) {
  ASSERT_NO_FATAL_FAILURE(Start("9"));
  ASSERT_OK(lake_.Write({lake_.Put({"1", "ours", "1"})}));
  SchemaChange add;
  add.kind = SchemaChangeKind::kAddColumn;
  add.column = Col("theirs", "INT");
  Schema theirs = *Evolve(lake_.OpenTable()->newest_schema(), add);
  theirs.id = 1;
  ASSERT_OK(PosixEnv().WriteFile(lake_.folder_ + "/schema/schema-1", theirs.ToJson()));
  ASSERT_OK(lake_.CommitEpoch());
  ASSERT_OK(lake_.Write({lake_.Put({"5", "ours", "1"})}));
  ASSERT_OK(lake_.CommitEpoch());
  EXPECT_EQ(lake_.Read(), (Rows{"0|\"a\"|1|null|", "1|\"ours\"|1|null|", "5|\"ours\"|1|null|"}));
  EXPECT_EQ(lake_.Snapshots().back().schema_id, 1);
}

// Index files stand in place of those of the same partition, bucket and type; all others stay.
TEST_F(PaimonCommitRaceTest, IndexFilesReplaceThoseOfTheirBucketOnly) {
  ASSERT_NO_FATAL_FAILURE(Start("9", 5, {{"bucket", "-1"}, {"dynamic-bucket.target-row-num", "2"}}));
  const auto indexes = [&] {
    std::map<int, std::string> out;
    auto table = lake_.OpenTable();
    const auto latest = *table->LatestSnapshot();
    const auto entries = *table->ReadIndexManifest(latest->index_manifest);
    for (const IndexEntry& entry : entries) {
      EXPECT_TRUE(out.emplace(entry.bucket, entry.name).second);
    }
    return out;
  };
  const auto before = indexes();
  ASSERT_EQ(before.size(), 3u);
  ASSERT_OK(lake_.Write({lake_.Put({"77", "new", "1"}), lake_.Put({"1", "old", "1"})}));
  ASSERT_OK(lake_.CommitEpoch());
  const auto after = indexes();
  ASSERT_EQ(after.size(), 3u);
  EXPECT_EQ(after.at(0), before.at(0));
  EXPECT_EQ(after.at(1), before.at(1));
  EXPECT_NE(after.at(2), before.at(2));
}

// A clean-up may have taken files of a commit that was prepared long ago; not of one that was made.
TEST_F(PaimonCommitRaceTest, APreparedChangeWhoseFilesAreGoneIsRefused) {
  ASSERT_NO_FATAL_FAILURE(Start("3", 2, {{"changelog-producer", "input"}}));
  const auto commit = [&](const TableChange& change) {
    return CommitChange(PosixEnv(), *lake_.OpenTable(), change, {kJob, lake_.epoch_}, 2, true);
  };
  ASSERT_OK(lake_.Write({lake_.Put({"1", "ours", "1"})}));
  const auto change = lake_.Finish();
  ASSERT_OK(change);
  lake_.writer_.reset();
  auto table = lake_.OpenTable();
  const std::string manifest = table->ManifestPath(change->added.manifests[0].name);
  std::vector<std::string> paths = {manifest};
  for (const auto* files : {&change->added, &change->changelog}) {
    const auto entries = *table->ReadManifest(files->manifests[0].name);
    paths.push_back(lake_.folder_ + "/bucket-0/" + entries[0].file.name);
  }
  for (const std::string& path : paths) {
    std::filesystem::rename(path, path + ".away");
    const auto refused = commit(*change);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(refused.error().message.find(path + " of the commit"), std::string::npos) << refused.error().message;
    EXPECT_EQ(lake_.Kinds(), "APPEND APPEND");
    std::filesystem::rename(path + ".away", path);
  }
  const auto compacted = *table->ReadManifest(change->compacted.manifests[0].name);
  ASSERT_EQ(compacted.back().kind, EntryKind::kAdd);
  const std::string larger = lake_.folder_ + "/bucket-0/" + compacted.back().file.name;
  std::filesystem::remove(larger);
  const auto appended = commit(*change);  // rows come before order
  ASSERT_OK(appended);
  EXPECT_FALSE(appended->compacted);
  EXPECT_EQ(lake_.Read(), (Rows{"0|\"a\"|1|", "1|\"ours\"|1|"}));
  std::filesystem::remove(paths[1]);  // in a snapshot: no more this commit's concern
  const auto again = commit(*change);
  ASSERT_OK(again);
  EXPECT_EQ(again->snapshots_made, 0);
}

// Snapshots expire while a commit looks back for its own ones.
TEST_F(PaimonCommitRaceTest, ExpiredSnapshotsDoNotHinderACommit) {
  ASSERT_NO_FATAL_FAILURE(Start("9"));
  ASSERT_OK(Foreign({{"8", "foreign", "1"}}));
  for (int id : {1, 2}) ASSERT_OK(PosixEnv().Remove(Str(lake_.folder_, "/snapshot/snapshot-", id)));
  ASSERT_OK(lake_.Write({lake_.Put({"1", "ours", "1"})}));
  ASSERT_OK(lake_.CommitEpoch());
  EXPECT_EQ(lake_.Read(), (Rows{"0|\"a\"|1|", "1|\"ours\"|1|", "8|\"foreign\"|1|"}));
  EXPECT_EQ((*LatestOfUser(*lake_.OpenTable(), kJob))->id, 4);
  EXPECT_FALSE((*LatestOfUser(*lake_.OpenTable(), "job-3")).has_value());
}

}  // namespace
}  // namespace sluice::paimon
