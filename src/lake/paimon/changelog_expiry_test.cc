// SPDX-License-Identifier: Apache-2.0
// Changelogs that outlive their snapshots: their changes can be read until they go in turn, with exactly their files.
#include "lake/paimon/changelog_expiry.h"

#include <gtest/gtest.h>

#include "lake/paimon/expiry.h"
#include "lake/paimon/orphans.h"
#include "lake/paimon/rollback.h"
#include "lake/paimon/table_changes.h"
#include "lake/paimon/table_writer_test_util.h"
#include "row/format_value.h"

namespace sluice::paimon {
namespace {

using Changes = std::vector<std::string>;

const Options kTwo = {{"bucket", "2"},
                      {"num-sorted-run.compaction-trigger", "2"},
                      {"snapshot.num-retained.min", "2"},
                      {"snapshot.num-retained.max", "2"}};

class ChangedLake : public Lake {
 public:
  using Lake::Lake;

  // What the snapshot changed, from it or from its changelog.
  Result<Changes> ChangesOf(int64_t id) {
    Changes out;
    TRY_SET(const auto table, Table::Open(PosixEnv(), folder_));
    TRY_SET(const Snapshot snapshot, table->SnapshotOrChangelogOf(id));
    ChangeRequest request;
    request.schema = &table->newest_schema();
    TRY_SET(const auto reader, ReadChanges(PosixEnv(), *table, snapshot, request));
    for (RowChanges changes; reader != nullptr;) {
      TRY_SET(const bool more, reader->Next(changes));
      if (!more) break;
      for (int64_t row = 0; row < changes.rows->num_rows(); ++row) {
        std::string& text = out.emplace_back(RowKindName(changes.kinds[static_cast<size_t>(row)]));
        for (const auto& column : changes.rows->columns()) AppendJson(*column, row, text);
      }
    }
    return out;
  }
  std::vector<int64_t> Changelogs() { return *(*Open())->ChangelogIds(); }
  Expired Expire() {
    const auto table = Open();
    auto outcome = ExpireSnapshots(env_, **table);
    EXPECT_TRUE(outcome.ok()) << outcome.error().ToString();
    return outcome.ok() ? *outcome : Expired();
  }
  // Takes in what new snapshots changed, and compares what was taken in before.
  void ExpectChanges() {
    std::set<int64_t> ids;
    for (const auto& some : {Ids(), Changelogs()}) ids.insert(some.begin(), some.end());
    EXPECT_EQ(*ids.rbegin() - *ids.begin() + 1, static_cast<int64_t>(ids.size())) << "numbers have gaps";
    for (int64_t id : ids) {
      const auto changes = ChangesOf(id);
      ASSERT_TRUE(changes.ok()) << "snapshot " << id << ": " << changes.error().ToString();
      EXPECT_EQ(*changes, told_.emplace(id, *changes).first->second) << "snapshot " << id;
    }
  }
  void ExpectWhole() {
    const auto named = Named();
    ASSERT_OK(named);
    EXPECT_EQ(Files(), *named);
    const auto orphans = FindOrphans(PosixEnv(), folder_, INT64_MAX);
    ASSERT_OK(orphans);
    EXPECT_EQ(orphans->size(), 0u);
  }

