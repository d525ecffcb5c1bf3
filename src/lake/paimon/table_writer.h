// SPDX-License-Identifier: Apache-2.0
// TableWriter: change batches -> data files of level 0, their compaction and one TableChange an epoch, for one Paimon
// table. What it writes is invisible until Commit. Owned by a sink; one thread. Memory: the rows that wait to be sorted
// (buffered_bytes), what the manifests say of each live file, the hashes of all keys with dynamic buckets.
//
// Epoch: (Adopt | Change | Write)* Finish [the change becomes durable elsewhere] Commit. An error leaves the writer of
// no further use: make a new one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/helper_thread.h"
#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/commit.h"
#include "lake/paimon/compaction.h"
#include "lake/paimon/deletion_index.h"
#include "lake/paimon/key_sort.h"
#include "lake/paimon/rest_compaction.h"
#include "lake/paimon/row_file.h"
#include "lake/paimon/row_router.h"
#include "lake/paimon/table.h"
#include "lake/paimon/table_change.h"
#include "row/change_batch.h"
#include "row/schema_change.h"

namespace arrow {
class RecordBatch;
}

namespace sluice::paimon {

struct EpochStamp {  // pipeline's EpochInfo
  int64_t epoch = 0;
  std::string end;
  std::string position = {};
  std::string state_id = {};
};

struct TableWriterOptions {
  std::string name;                // of the table, for messages
  std::string user;                // identity of the job: its snapshots' commitUser
  bool backfill = true;            // ADD COLUMN with a default value rewrites the files
  bool take_columns = false;       // ADD COLUMN of one that the table has fills that
  // Whether columns may become others: kUnsupported before anything is changed. Null: always.
  std::function<Status(const Schema& from, const Schema& to)> may_become = {};
  bool sync = true;                // fsync files; off for tests only
  bool clock_watermarks = false;   // the time at the end of an epoch is the watermark of its snapshots
  HelperThread* helper = nullptr;  // shares the encoding, if there is one; outlives the writer
  // Of a process that is no job and writes once, on this snapshot (0: there is none yet): there is no position to be
  // kept, columns may have types that no pipeline has, and Write, Finish and Commit are kConflict if another writer has
  // committed since; then the files are removed.
  std::optional<int64_t> once_on = {};
  Options overrides = {};                    // options in place of the table's
  std::vector<std::string> overwritten = {};  // partitions (serialized rows) that the rows are all of; what was goes
  bool keeps_postponed = false;               // but not what waits in bucket-postpone of these
};

struct TableWriterStats {
  int64_t inserted = 0;  // rows by kind as given; an update counts once
  int64_t updated = 0;
  int64_t deleted = 0;
  int64_t bytes_written = 0;
};

class TableWriter {
 public:
  // The table may be changed by nobody else through this object; other processes may commit to it.
  static Result<std::unique_ptr<TableWriter>> Make(Env& env, std::unique_ptr<Table> table, TableWriterOptions options);
  ~TableWriter();

  // The source's schema: missing columns are added, narrower ones widened, columns that the source has not stay and are
  // NULL in new rows. kInvalid, naming the column and both types, where that is not possible.
  Status Adopt(const TableSchema& schema);
  // kUnsupported: nothing changed. Truncation and DROP TABLE remove all rows. The next Adopt after a DROP TABLE, also
  // that of a later process, makes the columns exactly those of its schema.
  Status Change(const SchemaChange& change);
  // Rows with the columns of the last Adopt or Change, found by name.
  Status Write(const ChangeBatch& batch);

  bool dirty() const;  // an epoch's commit would change the table
  // Closes all files. Only when dirty.
  Result<TableChange> Finish(const EpochStamp& epoch);
  // Commits the result of the last Finish: snapshots that were made. kConflict: another writer changed the schema.
  Result<int64_t> Commit(const TableChange& change, int64_t epoch);

  bool finished() const { return finished_; }  // between Finish and Commit
  int64_t base_snapshot() const { return base_; }  // that the next change builds on; 0: none
  int64_t buffered_bytes() const { return buffered_bytes_; }
  int64_t most_buffered_bytes() const { return table_options_.write_buffer_bytes; }  // then they are written
  Status Flush();  // gives most of that memory back; files may get small
  // Buckets that CompactTable may make one sorted run of while nothing comes; between Commit and the next Write.
  std::set<BucketId> BucketsToRest() const;
  void Rested(const std::set<BucketId>& ids);  // that was done
  Table& table() { return *table_; }
  const TableWriterStats& stats() const { return stats_; }

 private:
  // Rows that wait, with the table's columns and types.
  struct Pending {
    Columns columns;
    std::vector<RowKind> kinds;     // one a row; empty: all +I
    std::vector<uint32_t> buckets;  // one a row, numbers of the router
    int64_t rows = 0;
    int64_t bytes = 0;
    CopyPart part;
    bool copied = false;  // all of a table's initial copy
  };
  struct Bucket {
    std::vector<DataFileMeta> files;  // of all levels, those of this epoch too
    BucketDeletions deletions;
    bool folder_made = false;
    bool touched = false;  // in this epoch
  };
  struct Binding;  // how the batches of one TableSchema become rows of the table
  struct Gathered;

