// SPDX-License-Identifier: Apache-2.0
// PaimonSource: some partitions, a bucket, a branch; a tag that keeps what is read.
#include "connector/paimon/source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "connector/paimon/source_test_util.h"
#include "lake/paimon/branches.h"
#include "lake/paimon/consumers.h"
#include "lake/paimon/expiry.h"
#include "lake/paimon/tags.h"

namespace sluice {
namespace {

using paimon::FeedStart;

using PaimonSourceChoiceTest = PaimonSourceTest;

TEST(PaimonSourceChoice, OnlyThePartitionsThatAreNamedAreRead) {
  for (const paimon::Options& options : {paimon::Options{{"changelog-producer", "lookup"}},
                                         {{"changelog-producer", "input"}}, {{"sequence.field", "name"}}}) {
    paimon::Lake lake(paimon::With(options, {{"bucket", "2"}}), {"grp"});
    ASSERT_TRUE(lake.Epoch(1, 6).ok());
    const std::string warehouse = lake.test_folder_.path().string();
    paimon::FeedOptions feed;
    feed.choice.partitions = {{{"grp", "1"}}};
    const auto copied = Read(warehouse, feed);
    ASSERT_TRUE(copied.ok()) << copied.error().ToString();
    EXPECT_EQ(Sorted(copied->all()), (Lines{"copy +I|1|\"1\"|1", "copy +I|3|\"1\"|1", "copy +I|5|\"1\"|1"}));
    ASSERT_TRUE(lake.Epoch(7, 9).ok());
    ASSERT_TRUE(lake.Epoch(8, 8).ok());
    const auto changed = Read(warehouse, feed, copied->states.back());
    ASSERT_TRUE(changed.ok()) << changed.error().ToString();
    EXPECT_EQ(Sorted(changed->all()), (Lines{"+I|7|\"2\"|1", "+I|9|\"2\"|1"}));
    feed.choice.partitions = {paimon::PartitionSpec()};  // the column is NULL
    EXPECT_EQ(Read(warehouse, feed)->all(), Lines());
    feed.choice.partitions = {{{"grp", "0"}}, {{"grp", "1"}}};
    EXPECT_EQ(Read(warehouse, feed)->all().size(), 9u);
    feed.choice.partitions = {{{"name", "0"}}};
    EXPECT_NE(Read(warehouse, feed).error().message.find("not partitioned by name"), std::string::npos);
  }
}

TEST(PaimonSourceChoice, TheGreatestPartitionsStayThoseOfTheStart) {
  paimon::Lake lake(paimon::Options{{"bucket", "2"}, {"changelog-producer", "lookup"}}, {"grp"});
  ASSERT_TRUE(lake.Epoch(1, 6).ok());
  const std::string warehouse = lake.test_folder_.path().string();
  paimon::FeedOptions feed;
  ASSERT_TRUE(feed.choice.ParsePartitions("max_pt()").ok());
  const auto copied = Read(warehouse, feed);
  ASSERT_TRUE(copied.ok()) << copied.error().ToString();
  const Lines all = Read(warehouse, {})->all();
  std::string greatest;
  for (const std::string& line : all) greatest = std::max(greatest, line.substr(line.rfind('|')));
  Lines expected;
  std::copy_if(all.begin(), all.end(), std::back_inserter(expected),
               [&](const std::string& line) { return line.ends_with(greatest); });
  EXPECT_EQ(Sorted(copied->all()), Sorted(expected));
  EXPECT_NE(copied->states.back().find("\"greatest\":[{\"grp\""), std::string::npos) << copied->states.back();
  ASSERT_TRUE(lake.Epoch(7, 30).ok());
  const auto changed = Read(warehouse, feed, copied->states.back());
  ASSERT_TRUE(changed.ok()) << changed.error().ToString();
  for (const std::string& line : changed->all()) EXPECT_TRUE(line.ends_with(greatest)) << line;
  feed.choice.greatest = paimon::GreatestPartitions{0, {"name"}};
  EXPECT_EQ(Read(warehouse, feed).error().code, ErrorCode::kInvalid);
}

TEST(PaimonSourceChoice, AFallbackBranchIsReadAloneWhereTheTableHasNoSnapshot) {
  paimon::Lake lake(paimon::Options{{"bucket", "1"}}, {"grp"});
  ASSERT_TRUE(lake.Epoch(1, 6).ok());
  ASSERT_TRUE(lake.Tag("then", lake.Ids().back()).ok());
  ASSERT_TRUE(paimon::CreateBranch(PosixEnv(), **lake.Open(), "old", "then").ok());
  const std::string warehouse = lake.test_folder_.path().string();
  paimon::FeedOptions feed;
  feed.bounded = true;
  feed.fallback = "old";
  const Lines all = Sorted(Read(warehouse, feed)->all());
  const std::string folder = lake.folder_ + "/snapshot";
  ASSERT_TRUE(PosixEnv().Move(folder, folder + "-hidden").ok());
  const auto alone = Read(warehouse, feed);
  ASSERT_TRUE(alone.ok()) << alone.error().ToString();
  EXPECT_EQ(Sorted(alone->all()), all);
  ASSERT_TRUE(PosixEnv().Move(folder + "-hidden", folder).ok());
  ASSERT_TRUE(lake.Epoch(7, 9).ok());
  for (size_t boundary = 1; boundary < alone->groups.size(); ++boundary) {  // the table has rows of its own now
    Lines both;
    for (size_t group = 0; group < boundary; ++group) {
      both.insert(both.end(), alone->groups[group].begin(), alone->groups[group].end());
    }
    const auto rest = Read(warehouse, feed, alone->states[boundary - 1]);
    ASSERT_TRUE(rest.ok()) << rest.error().ToString();
    for (const std::string& line : rest->all()) both.push_back(line);
    EXPECT_EQ(Sorted(both), all) << alone->states[boundary - 1];
  }
  feed.fallback.clear();
  feed.primary = "old";
  feed.start = FeedStart::kFromSnapshot;
  feed.snapshot = 1;
  EXPECT_EQ(Read(warehouse, feed).error().code, ErrorCode::kUnsupported);
}

TEST_F(PaimonSourceChoiceTest, OneBucketIsRead) {
  ASSERT_TRUE(lake_.Epoch(1, 40).ok());
  ASSERT_TRUE(lake_.Epoch(30, 60).ok());
  paimon::FeedOptions feed;
  feed.start = FeedStart::kFromSnapshot;
  feed.snapshot = 1;
  const Lines all = Sorted(Must(feed).all());
  Lines parts;
  for (int bucket = 0; bucket < 3; ++bucket) {
    feed.choice.bucket = bucket;
    const Lines part = Must(feed).all();
    EXPECT_LT(part.size(), all.size() / 2);
    EXPECT_GT(part.size(), 0u);
    parts.insert(parts.end(), part.begin(), part.end());
  }
  EXPECT_EQ(Sorted(std::move(parts)), all);
  paimon::Lake dynamic;
  feed.choice.bucket = 0;
  EXPECT_EQ(Read(dynamic.test_folder_.path().string(), feed).error().code, ErrorCode::kInvalid);
  feed.choice = {};
  feed.choice.partitions = {{{"grp", "1"}}};
  EXPECT_NE(Read(Warehouse(), feed).error().message.find("table db.t: scan.partitions"), std::string::npos);
}

TEST_F(PaimonSourceChoiceTest, ABranchIsRead) {
  ASSERT_TRUE(lake_.Epoch(1, 2).ok());
  const int64_t tagged = lake_.Ids().back();
  ASSERT_TRUE(lake_.Tag("then", tagged).ok());
  ASSERT_TRUE(paimon::CreateBranch(PosixEnv(), **lake_.Open(), "old", "then").ok());
  ASSERT_TRUE(lake_.Epoch(3, 5).ok());
  paimon::FeedOptions feed;
  feed.consumer = "me";
  feed.branch = "main";
  EXPECT_EQ(Must(feed).all().size(), 5u);
  feed.branch = "old";
  const Given given = Must(feed);
  EXPECT_EQ(Sorted(given.all()), (Lines{"copy +I|1|\"1\"|1", "copy +I|2|\"1\"|0"}));
  const auto old = paimon::Table::OpenBranch(PosixEnv(), lake_.folder_, "old");
  ASSERT_TRUE(old.ok());
  EXPECT_EQ(*paimon::ReadConsumer(PosixEnv(), **old, "me"), tagged + 1);
  EXPECT_EQ(*paimon::ReadConsumer(PosixEnv(), **lake_.Open(), "me"), lake_.Ids().back() + 1);
  feed.branch = "new";
  EXPECT_NE(Read(Warehouse(), feed).error().message.find("table db.t: the table has no branch new"),
            std::string::npos);
}

TEST(PaimonSourceChoice, PartitionsThatAreMissingComeFromTheFallbackBranch) {
  paimon::Lake lake(paimon::Options{{"bucket", "1"}}, {"grp"});
  ASSERT_TRUE(lake.Epoch(1, 6).ok());
  ASSERT_TRUE(lake.Tag("then", lake.Ids().back()).ok());
  ASSERT_TRUE(paimon::CreateBranch(PosixEnv(), **lake.Open(), "old", "then").ok());
  ASSERT_TRUE(lake.Truncate().ok());
  const std::string warehouse = lake.test_folder_.path().string();
  paimon::FeedOptions feed;
  feed.bounded = true;
  feed.fallback = "old";
  ASSERT_TRUE(lake.Epoch(8, 8).ok());
  const auto whole = Read(warehouse, feed);
  ASSERT_TRUE(whole.ok()) << whole.error().ToString();
  EXPECT_EQ(Sorted(whole->all()), (Lines{"copy +I|1|\"1\"|1", "copy +I|3|\"1\"|1", "copy +I|5|\"1\"|1",
                                         "copy +I|8|\"3\"|0"}));
  for (size_t boundary = 1; boundary < whole->groups.size(); ++boundary) {
    Lines both = Read(warehouse, feed, "", boundary)->all();
    const auto rest = Read(warehouse, feed, whole->states[boundary - 1]);
    ASSERT_TRUE(rest.ok()) << rest.error().ToString();
    for (const std::string& line : rest->all()) both.push_back(line);
    EXPECT_EQ(both, whole->all()) << whole->states[boundary - 1];
  }
  feed.fallback = "none";
  EXPECT_EQ(Read(warehouse, feed).error().code, ErrorCode::kNotFound);
  feed.bounded = false;
  EXPECT_EQ(Read(warehouse, feed)->all().size(), 1u) << "who follows the table sees its own rows";
}

TEST_F(PaimonSourceChoiceTest, ATagKeepsWhatIsReadUntilItIsCommitted) {
  ASSERT_TRUE(lake_.Epoch(1, 30).ok());
  paimon::FeedOptions feed;
  feed.bounded = true;
  feed.read_tag_ms = 3'600'000;
  const Given begun = Must(feed, "", 1);
  const auto table = *lake_.Open();
  const auto tags = *paimon::ListTags(PosixEnv(), table->history());
  ASSERT_EQ(tags.size(), 1u);
  EXPECT_EQ(tags[0].name.find("batch-read-"), 0u);
  EXPECT_EQ(tags[0].retained_ms, 3'600'000);
  for (int epoch = 0; epoch < 3; ++epoch) ASSERT_TRUE(lake_.Epoch(1, 30).ok());
  paimon::ExpiryBounds bounds;
  bounds.snapshots_min = bounds.snapshots_max = 1;
  ASSERT_TRUE(paimon::ExpireSnapshots(PosixEnv(), *table, bounds).ok());
  const Given rest = Must(feed, begun.states.back());
  EXPECT_EQ(begun.all().size() + rest.all().size(), 30u);
  EXPECT_TRUE(paimon::ListTags(PosixEnv(), table->history())->empty());
}

}  // namespace
}  // namespace sluice
