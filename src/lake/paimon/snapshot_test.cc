// SPDX-License-Identifier: Apache-2.0
// Snapshots as text and back.
#include "lake/paimon/snapshot.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace sluice::paimon {
namespace {

Snapshot Whole() {
  Snapshot s;
  s.id = 7;
  s.schema_id = 2;
  s.base_manifest_list = "manifest-list-a-0";
  s.delta_manifest_list = "manifest-list-b-0";
  s.changelog_manifest_list = "manifest-list-c-0";
  s.index_manifest = "index-manifest-d-0";
  s.commit_user = "job \"1\"";
  s.commit_identifier = INT64_MAX;  // a batch job of Flink
  s.commit_kind = "OVERWRITE";
  s.time_ms = 1'700'000'000'123;
  s.total_record_count = 10;
  s.delta_record_count = -3;
  s.changelog_record_count = 4;
  s.base_list_size = 100;
  s.delta_list_size = 200;
  s.changelog_list_size = 300;
  s.watermark = INT64_MIN;  // Flink's of a source without watermarks
  s.next_row_id = 0;
  s.statistics = "stat-e-0";
  s.properties = {{"sluice.job.end", "{\"gtid\":\"0-1-2\"}"}, {"ü", ""}};
  return s;
}

TEST(PaimonSnapshot, IsReadAsItWasWritten) {
  const std::string text = Whole().ToJson();
  const auto read = ParseSnapshot(text);
  ASSERT_TRUE(read.ok()) << read.error().ToString();
  EXPECT_EQ(read->ToJson(), text);
  EXPECT_EQ(read->commit_identifier, INT64_MAX);
  EXPECT_EQ(read->watermark, INT64_MIN);
  EXPECT_EQ(read->properties, Whole().properties);
  EXPECT_EQ(read->statistics, "stat-e-0");
}

TEST(PaimonSnapshot, LeavesOutWhatIsNotTold) {
  Snapshot s;
  s.id = 1;
  s.base_manifest_list = "a";
  s.delta_manifest_list = "b";
  s.commit_user = "u";
  s.commit_kind = "APPEND";
  const std::string text = s.ToJson();
  for (const char* key : {"changelog", "indexManifest", "watermark", "statistics", "properties", "nextRowId", "Size"}) {
    EXPECT_EQ(text.find(key), std::string::npos) << key;
  }
  const auto read = ParseSnapshot(text);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->ToJson(), text);
  EXPECT_FALSE(read->watermark || read->next_row_id || read->changelog_record_count || read->base_list_size);
}

// As Java writes it: fields of other versions, and null for what is not there.
TEST(PaimonSnapshot, OfOtherVersionsIsRead) {
  const auto read = ParseSnapshot(R"({"version":3,"id":4,"schemaId":0,"baseManifestList":"a","deltaManifestList":"b",
      "changelogManifestList":null,"indexManifest":null,"commitUser":"u","commitIdentifier":2,"commitKind":"COMPACT",
      "timeMillis":5,"logOffsets":{},"totalRecordCount":10,"deltaRecordCount":-2,"changelogRecordCount":0,
      "watermark":null,"statistics":null,"properties":null,"uuid":"x","operation":"WRITE"})");
  ASSERT_TRUE(read.ok()) << read.error().ToString();
  EXPECT_EQ(read->delta_record_count, -2);
  EXPECT_EQ(read->changelog_record_count, 0);
  EXPECT_TRUE(read->properties.empty());
}

TEST(PaimonSnapshot, OfAnUnknownVersionOrWithoutAFieldIsRefused) {
  const std::string text = Whole().ToJson();
  std::string newer = text;
  newer.replace(newer.find("\"version\": 3"), 12, "\"version\": 4");
  EXPECT_EQ(ParseSnapshot(newer).error().code, ErrorCode::kUnsupported);
  for (const char* key : {"\"id\"", "\"schemaId\"", "\"baseManifestList\"", "\"deltaManifestList\"", "\"commitUser\"",
                          "\"commitIdentifier\"", "\"commitKind\"", "\"timeMillis\""}) {
    std::string without = text;
    without.replace(without.find(key), 2, "\"?");
    const auto read = ParseSnapshot(without);
    ASSERT_FALSE(read.ok()) << key;
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
  }
  for (size_t end = 0; end + 1 < text.size(); end += 7) EXPECT_FALSE(ParseSnapshot(text.substr(0, end)).ok());
}

}  // namespace
}  // namespace sluice::paimon
