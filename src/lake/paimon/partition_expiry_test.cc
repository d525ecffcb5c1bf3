// SPDX-License-Identifier: Apache-2.0
// Partitions go by their values' time, by the time of their newest file, and by name; index files of theirs too.
#include "lake/paimon/partition_expiry.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "lake/paimon/local_time.h"
#include "lake/paimon/table_check_test_util.h"
#include "lake/paimon/table_model_test_util.h"
#include "io/faulty_env.h"

namespace sluice::paimon {
namespace {

class PartitionExpiryTest : public ::testing::Test {
 protected:
  void Start(const Options& options) {
    TableSchema schema;
    schema.columns = {Col("id", "INT NOT NULL"), Col("dt", "VARCHAR(20) NOT NULL"), Col("hh", "INT NOT NULL")};
    schema.primary_key = {"id", "dt", "hh"};
    lake_ = std::make_unique<ModelLake>(std::move(schema), env_);
    ASSERT_OK(lake_->Create({"dt", "hh"}, options));
    SetNow("2024-02-10 12:00:00");
  }
  void SetNow(const std::string& local) { env_.SetNowMs(UtcOfLocal(*ParseLocal(local))); }
  void Put(const std::string& id, const std::string& day, const std::string& hour) {
    ASSERT_OK(lake_->Write({lake_->Put({id, day, hour})}));
    ASSERT_OK(lake_->CommitEpoch());
  }
  // The names of those that went, or the error.
  std::string Expire(const Options& options) {
    auto table = Table::Open(env_, lake_->folder_);
    Schema schema = (*table)->newest_schema();
    for (const auto& [key, value] : options) schema.options["partition." + key] = value;
    const auto expiry = PartitionExpiry::Of(schema);
    if (!expiry.ok()) return expiry.error().message;
    const auto gone = ExpirePartitions(env_, **table, *expiry);
    return gone.ok() ? Join(*gone, " ") : gone.error().message;
  }
  void Check() {
    TableChecker checker(PosixEnv(), lake_->folder_);
    for (const Snapshot& snapshot : lake_->Snapshots()) ASSERT_OK(checker.CheckSnapshot(snapshot.id));
    ASSERT_OK(checker.CheckNames());
  }

  FaultyEnv env_{PosixEnv()};
  std::unique_ptr<ModelLake> lake_;
};

TEST_F(PartitionExpiryTest, ValuesTellTheTime) {
  ASSERT_NO_FATAL_FAILURE(Start({{"bucket", "1"}}));
  Put("1", "2024-02-09", "11");
  Put("2", "2024-02-09", "12");
  Put("3", "never", "1");
  EXPECT_EQ(Expire({{"expiration-time", "3 d"}}), "");
  EXPECT_EQ(lake_->Kinds(), "APPEND APPEND APPEND");  // no snapshot for nothing
  EXPECT_EQ(Expire({{"expiration-time", "1 d"}, {"timestamp-pattern", "$dt $hh:00:00"}}), "dt=2024-02-09,hh=11");
  EXPECT_EQ(Expire({{"expiration-time", "1 d"}}), "dt=2024-02-09,hh=12");  // midnight
  EXPECT_EQ(lake_->Read(), Rows{"3|\"never\"|1|"});
  EXPECT_EQ(lake_->Kinds(), "APPEND APPEND APPEND OVERWRITE OVERWRITE");
  Check();
}

TEST_F(PartitionExpiryTest, TheNewestFileTellsTheTime) {
  ASSERT_NO_FATAL_FAILURE(Start({{"bucket", "1"}}));
  Put("1", "a", "1");
  Put("2", "b", "1");
  SetNow("2024-02-11 12:00:00");
  Put("3", "b", "1");
  EXPECT_EQ(Expire({{"expiration-time", "1 h"}, {"expiration-strategy", "update-time"}}), "dt=a,hh=1");
  Check();
}

TEST_F(PartitionExpiryTest, ABoundedNumberGoesAtOnce) {
  ASSERT_NO_FATAL_FAILURE(Start({{"bucket", "1"}}));
  for (const char* day : {"2024-01-03", "2024-01-01", "2024-01-02"}) Put("1", day, "1");
  EXPECT_EQ(Expire({{"expiration-time", "1 d"}, {"expiration-max-num", "2"}}),
            "dt=2024-01-01,hh=1 dt=2024-01-02,hh=1");
}

// With dynamic buckets the partition's keys go too, and come back as new ones.
TEST_F(PartitionExpiryTest, IndexFilesGoWithTheirPartition) {
  ASSERT_NO_FATAL_FAILURE(Start({{"dynamic-bucket.target-row-num", "1"}}));
  Put("1", "2024-01-01", "1");
  Put("2", "2024-01-01", "1");
  Put("3", "2024-02-10", "1");
  EXPECT_EQ(Expire({{"expiration-time", "1 d"}}), "dt=2024-01-01,hh=1");
  auto table = lake_->OpenTable();
  EXPECT_EQ(table->ReadIndexManifest((*table->LatestSnapshot())->index_manifest)->size(), 1u);
  Put("2", "2024-01-01", "1");
  EXPECT_EQ(lake_->Read(), (Rows{"2|\"2024-01-01\"|1|", "3|\"2024-02-10\"|1|"}));
  Check();
}

TEST_F(PartitionExpiryTest, PartitionsAreDroppedByName) {
  ASSERT_NO_FATAL_FAILURE(Start({{"bucket", "1"}}));
  for (const char* day : {"a", "b"}) {
    for (const char* hour : {"7", "8"}) Put("1", day, hour);
  }
  auto table = lake_->OpenTable();
  EXPECT_EQ(*DropPartitions(env_, *table, {{{"dt", "a"}, {"hh", "07"}}}), DroppedPartitions{"dt=a,hh=7"});
  EXPECT_EQ(*DropPartitions(env_, *table, {{{"hh", "8"}}}), (DroppedPartitions{"dt=a,hh=8", "dt=b,hh=8"}));
  EXPECT_EQ(*DropPartitions(env_, *table, {{{"hh", "9"}}}), DroppedPartitions());
  EXPECT_FALSE(DropPartitions(env_, *table, {{{"day", "9"}}}).ok());
  EXPECT_EQ(lake_->Read(), Rows{"1|\"b\"|7|"});
  Check();
}

TEST_F(PartitionExpiryTest, WrongOptionsAreNamed) {
  ASSERT_NO_FATAL_FAILURE(Start({{"bucket", "1"}}));
  for (const auto& [key, value] : {std::pair("expiration-time", "x"), std::pair("expiration-check-interval", "x"),
                                   std::pair("expiration-strategy", "x"), std::pair("expiration-max-num", "0"),
                                   std::pair("timestamp-formatter", "yyyy")}) {
    Options options{{"expiration-time", "1 d"}};
    options[key] = value;
    EXPECT_NE(Expire(options).find(key), std::string::npos) << key;
  }
}

TEST(PartitionSpec, IsAListOfColumnsAndValues) {
  EXPECT_EQ(*ParsePartitionSpec("dt=2024-01-01, hh = a=b"), (PartitionSpec{{"dt", "2024-01-01"}, {"hh", "a=b"}}));
  for (const char* bad : {"", "dt", "=1", "dt=1,"}) EXPECT_FALSE(ParsePartitionSpec(bad).ok()) << bad;
}

}  // namespace
}  // namespace sluice::paimon
