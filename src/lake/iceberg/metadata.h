// SPDX-License-Identifier: Apache-2.0
// TableMetadata: one version of a table's metadata JSON (spec: "Table Metadata"), checked when parsed. It keeps the
// whole document, so that what other writers put there and we do not know survives our commits.
// Immutable, cheap to copy; any thread. MetadataBuilder makes the next version; it does no I/O.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lake/iceberg/partition_spec.h"
#include "lake/iceberg/schema.h"

namespace sluice::iceberg {

using Properties = std::map<std::string, std::string>;

struct Snapshot {
  int64_t id = 0;
  std::optional<int64_t> parent_id;
  int64_t sequence_number = 0;  // 0 in v1
  int64_t timestamp_ms = 0;
  std::string manifest_list;           // URI; empty in old v1 snapshots
  std::vector<std::string> manifests;  // v1 without a manifest list
  Properties summary;                  // with "operation"
  std::optional<int> schema_id;
  std::optional<int64_t> first_row_id, added_rows;  // v3
};

struct SnapshotRef {
  int64_t snapshot_id = 0;
  bool tag = false;
  std::optional<int64_t> min_snapshots_to_keep;
  std::optional<int64_t> max_snapshot_age_ms;
  std::optional<int64_t> max_ref_age_ms;
};

struct NewTable {
  std::string location;  // URI without trailing slash
  Schema schema;         // ids from 1
  PartitionSpec spec;    // field ids from 1000
  Properties properties;
  int format_version = 2;  // or 3
};

struct MetadataDocument;  // metadata_impl.h

class TableMetadata {
 public:
  // Checks what Java checks at load. kCorrupt names `name` (the file) and the field.
  static Result<TableMetadata> Parse(std::string_view json, std::string_view name);
  // An empty table.
  static Result<TableMetadata> New(const NewTable& table, const std::string& uuid, int64_t now_ms);

  int format_version() const;
  const std::string& uuid() const;
  const std::string& location() const;
  int64_t last_sequence_number() const;
  int64_t next_row_id() const;  // v3; else 0
  int64_t last_updated_ms() const;
  int last_column_id() const;
  // kUnsupported naming the column if it has a type that we cannot read.
  Result<Schema> current_schema() const;
  int current_schema_id() const;
  Result<Schema> schema(int schema_id) const;  // kNotFound
  std::vector<int> schema_ids() const;
  const PartitionSpec& default_spec() const;
  const PartitionSpec* spec(int spec_id) const;  // null if absent
  const std::vector<PartitionSpec>& specs() const;
  // The Iceberg type text of a top-level field, looked for in the current schema, then in the others; empty if absent.
  std::string FieldType(int field_id) const;
  const Properties& properties() const;
  std::string property(const std::string& key, const std::string& otherwise = {}) const;
  // A number of properties(); the default if it is absent or no number.
  int64_t NumberProperty(const std::string& key, int64_t otherwise) const;
  bool FlagProperty(const std::string& key, bool otherwise) const;
  const std::vector<Snapshot>& snapshots() const;
  const Snapshot* snapshot(int64_t id) const;  // null if absent
  const Snapshot* current_snapshot() const;    // null for an empty table
  const std::map<std::string, SnapshotRef>& refs() const;
  std::vector<std::string> metadata_log() const;  // previous metadata files, oldest first
  // {timestamp, snapshot id}, ascending.
  std::vector<std::pair<int64_t, int64_t>> snapshot_log() const;
  std::string schema_json(int schema_id) const;  // as stored; empty if absent
  std::string ToJson() const;

 private:
  friend class MetadataBuilder;
  explicit TableMetadata(std::shared_ptr<const MetadataDocument> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const MetadataDocument> impl_;
};

// The next version of a table's metadata. Order of calls is free; Build checks the result as Parse does.
class MetadataBuilder {
 public:
  // `base_file`: the URI of the base's metadata file, which goes into metadata-log; empty for none.
  MetadataBuilder(const TableMetadata& base, std::string base_file);
  ~MetadataBuilder();
  // Makes it current: as schema-id max+1, or as the equal one that is there. Raises last-column-id, also to
  // `last_column_id`: ids that were given and dropped again before this commit stand in its files.
  void SetSchema(const Schema& schema, int last_column_id);
  void SetProperties(const Properties& set, const std::vector<std::string>& remove);
  // Appends it and makes it main. Its sequence number must be last + 1, its first row id (v3) the next one.
  void AddSnapshot(const Snapshot& snapshot);
  // Takes snapshots, their log entries, refs to them and their statistics away. Never the current one.
  void RemoveSnapshots(const std::vector<int64_t>& ids);
  void RemoveRef(const std::string& name);
  // Of a snapshot that is there; not main.
  void SetTag(const std::string& name, int64_t snapshot_id);
  // The metadata files that fell out of metadata-log; valid after Build.
  const std::vector<std::string>& trimmed() const { return trimmed_; }
  Result<TableMetadata> Build(int64_t now_ms);

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::vector<std::string> trimmed_;
};

}  // namespace sluice::iceberg
