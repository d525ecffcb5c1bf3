// SPDX-License-Identifier: Apache-2.0
// Metadata, manifest lists and manifests of real writers are read; what is damaged or against the spec is refused.
#include "lake/iceberg/metadata.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "base/test_data_test_util.h"
#include "base/text.h"
#include "io/env.h"
#include "lake/iceberg/manifest.h"

namespace sluice::iceberg {
namespace {

const std::string kData = TestData("iceberg/");

TableMetadata Newest(const std::string& folder) {
  for (int n = 1; n < 60; ++n) {
    auto json = PosixEnv().ReadFile(Str(folder, "/v", n, ".metadata.json"));
    if (!json.ok()) continue;
    auto metadata = TableMetadata::Parse(*json, folder);
    EXPECT_TRUE(metadata.ok()) << metadata.error().ToString();
    return *metadata;
  }
  ADD_FAILURE() << "no metadata in " << folder;
  std::abort();
}

std::string Local(const std::string& folder, const std::string& uri) {
  return folder + uri.substr(uri.rfind('/'));
}

int64_t Total(const Snapshot& snapshot, const std::string& key) {
  auto it = snapshot.summary.find(key);
  int64_t value = -1;
  return it != snapshot.summary.end() && ParseNumber(it->second, value) ? value : -1;
}

TEST(IcebergMetadataTest, GoldenTables) {
  int snapshots = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kData)) {
    if (!entry.is_directory()) continue;
    const std::string folder = entry.path();
    SCOPED_TRACE(folder);
    TableMetadata metadata = Newest(folder);
    for (const Snapshot& snapshot : metadata.snapshots()) {
      auto bytes = PosixEnv().ReadFile(Local(folder, snapshot.manifest_list));
      ASSERT_TRUE(bytes.ok());
      auto manifests = DecodeManifestList(*bytes, snapshot.manifest_list);
      ASSERT_TRUE(manifests.ok()) << manifests.error().ToString();
      int64_t data = 0, deletes = 0, records = 0;
      for (const ManifestFile& manifest : *manifests) {
        auto content = PosixEnv().ReadFile(Local(folder, manifest.path));
        ASSERT_TRUE(content.ok()) << manifest.path;
        auto entries = DecodeManifest(*content, manifest, metadata);
        ASSERT_TRUE(entries.ok()) << entries.error().ToString();
        int64_t counts[3] = {};
        for (const ManifestEntry& item : *entries) {
          ++counts[static_cast<int>(item.status)];
          if (item.status == EntryStatus::kDeleted) continue;
          (manifest.deletes ? deletes : data) += 1;
          if (!manifest.deletes) records += item.file.record_count;
          EXPECT_GT(item.file.size, 0);
          EXPECT_LE(*item.sequence_number, snapshot.sequence_number);
        }
        EXPECT_EQ(counts[1], manifest.added_files);
        EXPECT_EQ(counts[0], manifest.existing_files);
        EXPECT_EQ(counts[2], manifest.deleted_files);
      }
      EXPECT_EQ(data, Total(snapshot, "total-data-files"));
      EXPECT_EQ(deletes, Total(snapshot, "total-delete-files"));
      EXPECT_EQ(records, Total(snapshot, "total-records"));
      ++snapshots;
    }
  }
  EXPECT_GE(snapshots, 15);
}

// What we write from a real manifest's entries reads back the same.
TEST(IcebergMetadataTest, ManifestsRoundTrip) {
  for (const char* name : {"partitions_identity_decimal38", "partitions_identity_double", "v2_deletes_per_file"}) {
    const std::string folder = kData + name;
    TableMetadata metadata = Newest(folder);
    const Snapshot* snapshot = metadata.current_snapshot();
    auto manifests = *DecodeManifestList(*PosixEnv().ReadFile(Local(folder, snapshot->manifest_list)), "list");
    for (const ManifestFile& manifest : manifests) {
      auto entries = *DecodeManifest(*PosixEnv().ReadFile(Local(folder, manifest.path)), manifest, metadata);
      auto encoded = EncodeManifest(entries, metadata, *metadata.spec(manifest.spec_id), manifest.deletes, {1, 2});
      ASSERT_TRUE(encoded.ok()) << encoded.error().ToString();
      encoded->file.sequence_number = manifest.sequence_number;
      auto again = *DecodeManifest(encoded->bytes, encoded->file, metadata);
      ASSERT_EQ(again.size(), entries.size());
      for (size_t i = 0; i < entries.size(); ++i)
        EXPECT_TRUE(again[i].file == entries[i].file) << entries[i].file.ToJson();
      ASSERT_EQ(encoded->file.partitions.size(), manifest.partitions.size());
      for (size_t i = 0; i < manifest.partitions.size(); ++i) {
        EXPECT_EQ(encoded->file.partitions[i].lower, manifest.partitions[i].lower) << name;
        EXPECT_EQ(encoded->file.partitions[i].upper, manifest.partitions[i].upper) << name;
        EXPECT_EQ(encoded->file.partitions[i].contains_null, manifest.partitions[i].contains_null);
      }
      Snapshot of_list;
      of_list.id = 5;
      of_list.sequence_number = 7;
      auto list = DecodeManifestList(EncodeManifestList({manifest}, of_list, 2, {1, 2}), "list");
      ASSERT_TRUE(list.ok()) << list.error().ToString();
      EXPECT_EQ(list->at(0).path, manifest.path);
      EXPECT_EQ(list->at(0).partitions.size(), manifest.partitions.size());
    }
  }
}