 private:
  std::map<int64_t, Changes> told_;
};

struct Kind {
  const char* name;
  Options options;
  std::vector<std::string> partition_keys;
};

class PaimonChangelogExpiryOf : public testing::TestWithParam<Kind> {};

TEST_P(PaimonChangelogExpiryOf, ChangesStayAsLongAsTheyAreToldTo) {
  ChangedLake lake(With(With(kTwo, {{"changelog.num-retained.max", "9"}}), GetParam().options),
                   GetParam().partition_keys);
  Expired gone;
  for (int n = 0; n < 18; ++n) {
    if (n == 11) {
      ASSERT_OK(lake.Truncate());
    } else {
      ASSERT_OK(lake.Epoch(n * 3 % 11, n * 3 % 11 + 4, n % 4 == 3 ? RowKind::kDelete : RowKind::kInsert));
    }
    if (n == 4) ASSERT_OK(lake.Tag("t", lake.Ids().back()));
    lake.ExpectChanges();
    if (n % 3 == 1) continue;
    const Expired outcome = lake.Expire();
    gone.snapshots += outcome.snapshots;
    gone.changelogs += outcome.changelogs;
    lake.ExpectChanges();
    lake.ExpectWhole();
    ASSERT_FALSE(testing::Test::HasFailure()) << "epoch " << n;
  }
  EXPECT_EQ(lake.Ids().size(), 2u);
  EXPECT_EQ(lake.Changelogs().size(), 7u);
  EXPECT_EQ(gone.snapshots - gone.changelogs, 7);
  const std::string hints = lake.folder_ + "/changelog/";
  EXPECT_EQ(*PosixEnv().ReadFile(hints + "LATEST"), Str(lake.Ids().front() - 1));
  EXPECT_EQ(*PosixEnv().ReadFile(hints + "EARLIEST"), Str(lake.Changelogs().front()));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, PaimonChangelogExpiryOf,
    testing::Values(Kind{"none", {}, {}}, Kind{"input", {{"changelog-producer", "input"}}, {}},
                    Kind{"lookup", {{"changelog-producer", "lookup"}}, {}},
                    Kind{"full", {{"changelog-producer", "full-compaction"}, {"manifest.merge-min-count", "2"}}, {}},
                    Kind{"partitions", {{"manifest.merge-min-count", "2"}}, {"grp"}},
                    Kind{"small", {{"target-file-size", "1 b"}}, {}}),
    [](const auto& kind) { return std::string(kind.param.name); });

TEST(PaimonChangelogExpiry, ByAgeAndConsumers) {
  ChangedLake lake(With(kTwo, {{"num-sorted-run.compaction-trigger", "100"},
                               {"snapshot.time-retained", "10 s"},
                               {"changelog.time-retained", "60 s"},
                               {"changelog.num-retained.max", "100"}}));
  for (int n = 0; n < 8; ++n) ASSERT_OK(lake.Epoch(n, n));
  EXPECT_EQ(lake.Expire().snapshots, 6);
  lake.env_.SetNowMs(kFirstMs + 62'500);  // snapshot n was made after n seconds
  ASSERT_OK(lake.Put("consumer/consumer-a", R"({"nextSnapshot": 2})"));
  EXPECT_EQ(lake.Expire().changelogs, 1);
  ASSERT_OK(PosixEnv().Remove(lake.folder_ + "/consumer/consumer-a"));
  EXPECT_EQ(lake.Expire().changelogs, 1);
  EXPECT_EQ(lake.Changelogs(), (std::vector<int64_t>{3, 4, 5, 6}));
  lake.env_.SetNowMs(kFirstMs + 1'000'000);
  EXPECT_EQ(lake.Expire().changelogs, 3);  // the newest stays
  EXPECT_EQ(lake.Changelogs(), (std::vector<int64_t>{6}));
  lake.ExpectWhole();
}

TEST(PaimonChangelogExpiry, NotWhereTheBoundsAreThoseOfSnapshots) {
  ChangedLake lake(With(kTwo, {{"changelog.num-retained.max", "2"}, {"changelog.num-retained.min", "1"}}));
  for (int n = 0; n < 5; ++n) ASSERT_OK(lake.Epoch(n, n));
  EXPECT_GT(lake.Expire().snapshots, 2);
  EXPECT_TRUE(lake.Changelogs().empty());
  lake.ExpectWhole();
}

TEST(PaimonChangelogExpiry, ARangeBeginsBeforeTheOldestSnapshot) {
  ChangedLake lake(With(kTwo, {{"changelog.num-retained.max", "100"}, {"num-sorted-run.compaction-trigger", "100"}}));
  for (int n = 0; n < 6; ++n) ASSERT_OK(lake.Epoch(n, n));
  lake.Expire();
  const auto table = lake.Open();
  ASSERT_OK(table);
  for (const auto& [text, rows] : {std::pair("1,6", 5), std::pair("0,3", 3)}) {
    const auto range = FindRange(PosixEnv(), **table, text);
    ASSERT_OK(range);
    ChangeRequest request;
    request.schema = &(*table)->newest_schema();
    const auto reader = ReadChangesBetween(PosixEnv(), **table, *range, request);
    ASSERT_OK(reader);
    int64_t count = 0;
    for (RowChanges changes; *(*reader)->Next(changes);) count += changes.rows->num_rows();
    EXPECT_EQ(count, rows) << text;
    request.scan = ChangeScan::kDiff;  // takes a whole snapshot
    const auto difference = ReadChangesBetween(PosixEnv(), **table, *range, request);
    ASSERT_FALSE(difference.ok()) << text;
    EXPECT_EQ(difference.error().code, ErrorCode::kNotFound);
  }
}

TEST(PaimonChangelogExpiry, ARollbackTakesTheYoungerOnes) {
  for (const char* producer : {"none", "input"}) {
    ChangedLake lake(With(kTwo, {{"changelog.num-retained.max", "100"}, {"changelog-producer", producer}}));
    for (int n = 0; n < 8; ++n) {
      ASSERT_OK(lake.Epoch(n % 3, n % 3 + 4));
      if (n == 2) ASSERT_OK(lake.Tag("t", lake.Ids().back()));
    }
    lake.Expire();
    const int64_t tagged = lake.tags_[0].id;
    ASSERT_GT(lake.Changelogs().back(), tagged);
    const auto table = lake.Open();
    ASSERT_OK(RollBackTo(lake.env_, **table, "t"));
    EXPECT_EQ(lake.Ids(), (std::vector<int64_t>{tagged}));
    EXPECT_EQ(lake.Changelogs().back(), tagged);
    lake.ExpectWhole();
  }
}

// Changelogs of before have other files than those of now, and share manifests with the snapshots.
TEST(PaimonChangelogExpiry, ATableWhoseProducerChanges) {
  for (const auto& [before, after] : {std::pair("none", "input"), std::pair("input", "none")}) {
    ChangedLake lake(With(kTwo, {{"changelog.num-retained.max", "6"}, {"changelog-producer", before}}));
    std::map<int64_t, std::multiset<std::string>> rows;
    for (int n = 0; n < 16; ++n) {
      if (n == 6) {
        const auto table = lake.Open();
        ASSERT_OK(table);
        Schema schema = (*table)->newest_schema();
        schema.options["changelog-producer"] = after;
        ASSERT_OK(lake.Put(Str("schema/schema-", ++schema.id), schema.ToJson()));
        lake.writers_.clear();
      }
      ASSERT_OK(lake.Epoch(n * 3 % 11, n * 3 % 11 + 4, n % 4 == 3 ? RowKind::kDelete : RowKind::kInsert));
      rows.merge(lake.RowsOfAll());
      lake.Expire();
      for (const auto& [id, now] : lake.RowsOfAll()) ASSERT_EQ(now, rows.at(id)) << before << ", snapshot " << id;
    }
    EXPECT_GT(lake.Changelogs().front(), 12) << "those of before are there still";
    const auto orphans = FindOrphans(PosixEnv(), lake.folder_, INT64_MAX);  // of the one snapshot between
    ASSERT_OK(orphans);
    EXPECT_LE(orphans->size(), 4u) << before << ": " << orphans->front().path;
    for (const OrphanFile& file : *orphans) ASSERT_OK(PosixEnv().Remove(file.path));
    for (int64_t id : lake.Changelogs()) EXPECT_TRUE(lake.ChangesOf(id).ok()) << before << ", changelog " << id;
    for (const auto& [id, now] : lake.RowsOfAll()) EXPECT_EQ(now, rows.at(id)) << before << ", snapshot " << id;
  }
}

// Whatever step fails, and wherever the process dies: what is there can be read, and the rest is found.
TEST(PaimonChangelogExpiry, KilledAtEveryStep) {
  for (const char* producer : {"none", "input"}) {
    ChangedLake lake(With(kTwo, {{"changelog.num-retained.max", "5"}, {"changelog-producer", producer}}));
    for (int n = 0; n < 6; ++n) ASSERT_OK(lake.Epoch(n % 3, n % 3 + 4));
    lake.Expire();
    for (int n = 0; n < 3; ++n) ASSERT_OK(lake.Epoch(n % 3, n % 3 + 4));
    lake.ExpectChanges();
    const std::string copy = lake.test_folder_.path() / "copy";
    std::filesystem::copy(lake.folder_, copy, std::filesystem::copy_options::recursive);
    int64_t last = 0;
    for (const Fault fault : {Fault::kFail, Fault::kCrash}) {
      for (int64_t step = 1;; ++step) {
        std::filesystem::remove_all(lake.folder_);
        std::filesystem::copy(copy, lake.folder_, std::filesystem::copy_options::recursive);
        FaultyEnv env(PosixEnv());
        env.SetNowMs(lake.now_ms_);
        env.Arm(fault, step);
        if (const auto table = Table::Open(env, lake.folder_); table.ok()) (void)ExpireSnapshots(env, **table).ok();
        const auto orphans = FindOrphans(PosixEnv(), lake.folder_, INT64_MAX);
        ASSERT_OK(orphans);
        for (const OrphanFile& file : *orphans) ASSERT_OK(PosixEnv().Remove(file.path));
        if (step % 5 == 1) {
          ASSERT_NO_FATAL_FAILURE(lake.ExpectChanges());
        }
        lake.Expire();
        ASSERT_NO_FATAL_FAILURE(lake.ExpectChanges());
        lake.ExpectWhole();
        ASSERT_FALSE(testing::Test::HasFailure()) << producer << ", step " << step;
        last = std::max(last, step);
        if (!env.fired()) break;
      }
    }
    EXPECT_GT(last, 30);
  }
}

}  // namespace
}  // namespace sluice::paimon
