// SPDX-License-Identifier: Apache-2.0
// Tags that are made by the clock: when, of which snapshot, under which name, and how many stay.
#include "lake/paimon/tag_creation.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "lake/paimon/local_time.h"
#include "lake/paimon/tags.h"
#include "lake/paimon/table_writer_test_util.h"

namespace sluice::paimon {
namespace {

constexpr int64_t kHour = 3'600'000;

Options Automatic(Options options) {
  options["tag.automatic-creation"] = "process-time";
  options["bucket"] = "1";
  return options;
}

// "2024-01-31 of 3, …": the tags with their snapshots.
std::string Tags(Lake& lake) {
  std::string out;
  const auto tags = ListTags(lake.env_, lake.folder_);
  EXPECT_TRUE(tags.ok());
  for (const Tag& tag : *tags) {
    out += Str(out.empty() ? "" : ", ", tag.name, " of ", tag.snapshot.id);
  }
  return out;
}

class TagCreationTest : public testing::Test {
 protected:
  // A snapshot of that time of the clock.
  void CommitAt(Lake& lake, const std::string& local) {
    lake.now_ms_ = UtcOfLocal(*ParseLocal(local)) - 1000;
    ASSERT_OK(lake.Epoch(1, 1));
  }
  void Run(Lake& lake, bool anew = false) {
    auto table = lake.Open();
    ASSERT_OK(table);
    const auto options = TagOptions::Of((*table)->newest_schema());
    ASSERT_OK(options);
    if (creation_ == nullptr || anew) creation_ = std::make_unique<TagCreation>(lake.env_);
    ASSERT_OK(creation_->Run(**table, *options));
  }
  std::unique_ptr<TagCreation> creation_;
};

TEST_F(TagCreationTest, ADayIsTaggedByTheFirstSnapshotAfterIt) {
  for (const bool anew : {false, true}) {  // as after a restart
    creation_.reset();
    Lake lake(Automatic({}));
    CommitAt(lake, "2024-01-31 20:00:00");
    Run(lake, anew);
    EXPECT_EQ(Tags(lake), "2024-01-30 of 1");
    CommitAt(lake, "2024-01-31 23:59:59");
    CommitAt(lake, "2024-02-01 00:00:00");
    CommitAt(lake, "2024-02-01 12:00:00");
    Run(lake, anew);
    Run(lake, anew);
    EXPECT_EQ(Tags(lake), "2024-01-30 of 1, 2024-01-31 of 3");
    CommitAt(lake, "2024-02-05 12:00:00");  // days without a snapshot have no tag
    Run(lake, anew);
    EXPECT_EQ(Tags(lake), "2024-01-30 of 1, 2024-01-31 of 3, 2024-02-04 of 5");
  }
}

TEST_F(TagCreationTest, AWatermarkIsAClockToo) {
  const Options options = {{"bucket", "1"}, {"tag.automatic-creation", "watermark"}};
  Lake utc(options), none(options), east(With(options, {{"sink.watermark-time-zone", "Asia/Shanghai"}}));
  for (auto [lake, expected] : {std::pair(&utc, "2024-01-30 of 1, 2024-01-31 of 3"), std::pair(&none, ""),
                                std::pair(&east, "2024-01-30 of 1, 2024-01-31 of 2")}) {
    creation_.reset();
    lake->clock_watermarks_ = lake != &none;
    for (const int64_t second : {1'706'702'400, 1'706'717'000, 1'706'745'600, 1'706'745'601}) {  // 01-31 12:00 UTC, …
      lake->now_ms_ = second * 1000 - 999;
      ASSERT_OK(lake->Epoch(1, 1));
      Run(*lake);
    }
    EXPECT_EQ(Tags(*lake), expected);
    const auto table = lake->Open();
    const auto watermark = (*table)->SnapshotOf(4)->watermark;
    EXPECT_EQ(watermark.has_value(), lake != &none);
    EXPECT_EQ(watermark.value_or(1'706'745'601'000), 1'706'745'601'000);
  }
}

// The clock of another machine may be ahead; a snapshot of a job without watermark has that of the one before.
TEST_F(TagCreationTest, AWatermarkNeverFalls) {
  Lake lake(Options{{"bucket", "1"}});
  lake.clock_watermarks_ = true;
  ASSERT_OK(lake.Epoch(1, 1));
  const int64_t first = lake.now_ms_;
  lake.now_ms_ -= 100'000;
  ASSERT_OK(lake.Epoch(1, 1));
  lake.clock_watermarks_ = false;
  ASSERT_OK(lake.Epoch(1, 1, RowKind::kInsert, "job-2"));
  const auto table = lake.Open();
  for (const int64_t id : {1, 2, 3}) EXPECT_EQ((*table)->SnapshotOf(id)->watermark, first - 1);
}

TEST_F(TagCreationTest, ADelayWaitsForLateRows) {
  Lake lake(Automatic({{"tag.creation-delay", "10 min"}, {"tag.creation-period", "hourly"}}));
  CommitAt(lake, "2024-01-31 20:30:00");
  CommitAt(lake, "2024-01-31 21:09:59");
  CommitAt(lake, "2024-01-31 21:10:00");
  Run(lake);
  EXPECT_EQ(Tags(lake), "2024-01-31 19 of 1, 2024-01-31 20 of 3");
}

TEST_F(TagCreationTest, OldOnesGoAndOthersStay) {
  Lake lake(Automatic({{"tag.num-retained-max", "2"}, {"tag.period-formatter", "without_dashes"}}));
  CommitAt(lake, "2024-01-31 20:00:00");
  auto table = lake.Open();
  ASSERT_OK(CreateTag(lake.env_, **table, {"mine", {}, {}}));
  for (int day = 1; day <= 3; ++day) CommitAt(lake, Str("2024-02-0", day, " 20:00:00"));
  Run(lake);
  EXPECT_EQ(Tags(lake), "mine of 1, 20240201 of 3, 20240202 of 4");
}

TEST_F(TagCreationTest, AutomaticCompletionNamesEachPeriod) {
  Lake lake(Automatic({{"tag.automatic-completion", "true"}}));
  CommitAt(lake, "2024-01-31 20:00:00");
  CommitAt(lake, "2024-02-05 20:00:00");
  CommitAt(lake, "2024-02-05 21:00:00");
  Run(lake);
  EXPECT_EQ(Tags(lake), "2024-01-30 of 1, 2024-01-31 of 2, 2024-02-01 of 3");
}

TEST_F(TagCreationTest, TagsExpireByTheirTime) {
  Lake lake(Automatic({{"tag.default-time-retained", "2 h"}}));
  CommitAt(lake, "2024-01-31 20:00:00");
  Run(lake);
  auto table = lake.Open();
  const auto tag = ReadTag(lake.env_, lake.folder_, "2024-01-30");
  ASSERT_OK(tag);
  EXPECT_EQ(tag->retained_ms, 2 * kHour);
  EXPECT_EQ(LocalText(*tag->created_ms), "2024-01-31 20:00:00.000");
  lake.env_.SetNowMs(lake.now_ms_ + 2 * kHour);
  EXPECT_TRUE(ExpireTags(lake.env_, **table)->empty());
  lake.env_.SetNowMs(lake.now_ms_ + 2 * kHour + 1);
  EXPECT_EQ(*ExpireTags(lake.env_, **table), std::vector<std::string>{"2024-01-30"});
}

std::string Refusal(Options options) {
  Schema schema;
  schema.options = std::move(options);
  const auto read = TagOptions::Of(schema);
  return read.ok() ? "none" : read.error().message;
}

TEST_F(TagCreationTest, WrongOptionsAreNamed) {
  EXPECT_EQ(Refusal({}), "none");
  for (const auto& [key, value] : {std::pair("tag.automatic-creation", "later"),
                                   std::pair("tag.creation-period", "weekly"),
                                   std::pair("tag.creation-delay", "x"), std::pair("tag.num-retained-max", "0"),
                                   std::pair("tag.default-time-retained", "x"),
                                   std::pair("tag.period-formatter", "x"),
                                   std::pair("tag.creation-period-duration", "1 s")}) {
    EXPECT_NE(Refusal({{key, value}}).find(key), std::string::npos) << key;
  }
  EXPECT_EQ(Refusal({{"tag.creation-delay", "25 h"}}), "none");  // of no tags
  EXPECT_NE(Refusal(Automatic({{"tag.creation-delay", "25 h"}})).find("tag.creation-delay"), std::string::npos);
  EXPECT_NE(Refusal(Automatic({{"sink.process-time-zone", "UTC"}})).find("sink.process-time-zone"), std::string::npos);
}

}  // namespace
}  // namespace sluice::paimon
