// SPDX-License-Identifier: Apache-2.0
// DataFile and ManifestEntry: what a manifest says of one data or delete file (spec: "Manifests"). Values; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lake/iceberg/partition_spec.h"

namespace sluice::iceberg {

enum class FileContent : uint8_t { kData = 0, kPositionDeletes = 1, kEqualityDeletes = 2 };
enum class EntryStatus : uint8_t { kExisting = 0, kAdded = 1, kDeleted = 2 };

// Reserved field ids of position delete files.
inline constexpr int kDeleteFilePathId = 2147483546;
inline constexpr int kDeletePosId = 2147483545;

struct DataFile {
  FileContent content = FileContent::kData;
  std::string path;                       // URI, as recorded: "file:///wh/db/t/data/x.parquet"
  std::string format = "PARQUET";
  int spec_id = 0;
  std::vector<PartitionValue> partition;  // one a field of the spec, in its order
  int64_t record_count = 0;
  int64_t size = 0;                       // bytes of the file
  std::map<int, int64_t> column_sizes;    // by field id, as all maps here
  std::map<int, int64_t> value_counts;
  std::map<int, int64_t> null_counts;
  std::map<int, int64_t> nan_counts;
  std::map<int, std::string> lower_bounds;  // single-value bytes (spec, Appendix D)
  std::map<int, std::string> upper_bounds;
  std::vector<int64_t> split_offsets;
  std::vector<int> equality_ids;
  std::optional<int> sort_order_id;
  std::string referenced_data_file;  // position deletes of one data file: its path; else empty
  std::optional<std::string> key_metadata;
  // v3, kept when read.
  std::optional<int64_t> first_row_id;
  std::optional<int64_t> content_offset;
  std::optional<int64_t> content_size;

  bool operator==(const DataFile&) const = default;
  // The one data file that these position deletes are for (by referenced_data_file, else by equal path bounds); empty
  // if there may be several.
  std::string DeletesOf() const;
  // JSON and back, for checkpoints. Bytes are hex.
  std::string ToJson() const;
};

Result<DataFile> ParseDataFile(std::string_view json);

struct ManifestEntry {
  EntryStatus status = EntryStatus::kAdded;
  std::optional<int64_t> snapshot_id;           // null = inherited from the manifest list, and so the two below
  std::optional<int64_t> sequence_number;       // "data sequence number"
  std::optional<int64_t> file_sequence_number;
  DataFile file;
};

}  // namespace sluice::iceberg
