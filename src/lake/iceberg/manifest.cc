// SPDX-License-Identifier: Apache-2.0
#include "lake/iceberg/manifest.h"

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "base/text.h"
#include "format/avro/container.h"
#include "lake/iceberg/manifest_schema.h"

namespace sluice::iceberg {
namespace {

constexpr std::string_view kDamagedHint =
    "the file is damaged: restore it from a copy, or roll the table back to an older snapshot";

Error Damaged(Error error) {
  if (error.code == ErrorCode::kCorrupt) error.hint = kDamagedHint;
  return error;
}

bool IsNumber(const AvroValue* value) {
  return value != nullptr && (value->type->kind == AvroKind::kInt || value->type->kind == AvroKind::kLong ||
                              value->type->kind == AvroKind::kBoolean);
}
bool IsBytes(const AvroValue* value) {
  return value != nullptr && (value->type->kind == AvroKind::kBytes || value->type->kind == AvroKind::kString ||
                              value->type->kind == AvroKind::kFixed);
}

Result<int64_t> Number(const AvroValue& record, int id, std::string_view name) {
  const AvroValue* value = record.Field(id, name);
  if (!IsNumber(value)) return Corrupt(Str("field ", id, " (", name, ") is missing or no number"));
  return value->number;
}
std::optional<int64_t> MaybeNumber(const AvroValue& record, int id, std::string_view name) {
  const AvroValue* value = record.Field(id, name);
  return IsNumber(value) ? std::optional<int64_t>(value->number) : std::nullopt;
}
Result<std::string> Text(const AvroValue& record, int id, std::string_view name) {
  const AvroValue* value = record.Field(id, name);
  if (!IsBytes(value)) return Corrupt(Str("field ", id, " (", name, ") is missing or no text"));
  return value->bytes;
}
std::optional<std::string> MaybeText(const AvroValue& record, int id, std::string_view name) {
  const AvroValue* value = record.Field(id, name);
  return IsBytes(value) ? std::optional<std::string>(value->bytes) : std::nullopt;
}

// An array of key/value records, Iceberg's form of a map with int keys.
template <typename Put>
void EachPair(const AvroValue& record, int id, std::string_view name, Put put) {
  const AvroValue* list = record.Field(id, name);
  if (list == nullptr || list->type->kind != AvroKind::kArray) return;
  for (const AvroValue& pair : list->items) {
    if (pair.items.size() == 2 && IsNumber(&pair.items[0])) put(static_cast<int>(pair.items[0].number), pair.items[1]);
  }
}
std::map<int, int64_t> Counts(const AvroValue& record, int id, std::string_view name) {
  std::map<int, int64_t> out;
  EachPair(record, id, name, [&](int key, const AvroValue& value) {
    if (!value.is_null() && IsNumber(&value)) out[key] = value.number;
  });
  return out;
}
std::map<int, std::string> Bounds(const AvroValue& record, int id, std::string_view name) {
  std::map<int, std::string> out;
  EachPair(record, id, name, [&](int key, const AvroValue& value) {
    if (!value.is_null() && IsBytes(&value)) out[key] = value.bytes;
  });
  return out;
}
template <typename T>
std::vector<T> Numbers(const AvroValue& record, int id, std::string_view name) {
  std::vector<T> out;
  const AvroValue* list = record.Field(id, name);
  if (list == nullptr || list->type->kind != AvroKind::kArray) return out;
  for (const AvroValue& value : list->items) out.push_back(static_cast<T>(value.number));
  return out;
}

PartitionValue ToPartitionValue(const AvroValue* value, const std::string& type) {
  if (value == nullptr) return {};
  switch (value->type->kind) {
    case AvroKind::kBoolean: return value->number != 0;
    case AvroKind::kInt:
    case AvroKind::kLong:
      // An old file of a promoted column has an int where a long is expected.
      if (type == "int" || type == "date") return static_cast<int32_t>(value->number);
      return value->number;
    case AvroKind::kFloat:
      if (type == "double") return value->real;
      return static_cast<float>(value->real);
    case AvroKind::kDouble: return value->real;
    case AvroKind::kFixed:
    case AvroKind::kBytes:
    case AvroKind::kString:  // decimals are stored in a fixed; their value is the fewest bytes
      return std::string(type.starts_with("decimal(") ? MinimalBigEndian(value->bytes) : value->bytes);
    default: return {};
  }
}

struct EntryReader {
  const ManifestFile& manifest;
  const PartitionSpec& spec;
  std::vector<std::string> types;

