// SPDX-License-Identifier: Apache-2.0
#include "lake/paimon/manifest.h"

#include <functional>
#include <map>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "format/avro/container.h"

namespace sluice::paimon {
namespace {

constexpr int kNoId = -2;  // Avro fields of Paimon have no ids: they are found by name
constexpr std::string_view kHint = "the file is damaged: restore it from a copy, or read an older snapshot";

// A record's fields, by name; the first one that is missing or of another kind is remembered.
class Record {
 public:
  explicit Record(const AvroValue& value) : value_(value) {}

  int64_t Number(std::string_view name) {
    const std::optional<int64_t> number = MaybeNumber(name);
    if (!number) Missing(name);
    return number.value_or(0);
  }
  std::optional<int64_t> MaybeNumber(std::string_view name) const {
    const AvroValue* field = value_.Field(kNoId, name);
    if (field == nullptr) return {};
    const bool number = field->type->kind == AvroKind::kInt || field->type->kind == AvroKind::kLong;
    return number ? std::optional<int64_t>(field->number) : std::nullopt;
  }
  int Int(std::string_view name) {
    const int64_t number = Number(name);
    if (number != static_cast<int>(number)) Missing(name);
    return static_cast<int>(number);
  }
  std::string Bytes(std::string_view name) {
    std::optional<std::string> bytes = MaybeBytes(name);
    if (!bytes) Missing(name);
    return bytes ? *std::move(bytes) : std::string();
  }
  std::optional<std::string> MaybeBytes(std::string_view name) const {
    const AvroValue* field = value_.Field(kNoId, name);
    const bool bytes = field != nullptr &&
                       (field->type->kind == AvroKind::kBytes || field->type->kind == AvroKind::kString);
    return bytes ? std::optional<std::string>(field->bytes) : std::nullopt;
  }
  // The items of an array; none if it is missing or null.
  const std::vector<AvroValue>& Items(std::string_view name) const {
    static const std::vector<AvroValue> none;
    const AvroValue* field = value_.Field(kNoId, name);
    return field != nullptr && field->type->kind == AvroKind::kArray ? field->items : none;
  }
  std::vector<std::string> Texts(std::string_view name) const {
    std::vector<std::string> out;
    for (const AvroValue& item : Items(name)) out.push_back(item.bytes);
    return out;
  }
  std::optional<std::vector<std::string>> MaybeTexts(std::string_view name) const {
    const AvroValue* field = value_.Field(kNoId, name);
    if (field == nullptr || field->type->kind != AvroKind::kArray) return {};
    return Texts(name);
  }
  const AvroValue* Child(std::string_view name) {
    const AvroValue* field = value_.Field(kNoId, name);
    if (field == nullptr || field->type->kind != AvroKind::kRecord) Missing(name);
    return missing_.empty() ? field : nullptr;
  }
  void Missing(std::string_view name) {
    if (missing_.empty()) missing_ = name;
  }
  Status status() const {
    return missing_.empty() ? Ok() : Status(Corrupt(Str("field ", missing_, " is missing or of another type")));
  }

