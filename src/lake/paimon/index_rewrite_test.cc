// SPDX-License-Identifier: Apache-2.0
// File indexes of files that are there: they come, change and go by the table's options, and expiry takes the old ones.
#include "lake/paimon/index_rewrite.h"

#include <gtest/gtest.h>

#include "lake/paimon/expiry.h"
#include "lake/paimon/manifest_files.h"
#include "lake/paimon/table_writer_test_util.h"

namespace sluice::paimon {
namespace {

std::vector<DataFileMeta> Files(Lake& lake) {
  const auto table = lake.Open();
  std::vector<DataFileMeta> out;
  const auto files = *(*table)->LiveFiles(**(*table)->LatestSnapshot());
  for (const LiveFile& file : files) out.push_back(file.meta);
  return out;
}

// A new version of the schema, with these options.
void Alter(Lake& lake, const Options& options) {
  const auto table = lake.Open();
  Schema schema = (*table)->newest_schema();
  for (const auto& [key, value] : options) schema.options[key] = value;
  std::erase_if(schema.options, [](const auto& option) { return option.second.empty(); });
  ++schema.id;
  ASSERT_TRUE(lake.Put(Str("schema/schema-", schema.id), schema.ToJson()).ok());
}

int64_t Rewritten(Lake& lake) {
  const auto done = RewriteFileIndexes(lake.env_, lake.folder_, {});
  EXPECT_TRUE(done.ok()) << done.error().ToString();
  return done.ok() ? done->rewritten : -1;
}

TEST(IndexRewrite, ComesChangesAndGoes) {
  Lake lake(Options{{"bucket", "1"}, {"write-only", "true"}, {"manifest.merge-min-count", "3"}});
  for (int epoch = 0; epoch < 3; ++epoch) ASSERT_TRUE(lake.Epoch(epoch * 10, epoch * 10 + 9).ok());
  const auto before = lake.RowsOf(lake.Ids().back());
  EXPECT_EQ(Rewritten(lake), 0);
  Alter(lake, {{"file-index.bitmap.columns", "name"}, {"file-index.in-manifest-threshold", "1 b"}});
  EXPECT_EQ(Rewritten(lake), 3);
  for (const DataFileMeta& file : Files(lake)) ASSERT_EQ(file.extra_files.size(), 1u);
  EXPECT_EQ(Rewritten(lake), 0);
  Alter(lake, {{"file-index.bitmap.columns", "name,grp"}, {"file-index.in-manifest-threshold", "1 mb"}});
  EXPECT_EQ(Rewritten(lake), 3);
  for (const DataFileMeta& file : Files(lake)) EXPECT_TRUE(file.extra_files.empty() && file.embedded_index);
  Alter(lake, {{"file-index.bitmap.columns", ""}});
  EXPECT_EQ(Rewritten(lake), 3);
  for (const DataFileMeta& file : Files(lake)) EXPECT_TRUE(file.extra_files.empty() && !file.embedded_index);
  EXPECT_EQ(lake.RowsOf(lake.Ids().back()), before);
  ASSERT_TRUE(lake.Epoch(100, 110).ok());  // the manifests have been merged since
  const auto table = lake.Open();
  ExpiryBounds bounds;
  bounds.snapshots_min = bounds.snapshots_max = 1;
  const auto expired = ExpireSnapshots(lake.env_, **table, bounds);
  ASSERT_TRUE(expired.ok()) << expired.error().ToString();
  EXPECT_EQ(lake.RowsOf(lake.Ids().back()).size(), before.size() + 11);
  EXPECT_EQ(lake.Files(), *lake.Named());
}

TEST(IndexRewrite, ACompactionOfTheOldFileIsLeftOut) {
  Lake lake(Options{{"bucket", "1"}, {"write-only", "true"}});
  for (int epoch = 0; epoch < 2; ++epoch) ASSERT_TRUE(lake.Epoch(epoch * 10, epoch * 10 + 9).ok());
  const auto table = *lake.Open();
  const Snapshot base = **table->LatestSnapshot();
  auto stale = *table->LiveEntries(base);
  for (ManifestEntry& entry : stale) entry.kind = EntryKind::kDelete;  // as a compaction that was begun before
  TableChange change;
  change.compacted = *WriteChangedFiles(lake.env_, *table, stale);
  Alter(lake, {{"file-index.bitmap.columns", "name"}});
  EXPECT_EQ(Rewritten(lake), 2);
  const auto outcome = CommitCompaction(lake.env_, *table, change, {"compactor", 1}, base.id);
  ASSERT_TRUE(outcome.ok()) << outcome.error().ToString();
  EXPECT_FALSE(outcome->compacted);
  EXPECT_EQ(lake.RowsOf(lake.Ids().back()).size(), 20u);
}

}  // namespace
}  // namespace sluice::paimon
