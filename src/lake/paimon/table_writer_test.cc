// SPDX-License-Identifier: Apache-2.0
// TableWriter: what an epoch makes of rows and of changes, one case each; table_writer_random_test.cc has the rest.
#include "lake/paimon/table_writer.h"

#include <gtest/gtest.h>

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

class PaimonTableWriterTest : public ::testing::Test {
 protected:
  void Start(const Options& options, TableSchema schema = Shop(), const std::vector<std::string>& partitions = {}) {
    lake_ = std::make_unique<ModelLake>(std::move(schema));
    ASSERT_OK(lake_->Create(partitions, options));
  }
  Status Put(const std::vector<std::string>& row) { return lake_->Write({lake_->Put(row)}); }
  Status Change(SchemaChangeKind kind, const std::string& name, Column column = {}) {
    SchemaChange change;
    change.kind = kind;
    change.name = name;
    change.column = std::move(column);
    return lake_->Change(change);
  }
  void Check() {
    TableChecker checker(PosixEnv(), lake_->folder_);
    for (const Snapshot& snapshot : lake_->Snapshots()) ASSERT_OK(checker.CheckSnapshot(snapshot.id));
    ASSERT_OK(checker.CheckNames());
  }
  std::vector<ManifestEntry> ChangelogOf(const Snapshot& snapshot) const {
    std::vector<ManifestEntry> out;
    auto table = lake_->OpenTable();
    const auto manifests = *table->ReadManifestList(snapshot.changelog_manifest_list);
    for (const ManifestFile& manifest : manifests) {
      const auto read = *table->ReadManifest(manifest.name);
      out.insert(out.end(), read.begin(), read.end());
    }
    return out;
  }

  std::unique_ptr<ModelLake> lake_;
};

TEST_F(PaimonTableWriterTest, TheLastChangeOfAKeyWins) {
  ASSERT_NO_FATAL_FAILURE(Start({{"bucket", "2"}}));
  ASSERT_OK(lake_->Write({lake_->Put({"1", "a", "1"}), lake_->Gone({"1", "a", "1"}), lake_->Put({"1", "b", "1"}),
                          lake_->Put({"2", "c", "1"}), lake_->Gone({"2", "c", "1"})}));
  ASSERT_OK(lake_->CommitEpoch());
  EXPECT_EQ(lake_->Read(), Rows{"1|\"b\"|1|"});
  Check();
}

TEST_F(PaimonTableWriterTest, HigherValuesOfTheSequenceFieldWin) {
  for (const char* order : {"ascending", "descending"}) {
    ASSERT_NO_FATAL_FAILURE(Start({{"bucket", "1"}, {"sequence.field", "grp"}, {"sequence.field.sort-order", order},
                                   {"num-sorted-run.compaction-trigger", "3"}}));
    const bool up = std::string(order) == "ascending";
    ASSERT_OK(lake_->Write({lake_->Put({"1", "five", "5"}), lake_->Put({"1", "three", "3"})}));
    ASSERT_OK(lake_->CommitEpoch());
    EXPECT_EQ(lake_->Read(), Rows{up ? "1|\"five\"|5|" : "1|\"three\"|3|"});
    ASSERT_OK(Put({"1", "four", "4"}));  // in another file
    ASSERT_OK(lake_->CommitEpoch());
    EXPECT_EQ(lake_->Read(), Rows{up ? "1|\"five\"|5|" : "1|\"three\"|3|"});
    ASSERT_OK(Put({"1", "again", up ? "5" : "3"}));  // the same: the later one; and a compaction
    ASSERT_OK(lake_->CommitEpoch());
    EXPECT_EQ(lake_->Read(), Rows{up ? "1|\"again\"|5|" : "1|\"again\"|3|"});
    EXPECT_EQ(lake_->Snapshots().back().commit_kind, "COMPACT");
    Check();
  }
}

// As Java's comparator has it, in both directions.
TEST_F(PaimonTableWriterTest, NullInTheSequenceFieldNeverWins) {
  for (const char* order : {"ascending", "descending"}) {
    ASSERT_NO_FATAL_FAILURE(Start({{"bucket", "1"}, {"sequence.field", "grp"}, {"sequence.field.sort-order", order}}));
    ASSERT_OK(lake_->Write({lake_->Put({"1", "five", "5"}), lake_->Put({"1", "null", "null"}),
                            lake_->Put({"2", "null", "null"}), lake_->Put({"2", "later", "null"})}));
    ASSERT_OK(lake_->CommitEpoch());
    EXPECT_EQ(lake_->Read(), (Rows{"1|\"five\"|5|", "2|\"later\"|null|"}));
    ASSERT_OK(lake_->Write({lake_->Put({"1", "null", "null"}), lake_->Put({"2", "zero", "0"})}));
    ASSERT_OK(lake_->CommitEpoch());
    EXPECT_EQ(lake_->Read(), (Rows{"1|\"five\"|5|", "2|\"zero\"|0|"}));
    ASSERT_OK(Put({"2", "null", "null"}));
    ASSERT_OK(lake_->CommitEpoch());
    EXPECT_EQ(lake_->Read(), (Rows{"1|\"five\"|5|", "2|\"zero\"|0|"}));
  }
}

