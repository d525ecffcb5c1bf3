// SPDX-License-Identifier: Apache-2.0
// The inside of TableMetadata, for metadata.cc and metadata_builder.cc only.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lake/json.h"
#include "lake/iceberg/metadata.h"

namespace sluice::iceberg {

// The document is kept as text: as a tree it takes ten times the memory, and only a commit needs it.
struct MetadataDocument {
  std::string text;
  int format_version = 2;
  std::string uuid;
  std::string location;
  int64_t last_sequence_number = 0;
  int64_t next_row_id = 0;
  int64_t last_updated_ms = 0;
  int last_column_id = 0;
  int current_schema_id = 0;
  int default_spec_id = 0;
  std::vector<std::pair<int, std::string>> schemas;  // id, JSON
  std::vector<PartitionSpec> specs;
  size_t default_spec = 0;  // index in specs
  Properties properties;
  std::vector<Snapshot> snapshots;
  int current_snapshot = -1;  // index in snapshots
  std::map<std::string, SnapshotRef> refs;
  std::vector<std::pair<int64_t, int64_t>> snapshot_log;
  std::vector<std::pair<int64_t, std::string>> metadata_log;

  // Reads and checks a document. Errors do not name the file.
  static Result<std::shared_ptr<MetadataDocument>> Make(const Json& json, std::string text);
};

Json SnapshotToJson(const Snapshot& snapshot);

}  // namespace sluice::iceberg