  TableWriter(Env& env, std::unique_ptr<Table> table, TableWriterOptions options);
  Status TakeInCommits();  // of other writers, before the first change of an epoch
  Status Load(const Schema& schema);
  Status Reload();         // the buckets as the newest snapshot has them
  Error Overtaken(Error error);
  Status Bind(const std::shared_ptr<const TableSchema>& schema);
  Status EvolveTo(Schema next);
  void WarnOfFlag(const Schema& next, const std::string& name) const;
  Result<SchemaChange> TakeColumn(const Field& field, const Column& column) const;
  Status Replace(const TableSchema& wanted);
  Status Truncate();
  Status Backfill(const std::string& column, const std::shared_ptr<arrow::Scalar>& value);
  Status SetKinds(Pending& pending) const;
  Columns ColumnsOf(const std::vector<std::string>& names, const Columns& columns) const;
  Status FlushAll();
  std::vector<std::vector<Pending>> TakePending(bool all);
  Status WriteRows(std::vector<Pending> waiting);
  Result<Gathered> Gather(std::vector<Pending> waiting);
  Result<Columns> Joined(const std::vector<std::string>& names, const Gathered& rows) const;
  Status WriteBucket(const BucketId& id, const Gathered& rows, std::vector<uint32_t>& chosen);
  Result<std::shared_ptr<arrow::RecordBatch>> MergeRows(const Gathered& rows, std::vector<uint32_t>& chosen);
  using AppendRows = std::function<Status(RowFileWriter&)>;
  Result<DataFileMeta> WriteFile(const BucketId& id, const std::string& prefix, const AppendRows& append);
  Result<RowFileOptions> FilesOf(const BucketId& id, Bucket& bucket);
  Status CompactBuckets();
  Status OrderBySnapshot();
  Status JoinNewFiles(const BucketId& id, const std::vector<DataFileMeta>& files);
  void NumberNew(int64_t snapshot);
  Status RaiseLoneFiles(const BucketId& id, Bucket& bucket);
  Status CompactBucket(const BucketId& id, Bucket& bucket, CompactionUnit unit, const FilledColumn* filled);
  // Of a table without a key.
  Status JoinSmallFiles(const BucketId& id, Bucket& bucket, bool touched);
  std::vector<std::vector<DataFileMeta>> FilesToJoin(const BucketId& id, const Bucket& bucket, bool touched);
  Result<SchemasById> SchemasOf(const std::vector<DataFileMeta>& files);
  Status TakeCompacted(const BucketId& id, Bucket& bucket, Result<CompactionResult> done);
  Status TakeCompaction(const BucketId& id, Bucket& bucket, CompactionResult result);
  Result<std::vector<NewVectors>> WriteVectors();
  void RemoveCompacted();
  void Discard(const TableChange& change);
  ManifestEntry EntryOf(const BucketId& id, EntryKind kind, DataFileMeta file) const;
  std::vector<ManifestEntry> AddedAndFilled();
  void RemoveFile(const BucketId& id, const DataFileMeta& file);
  void Count(const ChangeBatch& batch);
  bool HasRows() const;

  Env& env_;
  std::unique_ptr<Table> table_;
  const TableWriterOptions options_;
  std::string prefix_;  // of the job's properties

  Schema schema_;  // with the evolution of this epoch
  TableOptions table_options_;
  std::shared_ptr<const RowLayout> layout_;
  std::optional<BucketFolders> folders_;
  std::unique_ptr<RowRouter> router_;
  std::unique_ptr<Binding> binding_;
  std::vector<std::string> source_key_;   // of the source's table
  std::vector<std::string> new_schemas_;  // JSON of versions of this epoch
  std::map<int64_t, Schema> schemas_of_epoch_;  // the same, by id: files may have been written with each
  bool newest_schema_used_ = true;        // by files
  int64_t base_ = 0;
  bool stale_ = true;  // buckets_ are not those of base_

  std::map<BucketId, Bucket> buckets_;
  CompactionCredit credit_;
  int64_t next_sequence_ = 0;
  std::vector<Pending> pending_;
  int64_t buffered_bytes_ = 0;
  KeySorter sorter_;

  std::vector<ManifestEntry> added_, changelog_, compacted_, compacted_changelog_;
  int epochs_since_full_ = 0;            // compaction
  std::map<BucketId, int> ages_;         // of buckets with new files: epochs without one more
  std::set<std::string> rewritten_;      // files that compactions of this epoch wrote
  std::unique_ptr<PageIndexCache> pages_;  // of files that rows are looked up in
  std::set<std::string> folders_touched_;
  bool truncated_ = false;
  bool filled_ = false;  // files were written again with a default in them
  bool properties_changed_ = false;
  bool dropped_ = false;  // at the source, and not made again since
  bool finished_ = false;

  TableWriterStats stats_;
  bool warned_keyless_delete_ = false;
};

}  // namespace sluice::paimon