TEST_F(PaimonTableWriterTest, DeletionsAreIgnoredIfTheTableSaysSo) {
  ASSERT_NO_FATAL_FAILURE(Start({{"bucket", "1"}, {"ignore-delete", "true"}, {"changelog-producer", "input"}}));
  ASSERT_OK(lake_->Write({lake_->Put({"1", "a", "1"}), lake_->Gone({"1", "a", "1"})}));
  ASSERT_OK(lake_->Write({lake_->Gone({"2", "x", "1"})}));
  ASSERT_OK(lake_->CommitEpoch());
  EXPECT_EQ(lake_->Read(), Rows{"1|\"a\"|1|"});
  ASSERT_OK(lake_->Write({lake_->Gone({"1", "a", "1"})}));  // nothing is left of it
  ASSERT_OK(lake_->CommitEpoch());
  EXPECT_EQ(lake_->Kinds(), "APPEND APPEND");
  Check();
}

// As they came, also those of one key.
TEST_F(PaimonTableWriterTest, AChangelogHasAllRows) {
  ASSERT_NO_FATAL_FAILURE(Start({{"bucket", "1"}, {"changelog-producer", "input"}}));
  ASSERT_OK(lake_->Write({lake_->Row(RowKind::kInsert, {"2", "a", "1"}),
                          lake_->Row(RowKind::kUpdateBefore, {"2", "a", "1"}),
                          lake_->Row(RowKind::kUpdateAfter, {"2", "b", "1"}), lake_->Gone({"1", "x", "1"})}));
  ASSERT_OK(lake_->CommitEpoch());
  const Snapshot snapshot = lake_->Snapshots()[0];
  EXPECT_EQ(snapshot.changelog_record_count, 4);
  EXPECT_EQ(snapshot.total_record_count, 2);
  const auto changelog = ChangelogOf(snapshot);
  ASSERT_EQ(changelog.size(), 1u);
  EXPECT_EQ(changelog[0].file.delete_row_count, 2);
  EXPECT_TRUE(changelog[0].file.name.starts_with("changelog-"));
  const auto layout = *RowLayout::Make(lake_->OpenTable()->newest_schema(), *TableOptions::Of(
                                           lake_->OpenTable()->newest_schema()));
  const auto columns = ReadColumns(PosixEnv(), Str(lake_->folder_, "/bucket-0/", changelog[0].file.name), *layout);
  ASSERT_OK(columns);
  std::string kinds;
  for (int64_t row = 0; row < 4; ++row) kinds += (*columns)[2]->GetScalar(row).ValueOrDie()->ToString();
  EXPECT_EQ(kinds, "0123");
  Check();
}

// Of the newest compaction; the row itself is the new one each time.
TEST_F(PaimonTableWriterTest, ChangesOfSomeColumnsCanBeLeftOutOfTheChangelog) {
  for (const char* producer : {"lookup", "full-compaction"}) {
    for (const char* ignored : {"grp", "name,grp", "name, grp", ""}) {  // " grp" is no column: Java keeps the blank
      ASSERT_NO_FATAL_FAILURE(Start({{"bucket", "1"}, {"changelog-producer", producer},
                                     {"changelog-producer.row-deduplicate", "true"},
                                     {"changelog-producer.row-deduplicate-ignore-fields", ignored}}));
      const auto changes_by = [&](const std::string& name, const std::string& grp) {
        EXPECT_TRUE(Put({"1", name, grp}).ok());
        EXPECT_TRUE(lake_->CommitEpoch().ok());
        EXPECT_EQ(lake_->Read(), Rows{Str("1|\"", name, "\"|", grp, "|")});
        return lake_->Snapshots().back().changelog_record_count.value_or(0);
      };
      EXPECT_EQ(changes_by("a", "1"), 1);
      EXPECT_EQ(changes_by("a", "1"), 0);
      const bool group = std::string(ignored) == "grp" || std::string(ignored).ends_with(",grp");
      EXPECT_EQ(changes_by("a", "2"), group ? 0 : 2) << ignored;
      EXPECT_EQ(changes_by("b", "2"), std::string(ignored).starts_with("name") ? 0 : 2) << ignored;
    }
  }
}

