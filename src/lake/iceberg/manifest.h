// SPDX-License-Identifier: Apache-2.0
// Manifests and manifest lists: bytes <-> ManifestEntry and ManifestFile (spec: "Manifests", "Manifest Lists").
// Reads v1 to v3, writes v2 and v3. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lake/iceberg/data_file.h"
#include "lake/iceberg/metadata.h"

namespace sluice::iceberg {

// What a manifest list says of the values of one partition field in a manifest.
struct PartitionSummary {
  bool contains_null = false;
  std::optional<bool> contains_nan;
  std::optional<std::string> lower;  // single-value bytes
  std::optional<std::string> upper;
};

// One row of a manifest list.
struct ManifestFile {
  std::string path;  // URI
  int64_t length = 0;
  int spec_id = 0;
  bool deletes = false;
  int64_t sequence_number = 0;
  int64_t min_sequence_number = 0;
  int64_t added_snapshot_id = 0;
  // -1: not known (v1).
  int64_t added_files = -1, existing_files = -1, deleted_files = -1;
  int64_t added_rows = -1, existing_rows = -1, deleted_rows = -1;
  std::vector<PartitionSummary> partitions;
  std::optional<std::string> key_metadata;
  std::optional<int64_t> first_row_id;

  // Rows that a manifest takes of the table's row ids (v3).
  int64_t live_rows() const { return (added_rows > 0 ? added_rows : 0) + (existing_rows > 0 ? existing_rows : 0); }
  bool has_live_files() const { return added_files != 0 || existing_files != 0; }
};

Result<std::vector<ManifestFile>> DecodeManifestList(std::string_view bytes, std::string_view name);

// All entries, ids, sequence numbers and row ids inherited from `manifest` filled in.
Result<std::vector<ManifestEntry>> DecodeManifest(std::string_view bytes, const ManifestFile& manifest,
                                                  const TableMetadata& metadata);

struct EncodedManifest {
  std::string bytes;
  // Without path, sequence_number and added_snapshot_id. min_sequence_number is INT64_MAX if all live entries inherit
  // theirs: then it is the commit's.
  ManifestFile file;
};

struct SyncMarker {
  uint64_t a = 0, b = 0;  // random
};

// Entries of one spec and one kind (data or deletes).
Result<EncodedManifest> EncodeManifest(const std::vector<ManifestEntry>& entries, const TableMetadata& metadata,
                                       const PartitionSpec& spec, bool deletes, SyncMarker sync);

std::string EncodeManifestList(const std::vector<ManifestFile>& manifests, const Snapshot& snapshot,
                               int format_version, SyncMarker sync);

}  // namespace sluice::iceberg
