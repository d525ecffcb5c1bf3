// SPDX-License-Identifier: Apache-2.0
// PaimonSource: what it gives, and that it goes on from each of its states without a loss or a double.
#include "connector/paimon/source.h"

#include <gtest/gtest.h>

#include "lake/paimon/consumers.h"
#include "lake/paimon/expiry.h"
#include "lake/paimon/table_writer_test_util.h"

namespace sluice {
namespace {

using paimon::FeedStart;
using paimon::Lake;

constexpr std::chrono::milliseconds kNow{0};
using Lines = std::vector<std::string>;

struct Given {
  std::vector<Lines> groups;         // what came up to each boundary
  std::vector<std::string> states;   // at it
  Lines all() const {
    Lines out;
    for (const Lines& group : groups) out.insert(out.end(), group.begin(), group.end());
    return out;
  }
};

void AddLines(const SourceItem& item, Lines& out) {
  if (const auto* change = std::get_if<SchemaChange>(&item.payload)) {
    if (change->kind != SchemaChangeKind::kCreateTable) out.push_back(Describe(*change));
  }
  const auto* batch = std::get_if<ChangeBatch>(&item.payload);
  for (int64_t row = 0; batch != nullptr && row < batch->row_count(); ++row) {
    std::string line = Str(batch->snapshot ? "copy " : "", RowKindName(batch->kind(row)));
    for (const auto& column : batch->rows->columns()) {
      line += '|';
      AppendJson(*column, row, line);
    }
    out.push_back(std::move(line));
  }
}

// Everything up to the newest snapshot, or to that many boundaries.
Result<Given> Read(const std::string& warehouse, const paimon::FeedOptions& feed, const std::string& state = "",
                   size_t boundaries_most = SIZE_MAX, BeforeImage before = BeforeImage::kFull) {
  PaimonSourceConfig config;
  config.warehouse = warehouse;
  config.wanted = [](const TableId&) { return true; };
  config.feed = feed;
  config.discovery_ms = 0;
  TRY_SET(const auto source, PaimonSource::Make(PosixEnv(), std::move(config)));
  TRY(source->Start(state, before));
  TRY(source->SetTarget());
  Given given;
  Lines group;
  bool announced = false;
  while (given.groups.size() < boundaries_most && !(announced && source->ReachedTarget())) {
    TRY_SET(const auto item, source->Next(kNow));
    if (!item) break;
    announced = true;
    AddLines(*item, group);
    const auto* change = std::get_if<SchemaChange>(&item->payload);
    if (!item->boundary || (change != nullptr && change->kind == SchemaChangeKind::kCreateTable)) continue;
    given.groups.push_back(std::exchange(group, {}));
    given.states.push_back(source->State());
  }
  source->Acknowledge(source->State());
  if (!group.empty()) return Corrupt("it ended inside of a snapshot");
  return given;
}

class PaimonSourceTest : public testing::Test {
 protected:
  std::string Warehouse() { return lake_.test_folder_.path().string(); }
  Given Must(const paimon::FeedOptions& feed, const std::string& state = "", size_t most = SIZE_MAX,
             BeforeImage before = BeforeImage::kFull) {
    auto given = Read(Warehouse(), feed, state, most, before);
    EXPECT_TRUE(given.ok()) << given.error().ToString();
    return given.ok() ? *std::move(given) : Given();
  }

  Lake lake_{{{"bucket", "3"}, {"changelog-producer", "lookup"}}};
};

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

TEST(PaimonSourceState, IsTextAndBack) {
  paimon::FeedStates states;
  states[{"db", "a.b"}] = {.next = 7, .schema_id = 2, .copy = 0, .part = 0, .rows = 0, .grown = 6};
  states[{"db", "c"}] = {.next = 3, .schema_id = 0, .copy = 2, .part = 5, .rows = 900, .grown = 0};
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
