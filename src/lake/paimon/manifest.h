// SPDX-License-Identifier: Apache-2.0
// Manifests, manifest lists and index manifests: Avro bytes -> values (docs of Paimon: "Manifest"; fields are found by
// name, so that those of other versions may be missing or more). Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::paimon {

enum class EntryKind : uint8_t { kAdd = 0, kDelete = 1 };

struct DataFileMeta {
  std::string name;
  int64_t size = 0;
  int64_t row_count = 0;
  std::string min_key, max_key;  // serialized rows of the trimmed key; of no fields in an append table
  int64_t min_sequence = 0, max_sequence = 0;
  int64_t schema_id = 0;
  int level = 0;
  std::vector<std::string> extra_files;
  std::optional<int64_t> delete_row_count;  // rows of kind -D or -U; nothing: not known
  std::optional<std::string> external_path;  // of the file, if it is not in its bucket's folder
  std::optional<int64_t> first_row_id;  // row tracking
  std::vector<std::string> write_columns;  // the only columns of the file; empty: all
};

struct ManifestEntry {
  EntryKind kind = EntryKind::kAdd;
  std::string partition;  // serialized row of the partition columns
  int bucket = 0;
  int total_buckets = 0;
  DataFileMeta file;
};

struct ManifestFile {
  std::string name;
  int64_t added_files = 0, deleted_files = 0;
};

// Where the deletion vector of a data file is in an index file.
struct DeletionRange {
  std::string data_file;
  int32_t offset = 0, length = 0;
};

struct IndexEntry {
  std::string partition;
  int bucket = 0;
  std::string type;  // "DELETION_VECTORS", "HASH"
  std::string name;
  std::vector<DeletionRange> deletions;
};

// Errors name `name`.
Result<std::vector<ManifestFile>> DecodeManifestList(std::string_view bytes, std::string_view name);
Result<std::vector<ManifestEntry>> DecodeManifest(std::string_view bytes, std::string_view name);
Result<std::vector<IndexEntry>> DecodeIndexManifest(std::string_view bytes, std::string_view name);

}  // namespace sluice::paimon
