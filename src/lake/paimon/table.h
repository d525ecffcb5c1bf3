// SPDX-License-Identifier: Apache-2.0
// Table: a Paimon table in a folder: its schemas, snapshots, and the files that a snapshot names (docs of Paimon: "File
// Layouts"). Reads only; borrows the Env. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/parquet/delete_set.h"
#include "lake/paimon/binary_row.h"
#include "lake/paimon/manifest.h"
#include "lake/paimon/partition_path.h"
#include "lake/paimon/schema.h"
#include "lake/paimon/snapshot.h"

namespace sluice::paimon {

struct LiveFile {
  std::string partition;  // serialized row of the partition columns
  int bucket = 0;
  std::string path;       // of this machine
  DataFileMeta meta;
  std::optional<DeletionRange> deletion;  // the rows that its deletion vector names are gone; in `index_path`
  std::string index_path;
};

// Where the files of a partition and bucket are. Immutable; any thread.
class BucketFolders {
 public:
  static Result<BucketFolders> Of(const std::string& table_folder, const Schema& schema);
  // Where the folders of partitions and buckets are: `data-file.path-directory` of the table's folder.
  static std::string Root(const std::string& table_folder, const Schema& schema);
  // kCorrupt if the row is none of the partition columns. Without a slash at its end.
  Result<std::string> Folder(const std::string& partition, int bucket) const;

 private:
  BucketFolders(std::string folder, std::vector<std::string> keys, std::vector<DataType> types, BinaryRowCodec codec)
      : folder_(std::move(folder)), keys_(std::move(keys)), types_(std::move(types)), codec_(std::move(codec)) {}

  std::string folder_;
  std::vector<std::string> keys_;
  std::vector<DataType> types_;
  BinaryRowCodec codec_;
  PartitionPathStyle style_;
};

class Table {
 public:
  // Whether the folder looks like a Paimon table's. False if that cannot be known.
  static bool IsTable(Env& env, const std::string& folder);
  // kNotFound if it has no schema.
  static Result<std::unique_ptr<Table>> Open(Env& env, std::string folder);
  // The history of a branch, to be read: its schemas and snapshots; the files are the table's. kNotFound.
  static Result<std::unique_ptr<Table>> OpenBranch(Env& env, const std::string& folder, const std::string& branch);

  const std::string& folder() const { return folder_; }
  const std::string& history() const { return history_; }  // the folder of schema/, snapshot/ and tag/
  const Schema& newest_schema() const { return newest_; }
  Result<const Schema*> SchemaOf(int64_t id);
  // The newest one; nothing if nothing was ever committed.
  Result<std::optional<Snapshot>> LatestSnapshot();
  // kNotFound if it is not there (any more).
  Result<Snapshot> SnapshotOf(int64_t id);
  // What is left of an expired one, if the table keeps changelogs longer: its changes. kNotFound.
  Result<Snapshot> ChangelogOf(int64_t id);
  // The snapshot, or what is left of it. kNotFound.
  Result<Snapshot> SnapshotOrChangelogOf(int64_t id);
  // The data files of a snapshot, by partition and bucket, in each from the highest level to level 0.
  Result<std::vector<LiveFile>> LiveFiles(const Snapshot& snapshot);
  // The same as entries that add them, in no order of meaning.
  Result<std::vector<ManifestEntry>> LiveEntries(const Snapshot& snapshot);
  // LiveFiles of entries that were read already.
  Result<std::vector<LiveFile>> Locate(const Snapshot& snapshot, const std::vector<ManifestEntry>& entries);
  Result<std::vector<ManifestFile>> ReadManifestList(const std::string& name);
  Result<std::vector<ManifestEntry>> ReadManifest(const std::string& name);
  Result<std::vector<IndexEntry>> ReadIndexManifest(const std::string& name);  // none for an empty name

  // Of the columns that the table is partitioned by; kUnsupported names one that rows cannot hold.
  Result<std::vector<DataType>> PartitionTypes() const;
  std::string ManifestPath(const std::string& name) const { return folder_ + "/manifest/" + name; }
  std::string IndexPath(const std::string& name) const { return folder_ + "/index/" + name; }
  std::string SnapshotPath(int64_t id) const;
  std::string SchemaPath(int64_t id) const;
  // Ids of the snapshots that are there, ascending and without gaps: what is before a gap is none of the table's any
  // more (Commit::Link in commit.cc).
  Result<std::vector<int64_t>> SnapshotIds();
  // Of changelogs, ascending.
  Result<std::vector<int64_t>> ChangelogIds();
  std::string ChangelogPath(int64_t id) const;
  // Takes in schemas that were made since.
  Status Refresh();

 private:
  Table(Env& env, std::string folder, std::string history)
      : env_(env), folder_(std::move(folder)), history_(std::move(history)) {}
  Result<Schema> ReadSchema(int64_t id);
  Result<Snapshot> ReadSnapshot(const std::string& path, int64_t id);
  Status AddEntries(const std::string& manifest_list, std::vector<ManifestEntry>& entries);

  Env& env_;
  const std::string folder_, history_;
  Schema newest_;
  std::map<int64_t, Schema> schemas_;  // those that were asked for
};

// The rows that a deletion vector of `file` names. kCorrupt names the index file.
Result<DeleteSet> ReadDeletions(Env& env, const LiveFile& file);

}  // namespace sluice::paimon
