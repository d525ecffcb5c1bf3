// SPDX-License-Identifier: Apache-2.0
// Manifests, manifest lists and index manifests: Avro bytes and values (docs of Paimon: "Manifest"). Fields are found
// by name, so that those of other versions may be missing or more. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::paimon {

// Least and greatest value of each column, as serialized binary rows, and its NULLs. A NULL bound is not known.
struct SimpleStats {
  std::string min, max;
  std::vector<std::optional<int64_t>> null_counts;

  static SimpleStats None();  // of no columns
  bool operator==(const SimpleStats&) const = default;
};

// The row of no columns, serialized: the partition of a table without partitions.
std::string EmptyRow();

enum class EntryKind : uint8_t { kAdd = 0, kDelete = 1 };
enum class FileSource : uint8_t { kAppend = 0, kCompact = 1 };

struct DataFileMeta {
  std::string name;
  int64_t size = 0;
  int64_t row_count = 0;
  std::string min_key, max_key;  // serialized rows of the trimmed key; of no fields in an append table
  SimpleStats key_stats;    // of the trimmed key
  SimpleStats value_stats;  // of the table's columns, or of value_stats_columns
  int64_t min_sequence = 0, max_sequence = 0;
  int64_t schema_id = 0;
  int level = 0;
  std::vector<std::string> extra_files;
  std::optional<int64_t> creation_ms;
  std::optional<int64_t> delete_row_count;  // rows of kind -D or -U; nothing: not known
  std::optional<std::string> embedded_index;
  std::optional<FileSource> source;
  std::optional<std::vector<std::string>> value_stats_columns;
  std::optional<std::string> external_path;  // of the file, if it is not in its bucket's folder
  std::optional<int64_t> first_row_id;  // row tracking
  std::optional<std::vector<std::string>> write_columns;  // the only columns of the file; nothing: all

  bool operator==(const DataFileMeta&) const = default;
  std::vector<std::string> Names() const;  // of all its files, the data file first
};

struct ManifestEntry {
  EntryKind kind = EntryKind::kAdd;
  std::string partition;  // serialized row of the partition columns
  int bucket = 0;
  int total_buckets = 0;  // -1: they grow
  DataFileMeta file;

  bool operator==(const ManifestEntry&) const = default;
};

struct ManifestFile {
  std::string name;
  int64_t size = 0;
  int64_t added_files = 0, deleted_files = 0;
  SimpleStats partition_stats;
  int64_t schema_id = 0;  // the newest of its entries
  std::optional<int64_t> min_bucket, max_bucket, min_level, max_level, min_row_id, max_row_id;

  bool operator==(const ManifestFile&) const = default;
};

// Where the deletion vector of a data file is in an index file.
struct DeletionRange {
  std::string data_file;
  int32_t offset = 0, length = 0;
  std::optional<int64_t> cardinality;

  bool operator==(const DeletionRange&) const = default;
};

inline constexpr const char* kDeletionVectors = "DELETION_VECTORS";  // types of index files
inline constexpr const char* kHashIndex = "HASH";

struct IndexEntry {
  std::string partition;
  int bucket = 0;
  std::string type;
  std::string name;
  int64_t size = 0;
  int64_t row_count = 0;
  std::vector<DeletionRange> deletions;

  bool operator==(const IndexEntry&) const = default;
};

// Errors name `name`.
Result<std::vector<ManifestFile>> DecodeManifestList(std::string_view bytes, std::string_view name);
Result<std::vector<ManifestEntry>> DecodeManifest(std::string_view bytes, std::string_view name);
Result<std::vector<IndexEntry>> DecodeIndexManifest(std::string_view bytes, std::string_view name);

// Of entries in the order in which they were made: what is left of them when files that came and went are taken out.
// What goes and did not come stays, as an entry: before what comes under its name with another file index.
std::vector<ManifestEntry> MergeEntries(const std::vector<ManifestEntry>& entries);

// Whole files. `sync_a`, `sync_b`: random numbers.
std::string EncodeManifestList(const std::vector<ManifestFile>& manifests, uint64_t sync_a, uint64_t sync_b);
std::string EncodeManifest(const std::vector<ManifestEntry>& entries, uint64_t sync_a, uint64_t sync_b);
std::string EncodeIndexManifest(const std::vector<IndexEntry>& entries, uint64_t sync_a, uint64_t sync_b);

}  // namespace sluice::paimon
