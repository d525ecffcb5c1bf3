// SPDX-License-Identifier: Apache-2.0
// Manifests of a bounded number: small ones are merged, and no entry comes back or is lost by it.
#include "lake/paimon/manifest_files.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "lake/paimon/table_model_test_util.h"

namespace sluice::paimon {
namespace {

class PaimonManifestFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    TableSchema source;
    source.columns = {Col("id", "INT"), Col("dt", "DATE"), Col("name", "VARCHAR(9)")};
    schema_ = *FromTableSchema(source, {"dt", "name"}, {});
    ASSERT_OK(CreateTable(PosixEnv(), folder(), schema_));
    table_ = *Table::Open(PosixEnv(), folder());
  }
  std::string folder() const { return folder_.path().string() + "/t"; }

  std::string Partition(const std::string& day, const std::string& name) const {
    const auto codec = *BinaryRowCodec::Make({*ParseDataType("DATE"), *ParseDataType("VARCHAR(9)")});
    TableSchema source;
    source.columns = {Col("dt", "DATE"), Col("name", "VARCHAR(9)")};
    const auto batch = BatchOf(source, {{CellOf(source.columns[0], day), CellOf(source.columns[1], name)}});
    return codec.Serialize(batch->columns(), 0);
  }
  ManifestEntry Entry(EntryKind kind, const std::string& name) const {
    ManifestEntry entry{kind, Partition("2024-01-01", "a"), 0, 1, {}};
    entry.file.name = name;
    entry.file.min_key = entry.file.max_key = EmptyRow();
    entry.file.key_stats = entry.file.value_stats = SimpleStats::None();
    entry.file.level = 0;
    return entry;
  }
  std::vector<ManifestFile> Written(const std::vector<ManifestEntry>& entries) {
    return *WriteManifests(PosixEnv(), *table_, entries);
  }
  std::vector<ManifestFile> Merge(std::vector<ManifestFile> manifests, int64_t count, int64_t bytes) {
    TableOptions options;
    options.manifest_merge_count = count;
    options.manifest_target_bytes = bytes;
    return *MergeManifests(PosixEnv(), *table_, options, std::move(manifests));
  }
  // "+a -b" in order, after entries that cancel each other out are gone.
  std::string Live(const std::vector<ManifestFile>& manifests, bool merged = true) {
    std::vector<ManifestEntry> entries;
    for (const ManifestFile& manifest : manifests) {
      const auto read = *table_->ReadManifest(manifest.name);
      entries.insert(entries.end(), read.begin(), read.end());
    }
    std::string out;
    for (const ManifestEntry& e : merged ? MergeEntries(entries) : entries) {
      out += Str(out.empty() ? "" : " ", e.kind == EntryKind::kAdd ? "+" : "-", e.file.name);
    }
    return out;
  }

  TestFolder folder_;
  Schema schema_;
  std::unique_ptr<Table> table_;
};

TEST_F(PaimonManifestFilesTest, SayWhatIsInThem) {
  std::vector<ManifestEntry> entries = {Entry(EntryKind::kAdd, "a"), Entry(EntryKind::kAdd, "b"),
                                        Entry(EntryKind::kDelete, "c")};
  entries[0].bucket = 3;
  entries[1].file.level = 5;
  entries[1].file.schema_id = 4;
  entries[1].partition = Partition("2020-02-02", "null");
  entries[2].partition = Partition("null", "zz");
  const auto manifests = Written(entries);
  ASSERT_EQ(manifests.size(), 1u);
  const ManifestFile& file = manifests[0];
  EXPECT_EQ(file.added_files, 2);
  EXPECT_EQ(file.deleted_files, 1);
  EXPECT_EQ(file.schema_id, 4);
  EXPECT_EQ(file.size, *PosixEnv().FileSize(table_->ManifestPath(file.name)));
  EXPECT_EQ(std::tuple(file.min_bucket, file.max_bucket, file.min_level, file.max_level), std::tuple(0, 3, 0, 5));
  EXPECT_EQ(file.partition_stats.min, Partition("2020-02-02", "a"));
  EXPECT_EQ(file.partition_stats.max, Partition("2024-01-01", "zz"));
  EXPECT_EQ(file.partition_stats.null_counts, (std::vector<std::optional<int64_t>>{1, 1}));
  EXPECT_TRUE(Written({}).empty());
  entries.resize(1);
  entries[0].partition = Partition("null", "null");
  EXPECT_EQ(Written(entries)[0].partition_stats.min, Partition("null", "null"));
}

