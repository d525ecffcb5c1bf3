// SPDX-License-Identifier: Apache-2.0
// Options of a table: what is read, what is refused and by which name.
#include "lake/paimon/table_options.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace sluice::paimon {
namespace {

Schema Keyed(Options options) {
  Schema schema;
  for (const char* name : {"id", "dt", "v"}) {
    Field field;
    field.name = name;
    field.id = static_cast<int>(schema.fields.size());
    schema.fields.push_back(field);
  }
  schema.primary_keys = {"id", "dt"};
  schema.partition_keys = {"dt"};
  schema.options = std::move(options);
  return schema;
}

Schema Keyless(Options options) {
  Schema schema = Keyed(std::move(options));
  schema.primary_keys.clear();
  return schema;
}

TableOptions Of(const Options& options) {
  auto read = TableOptions::Of(Keyed(options));
  EXPECT_TRUE(read.ok()) << read.error().ToString();
  return read.ok() ? *read : TableOptions();
}

std::string Refusal(const Schema& schema) {
  const auto read = TableOptions::Of(schema);
  return read.ok() ? "none" : read.error().message;
}

TEST(PaimonTableOptions, PostponedBucketsNeedAKey) {
  EXPECT_EQ(Of({{"bucket", "-2"}}).bucket_mode, BucketMode::kPostponed);
  EXPECT_EQ(Of({{"bucket", "-2"}}).buckets, -2);
  EXPECT_NE(Refusal(Keyless({{"bucket", "-2"}})).find("primary key"), std::string::npos);
  EXPECT_NE(Refusal(Keyed({{"bucket", "-2"}, {"changelog-producer", "input"}})).find("changelog-producer"),
            std::string::npos);
}

TEST(PaimonTableOptions, HaveJavasDefaults) {
  const TableOptions options = Of({});
  EXPECT_EQ(options.bucket_mode, BucketMode::kDynamic);
  EXPECT_EQ(options.buckets, -1);
  EXPECT_EQ(options.bucket_key, std::vector<std::string>{"id"});
  EXPECT_TRUE(options.keyed);
  EXPECT_EQ(options.compaction_trigger, 5);
  EXPECT_EQ(options.stop_trigger, 8);
  EXPECT_EQ(options.levels, 6);
  EXPECT_EQ(options.target_file_bytes, 128 << 20);
  EXPECT_EQ(options.files.StyleOf(0, false).compression, "zstd");
  EXPECT_EQ(options.snapshot_time_ms, 3'600'000);
  const auto keyless = TableOptions::Of(Keyless({}));
  ASSERT_TRUE(keyless.ok());
  EXPECT_EQ(keyless->bucket_mode, BucketMode::kUnaware);
  EXPECT_FALSE(keyless->keyed);
  EXPECT_EQ(keyless->target_file_bytes, 256 << 20);
}

TEST(PaimonTableOptions, OfACompactionFollowItsTrigger) {
  const TableOptions options = Of({{"num-sorted-run.compaction-trigger", "3"}});
  EXPECT_EQ(options.stop_trigger, 6);
  EXPECT_EQ(options.levels, 4);
  EXPECT_EQ(Of({{"num-sorted-run.compaction-trigger", "9"}, {"num-sorted-run.stop-trigger", "2"}}).stop_trigger, 9);
  EXPECT_EQ(Of({{"num-levels", "3"}}).levels, 3);
}

TEST(PaimonTableOptions, AreReadWithTheirUnits) {
  for (const auto& [text, bytes] : std::vector<std::pair<std::string, int64_t>>{
           {"1", 1}, {"100b", 100}, {"2 bytes", 2}, {"3kb", 3 << 10}, {" 4 MB ", 4 << 20}, {"1g", 1 << 30},
           {"2tb", int64_t{2} << 40}}) {
    EXPECT_EQ(Of({{"target-file-size", text}}).target_file_bytes, bytes) << text;
    EXPECT_EQ(Of({{"manifest.target-file-size", text}}).manifest_target_bytes, bytes) << text;
  }
  for (const auto& [text, ms] : std::vector<std::pair<std::string, int64_t>>{
           {"5", 5}, {"5ms", 5}, {"2 s", 2000}, {"3 min", 180'000}, {"1 h", 3'600'000}, {"1d", 86'400'000}}) {
    EXPECT_EQ(Of({{"snapshot.time-retained", text}}).snapshot_time_ms, ms) << text;
  }
  for (const char* text : {"", "mb", "-1 mb", "1 xb", "0", "9223372036854775807 kb", "1.5 mb", "1 mb 2"}) {
    EXPECT_NE(Refusal(Keyed({{"target-file-size", text}})).find("target-file-size"), std::string::npos) << text;
  }
  for (const char* text : {"", "h", "1 x", "99999999999999999 d"}) {
    EXPECT_NE(Refusal(Keyed({{"snapshot.time-retained", text}})).find("snapshot.time-retained"), std::string::npos);
  }
}

TEST(PaimonTableOptions, RefuseNumbersThatTheyCannotBe) {
  for (const char* key : {"bucket", "num-sorted-run.compaction-trigger", "num-sorted-run.stop-trigger", "num-levels",
                          "compaction.max-size-amplification-percent", "compaction.size-ratio",
                          "manifest.merge-min-count", "snapshot.num-retained.min", "file.compression.zstd-level"}) {
    for (const char* text : {"", "x", "-7", "1.5", "2147483648", "4294967298", "99999999999999999999"}) {
      EXPECT_NE(Refusal(Keyed({{key, text}})).find(Str(key, "='", text, "'")), std::string::npos) << key << text;
    }
  }
  EXPECT_EQ(Of({{"dynamic-bucket.target-row-num", "4294967298"}}).bucket_target_rows, 4294967298);
  EXPECT_EQ(Of({}).buckets_max, INT16_MAX);
  EXPECT_EQ(Of({{"dynamic-bucket.max-buckets", "-1"}}).buckets_max, INT16_MAX);
  EXPECT_EQ(Of({{"dynamic-bucket.max-buckets", "7"}}).buckets_max, 7);
  for (const char* text : {"0", "-2", "x"}) {
    EXPECT_NE(Refusal(Keyed({{"dynamic-bucket.max-buckets", text}})), "none") << text;
  }
  EXPECT_NE(Refusal(Keyed({{"file.compression.zstd-level", "23"}})), "none");
  EXPECT_NE(Refusal(Keyed({{"bucket", "0"}})), "none");
}

TEST(PaimonTableOptions, OfWhatIsNotSupportedAreRefusedByName) {
  for (const auto& [key, value] : Options{
           {"merge-engine", "newest"},
           {"file.format", "lance"}, {"changelog-file.format", "csv"}, {"manifest.format", "orc"},
           {"bucket-function.type", "mod"}, {"row-tracking.enabled", "true"}, {"data-file.thin-mode", "true"},
           {"branch", "b"}, {"type", "format-table"}, {"pk-clustering-override", "true"},
           {"primary-key.nullable", "true"}, {"index-file-in-data-file-dir", "true"}, {"chain-table.enabled", "true"},
           {"data-evolution.enabled", "true"}, {"clustering.incremental", "true"}, {"pk-btree.index.columns", "v"},
           {"pk-bitmap.index.columns", "v"}, {"pk-vector.index.columns", "v"}, {"vector-field", "v"},
           {"blob-field", "v"},
           {"data-file.external-paths", "x"}, {"primary-key", "id"}, {"partition", "dt"},
           {"file.format.per.level", "0:vortex"}}) {
    const auto read = TableOptions::Of(Keyed({{key, value}}));
    ASSERT_FALSE(read.ok()) << key;
    EXPECT_EQ(read.error().code, ErrorCode::kUnsupported) << key;
    EXPECT_NE(read.error().message.find(key), std::string::npos);
    EXPECT_FALSE(CheckOption(key, value).ok());
  }
  for (const auto& [key, value] : Options{
           {"merge-engine", "Aggregation"}, {"deletion-vectors.enabled", "FALSE"}, {"file.format", " parquet "},
           {"changelog-producer", "none"}, {"some.other", "x"}, {"file.compression", "LZ4"}, {"write-only", "True"},
           {"type", "TABLE"}, {"pk-clustering-override", "false"}, {"sequence.field.sort-order", "ASCENDING"}}) {
    EXPECT_EQ(Refusal(Keyed({{key, value}})), "none") << key;
    EXPECT_TRUE(CheckOption(key, value).ok());
  }
  EXPECT_NE(Refusal(Keyed({{"file.compression", "zip"}})), "none");
  EXPECT_NE(Refusal(Keyed({{"write-only", "yes"}})), "none");
  EXPECT_NE(Refusal(Keyed({{"sequence.field.sort-order", "desc"}})).find("ascending or descending"),
            std::string::npos);
}

TEST(PaimonTableOptions, SayWhenABucketIsCompacted) {
  const TableOptions read = Of({{"compaction.optimization-interval", "2 h"},
                                {"compaction.total-size-threshold", "1 kb"},
                                {"compaction.incremental-size-threshold", "3 mb"}, {"compaction.offpeak-ratio", "50"},
                                {"compaction.offpeak.start.hour", "22"}, {"compaction.offpeak.end.hour", "4"},
                                {"compaction.force-up-level-0", "true"}, {"compaction.force-rewrite-all-files", "true"},
                                {"compaction.delete-ratio-threshold", "0"}});
  EXPECT_EQ(read.full_interval_ms, 7'200'000);
  EXPECT_EQ(read.full_below_bytes, 1024);
  EXPECT_EQ(read.full_above_bytes, 3 << 20);
  EXPECT_EQ(read.offpeak_ratio, 50);
  EXPECT_EQ(read.offpeak_start, 22);
  EXPECT_EQ(read.offpeak_end, 4);
  EXPECT_TRUE(read.force_up_level_0 && read.rewrite_all);
  EXPECT_EQ(read.delete_ratio_most, 0);
  EXPECT_EQ(Of({}).delete_ratio_most, 0.2);
  for (const auto& [key, value] : Options{{"compaction.offpeak.start.hour", "24"}, {"compaction.offpeak-ratio", "-1"},
                                          {"compaction.delete-ratio-threshold", "1.5"},
                                          {"compaction.total-size-threshold", "x"}}) {
    EXPECT_NE(Refusal(Keyed({{key, value}})).find(key), std::string::npos) << key;
  }
}

TEST(PaimonTableOptions, ChooseTheFormatOfEachLevel) {
  const auto said = [](const Options& options, int level, bool changelog = false) -> std::string {
    const auto read = TableOptions::Of(Keyed(options));
    if (!read.ok()) return read.error().ToString();
    const FileStyle style = read->files.StyleOf(level, changelog);
    return Str(NameOf(style.format), " ", CodecOf(style.format, style.compression));
  };
  EXPECT_EQ(said({}, 0), "parquet zstd");
  EXPECT_EQ(said({{"file.format", "Avro"}}, 3), "avro zstandard");
  const Options mixed = {{"file.format", "orc"}, {"file.format.per.level", "0:avro, 5:parquet"},
                         {"file.compression.per.level", "0:null,5:gzip,2:zlib"}, {"changelog-file.format", "parquet"},
                         {"changelog-file.compression", "none"}};
  EXPECT_EQ(said(mixed, 0), "avro null");
  EXPECT_EQ(said(mixed, 1), "orc zstd");
  EXPECT_EQ(said(mixed, 2), "orc zlib");
  EXPECT_EQ(said(mixed, 5), "parquet gzip");
  EXPECT_EQ(said(mixed, 0, /*changelog=*/true), "parquet uncompressed");
  EXPECT_EQ(said({{"file.format.per.level.0", "orc"}}, 0), "orc zstd");
  EXPECT_EQ(said({{"file.format.per.level.0", "orc"}}, 1), "parquet zstd");
  for (const auto& [format, codec] : Options{{"avro", "lz4"}, {"orc", "brotli"}, {"parquet", "zlib"}}) {
    const std::string refused = Refusal(Keyed({{"file.format", format}, {"file.compression", codec}}));
    EXPECT_NE(refused.find(Str("'", codec, "' cannot go with file.format ", format)), std::string::npos) << refused;
    EXPECT_TRUE(CheckOption("file.compression", codec).ok()) << "another option may name the format";
  }
  EXPECT_NE(Refusal(Keyed({{"file.format.per.level", "avro"}})).find("pairs"), std::string::npos);
  for (const char* key : {"file.format", "file.format.per.level.0"}) {
    for (const char* format : {"orc", "avro"}) {
      EXPECT_EQ(Refusal(Keyed({{key, format}, {"metadata.iceberg.storage", "table-location"}})), "none");
    }
  }
  EXPECT_NE(Refusal(Keyed({{"metadata.stats-mode", "some"}})).find("metadata.stats-mode"), std::string::npos);
  EXPECT_NE(Refusal(Keyed({{"fields.v.stats-mode", "x"}})).find("fields.v.stats-mode"), std::string::npos);
}

TEST(PaimonTableOptions, NameColumnsThatAreThere) {
  EXPECT_NE(Refusal(Keyed({{"bucket-key", "id, x"}})).find("names x"), std::string::npos);
  EXPECT_NE(Refusal(Keyed({{"sequence.field", "y"}})).find("names y"), std::string::npos);
  EXPECT_EQ(Of({{"sequence.field", " v , id,"}}).sequence, (std::vector<std::string>{"v", "id"}));
  EXPECT_TRUE(Of({{"sequence.field", "v"}, {"sequence.field.sort-order", "Descending"}}).sequence_descending);
  EXPECT_NE(Refusal(Keyed({{"rowkind.field", "y"}})).find("names y"), std::string::npos);
  EXPECT_EQ(Refusal(Keyed({{"rowkind.field", "v"}})), "none");
  EXPECT_NE(Refusal(Keyless({{"rowkind.field", "v"}})).find("rowkind.field"), std::string::npos);
  const Options sums = {{"rowkind.field", "v"}, {"merge-engine", "aggregation"}};
  EXPECT_NE(Refusal(Keyed(sums)).find("rowkind.field with aggregate"), std::string::npos);
  Schema numbers = Keyed({{"rowkind.field", "v"}});
  numbers.fields[2].type.kind = TypeKind::kInt;
  EXPECT_NE(Refusal(numbers).find("rowkind.field names v, which is INT"), std::string::npos);
  EXPECT_NE(Refusal(Keyless({{"bucket", "3"}})).find("bucket-key"), std::string::npos);
  EXPECT_EQ(Refusal(Keyless({{"bucket", "3"}, {"bucket-key", "v"}})), "none");
}

TEST(PaimonTableOptions, BucketsAreChosenByColumnsOfTheKey) {
  EXPECT_EQ(Refusal(Keyed({{"bucket", "3"}, {"bucket-key", "id"}})), "none");
  EXPECT_NE(Refusal(Keyed({{"bucket", "3"}, {"bucket-key", "id,v"}})).find("names v, which is not part of the primary"),
            std::string::npos);
  for (const Schema& schema : {Keyed({{"bucket", "3"}, {"bucket-key", "dt"}}),
                               Keyless({{"bucket", "3"}, {"bucket-key", "dt"}})}) {
    EXPECT_NE(Refusal(schema).find("names dt, which the table is partitioned by"), std::string::npos);
  }
}

TEST(PaimonTableOptions, WaitingRowsFitAnArray) {
  EXPECT_EQ(Of({{"write-buffer-size", "64 mb"}}).write_buffer_bytes, 64 << 20);
  EXPECT_EQ(Of({{"write-buffer-size", "4 gb"}}).write_buffer_bytes, 1 << 30);
}

}  // namespace
}  // namespace sluice::paimon