std::string Edited(const std::string& from, const std::string& to) {
  NewTable table;
  table.location = "file:///w/t";
  TableSchema columns;
  columns.columns = {{"id", DataType{TypeKind::kBigInt}, "", {}}};
  table.schema = FromTableSchema(columns);
  std::string json = TableMetadata::New(table, "4f4b3d3e-0000-4000-8000-000000000000", 1000)->ToJson();
  size_t at = json.find(from);
  EXPECT_NE(at, std::string::npos) << from << " in " << json;
  return at == std::string::npos ? json : json.replace(at, from.size(), to);
}

TEST(IcebergMetadataTest, EveryFlippedBitIsSeen) {
  const std::string json = Edited("", "");
  const std::string mark = "\"sluice.metadata-crc\":\"v1-";
  const size_t seal = json.find(mark);
  ASSERT_NE(seal, std::string::npos) << json;
  EXPECT_TRUE(TableMetadata::Parse(json, "file:///w/t/metadata/v1.metadata.json").ok());
  auto of_another_version = TableMetadata::Parse(Edited("\"id\"", "\"ie\""), "v2.metadata.json");
  EXPECT_TRUE(of_another_version.ok());
  for (size_t bit = 0; bit < json.size() * 8; ++bit) {
    if (bit / 8 >= seal && bit / 8 < seal + mark.size()) continue;  // then there is no seal of this version
    std::string bad = json;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
    auto result = TableMetadata::Parse(bad, "file:///w/t/metadata/v1.metadata.json");
    ASSERT_FALSE(result.ok()) << "bit " << bit << ": " << bad;
    EXPECT_NE(result.error().message.find("v1.metadata.json"), std::string::npos) << result.error().message;
    EXPECT_FALSE(result.error().hint.empty());
  }
}

TEST(IcebergMetadataTest, LoadChecks) {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"\"table-uuid\"", "\"x\""},
      {"\"format-version\":2", "\"format-version\":\"2\""},
      {"\"current-schema-id\":0", "\"current-schema-id\":5"},
      {"\"default-spec-id\":0", "\"default-spec-id\":5"},
      {"\"default-sort-order-id\":0", "\"default-sort-order-id\":5"},
      {"\"current-snapshot-id\":-1", "\"current-snapshot-id\":7"},
      {"\"refs\":{}", "\"refs\":{\"main\":{\"snapshot-id\":7,\"type\":\"branch\"}}"},
      {"\"last-updated-ms\":1000", "\"last-updated-ms\":1e3"},
      {"\"snapshots\":[]",
       "\"snapshots\":[{\"snapshot-id\":1,\"timestamp-ms\":1,\"sequence-number\":9,\"manifest-list\":\"x\"}]"},
      {"\"snapshot-log\":[]",
       "\"snapshot-log\":[{\"timestamp-ms\":900000,\"snapshot-id\":1},{\"timestamp-ms\":1,\"snapshot-id\":1}]"},
  };
  for (const auto& [from, to] : bad) {
    auto result = TableMetadata::Parse(Edited(from, to), "f.metadata.json");
    ASSERT_FALSE(result.ok()) << to;
    EXPECT_EQ(result.error().code, ErrorCode::kCorrupt) << to;
    EXPECT_EQ(result.error().message.find("f.metadata.json: "), 0u) << result.error().message;
    EXPECT_FALSE(result.error().hint.empty());
  }
  EXPECT_EQ(TableMetadata::Parse(Edited("\"format-version\":2", "\"format-version\":4"), "f").error().code,
            ErrorCode::kUnsupported);
  EXPECT_FALSE(TableMetadata::Parse(std::string(100'000, '['), "f").ok());
}

TEST(IcebergMetadataTest, BuilderKeepsWhatItDoesNotKnow) {
  auto base = *TableMetadata::Parse(Edited("\"refs\":{}", "\"refs\":{},\"x-unknown\":{\"a\":[1]}"), "f");
  MetadataBuilder builder(base, "file:///w/t/metadata/v1.metadata.json");
  builder.SetProperties({{"a", "b"}, {"write.metadata.previous-versions-max", "1"}}, {});
  auto next = *builder.Build(5000);
  EXPECT_NE(next.ToJson().find("\"x-unknown\":{\"a\":[1]}"), std::string::npos);
  EXPECT_EQ(next.metadata_log(), std::vector<std::string>{"file:///w/t/metadata/v1.metadata.json"});
  MetadataBuilder second(next, "file:///w/t/metadata/v2.metadata.json");
  Snapshot snapshot;
  snapshot.id = 42;
  snapshot.sequence_number = 1;
  snapshot.manifest_list = "file:///w/t/metadata/snap.avro";
  snapshot.summary = {{"operation", "append"}};
  second.AddSnapshot(snapshot);
  auto third = *second.Build(4000);  // the clock went back
  EXPECT_EQ(third.last_updated_ms(), 5000);
  EXPECT_EQ(third.current_snapshot()->id, 42);
  EXPECT_EQ(third.refs().at("main").snapshot_id, 42);
  EXPECT_EQ(second.trimmed(), std::vector<std::string>{"file:///w/t/metadata/v1.metadata.json"});
}

}  // namespace
}  // namespace sluice::iceberg