  Result<DataFile> File(const AvroValue& record) const;
  Result<ManifestEntry> Entry(const AvroValue& record) const;
};

Result<DataFile> EntryReader::File(const AvroValue& record) const {
  DataFile file;
  int64_t content = MaybeNumber(record, 134, "content").value_or(0);
  if (content < 0 || content > 2) return Corrupt(Str("file content ", content, " does not exist"));
  file.content = static_cast<FileContent>(content);
  if (manifest.deletes != (content != 0)) return Corrupt("a delete file among data files, or the other way");
  TRY_SET(file.path, Text(record, 100, "file_path"));
  TRY_SET(file.format, Text(record, 101, "file_format"));
  for (char& c : file.format) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  file.spec_id = spec.spec_id;
  const AvroValue* partition = record.Field(102, "partition");
  for (size_t i = 0; i < spec.fields.size(); ++i) {
    const AvroValue* value = partition == nullptr
                                 ? nullptr
                                 : partition->Field(spec.fields[i].field_id, SanitizeAvroName(spec.fields[i].name));
    file.partition.push_back(ToPartitionValue(value, types[i]));
  }
  TRY_SET(file.record_count, Number(record, 103, "record_count"));
  TRY_SET(file.size, Number(record, 104, "file_size_in_bytes"));
  if (file.record_count < 0 || file.size < 0) return Corrupt(Str(file.path, " has a negative size or count"));
  file.column_sizes = Counts(record, 108, "column_sizes");
  file.value_counts = Counts(record, 109, "value_counts");
  file.null_counts = Counts(record, 110, "null_value_counts");
  file.nan_counts = Counts(record, 137, "nan_value_counts");
  file.lower_bounds = Bounds(record, 125, "lower_bounds");
  file.upper_bounds = Bounds(record, 128, "upper_bounds");
  file.key_metadata = MaybeText(record, 131, "key_metadata");
  file.split_offsets = Numbers<int64_t>(record, 132, "split_offsets");
  file.equality_ids = Numbers<int>(record, 135, "equality_ids");
  if (auto order = MaybeNumber(record, 140, "sort_order_id")) file.sort_order_id = static_cast<int>(*order);
  file.first_row_id = MaybeNumber(record, 142, "first_row_id");
  file.referenced_data_file = MaybeText(record, 143, "referenced_data_file").value_or("");
  file.content_offset = MaybeNumber(record, 144, "content_offset");
  file.content_size = MaybeNumber(record, 145, "content_size_in_bytes");
  return file;
}

Result<ManifestEntry> EntryReader::Entry(const AvroValue& record) const {
  ManifestEntry entry;
  TRY_SET(int64_t status, Number(record, 0, "status"));
  if (status < 0 || status > 2) return Corrupt(Str("entry status ", status, " does not exist"));
  entry.status = static_cast<EntryStatus>(status);
  entry.snapshot_id = MaybeNumber(record, 1, "snapshot_id");
  entry.sequence_number = MaybeNumber(record, 3, "sequence_number");
  entry.file_sequence_number = MaybeNumber(record, 4, "file_sequence_number");
  if (!entry.snapshot_id) entry.snapshot_id = manifest.added_snapshot_id;
  bool inherit = entry.status == EntryStatus::kAdded || manifest.sequence_number == 0;
  if (!inherit && !entry.sequence_number) return Corrupt("an existing or deleted entry has no sequence number");
  if (!entry.sequence_number) entry.sequence_number = manifest.sequence_number;
  if (!entry.file_sequence_number) {
    entry.file_sequence_number = inherit ? manifest.sequence_number : *entry.sequence_number;
  }
  const AvroValue* file = record.Field(2, "data_file");
  if (file == nullptr) return Corrupt("field 2 (data_file) is missing");
  TRY_SET(entry.file, File(*file));
  return entry;
}

Result<ManifestFile> ListRow(const AvroValue& record) {
  ManifestFile out;
  TRY_SET(out.path, Text(record, 500, "manifest_path"));
  TRY_SET(out.length, Number(record, 501, "manifest_length"));
  TRY_SET(int64_t spec, Number(record, 502, "partition_spec_id"));
  out.spec_id = static_cast<int>(spec);
  out.deletes = MaybeNumber(record, 517, "content").value_or(0) != 0;
  out.sequence_number = MaybeNumber(record, 515, "sequence_number").value_or(0);
  out.min_sequence_number = MaybeNumber(record, 516, "min_sequence_number").value_or(0);
  out.added_snapshot_id = MaybeNumber(record, 503, "added_snapshot_id").value_or(0);
  out.added_files = MaybeNumber(record, 504, "added_files_count").value_or(-1);
  out.existing_files = MaybeNumber(record, 505, "existing_files_count").value_or(-1);
  out.deleted_files = MaybeNumber(record, 506, "deleted_files_count").value_or(-1);
  out.added_rows = MaybeNumber(record, 512, "added_rows_count").value_or(-1);
  out.existing_rows = MaybeNumber(record, 513, "existing_rows_count").value_or(-1);
  out.deleted_rows = MaybeNumber(record, 514, "deleted_rows_count").value_or(-1);
  if (const AvroValue* list = record.Field(507, "partitions"); list != nullptr) {
    for (const AvroValue& item : list->items) {
      PartitionSummary summary;
      summary.contains_null = MaybeNumber(item, 509, "contains_null").value_or(0) != 0;
      if (auto nan = MaybeNumber(item, 518, "contains_nan")) summary.contains_nan = *nan != 0;
      summary.lower = MaybeText(item, 510, "lower_bound");
      summary.upper = MaybeText(item, 511, "upper_bound");
      out.partitions.push_back(std::move(summary));
    }
  }
  out.key_metadata = MaybeText(record, 519, "key_metadata");
  out.first_row_id = MaybeNumber(record, 520, "first_row_id");
  return out;
}

}  // namespace

Result<std::vector<ManifestFile>> DecodeManifestList(std::string_view bytes, std::string_view name) {
  std::vector<ManifestFile> out;
  auto file = ReadAvroFile(bytes, name, [&](const AvroFile&, const AvroValue& record) -> Status {
    TRY_SET(auto row, ListRow(record));
    out.push_back(std::move(row));
    return Ok();
  });
  if (!file.ok()) return Damaged(std::move(file).error());
  return out;
}

namespace {

// Deflate blocks carry no checksum: the counts of the list are one check more.
Status CheckCounts(const std::vector<ManifestEntry>& entries, const ManifestFile& manifest) {
  int64_t counts[3] = {};
  for (const ManifestEntry& entry : entries) ++counts[static_cast<int>(entry.status)];
  const int64_t expected[3] = {manifest.existing_files, manifest.added_files, manifest.deleted_files};
  for (int i = 0; i < 3; ++i) {
    if (expected[i] < 0 || expected[i] == counts[i]) continue;
    return Corrupt(Str(manifest.path, " has ", counts[i], " entries of status ", i, "; its list says ", expected[i]));
  }
  return Ok();
}

}  // namespace

Result<std::vector<ManifestEntry>> DecodeManifest(std::string_view bytes, const ManifestFile& manifest,
                                                  const TableMetadata& metadata) {
  if (static_cast<int64_t>(bytes.size()) < manifest.length) {
    return Damaged(Corrupt(Str(manifest.path, " has ", bytes.size(), " bytes; its list says ", manifest.length)));
  }
  const PartitionSpec* spec = metadata.spec(manifest.spec_id);
  if (spec == nullptr) {
    return Damaged(Corrupt(Str(manifest.path, ": partition spec ", manifest.spec_id, " does not exist")));
  }
  TRY_SET(auto types, PartitionTypes(*spec, metadata));
  EntryReader reader{manifest, *spec, std::move(types)};
  std::vector<ManifestEntry> out;
  std::optional<int64_t> next_row_id = manifest.first_row_id;
  auto file = ReadAvroFile(bytes, manifest.path, [&](const AvroFile&, const AvroValue& record) -> Status {
    TRY_SET(auto entry, reader.Entry(record));
    const bool takes_ids = !manifest.deletes && entry.status != EntryStatus::kDeleted && !entry.file.first_row_id;
    if (next_row_id && takes_ids) {
      entry.file.first_row_id = *next_row_id;
      *next_row_id += entry.file.record_count;
    }
    out.push_back(std::move(entry));
    return Ok();
  });
  if (!file.ok()) return Damaged(std::move(file).error());
  if (Status counted = CheckCounts(out, manifest); !counted.ok()) return Damaged(std::move(counted).error());
  return out;
}

}  // namespace sluice::iceberg
