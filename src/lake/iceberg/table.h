// SPDX-License-Identifier: Apache-2.0
// Table: one Iceberg table: its metadata, its live files, and commits. Owned by one thread.
// Commit is exactly once by (writer, epoch): see docs/formats/iceberg.md. It writes manifests, manifest list, metadata
// JSON and pointer; data and delete files are written before, by others.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/catalog/catalog.h"
#include "lake/iceberg/data_file.h"
#include "lake/iceberg/metadata.h"
#include "row/table_id.h"

namespace sluice::iceberg {

struct LiveFile {
  DataFile data;
  int64_t sequence_number = 0;
  std::vector<DataFile> deletes;  // position deletes that apply to it (they may be for other files too)
  std::vector<DataFile> equality_deletes;
};

// kUnsupported, naming the file, if its rows cannot be had: not Parquet, or equality deletes apply to it.
Status CheckReadable(const LiveFile& file);

// What one commit changes. Stored in our checkpoint between prepare and commit.
struct TableChange {
  std::vector<DataFile> added_data;
  std::vector<DataFile> added_deletes;
  std::vector<std::string> removed_data;  // paths as recorded
  std::vector<std::string> removed_deletes;
  std::optional<Schema> schema;  // becomes the current one
  int last_column_id = 0;        // highest field id that the added files may hold, also of fields dropped since
  Properties set_properties;
  std::vector<std::string> remove_properties;
  Properties summary;    // goes into the snapshot's summary
  bool replace = false;  // compaction: same rows, operation "replace"
  bool vectors = false;     // of a v3 table: its deletes are deletion vectors. Not in the JSON, nor is snapshot_id
  int64_t snapshot_id = 0;  // of the snapshot that it makes, also without files; 0: a random one, if it has files

  bool touches_files() const {
    return !added_data.empty() || !added_deletes.empty() || !removed_data.empty() || !removed_deletes.empty();
  }
  std::string ToJson() const;
};

Result<TableChange> ParseTableChange(std::string_view json);

// Makes a commit idempotent: property "sluice.<writer>.epoch" >= epoch means that it is done. An empty writer: no
// guard.
struct CommitGuard {
  std::string writer;
  int64_t epoch = 0;
};

std::string EpochProperty(const std::string& writer);
// The schema-id that was current after the writer's last commit. In a TableChange: the one that it was made on.
std::string SchemaProperty(const std::string& writer);

struct ManifestFile;  // manifest.h

class Table {
 public:
  // kNotFound if absent. `env` and `catalog` must outlive the table.
  static Result<std::unique_ptr<Table>> Open(Env& env, Catalog& catalog, const TableId& id);
  // kConflict if it is there. `table.location` may be empty: the catalog's is taken. Adds our default properties
  // (kDefaultProperties in table.cc) where `table.properties` does not set them.
  static Result<std::unique_ptr<Table>> Create(Env& env, Catalog& catalog, const TableId& id, NewTable table);
  // For reading only, by folder or metadata file.
  static Result<std::unique_ptr<Table>> OpenAt(Env& env, const std::string& folder_or_file);
  ~Table();

  const TableId& id() const { return id_; }
  const TableMetadata& metadata() const { return *metadata_; }
  const MetadataVersion& version() const { return version_; }  // json is empty
  Status Refresh();

  // Live files of a snapshot (of the current one by default; none in an empty table), in manifest order.
  Result<std::vector<LiveFile>> LiveFiles(std::optional<int64_t> snapshot_id = {});

  // Returns the current snapshot's id after the commit (0 if the table has none). Already done (guard): the same, and
  // nothing is changed. A change without files makes no snapshot. kConflict: another writer took away what this
  // change builds on: refresh and plan again. kUnknownOutcome: call again with the same arguments.
  Result<int64_t> Commit(const TableChange& change, const CommitGuard& guard);
  // True if the loaded metadata says that this epoch (or a later one) is in the table.
  bool IsDone(const CommitGuard& guard) const;

  // Expires snapshots by the table's properties and removes files that nothing reaches any more. At most one commit.
  // Cheap when there is nothing to do. Returns the number of expired snapshots.
  Result<int64_t> Maintain();
  // Takes these snapshots out, of a table whose data files are another's: of what nothing reaches any more only files
  // below `own_folder` (a path) are removed. The current snapshot stays. The tags become `tags` (snapshots by name;
  // of those that are there). At most one commit; true if there was one.
  Result<bool> Expire(const std::vector<int64_t>& snapshots, const std::map<std::string, int64_t>& tags,
                      const std::string& own_folder);

 private:
  friend class TableCommit;
  friend class TableExpiry;
  friend class TableReach;
  Table(Env& env, Catalog* catalog, TableId id);
  Status Adopt(MetadataVersion version);
  void RemoveFiles(const std::vector<std::string>& uris);  // those that stay are told
  // Metadata files that have left the log, if the table's properties want that.
  void RemoveOldVersions(const std::vector<std::string>& uris);
  Result<std::vector<ManifestFile>> ReadManifests(const Snapshot& snapshot) const;
  Result<std::vector<ManifestEntry>> ReadEntries(const ManifestFile& manifest) const;
  // Of path_hashes_, read once.
  Result<const std::vector<uint64_t>*> LivePathHashes(const ManifestFile& manifest);
  void RememberPaths(const std::string& manifest_path, const std::vector<ManifestEntry>& entries);

  Env& env_;
  Catalog* catalog_;  // null: read only
  TableId id_;
  MetadataVersion version_;
  std::optional<TableMetadata> metadata_;
  // Hashes of the live paths of a manifest, sorted: which manifests a removal must rewrite. 8 bytes a file.
  std::map<std::string, std::vector<uint64_t>> path_hashes_;
};

}  // namespace sluice::iceberg