TEST_F(PaimonTableWriterTest, OldRowsShowTheDefaultOfANewColumn) {
  for (const bool keyed : {true, false}) {
    TableSchema schema = Shop();
    if (!keyed) schema.primary_key.clear();
    ASSERT_NO_FATAL_FAILURE(Start({{"bucket", keyed ? "1" : "-1"}}, schema, {"grp"}));
    ASSERT_OK(lake_->Write({lake_->Put({"1", "a", "1"}), lake_->Put({"2", "b", "2"})}));
    ASSERT_OK(lake_->CommitEpoch());
    ASSERT_OK(Put({"3", "c", "1"}));
    ASSERT_OK(Change(SchemaChangeKind::kAddColumn, "", Col("more", "BIGINT", "7")));
    ASSERT_OK(Put({"4", "d", "1", "null"}));
    ASSERT_OK(lake_->CommitEpoch());
    EXPECT_EQ(lake_->Kinds(), "APPEND APPEND");
    EXPECT_EQ(lake_->Read(), (Rows{"1|\"a\"|1|7|", "2|\"b\"|2|7|", "3|\"c\"|1|7|", "4|\"d\"|1|null|"}));
    EXPECT_EQ(lake_->Read(1), (Rows{"1|\"a\"|1|", "2|\"b\"|2|"}));
    Check();
  }
}

// Sequence numbers of rows go on where those of the files end, also of files that were filled.
TEST_F(PaimonTableWriterTest, RowsWithoutAKeyAreNumberedOn) {
  TableSchema schema = Shop();
  schema.primary_key.clear();
  ASSERT_NO_FATAL_FAILURE(Start({}, schema));
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK(lake_->Write(
        {lake_->Put({Str(i), "a", "1"}), lake_->Gone({"9", "x", "1"}), lake_->Put({"5", "b", "1"})}));
    ASSERT_OK(lake_->CommitEpoch());
    if (i == 1) ASSERT_OK(lake_->Reopen());
  }
  ASSERT_OK(Change(SchemaChangeKind::kAddColumn, "", Col("more", "INT", "7")));
  ASSERT_OK(lake_->CommitEpoch());
  ASSERT_OK(lake_->Reopen());
  ASSERT_OK(Put({"7", "z", "1", "1"}));
  ASSERT_OK(lake_->CommitEpoch());
  auto table = lake_->OpenTable();
  const auto live = *table->LiveEntries(**table->LatestSnapshot());
  std::set<std::pair<int64_t, int64_t>> numbers;
  for (const ManifestEntry& entry : live) numbers.emplace(entry.file.min_sequence, entry.file.max_sequence);
  ASSERT_EQ(numbers.size(), 4u);
  int64_t next = 0;
  for (const auto& [first, last] : numbers) {
    EXPECT_GE(first, next);
    next = last + 1;
  }
  EXPECT_EQ(lake_->Read().size(), 7u);
  Check();
}

TEST_F(PaimonTableWriterTest, ATableThatIsDroppedAndMadeAgainGetsItsNewColumns) {
  ASSERT_NO_FATAL_FAILURE(Start({{"bucket", "1"}}));
  ASSERT_OK(lake_->Write({lake_->Put({"1", "a", "1"})}));
  ASSERT_OK(lake_->CommitEpoch());
  ASSERT_OK(Change(SchemaChangeKind::kDropTable, ""));
  ASSERT_OK(lake_->CommitEpoch());
  EXPECT_EQ(lake_->Read(), Rows());
  TableSchema again = Shop();
  again.columns[1].type = *ParseDataType("BYTES");  // another type: another column
  again.columns[2].name = "other";
  lake_->schema_ = std::make_shared<TableSchema>(again);
  ASSERT_OK(lake_->Reopen());
  ASSERT_OK(Put({"1", "a", "1"}));
  ASSERT_OK(lake_->CommitEpoch());
  EXPECT_EQ(lake_->Read(), Rows{"1|\"61\"|1|"});
  EXPECT_EQ(lake_->Read(1), Rows{"1|\"a\"|1|"});
  const Schema schema = lake_->OpenTable()->newest_schema();
  EXPECT_EQ(schema.Find("id")->id, 0);
  EXPECT_EQ(schema.Find("name")->id, 3);
  EXPECT_EQ(schema.Find("other")->id, 4);
  EXPECT_FALSE(lake_->Snapshots().back().properties.contains("sluice.job-1.dropped"));
  Check();
}