TEST_F(PaimonManifestFilesTest, AreSplitWhenTheyAreLarge) {
  std::vector<ManifestEntry> entries;
  for (int i = 0; i < 20'001; ++i) entries.push_back(Entry(EntryKind::kAdd, Str(i)));
  const auto manifests = Written(entries);
  ASSERT_EQ(manifests.size(), 2u);
  EXPECT_EQ(manifests[0].added_files, 20'000);
  EXPECT_EQ(manifests[1].added_files, 1);
}

TEST_F(PaimonManifestFilesTest, AreMergedWhenThereAreEnoughSmallOnes) {
  for (int64_t count : {2, 3, 5}) {
    std::vector<ManifestFile> manifests;
    for (int i = 0; i < 10; ++i) {
      const auto added = Written({Entry(EntryKind::kAdd, Str(i))});
      manifests.insert(manifests.end(), added.begin(), added.end());
      manifests = Merge(manifests, count, 1 << 20);
      ASSERT_LT(static_cast<int64_t>(manifests.size()), count);
    }
    EXPECT_EQ(Live(manifests), "+0 +1 +2 +3 +4 +5 +6 +7 +8 +9");
  }
}

TEST_F(PaimonManifestFilesTest, LoseWhatCameAndWent) {
  auto manifests = Written({Entry(EntryKind::kAdd, "a"), Entry(EntryKind::kAdd, "b")});
  for (const auto& next : {Written({Entry(EntryKind::kDelete, "a")}), Written({Entry(EntryKind::kDelete, "b")})}) {
    manifests.insert(manifests.end(), next.begin(), next.end());
  }
  EXPECT_TRUE(Merge(manifests, 3, 1 << 20).empty());
  EXPECT_EQ(Merge(manifests, 4, 1 << 20), manifests);
}

// A large manifest stays as it is, and what goes from it stands behind it until that is much.
TEST_F(PaimonManifestFilesTest, KeepDeletionsOfWhatALargeOneAdded) {
  std::vector<ManifestEntry> many;
  for (int i = 0; i < 100; ++i) many.push_back(Entry(EntryKind::kAdd, Str("large-", i)));
  const auto large = Written(many);
  ASSERT_EQ(large.size(), 1u);
  const int64_t target = large[0].size;
  auto manifests = large;
  for (int i = 0; i < 26; ++i) {
    const auto gone = Written({Entry(EntryKind::kDelete, Str("large-", i))});
    manifests.insert(manifests.end(), gone.begin(), gone.end());
    manifests = Merge(manifests, 2, target);
    const std::string live = Live(manifests);
    ASSERT_EQ(std::count(live.begin(), live.end(), '+'), 99 - i);
    ASSERT_EQ(live.find('-' + Str("large-")), std::string::npos);
    const std::string all = Live(manifests, false);
    ASSERT_EQ(std::count(all.begin(), all.end(), '+'), i < 25 ? 100 : 74);  // then all is written again
    ASSERT_EQ(manifests[0] == large[0], i < 25);
  }
}

// Random commits, as base list and delta list: always the files that a set has.
TEST_F(PaimonManifestFilesTest, HoldTheLiveFilesAtAllTimes) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    std::mt19937_64 random(seed);
    const auto count = static_cast<int64_t>(2 + random() % 5);
    const auto target = static_cast<int64_t>(1500 + random() % 8000);
    std::set<std::string> live;
    std::vector<ManifestFile> manifests;
    for (int commit = 0; commit < 60; ++commit) {
      std::vector<ManifestEntry> entries;
      for (uint64_t i = random() % 5; i > 0 && !live.empty(); --i) {
        auto gone = std::next(live.begin(), static_cast<std::ptrdiff_t>(random() % live.size()));
        entries.push_back(Entry(EntryKind::kDelete, *gone));
        live.erase(gone);
      }
      for (uint64_t i = random() % 8; i > 0; --i) {
        const std::string name = Str(commit, "-", i);
        entries.push_back(Entry(EntryKind::kAdd, name));
        live.insert(name);
      }
      const auto delta = Written(entries);
      manifests = Merge(manifests, count, target);
      manifests.insert(manifests.end(), delta.begin(), delta.end());
      std::set<std::string> shown;
      for (const std::string& name : Split(Live(manifests), ' ')) {
        if (name.empty()) continue;
        ASSERT_TRUE(shown.insert(name.substr(1)).second);
        ASSERT_EQ(name[0], '+') << name;
      }
      ASSERT_EQ(shown, live);
      int64_t small = 0;
      for (const ManifestFile& manifest : manifests) small += manifest.size < target;
      ASSERT_LE(small, count + 1);
    }
  }
}

}  // namespace
}  // namespace sluice::paimon
