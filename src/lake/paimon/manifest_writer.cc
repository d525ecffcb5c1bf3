// SPDX-License-Identifier: Apache-2.0
// Encoding of manifests: the Avro schemas that Paimon's Java writers put into their headers, and the records.
#include <string>

#include "base/text.h"
#include "format/avro/container.h"
#include "lake/paimon/manifest.h"

namespace sluice::paimon {
namespace {

constexpr int64_t kRecordVersion = 2;
constexpr int64_t kIndexRecordVersion = 1;
// Branches of ["null", x].
constexpr int64_t kNullBranch = 0;
constexpr int64_t kValueBranch = 1;

std::string Field(std::string_view name, std::string_view type) {
  return Str("{\"name\":\"", name, "\",\"type\":", type, "},");
}

std::string Optional(std::string_view name, std::string_view type) {
  return Str("{\"name\":\"", name, "\",\"type\":[\"null\",", type, "],\"default\":null},");
}

// Of fields that each end with a comma.
std::string RecordType(std::string_view name, std::string fields) {
  fields.pop_back();
  return Str("{\"type\":\"record\",\"name\":\"", name, "\",\"fields\":[", fields, "]}");
}

std::string Root(std::string fields) {
  fields.pop_back();
  return Str("{\"type\":\"record\",\"name\":\"record\",\"namespace\":\"org.apache.paimon.avro.generated\",\"fields\":[",
             fields, "]}");
}

constexpr const char* kInt = "\"int\"";
constexpr const char* kLong = "\"long\"";
constexpr const char* kBytes = "\"bytes\"";
constexpr const char* kText = "\"string\"";
constexpr const char* kTexts = "{\"type\":\"array\",\"items\":\"string\"}";

std::string StatsType(std::string_view name) {
  return RecordType(name, Field("_MIN_VALUES", kBytes) + Field("_MAX_VALUES", kBytes) +
                              Optional("_NULL_COUNTS", "{\"type\":\"array\",\"items\":[\"null\",\"long\"]}"));
}

std::string ManifestListSchema() {
  return Root(Field("_VERSION", kInt) + Field("_FILE_NAME", kText) + Field("_FILE_SIZE", kLong) +
              Field("_NUM_ADDED_FILES", kLong) + Field("_NUM_DELETED_FILES", kLong) +
              Field("_PARTITION_STATS", StatsType("record__PARTITION_STATS")) + Field("_SCHEMA_ID", kLong) +
              Optional("_MIN_BUCKET", kInt) + Optional("_MAX_BUCKET", kInt) + Optional("_MIN_LEVEL", kInt) +
              Optional("_MAX_LEVEL", kInt) + Optional("_MIN_ROW_ID", kLong) + Optional("_MAX_ROW_ID", kLong));
}

std::string ManifestSchema() {
  const std::string file = RecordType(
      "record__FILE",
      Field("_FILE_NAME", kText) + Field("_FILE_SIZE", kLong) + Field("_ROW_COUNT", kLong) + Field("_MIN_KEY", kBytes) +
          Field("_MAX_KEY", kBytes) + Field("_KEY_STATS", StatsType("record__FILE__KEY_STATS")) +
          Field("_VALUE_STATS", StatsType("record__FILE__VALUE_STATS")) + Field("_MIN_SEQUENCE_NUMBER", kLong) +
          Field("_MAX_SEQUENCE_NUMBER", kLong) + Field("_SCHEMA_ID", kLong) + Field("_LEVEL", kInt) +
          Field("_EXTRA_FILES", kTexts) +
          Optional("_CREATION_TIME", "{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}") +
          Optional("_DELETE_ROW_COUNT", kLong) + Optional("_EMBEDDED_FILE_INDEX", kBytes) +
          Optional("_FILE_SOURCE", kInt) + Optional("_VALUE_STATS_COLS", kTexts) + Optional("_EXTERNAL_PATH", kText) +
          Optional("_FIRST_ROW_ID", kLong) + Optional("_WRITE_COLS", kTexts));
  return Root(Field("_VERSION", kInt) + Field("_KIND", kInt) + Field("_PARTITION", kBytes) + Field("_BUCKET", kInt) +
              Field("_TOTAL_BUCKETS", kInt) + Field("_FILE", file));
}

std::string IndexSchema() {
  const std::string range =
      RecordType("record__DELETIONS_VECTORS_RANGES",
                 Field("f0", kText) + Field("f1", kInt) + Field("f2", kInt) + Optional("_CARDINALITY", kLong));
  const std::string global =
      RecordType("record__GLOBAL_INDEX",
                 Field("_ROW_RANGE_START", kLong) + Field("_ROW_RANGE_END", kLong) + Field("_INDEX_FIELD_ID", kInt) +
                     Optional("_EXTRA_FIELD_IDS", "{\"type\":\"array\",\"items\":\"int\"}") +
                     Optional("_INDEX_META", kBytes) + Optional("_SOURCE_META", kBytes));
  return Root(Field("_VERSION", kInt) + Field("_KIND", kInt) + Field("_PARTITION", kBytes) + Field("_BUCKET", kInt) +
              Field("_INDEX_TYPE", kText) + Field("_FILE_NAME", kText) + Field("_FILE_SIZE", kLong) +
              Field("_ROW_COUNT", kLong) +
              Optional("_DELETIONS_VECTORS_RANGES", Str("{\"type\":\"array\",\"items\":[\"null\",", range, "]}")) +
              Optional("_EXTERNAL_PATH", kText) + Optional("_GLOBAL_INDEX", global));
}

void PutNumber(std::string& out, int64_t value) { AppendAvroLong(out, value); }
void PutBytes(std::string& out, std::string_view value) { AppendAvroBytes(out, value); }
void PutTexts(std::string& out, const std::vector<std::string>& values) {
  if (!values.empty()) PutNumber(out, static_cast<int64_t>(values.size()));
  for (const std::string& value : values) PutBytes(out, value);
  PutNumber(out, 0);
}

template <typename Value, typename Put>
void PutOptional(std::string& out, const std::optional<Value>& value, Put put) {
  PutNumber(out, value ? kValueBranch : kNullBranch);
  if (value) put(out, *value);
}

void PutStats(std::string& out, const SimpleStats& stats) {
  PutBytes(out, stats.min);
  PutBytes(out, stats.max);
  PutNumber(out, kValueBranch);
  if (!stats.null_counts.empty()) PutNumber(out, static_cast<int64_t>(stats.null_counts.size()));
  for (const auto& count : stats.null_counts) PutOptional(out, count, PutNumber);
  PutNumber(out, 0);
}

void PutFile(std::string& out, const DataFileMeta& file) {
  PutBytes(out, file.name);
  PutNumber(out, file.size);
  PutNumber(out, file.row_count);
  PutBytes(out, file.min_key);
  PutBytes(out, file.max_key);
  PutStats(out, file.key_stats);
  PutStats(out, file.value_stats);
  PutNumber(out, file.min_sequence);
  PutNumber(out, file.max_sequence);
  PutNumber(out, file.schema_id);
  PutNumber(out, file.level);
  PutTexts(out, file.extra_files);
  PutOptional(out, file.creation_ms, PutNumber);
  PutOptional(out, file.delete_row_count, PutNumber);
  PutOptional(out, file.embedded_index, PutBytes);
  PutOptional(out, file.source, [](std::string& to, FileSource source) { PutNumber(to, static_cast<int>(source)); });
  PutOptional(out, file.value_stats_columns, PutTexts);
  PutOptional(out, file.external_path, PutBytes);
  PutOptional(out, file.first_row_id, PutNumber);
  PutOptional(out, file.write_columns, PutTexts);
}

template <typename Item, typename Put>
std::string Encode(const std::string& schema, const std::vector<Item>& items, uint64_t sync_a, uint64_t sync_b,
                   Put put) {
  AvroFileWriter writer(schema, {}, sync_a, sync_b);
  std::string record;
  for (const Item& item : items) {
    record.clear();
    put(record, item);
    writer.Append(record);
  }
  return writer.Finish();
}

}  // namespace

std::string EmptyRow() { return std::string(12, '\0'); }  // 4 bytes of arity, 8 of the bitmap

SimpleStats SimpleStats::None() { return {EmptyRow(), EmptyRow(), {}}; }

std::string EncodeManifestList(const std::vector<ManifestFile>& manifests, uint64_t sync_a, uint64_t sync_b) {
  static const std::string schema = ManifestListSchema();
  return Encode(schema, manifests, sync_a, sync_b, [](std::string& out, const ManifestFile& file) {
    PutNumber(out, kRecordVersion);
    PutBytes(out, file.name);
    PutNumber(out, file.size);
    PutNumber(out, file.added_files);
    PutNumber(out, file.deleted_files);
    PutStats(out, file.partition_stats);
    PutNumber(out, file.schema_id);
    for (const auto* bound : {&file.min_bucket, &file.max_bucket, &file.min_level, &file.max_level, &file.min_row_id,
                              &file.max_row_id}) {
      PutOptional(out, *bound, PutNumber);
    }
  });
}

std::string EncodeManifest(const std::vector<ManifestEntry>& entries, uint64_t sync_a, uint64_t sync_b) {
  static const std::string schema = ManifestSchema();
  return Encode(schema, entries, sync_a, sync_b, [](std::string& out, const ManifestEntry& entry) {
    PutNumber(out, kRecordVersion);
    PutNumber(out, static_cast<int>(entry.kind));
    PutBytes(out, entry.partition);
    PutNumber(out, entry.bucket);
    PutNumber(out, entry.total_buckets);
    PutFile(out, entry.file);
  });
}

std::string EncodeIndexManifest(const std::vector<IndexEntry>& entries, uint64_t sync_a, uint64_t sync_b) {
  static const std::string schema = IndexSchema();
  return Encode(schema, entries, sync_a, sync_b, [](std::string& out, const IndexEntry& entry) {
    PutNumber(out, kIndexRecordVersion);
    PutNumber(out, static_cast<int>(EntryKind::kAdd));
    PutBytes(out, entry.partition);
    PutNumber(out, entry.bucket);
    PutBytes(out, entry.type);
    PutBytes(out, entry.name);
    PutNumber(out, entry.size);
    PutNumber(out, entry.row_count);
    PutNumber(out, entry.deletions.empty() ? kNullBranch : kValueBranch);
    if (!entry.deletions.empty()) {
      PutNumber(out, static_cast<int64_t>(entry.deletions.size()));
      for (const DeletionRange& range : entry.deletions) {
        PutNumber(out, kValueBranch);
        PutBytes(out, range.data_file);
        PutNumber(out, range.offset);
        PutNumber(out, range.length);
        PutOptional(out, range.cardinality, PutNumber);
      }
      PutNumber(out, 0);
    }
    PutNumber(out, kNullBranch);  // external path
    PutNumber(out, kNullBranch);  // global index
  });
}

}  // namespace sluice::paimon