TEST_F(PaimonTableWriterTest, AnEpochThatIsGivenUpLeavesNoFiles) {
  ASSERT_NO_FATAL_FAILURE(Start({{"bucket", "2"}, {"changelog-producer", "input"}}));
  ASSERT_OK(lake_->Write({lake_->Put({"1", "a", "1"}), lake_->Put({"2", "a", "1"})}));
  ASSERT_OK(lake_->CommitEpoch());
  ASSERT_OK(lake_->Write({lake_->Put({"1", "b", "1"}), lake_->Put({"2", "b", "1"})}));
  ASSERT_OK(lake_->writer_->Flush());
  ASSERT_OK(Change(SchemaChangeKind::kAddColumn, "", Col("more", "INT", "7")));
  ASSERT_OK(lake_->writer_->Flush());
  lake_->schema_ = std::make_shared<TableSchema>(Shop());
  ASSERT_OK(lake_->Reopen());
  Check();
  EXPECT_EQ(lake_->Read(), (Rows{"1|\"a\"|1|", "2|\"a\"|1|"}));
}

TEST_F(PaimonTableWriterTest, RowsWaitUntilTheirBufferIsFull) {
  for (const auto& [size, files] : {std::pair{"1 b", size_t{3}}, {"1 mb", size_t{1}}}) {
    ASSERT_NO_FATAL_FAILURE(Start({{"bucket", "1"}, {"write-only", "true"}, {"write-buffer-size", size}}));
    for (const char* id : {"1", "2", "1"}) ASSERT_OK(Put({id, size, "1"}));
    ASSERT_OK(lake_->CommitEpoch());
    const auto live = lake_->OpenTable()->LiveFiles(lake_->Snapshots().back());
    ASSERT_OK(live);
    EXPECT_EQ(live->size(), files) << size;
    Check();
  }
}

TEST_F(PaimonTableWriterTest, ATruncationForgetsTheRowsBeforeIt) {
  ASSERT_NO_FATAL_FAILURE(Start({{"bucket", "-1"}, {"dynamic-bucket.target-row-num", "1"},
                                 {"num-sorted-run.compaction-trigger", "2"}}));
  ASSERT_OK(lake_->Write({lake_->Put({"1", "a", "1"}), lake_->Put({"2", "a", "1"})}));
  ASSERT_OK(lake_->CommitEpoch());
  ASSERT_OK(Put({"3", "x", "1"}));
  ASSERT_OK(lake_->writer_->Flush());
  ASSERT_OK(Put({"4", "y", "1"}));
  ASSERT_OK(lake_->Truncate());
  ASSERT_OK(lake_->Truncate());
  ASSERT_OK(Put({"2", "b", "1"}));
  ASSERT_OK(lake_->CommitEpoch());
  EXPECT_EQ(lake_->Read(), Rows{"2|\"b\"|1|"});
  EXPECT_EQ(lake_->Snapshots().back().total_record_count, 1);
  ASSERT_OK(lake_->Truncate());
  ASSERT_OK(lake_->CommitEpoch());
  EXPECT_EQ(lake_->Kinds(), "APPEND OVERWRITE OVERWRITE");
  EXPECT_EQ(lake_->Snapshots().back().total_record_count, 0);
  Check();
}

TEST_F(PaimonTableWriterTest, ATableOfAnotherNumberOfBucketsIsRefused) {
  ASSERT_NO_FATAL_FAILURE(Start({{"bucket", "2"}}));
  ASSERT_OK(Put({"1", "a", "1"}));
  ASSERT_OK(lake_->CommitEpoch());
  Schema schema = lake_->OpenTable()->newest_schema();
  schema.id = 1;
  schema.options["bucket"] = "3";
  ASSERT_OK(PosixEnv().WriteFile(lake_->folder_ + "/schema/schema-1", schema.ToJson()));
  ASSERT_OK(lake_->Reopen());
  Status refused = Put({"2", "b", "1"});
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("has 3 buckets, but files of 2"), std::string::npos);
}

TEST_F(PaimonTableWriterTest, ANullInTheKeyIsRefused) {
  ASSERT_NO_FATAL_FAILURE(Start({{"bucket", "1"}}));
  ASSERT_OK(Put({"null", "a", "1"}));
  const auto refused = lake_->Finish();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_NE(refused.error().hint.find("cannot hold NULL"), std::string::npos);
}

// Another process compacts; this one only writes, and counts no runs.
TEST_F(PaimonTableWriterTest, AWriteOnlyTableIsNotCompacted) {
  ASSERT_NO_FATAL_FAILURE(Start({{"bucket", "1"}, {"write-only", "true"}, {"num-sorted-run.compaction-trigger", "2"}}));
  for (int i = 0; i < 5; ++i) {
    ASSERT_OK(Put({"1", Str(i), "1"}));
    ASSERT_OK(lake_->CommitEpoch());
  }
  EXPECT_EQ(lake_->Kinds(), "APPEND APPEND APPEND APPEND APPEND");
  EXPECT_EQ(lake_->Read(), Rows{"1|\"4\"|1|"});
}

}  // namespace
}  // namespace sluice::paimon
