// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <climits>
#include <cmath>

#include "base/text.h"
#include "format/avro/container.h"
#include "lake/iceberg/manifest.h"
#include "lake/iceberg/manifest_schema.h"
#include "lake/parquet/parquet_schema.h"

namespace sluice::iceberg {
namespace {

void AppendMaybe(std::string& out, const std::optional<int64_t>& value) {
  AppendAvroLong(out, value ? 1 : 0);
  if (value) AppendAvroLong(out, *value);
}

void AppendMaybe(std::string& out, const std::optional<std::string>& value) {
  AppendAvroLong(out, value ? 1 : 0);
  if (value) AppendAvroBytes(out, *value);
}

void AppendValue(std::string& out, int64_t value) { AppendAvroLong(out, value); }
void AppendValue(std::string& out, const std::string& value) { AppendAvroBytes(out, value); }

template <typename T>
void AppendMap(std::string& out, const std::map<int, T>& map) {
  AppendAvroLong(out, map.empty() ? 0 : 1);
  if (map.empty()) return;
  AppendAvroLong(out, static_cast<int64_t>(map.size()));
  for (const auto& [key, value] : map) {
    AppendAvroLong(out, key);
    AppendValue(out, value);
  }
  AppendAvroLong(out, 0);
}

template <typename T>
void AppendList(std::string& out, const std::vector<T>& list) {
  AppendAvroLong(out, list.empty() ? 0 : 1);
  if (list.empty()) return;
  AppendAvroLong(out, static_cast<int64_t>(list.size()));
  for (T value : list) AppendAvroLong(out, value);
  AppendAvroLong(out, 0);
}

// 0: no fixed (variable length bytes).
size_t FixedSize(const std::string& type) {
  if (type == "uuid") return 16;
  int size = 0;
  if (type.starts_with("fixed[") && ParseNumber(std::string_view(type).substr(6, type.size() - 7), size)) {
    return static_cast<size_t>(size);
  }
  auto decimal = FromIcebergType(type);
  return decimal.ok() && decimal->kind == TypeKind::kDecimal ? DecimalBytes(decimal->precision) : 0;
}

// False if the value does not fit the type: a bug or a foreign file, never written.
bool AppendPartitionValue(std::string& out, const PartitionValue& value, const std::string& type) {
  if (std::holds_alternative<std::monostate>(value)) {
    AppendAvroLong(out, 0);
    return true;
  }
  AppendAvroLong(out, 1);
  if (auto* text = std::get_if<std::string>(&value)) {
    size_t size = FixedSize(type);
    if (size == 0) {
      AppendAvroBytes(out, *text);
      return type == "string" || type == "binary";
    }
    if (text->size() > size) return false;
    bool negative = type.starts_with("decimal(") && !text->empty() && ((*text)[0] & 0x80) != 0;
    out.append(size - text->size(), negative ? '\xff' : '\0');
    out += *text;
    return true;
  }
  if (auto* number = std::get_if<int32_t>(&value)) {
    AppendAvroLong(out, *number);
    return type == "int" || type == "date";
  }
  if (auto* number = std::get_if<int64_t>(&value)) {
    AppendAvroLong(out, *number);
    return type == "long" || type.starts_with("time");
  }
  out += SingleValueBytes(value);  // boolean, float, double: Avro's bytes are the same
  if (std::holds_alternative<float>(value)) return type == "float";
  return type == "boolean" || type == "double";
}

Result<std::string> EncodeEntry(const ManifestEntry& entry, const PartitionSpec& spec,
                                const std::vector<std::string>& types, int format_version) {
  std::string out;
  const DataFile& file = entry.file;
  AppendAvroLong(out, static_cast<int64_t>(entry.status));
  AppendMaybe(out, entry.snapshot_id);
  AppendMaybe(out, entry.sequence_number);
  AppendMaybe(out, entry.file_sequence_number);
  AppendAvroLong(out, static_cast<int64_t>(file.content));
  AppendAvroBytes(out, file.path);
  AppendAvroBytes(out, file.format);
  if (file.partition.size() != types.size()) {
    return Invalid(Str(file.path, " has ", file.partition.size(), " partition values; spec ", spec.spec_id, " has ",
                       types.size(), " fields"));
  }
  for (size_t i = 0; i < types.size(); ++i) {
    if (!AppendPartitionValue(out, PromotePartitionValue(file.partition[i], types[i]), types[i])) {
      return Invalid(Str(file.path, ": the value of partition field ", spec.fields[i].name, " is no ", types[i]));
    }
  }
  AppendAvroLong(out, file.record_count);
  AppendAvroLong(out, file.size);
  AppendMap(out, file.column_sizes);
  AppendMap(out, file.value_counts);
  AppendMap(out, file.null_counts);
  AppendMap(out, file.nan_counts);
  AppendMap(out, file.lower_bounds);
  AppendMap(out, file.upper_bounds);
  AppendMaybe(out, file.key_metadata);
  AppendList(out, file.split_offsets);
  AppendList(out, file.equality_ids);
  AppendMaybe(out, file.sort_order_id ? std::optional<int64_t>(*file.sort_order_id) : std::nullopt);
  AppendMaybe(out, file.referenced_data_file.empty() ? std::nullopt : std::optional(file.referenced_data_file));
  if (format_version < 3) return out;
  AppendMaybe(out, file.first_row_id);
  AppendMaybe(out, file.content_offset);
  AppendMaybe(out, file.content_size);
  return out;
}

bool IsNan(const PartitionValue& value) {
  if (auto* number = std::get_if<float>(&value)) return std::isnan(*number);
  if (auto* number = std::get_if<double>(&value)) return std::isnan(*number);
  return false;
}

PartitionSummary Summarize(const std::vector<ManifestEntry>& entries, size_t field, const std::string& type) {
  PartitionSummary out;
  out.contains_nan = false;
  std::optional<PartitionValue> lower, upper;
  const bool decimal = type.starts_with("decimal(");
  for (const ManifestEntry& entry : entries) {
    const PartitionValue value = PromotePartitionValue(entry.file.partition[field], type);
    if (std::holds_alternative<std::monostate>(value)) {
      out.contains_null = true;
    } else if (IsNan(value)) {
      out.contains_nan = true;
    } else {
      if (!lower || ComparePartitionValues(value, *lower, decimal) < 0) lower = value;
      if (!upper || ComparePartitionValues(value, *upper, decimal) > 0) upper = value;
    }
  }
  if (lower) out.lower = SingleValueBytes(*lower);
  if (upper) out.upper = SingleValueBytes(*upper);
  return out;
}

void Count(const ManifestEntry& entry, ManifestFile& file) {
  switch (entry.status) {
    case EntryStatus::kAdded:
      ++file.added_files;
      file.added_rows += entry.file.record_count;
      break;
    case EntryStatus::kExisting:
      ++file.existing_files;
      file.existing_rows += entry.file.record_count;
      break;
    case EntryStatus::kDeleted:
      ++file.deleted_files;
      file.deleted_rows += entry.file.record_count;
      return;
  }
  if (entry.sequence_number) file.min_sequence_number = std::min(file.min_sequence_number, *entry.sequence_number);
}

}  // namespace

Result<EncodedManifest> EncodeManifest(const std::vector<ManifestEntry>& entries, const TableMetadata& metadata,
                                       const PartitionSpec& spec, bool deletes, SyncMarker sync) {
  TRY_SET(auto types, PartitionTypes(spec, metadata));
  int schema_id = metadata.current_schema_id();
  std::map<std::string, std::string> header = {{"schema", metadata.schema_json(schema_id)},
                                               {"schema-id", Str(schema_id)},
                                               {"partition-spec", spec.FieldsJson()},
                                               {"partition-spec-id", Str(spec.spec_id)},
                                               {"format-version", Str(metadata.format_version())},
                                               {"content", deletes ? "deletes" : "data"}};
  AvroFileWriter writer(ManifestAvroSchema(spec, types, metadata.format_version()), std::move(header), sync.a, sync.b);
  EncodedManifest out;
  ManifestFile& file = out.file;
  file.spec_id = spec.spec_id;
  file.deletes = deletes;
  file.min_sequence_number = INT64_MAX;
  file.added_files = file.existing_files = file.deleted_files = 0;
  file.added_rows = file.existing_rows = file.deleted_rows = 0;
  for (const ManifestEntry& entry : entries) {
    TRY_SET(std::string record, EncodeEntry(entry, spec, types, metadata.format_version()));
    writer.Append(record);
    Count(entry, file);
  }
  for (size_t i = 0; i < types.size(); ++i) file.partitions.push_back(Summarize(entries, i, types[i]));
  out.bytes = writer.Finish();
  file.length = static_cast<int64_t>(out.bytes.size());
  return out;
}

std::string EncodeManifestList(const std::vector<ManifestFile>& manifests, const Snapshot& snapshot,
                               int format_version, SyncMarker sync) {
  const auto& parent = snapshot.parent_id;
  std::map<std::string, std::string> header = {{"snapshot-id", Str(snapshot.id)},
                                               {"parent-snapshot-id", parent ? Str(*parent) : "null"},
                                               {"sequence-number", Str(snapshot.sequence_number)},
                                               {"format-version", Str(format_version)}};
  if (snapshot.first_row_id) header["first-row-id"] = Str(*snapshot.first_row_id);
  AvroFileWriter writer(ManifestListAvroSchema(format_version), std::move(header), sync.a, sync.b);
  for (const ManifestFile& file : manifests) {
    std::string out;
    AppendAvroBytes(out, file.path);
    AppendAvroLong(out, file.length);
    AppendAvroLong(out, file.spec_id);
    AppendAvroLong(out, file.deletes ? 1 : 0);
    AppendAvroLong(out, file.sequence_number);
    AppendAvroLong(out, std::min(file.min_sequence_number, file.sequence_number));
    AppendAvroLong(out, file.added_snapshot_id);
    for (int64_t count : {file.added_files, file.existing_files, file.deleted_files, file.added_rows,
                          file.existing_rows, file.deleted_rows}) {
      AppendAvroLong(out, std::max<int64_t>(count, 0));
    }
    AppendAvroLong(out, 1);
    if (!file.partitions.empty()) AppendAvroLong(out, static_cast<int64_t>(file.partitions.size()));
    for (const PartitionSummary& summary : file.partitions) {
      out += summary.contains_null ? '\1' : '\0';
      AppendAvroLong(out, summary.contains_nan ? 1 : 0);
      if (summary.contains_nan) out += *summary.contains_nan ? '\1' : '\0';
      AppendMaybe(out, summary.lower);
      AppendMaybe(out, summary.upper);
    }
    AppendAvroLong(out, 0);
    AppendMaybe(out, file.key_metadata);
    if (format_version > 2) AppendMaybe(out, file.first_row_id);
    writer.Append(out);
  }
  return writer.Finish();
}

}  // namespace sluice::iceberg
