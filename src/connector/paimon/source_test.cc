// SPDX-License-Identifier: Apache-2.0
// PaimonSource: what it gives, and that it goes on from each of its states without a loss or a double.
#include "connector/paimon/source.h"

#include <gtest/gtest.h>

#include "connector/paimon/source_test_util.h"
#include "lake/paimon/consumers.h"
#include "lake/paimon/expiry.h"

namespace sluice {
namespace {

using paimon::FeedStart;

TEST_F(PaimonSourceTest, GoesOnFromEachOfItsStates) {
  ASSERT_TRUE(lake_.Epoch(1, 40).ok());
  const int64_t copied = lake_.Ids().back();
  for (int epoch = 0; epoch < 3; ++epoch) {
    ASSERT_TRUE(lake_.Epoch(20 + epoch, 50 + epoch).ok());
    ASSERT_TRUE(lake_.Epoch(epoch, epoch + 5, RowKind::kDelete).ok());
  }
  paimon::FeedOptions feed;
  feed.start = FeedStart::kFromSnapshotFull;
  feed.snapshot = copied;
  const Given whole = Must(feed);
  ASSERT_GT(whole.groups.size(), 6u);
  const Lines all = whole.all();
  EXPECT_EQ(std::count_if(all.begin(), all.end(), [](const std::string& line) { return line.starts_with("copy"); }),
            40);
  for (size_t boundary = 1; boundary <= whole.groups.size(); ++boundary) {
    const Given begun = Must(feed, "", boundary);
    const Given rest = Must(feed, begun.states.back());
    Lines both = begun.all();
    const Lines later = rest.all();
    both.insert(both.end(), later.begin(), later.end());
    EXPECT_EQ(both, all) << "boundary " << boundary << ": " << begun.states.back();
  }
}

TEST_F(PaimonSourceTest, OldRowsAreLeftOutForASinkThatNeedsKeysOnly) {
  ASSERT_TRUE(lake_.Epoch(1, 1).ok());
  ASSERT_TRUE(lake_.Epoch(1, 1).ok());
  paimon::FeedOptions feed;
  feed.start = FeedStart::kFromSnapshot;
  feed.snapshot = 1;
  EXPECT_EQ(Must(feed).all(), (Lines{"+I|1|\"1\"|1", "-U|1|\"1\"|1", "+U|1|\"2\"|1"}));
  EXPECT_EQ(Must(feed, "", SIZE_MAX, BeforeImage::kKey).all(), (Lines{"+I|1|\"1\"|1", "+U|1|\"2\"|1"}));
}

TEST_F(PaimonSourceTest, BeginsWhereItIsTold) {
  for (int id = 1; id <= 3; ++id) ASSERT_TRUE(lake_.Epoch(id, id).ok());
  paimon::FeedOptions feed;
  EXPECT_EQ(Must(feed).all().size(), 3u);
  feed.start = FeedStart::kLatest;
  EXPECT_EQ(Must(feed).all(), Lines());
  feed.start = FeedStart::kFromTimestamp;
  feed.timestamp_ms = paimon::kFirstMs + 3000;
  EXPECT_EQ(Must(feed).all(), (Lines{"+I|3|\"3\"|1"}));
  feed.start = FeedStart::kFromSnapshot;
  feed.snapshot = 99;
  EXPECT_EQ(Read(Warehouse(), feed).error().code, ErrorCode::kInvalid);
}

TEST_F(PaimonSourceTest, BoundedGivesTheRowsOfAMoment) {
  for (int id = 1; id <= 3; ++id) ASSERT_TRUE(lake_.Epoch(id, id).ok());
  const auto ids = lake_.Ids();
  ASSERT_TRUE(lake_.Tag("two", ids[ids.size() / 2]).ok());
  const auto count = [&](paimon::FeedOptions feed) {
    feed.bounded = true;
    return Must(feed).all().size();
  };
  paimon::FeedOptions feed;
  EXPECT_EQ(count(feed), 3u);
  feed.start = FeedStart::kLatest;
  EXPECT_EQ(count(feed), 3u);
  feed.start = FeedStart::kCompactedFull;
  EXPECT_EQ(count(feed), 3u);
  feed.start = FeedStart::kFromTimestamp;
  feed.timestamp_ms = paimon::kFirstMs + 2500;
  EXPECT_EQ(count(feed), 2u);
  feed.timestamp_ms = 1;
  feed.bounded = true;
  EXPECT_EQ(Read(Warehouse(), feed).error().code, ErrorCode::kNotFound);
  feed.start = FeedStart::kFromSnapshot;
  feed.snapshot = ids.front();
  EXPECT_LE(count(feed), 1u);
  feed.snapshot = 0;
  feed.tag = "two";
  const size_t tagged = count(feed);
  EXPECT_EQ(tagged, 2u);
  feed.tag.clear();
  feed.version = "two";
  EXPECT_EQ(count(feed), tagged);
  feed.version = Str(ids.back());
  EXPECT_EQ(count(feed), 3u);
  feed.version = "three";
  feed.bounded = true;
  EXPECT_EQ(Read(Warehouse(), feed).error().code, ErrorCode::kNotFound);
  feed.version.clear();
  feed.watermark = 1;  // no snapshot has one
  EXPECT_EQ(Read(Warehouse(), feed).error().code, ErrorCode::kNotFound);
}

TEST_F(PaimonSourceTest, ATagOutlivesItsSnapshotWhileItIsCopied) {
  for (int id = 1; id <= 3; ++id) ASSERT_TRUE(lake_.Epoch(1, 20 * id).ok());
  const int64_t tagged = lake_.Ids().back();
  ASSERT_TRUE(lake_.Tag("here", tagged).ok());
  ASSERT_TRUE(lake_.Epoch(100, 120).ok());
  paimon::FeedOptions feed;
  feed.start = FeedStart::kFromSnapshot;
  feed.tag = "here";
  feed.bounded = true;
  const Given begun = Must(feed, "", 1);
  paimon::ExpiryBounds bounds;
  bounds.snapshots_min = bounds.snapshots_max = 1;
  ASSERT_TRUE(paimon::ExpireSnapshots(PosixEnv(), **lake_.Open(), bounds).ok());
  ASSERT_GT(lake_.Ids().front(), tagged);
  const Given rest = Must(feed, begun.states.back());
  EXPECT_EQ(begun.all().size() + rest.all().size(), 60u);
  ASSERT_TRUE(PosixEnv().Remove(lake_.folder_ + "/tag/tag-here").ok());
  EXPECT_FALSE(Read(Warehouse(), feed, begun.states.back()).ok());
}

TEST_F(PaimonSourceTest, FilesThatAreNotOlderAreCopiedThenChangesFollow) {
  lake_.env_.SetNowMs(paimon::kFirstMs);
  for (int id = 1; id <= 3; ++id) ASSERT_TRUE(lake_.Epoch(id, id).ok());
  paimon::FeedOptions feed;
  feed.start = FeedStart::kFromFileCreation;
  feed.timestamp_ms = 1;
  EXPECT_EQ(Must(feed).all().size(), 3u);
  feed.timestamp_ms = paimon::kFirstMs + 2500;
  const Lines young = Must(feed).all();
  EXPECT_LT(young.size(), 3u);
  ASSERT_FALSE(young.empty());
  feed.timestamp_ms = paimon::kFirstMs + 900'000;
  const Given none = Must(feed);
  EXPECT_EQ(none.all(), Lines());
  ASSERT_TRUE(lake_.Epoch(4, 4).ok());
  EXPECT_EQ(Must(feed, none.states.back()).all(), (Lines{"+I|4|\"4\"|0"}));
  // Between the times of the snapshots it is from-snapshot.
  feed.start = FeedStart::kFromCreation;
  feed.timestamp_ms = paimon::kFirstMs + 2500;
  EXPECT_EQ(Must(feed).all(), (Lines{"+I|3|\"3\"|1", "+I|4|\"4\"|0"}));
  feed.timestamp_ms = 1;
  EXPECT_EQ(Must(feed).all().size(), 4u);
}

TEST_F(PaimonSourceTest, BoundedGivesTheChangesBetween) {
  for (int id = 1; id <= 3; ++id) ASSERT_TRUE(lake_.Epoch(1, id).ok());
  const auto ids = lake_.Ids();
  paimon::FeedOptions feed;
  feed.bounded = true;
  feed.start = FeedStart::kIncremental;
  feed.between = Str("0,", ids.back());
  const Given whole = Must(feed);
  EXPECT_EQ(whole.all(), (Lines{"+I|1|\"1\"|1", "-U|1|\"1\"|1", "+U|1|\"2\"|1", "+I|2|\"2\"|0", "-U|1|\"2\"|1",
                                "+U|1|\"3\"|1", "+I|3|\"3\"|1", "-U|2|\"2\"|0", "+U|2|\"3\"|0"}));  // by buckets
  for (size_t boundary = 1; boundary < whole.groups.size(); ++boundary) {
    const Given begun = Must(feed, "", boundary);
    Lines both = begun.all();
    const Lines later = Must(feed, begun.states.back()).all();
    both.insert(both.end(), later.begin(), later.end());
    EXPECT_EQ(both, whole.all()) << begun.states.back();
  }
  EXPECT_EQ(Must(feed, whole.states.back()).all(), Lines());  // it is done
  feed.between_scan = paimon::ChangeScan::kDiff;
  const Given diff = Must(feed);
  EXPECT_EQ(diff.all(), (Lines{"+I|1|\"3\"|1", "+I|3|\"3\"|1", "+I|2|\"3\"|0"}));
  EXPECT_EQ(Must(feed, diff.states.back()).all(), Lines());
  feed.between = Str(ids.back(), ",", ids.back());
  EXPECT_EQ(Must(feed).all(), Lines());
  feed.between.clear();
  feed.between_ms = {0, paimon::kFirstMs + 1500};
  EXPECT_EQ(Must(feed).all(), (Lines{"+I|1|\"1\"|1"}));
}

TEST_F(PaimonSourceTest, TheChangesUpToTheTagOfAPeriod) {
  for (int id = 1; id <= 3; ++id) {
    ASSERT_TRUE(lake_.Epoch(id, id).ok());
    ASSERT_TRUE(lake_.Tag(Str("2024-01-0", id), lake_.Ids().back()).ok());
  }
  ASSERT_TRUE(lake_.Tag("other", lake_.Ids().front()).ok());
  paimon::FeedOptions feed;
  feed.bounded = true;
  feed.start = FeedStart::kIncremental;
  feed.to_auto_tag = "2024-01-03";
  EXPECT_EQ(Must(feed).all(), (Lines{"+I|3|\"3\"|1"}));
  feed.to_auto_tag = "2024-01-01";  // the first one
  EXPECT_EQ(Must(feed).all(), Lines());
  feed.to_auto_tag = "other";
  EXPECT_EQ(Read(Warehouse(), feed).error().code, ErrorCode::kInvalid);
}

TEST_F(PaimonSourceTest, YoungSnapshotsAreLeftForLater) {
  for (int id = 1; id <= 2; ++id) ASSERT_TRUE(lake_.Epoch(id, id).ok());
  paimon::FeedOptions feed;
  feed.start = FeedStart::kFromTimestamp;
  feed.delay_ms = INT64_C(1) << 60;
  EXPECT_EQ(Must(feed).all(), Lines());
  feed.delay_ms = 1000;
  EXPECT_EQ(Must(feed).all().size(), 2u);
}

TEST_F(PaimonSourceTest, EndsBeforeAGreaterWatermark) {
  for (int id = 1; id <= 3; ++id) ASSERT_TRUE(lake_.Epoch(id, id).ok());
  const auto table = *lake_.Open();
  for (const int64_t id : lake_.Ids()) {
    auto snapshot = *table->SnapshotOf(id);
    snapshot.watermark = snapshot.time_ms - paimon::kFirstMs;
    ASSERT_TRUE(lake_.Put(Str("snapshot/snapshot-", id), snapshot.ToJson()).ok());
  }
  paimon::FeedOptions feed;
  feed.start = FeedStart::kFromTimestamp;
  feed.end_watermark = 2000;
  const Given given = Must(feed);
  EXPECT_EQ(given.all(), (Lines{"+I|1|\"1\"|1", "+I|2|\"2\"|0"}));
  EXPECT_EQ(Must(feed, given.states.back()).all(), Lines());
  feed.start = FeedStart::kLatestFull;
  EXPECT_EQ(Must(feed).all().size(), 3u);
  feed.start = FeedStart::kFromSnapshot;
  feed.bounded = true;
  feed.watermark = 1500;
  feed.end_watermark.reset();
  EXPECT_EQ(Must(feed).all().size(), 2u);
}

// Of a table whose changes are what differs, a consumer keeps the snapshot before the next one too.
TEST(PaimonSourceOfMergedTables, AConsumerKeepsWhatTheNextOneDiffersFrom) {
  paimon::Lake lake(paimon::Options{{"bucket", "1"}, {"sequence.field", "name"}});
  ASSERT_TRUE(lake.Epoch(1, 2).ok());
  paimon::FeedOptions feed;
  feed.consumer = "me";
  const std::string warehouse = lake.test_folder_.path().string();
  ASSERT_EQ(Read(warehouse, feed)->all().size(), 2u);
  const int64_t read = lake.Ids().back();
  for (int epoch = 0; epoch < 3; ++epoch) ASSERT_TRUE(lake.Epoch(2, 3).ok());
  paimon::ExpiryBounds bounds;
  bounds.snapshots_min = bounds.snapshots_max = 1;
  ASSERT_TRUE(paimon::ExpireSnapshots(PosixEnv(), **lake.Open(), bounds).ok());
  EXPECT_EQ(lake.Ids().front(), read);
  const auto rest = Read(warehouse, feed);
  ASSERT_TRUE(rest.ok()) << rest.error().ToString();
  EXPECT_EQ(rest->groups[0], (Lines{"-U|2|\"1\"|0", "+U|2|\"2\"|0", "+I|3|\"2\"|1"}));
}

TEST_F(PaimonSourceTest, AConsumerHoldsWhatIsNotReadAndSaysWhereToGoOn) {
  for (int id = 1; id <= 3; ++id) ASSERT_TRUE(lake_.Epoch(id, id).ok());
  paimon::FeedOptions feed;
  feed.consumer = "me";
  EXPECT_EQ(Must(feed).all().size(), 3u);
  const auto table = *lake_.Open();
  EXPECT_EQ(*paimon::ReadConsumer(PosixEnv(), *table, "me"), lake_.Ids().back() + 1);
  const int64_t wanted = lake_.Ids().back() + 1;
  for (int id = 4; id <= 6; ++id) ASSERT_TRUE(lake_.Epoch(id, id).ok());
  paimon::ExpiryBounds bounds;
  bounds.snapshots_min = bounds.snapshots_max = 1;
  ASSERT_TRUE(paimon::ExpireSnapshots(PosixEnv(), *table, bounds).ok());
  EXPECT_EQ(lake_.Ids().front(), wanted);
  EXPECT_EQ(Must(feed).all(), (Lines{"+I|4|\"4\"|0", "+I|5|\"5\"|1", "+I|6|\"6\"|0"}));
  feed.ignore_consumer = true;
  EXPECT_EQ(Must(feed).all().size(), 6u);
}

TEST(PaimonSourceConsumer, HoldsChangelogsAloneWhereTheTableSaysSo) {
  paimon::Lake lake(paimon::Options{{"bucket", "1"}, {"consumer.changelog-only", "true"}});
  ASSERT_TRUE(lake.Epoch(1, 2).ok());
  paimon::FeedOptions feed;
  feed.consumer = "me";
  ASSERT_TRUE(Read(lake.test_folder_.path().string(), feed).ok());
  for (int epoch = 0; epoch < 3; ++epoch) ASSERT_TRUE(lake.Epoch(2, 3).ok());
  paimon::ExpiryBounds bounds;
  bounds.snapshots_min = bounds.snapshots_max = 1;
  ASSERT_TRUE(paimon::ExpireSnapshots(PosixEnv(), **lake.Open(), bounds).ok());
  EXPECT_EQ(lake.Ids().size(), 1u);
}

TEST_F(PaimonSourceTest, AConsumerWhoseCopyIsNotCommittedCopiesAgain) {
  for (int id = 1; id <= 3; ++id) ASSERT_TRUE(lake_.Epoch(id, id).ok());
  const int64_t copied = lake_.Ids().back();
  paimon::FeedOptions feed;
  feed.consumer = "me";
  Must(feed, "", 0);
  const auto table = *lake_.Open();
  EXPECT_EQ(*paimon::ReadConsumer(PosixEnv(), *table, "me"), std::nullopt);
  EXPECT_EQ(*paimon::ReadConsumer(PosixEnv(), *table, "me-copy"), copied);  // nobody takes it away meanwhile
  EXPECT_EQ(Must(feed).all().size(), 3u);
  EXPECT_EQ(*paimon::ReadConsumer(PosixEnv(), *table, "me"), copied + 1);
  EXPECT_EQ(*paimon::ReadConsumer(PosixEnv(), *table, "me-copy"), std::nullopt);
}

TEST_F(PaimonSourceTest, AnExpiredSnapshotIsNamed) {
  for (int id = 1; id <= 2; ++id) ASSERT_TRUE(lake_.Epoch(id, id).ok());
  const Given given = Must({});
  const int64_t wanted = lake_.Ids().back() + 1;
  for (int id = 3; id <= 5; ++id) ASSERT_TRUE(lake_.Epoch(id, id).ok());
  paimon::ExpiryBounds bounds;
  bounds.snapshots_min = bounds.snapshots_max = 1;
  ASSERT_TRUE(paimon::ExpireSnapshots(PosixEnv(), **lake_.Open(), bounds).ok());
  const auto late = Read(Warehouse(), {}, given.states.back());
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, ErrorCode::kNotFound);
  EXPECT_NE(late.error().message.find(Str("table db.t: snapshot ", wanted, " of the table has expired")),
            std::string::npos) << late.error().message;
}

TEST(PaimonSourceState, SaysHowItBegan) {
  paimon::FeedStates states;
  states[{"db", "t"}] = {.next = 7, .schema_id = 2};
  const paimon::Begun full{"scan.mode: latest-full", ""}, latest{"scan.mode: latest", ""};
  const paimon::Begun part{"scan.mode: latest-full", "scan.bucket: 1"};
  const auto back = paimon::ParseBegun(paimon::ToJson(states, part));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->where, part.where);
  EXPECT_EQ(back->what, part.what);
  const auto older = paimon::ParseBegun(paimon::ToJson(states));  // nothing is known of where it began
  EXPECT_TRUE(paimon::CheckBegun(*older, latest, true).ok());
  EXPECT_FALSE(paimon::CheckBegun(*older, part, false).ok());
  EXPECT_TRUE(paimon::CheckBegun(full, full, true).ok());
  EXPECT_TRUE(paimon::CheckBegun(full, latest, false).ok());
  const Status bounded = paimon::CheckBegun(full, latest, true);
  EXPECT_EQ(bounded.error().code, ErrorCode::kInvalid);
  EXPECT_NE(bounded.error().message.find("began with scan.mode: latest-full, and the file has scan.mode: latest"),
            std::string::npos);
  const Status other = paimon::CheckBegun(part, full, false);
  EXPECT_EQ(other.error().code, ErrorCode::kInvalid);
  EXPECT_NE(other.error().message.find("scan.bucket: 1"), std::string::npos);
}

TEST(PaimonSourceState, IsTextAndBack) {
  paimon::FeedStates states;
  states[{"db", "a.b"}] = {.next = 7, .schema_id = 2, .grown = 6};
  states[{"db", "c"}] = {.next = 3, .schema_id = 0, .copy = 2, .part = 5, .rows = 900, .tag = "t", .since_ms = 8};
  states[{"db", "d"}] = {.next = 3, .schema_id = 0, .last = 9, .diff = true};
  const std::string text = paimon::ToJson(states);
  const auto back = paimon::ParseFeedStates(text);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(paimon::ToJson(*back), text);
  EXPECT_EQ(back->at(TableId{"db", "c"}).part, 5);
  EXPECT_FALSE(paimon::ParseFeedStates("{\"position\": \"binlog.000001:4\"}").ok());
  EXPECT_FALSE(paimon::ParseFeedStates("{\"paimon\": [{\"table\": \"t\"}]}").ok());
}

}  // namespace
}  // namespace sluice