 private:
  const AvroValue& value_;
  std::string missing_;
};

Status ReadRecords(std::string_view bytes, std::string_view name, int64_t newest_version,
                   const std::function<Status(Record&)>& take) {
  auto read = ReadAvroFile(bytes, name, [&](const AvroFile&, const AvroValue& value) -> Status {
    Record record(value);
    const int64_t version = record.Number("_VERSION");
    if (version > newest_version) return Unsupported(Str(name, ": version ", version, " of its records"));
    TRY(take(record));
    Status status = record.status();
    return status.ok() ? Ok() : Status(std::move(status).error().With(name));
  });
  if (read.ok()) return Ok();
  Error error = std::move(read).error();
  if (error.code == ErrorCode::kCorrupt) error.hint = kHint;
  return error;
}

SimpleStats Stats(Record& parent, std::string_view name) {
  SimpleStats stats;
  const AvroValue* value = parent.Child(name);
  if (value == nullptr) return stats;  // the parent says so
  Record record(*value);
  stats.min = record.Bytes("_MIN_VALUES");
  stats.max = record.Bytes("_MAX_VALUES");
  for (const AvroValue& count : record.Items("_NULL_COUNTS")) {
    stats.null_counts.push_back(count.is_null() ? std::nullopt : std::optional<int64_t>(count.number));
  }
  if (!record.status().ok()) parent.Missing(name);
  return stats;
}

Result<DataFileMeta> File(const AvroValue& value) {
  Record record(value);
  DataFileMeta file;
  file.name = record.Bytes("_FILE_NAME");
  file.size = record.Number("_FILE_SIZE");
  file.row_count = record.Number("_ROW_COUNT");
  file.min_key = record.Bytes("_MIN_KEY");
  file.max_key = record.Bytes("_MAX_KEY");
  file.key_stats = Stats(record, "_KEY_STATS");
  file.value_stats = Stats(record, "_VALUE_STATS");
  file.min_sequence = record.Number("_MIN_SEQUENCE_NUMBER");
  file.max_sequence = record.Number("_MAX_SEQUENCE_NUMBER");
  file.schema_id = record.Number("_SCHEMA_ID");
  file.level = record.Int("_LEVEL");
  file.extra_files = record.Texts("_EXTRA_FILES");
  file.creation_ms = record.MaybeNumber("_CREATION_TIME");
  file.delete_row_count = record.MaybeNumber("_DELETE_ROW_COUNT");
  file.embedded_index = record.MaybeBytes("_EMBEDDED_FILE_INDEX");
  if (const auto source = record.MaybeNumber("_FILE_SOURCE")) {
    file.source = *source == 0 ? FileSource::kAppend : FileSource::kCompact;
  }
  file.value_stats_columns = record.MaybeTexts("_VALUE_STATS_COLS");
  file.external_path = record.MaybeBytes("_EXTERNAL_PATH");
  file.first_row_id = record.MaybeNumber("_FIRST_ROW_ID");
  file.write_columns = record.MaybeTexts("_WRITE_COLS");
  TRY(record.status());
  return file;
}

auto Identity(const ManifestEntry& entry) {
  return std::tie(entry.partition, entry.bucket, entry.file.level, entry.file.name);
}

struct ByIdentity {
  bool operator()(const ManifestEntry* a, const ManifestEntry* b) const { return Identity(*a) < Identity(*b); }
};

// The newest of each kind that counts still.
struct Left {
  const ManifestEntry* gone = nullptr;
  const ManifestEntry* there = nullptr;
};

bool SameIndex(const ManifestEntry& a, const ManifestEntry& b) {
  return a.file.extra_files == b.file.extra_files && a.file.embedded_index == b.file.embedded_index;
}

}  // namespace

std::vector<std::string> DataFileMeta::Names() const {
  std::vector<std::string> out = {name};
  out.insert(out.end(), extra_files.begin(), extra_files.end());
  return out;
}

std::vector<ManifestEntry> MergeEntries(const std::vector<ManifestEntry>& entries) {
  std::map<const ManifestEntry*, Left, ByIdentity> left;
  for (const ManifestEntry& entry : entries) {
    Left& file = left[&entry];
    if (entry.kind == EntryKind::kAdd) {
      file.there = &entry;
      // With another index a file comes again under its name, and Java tells both apart: what goes has to be said.
      if (file.gone != nullptr && SameIndex(*file.gone, entry)) file.gone = nullptr;
    } else if (file.there != nullptr) {
      file.there = nullptr;
    } else {
      file.gone = &entry;
    }
  }
  std::vector<ManifestEntry> out;
  for (const ManifestEntry& entry : entries) {
    const Left& file = left.at(&entry);
    if (file.gone == &entry || file.there == &entry) out.push_back(entry);
  }
  return out;
}

Result<std::vector<ManifestFile>> DecodeManifestList(std::string_view bytes, std::string_view name) {
  std::vector<ManifestFile> out;
  Status read = ReadRecords(bytes, name, 2, [&](Record& record) -> Status {
    ManifestFile file;
    file.name = record.Bytes("_FILE_NAME");
    file.size = record.Number("_FILE_SIZE");
    file.added_files = record.Number("_NUM_ADDED_FILES");
    file.deleted_files = record.Number("_NUM_DELETED_FILES");
    file.partition_stats = Stats(record, "_PARTITION_STATS");
    file.schema_id = record.Number("_SCHEMA_ID");
    file.min_bucket = record.MaybeNumber("_MIN_BUCKET");
    file.max_bucket = record.MaybeNumber("_MAX_BUCKET");
    file.min_level = record.MaybeNumber("_MIN_LEVEL");
    file.max_level = record.MaybeNumber("_MAX_LEVEL");
    file.min_row_id = record.MaybeNumber("_MIN_ROW_ID");
    file.max_row_id = record.MaybeNumber("_MAX_ROW_ID");
    out.push_back(std::move(file));
    return Ok();
  });
  TRY(std::move(read));
  return out;
}

Result<std::vector<ManifestEntry>> DecodeManifest(std::string_view bytes, std::string_view name) {
  std::vector<ManifestEntry> out;
  Status read = ReadRecords(bytes, name, 2, [&](Record& record) -> Status {
    ManifestEntry entry;
    const int64_t kind = record.Number("_KIND");
    if (kind != 0 && kind != 1) return Corrupt(Str(name, ": an entry of kind ", kind));
    entry.kind = static_cast<EntryKind>(kind);
    entry.partition = record.Bytes("_PARTITION");
    entry.bucket = record.Int("_BUCKET");
    entry.total_buckets = record.Int("_TOTAL_BUCKETS");
    const AvroValue* file = record.Child("_FILE");
    if (file == nullptr) return Ok();  // the record says so
    TRY_SET(entry.file, File(*file));
    out.push_back(std::move(entry));
    return Ok();
  });
  TRY(std::move(read));
  return out;
}

Result<std::vector<IndexEntry>> DecodeIndexManifest(std::string_view bytes, std::string_view name) {
  std::vector<IndexEntry> out;
  Status read = ReadRecords(bytes, name, 1, [&](Record& record) -> Status {
    if (record.Number("_KIND") != 0) return Ok();
    IndexEntry entry;
    entry.partition = record.Bytes("_PARTITION");
    entry.bucket = record.Int("_BUCKET");
    entry.type = record.Bytes("_INDEX_TYPE");
    entry.name = record.Bytes("_FILE_NAME");
    entry.size = record.Number("_FILE_SIZE");
    entry.row_count = record.Number("_ROW_COUNT");
    for (const AvroValue& item : record.Items("_DELETIONS_VECTORS_RANGES")) {
      Record range(item);
      entry.deletions.push_back(
          {range.Bytes("f0"), range.Int("f1"), range.Int("f2"), range.MaybeNumber("_CARDINALITY")});
      TRY(range.status());
    }
    out.push_back(std::move(entry));
    return Ok();
  });
  TRY(std::move(read));
  return out;
}

}  // namespace sluice::paimon
