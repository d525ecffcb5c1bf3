// SPDX-License-Identifier: Apache-2.0
// Rows whose time is over: compactions leave them out, readers do not.
#include "lake/paimon/record_expiry.h"

#include <gtest/gtest.h>

#include "io/faulty_env.h"
#include "lake/paimon/table_check_test_util.h"
#include "lake/paimon/table_model_test_util.h"

namespace sluice::paimon {
namespace {

constexpr int64_t kNow = 1'700'000'000;  // 2023-11-14 22:13:20

class RecordExpiryTest : public ::testing::Test {
 protected:
  void Start(const std::string& type, Options options) {
    TableSchema schema;
    schema.columns = {Col("id", "INT NOT NULL"), Col("l", "ARRAY<STRING>"), Col("t", type)};
    schema.primary_key = {"id"};
    options["bucket"] = "1";
    options["record-level.expire-time"] = "10 s";
    options["record-level.time-field"] = "t";
    env_.SetNowMs(kNow * 1000 + 999);
    lake_ = std::make_unique<ModelLake>(std::move(schema), env_);
    ASSERT_OK(lake_->Create({}, options));
  }
  // One epoch; the rows are of id and time.
  Rows After(const std::vector<std::vector<std::string>>& rows) {
    for (const auto& row : rows) EXPECT_TRUE(lake_->Write({lake_->Put({row[0], "a", row[1]})}).ok());
    EXPECT_TRUE(lake_->CommitEpoch().ok());
    return Ids();
  }
  Rows Ids() const {
    Rows out;
    for (const std::string& line : lake_->Read()) out.insert(line.substr(0, line.find('|')));
    return out;
  }

  FaultyEnv env_{PosixEnv()};
  std::unique_ptr<ModelLake> lake_;
};

TEST_F(RecordExpiryTest, ACompactionLeavesOutWhatIsOlderThanTheTimeOfEachType) {
  const std::vector<std::vector<std::string>> kTypes = {
      {"INT", Str(kNow - 11), Str(kNow - 10)},
      {"BIGINT", Str(kNow - 11), Str(kNow - 10)},
      {"BIGINT", Str((kNow - 10) * 1000 - 1), Str((kNow - 10) * 1000)},
      {"TIMESTAMP(3)", "2023-11-14 22:13:09", "2023-11-14 22:13:10"},
      {"TIMESTAMP(6)", "2023-11-14 22:13:09.999999", "2023-11-14 22:13:10"},
      {"TIMESTAMP_LTZ(3)", "2023-11-14 22:13:09Z", "2023-11-14 22:13:10Z"}};
  for (const auto& type : kTypes) {
    ASSERT_NO_FATAL_FAILURE(Start(type[0], {{"full-compaction.delta-commits", "2"}}));
    EXPECT_EQ(After({{"1", type[1]}, {"2", type[2]}, {"3", "null"}}), (Rows{"1", "2", "3"})) << type[0];
    EXPECT_EQ(After({{"4", "null"}}), (Rows{"2", "3", "4"})) << type[0];
    env_.SetNowMs((kNow + 1) * 1000);
    EXPECT_EQ(After({{"5", "null"}}), (Rows{"2", "3", "4", "5"})) << type[0];
    EXPECT_EQ(After({{"5", "null"}}), (Rows{"3", "4", "5"})) << type[0];
  }
}

// Of files that nothing else would write again: those of the highest level, and large ones that would only go there.
TEST_F(RecordExpiryTest, FilesAreWrittenAgainForItsSake) {
  ASSERT_NO_FATAL_FAILURE(Start("INT", {{"full-compaction.delta-commits", "1"}, {"target-file-size", "1 b"}}));
  EXPECT_EQ(After({{"1", Str(kNow)}, {"2", Str(kNow + 50)}}), (Rows{"1", "2"}));
  env_.SetNowMs((kNow + 11) * 1000);
  EXPECT_EQ(After({{"9", "null"}}), (Rows{"2", "9"}));
  EXPECT_EQ(After({{"3", "1"}, {"4", Str(kNow + 50)}}), (Rows{"2", "4", "9"}));
  env_.SetNowMs((kNow + 61) * 1000);
  EXPECT_EQ(After({{"8", "null"}}), (Rows{"8", "9"}));
  EXPECT_EQ(lake_->Snapshots().back().commit_kind, "COMPACT");
}

TEST_F(RecordExpiryTest, AChangelogDoesNotKnowWhatIsOver) {
  ASSERT_NO_FATAL_FAILURE(Start("INT", {{"changelog-producer", "lookup"}}));
  const auto changes = [&](const std::string& time) {
    EXPECT_EQ(After({{"1", time}}), Rows{"1"});
    return lake_->Snapshots().back().changelog_record_count.value_or(0);
  };
  EXPECT_EQ(changes(Str(kNow)), 1);
  EXPECT_EQ(changes(Str(kNow + 1)), 2);  // -U, +U
  env_.SetNowMs((kNow + 100) * 1000);
  EXPECT_EQ(changes(Str(kNow + 100)), 1);  // +I
}

TEST_F(RecordExpiryTest, WithDeletionVectorsEachKeyIsThereOnce) {
  ASSERT_NO_FATAL_FAILURE(Start("INT", {{"deletion-vectors.enabled", "true"}, {"changelog-producer", "lookup"},
                                        {"num-levels", "8"}, {"num-sorted-run.compaction-trigger", "7"}}));
  EXPECT_EQ(After({{"1", Str(kNow)}, {"2", Str(kNow)}, {"3", Str(kNow + 200)}, {"4", "null"}}),
            (Rows{"1", "2", "3", "4"}));
  env_.SetNowMs((kNow + 100) * 1000);
  const Rows rows = After({{"1", Str(kNow + 100)}});
  EXPECT_EQ(rows.count("1"), 1u);
  EXPECT_EQ(rows.count("3") + rows.count("4"), 2u);
}

TEST_F(RecordExpiryTest, OptionsThatCannotBeAreRefused) {
  TableSchema table;
  table.columns = {Col("id", "INT NOT NULL"), Col("s", "SMALLINT"), Col("t", "INT")};
  table.primary_key = {"id"};
  const auto refusal = [&](const Options& options) {
    const auto read = TableOptions::Of(*FromTableSchema(table, {}, options));
    return read.ok() ? "none" : read.error().message;
  };
  const std::string time = "record-level.expire-time", column = "record-level.time-field";
  EXPECT_NE(refusal({{time, "1 h"}}).find("needs record-level.time-field"), std::string::npos);
  EXPECT_NE(refusal({{time, "1 h"}, {column, "x"}}).find("x is none"), std::string::npos);
  EXPECT_NE(refusal({{time, "1 h"}, {column, "s"}}).find("s, which is SMALLINT"), std::string::npos);
  EXPECT_NE(refusal({{time, "soon"}, {column, "t"}}).find("record-level.expire-time='soon'"), std::string::npos);
  EXPECT_EQ(refusal({{time, "1 h"}, {column, "t"}}), "none");
  EXPECT_EQ(refusal({{column, "x"}}), "none");  // has no meaning alone
}

}  // namespace
}  // namespace sluice::paimon
