// SPDX-License-Identifier: Apache-2.0
// TableWriter: change batches -> data files, position deletes and one TableChange an epoch, for one Iceberg table.
// It does not commit rows it was not given by Finish; what it writes is invisible until Commit. Owned by a sink; one
// thread. Memory: the open files (see buffered_bytes), the key index (16 or 24 bytes a live row, from the first change
// on), one bit a row for deletes. docs/formats/epoch.md says what a commit stores.
//
// Epoch: (Adopt | Change | Write)* Finish [the change becomes durable elsewhere] Commit. An error leaves the writer of
// no further use: make a new one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/iceberg/data_writer.h"
#include "lake/iceberg/key_index.h"
#include "lake/iceberg/row_collapse.h"
#include "lake/iceberg/table.h"
#include "lake/iceberg/tracked_files.h"
#include "row/change_batch.h"
#include "row/schema_change.h"

namespace arrow {
class RecordBatch;
struct Scalar;
}  // namespace arrow

namespace sluice::iceberg {

class RowPartitioner;

struct EpochStamp {  // pipeline's EpochInfo
  int64_t epoch = 0;
  std::string end;
  std::string position = {};
  std::string state_id = {};
};

struct TableWriterOptions {
  std::string writer;            // identity of the job: letters, digits, '-', '_'
  bool backfill = true;          // ADD COLUMN with a default value rewrites the live files
  bool sync = true;              // fsync files; off for tests only
  HelperThread* helper = nullptr;  // shares the encoding, if there is one; outlives the writer
};

struct TableWriterStats {
  int64_t inserted = 0;  // rows by kind as given; an update counts once
  int64_t updated = 0;
  int64_t deleted = 0;
  int64_t unknown_deletes = 0;  // deletes of keys that the table does not hold
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
  // Commits the result of the last Finish. kConflict: another writer removed rows that this epoch changes.
  Status Commit(const TableChange& change, int64_t epoch);

  bool finished() const { return finished_; }                              // between Finish and Commit
  std::optional<int64_t> base_snapshot() const { return base_snapshot_; }  // that the next change builds on
  int64_t buffered_bytes() const;                                          // of open files, about
  Status Flush();  // gives that memory back; files may get small
  Table& table() { return *table_; }
  const TableWriterStats& stats() const { return stats_; }
  const Schema& schema() const { return schema_; }
  size_t index_bytes() const { return index_ ? index_->memory_bytes() : 0; }

 private:
  struct OpenFile;
  struct Binding;  // how the batches of one TableSchema become rows of the table
  TableWriter(Env& env, std::unique_ptr<Table> table, TableWriterOptions options);

  std::string Name() const { return table_->id().ToString(); }
  Status ReadTable();      // schema, folders, sizes, base of the table as it is loaded
  Status TakeInCommits();  // of other writers, before the first change of an epoch
  // A column that the table had when this job committed last, and has no more: not ours to add again.
  Status CheckTaken(const std::string& column) const;
  Status DropUnused(const TableSchema& wanted, Schema& next, int& last) const;
  Status Bind(const std::shared_ptr<const TableSchema>& schema);
  Status SetKey(const std::vector<std::string>& columns);
  Status EnsureIndex();
  Status IndexFile(uint32_t ordinal, const Schema& key_fields);
  Status WriteKeyless(const ChangeBatch& batch, const arrow::RecordBatch& rows);
  Status WriteKeyed(const ChangeBatch& batch, const arrow::RecordBatch& rows);
  Status ApplyKeys(const CollapsedRows& changes, const std::vector<RowLocation>& now);
  // Appends the chosen rows; where[i] is the place of rows[i]. `where` may be null.
  Status AppendRows(const arrow::RecordBatch& rows, const std::vector<uint32_t>& chosen, RowLocation* where);
  Status AppendTo(const arrow::RecordBatch& rows, std::span<const uint32_t> chosen,
                  std::vector<PartitionValue> partition, RowLocation* where);
  Result<size_t> FileFor(std::vector<PartitionValue> partition);  // index in open_
  Status CloseFile(size_t index);
  void Count(const ChangeBatch& batch);

  Status Truncate();
  Status Replace(const TableSchema& wanted);
  Status CheckSpec(const SchemaChange& change) const;
  Result<bool> HasRows();
  Status Backfill(const std::string& column, const std::shared_ptr<arrow::Scalar>& value);
  Status EvolveTo(Schema next, int last_column_id);
  void LookForForeignRows();

  Env& env_;
  std::unique_ptr<Table> table_;
  TableWriterOptions options_;
  std::string folder_;    // of data files, local, with a trailing slash
  std::string location_;  // the same as the metadata names it
  int64_t target_bytes_ = 0;

  Schema schema_;  // with the evolution of this epoch
  int last_column_id_ = 0;
  bool schema_changed_ = false;
  Properties set_properties_;
  bool finished_ = false;  // between Finish and Commit
  std::optional<int64_t> base_snapshot_;

  std::vector<std::string> key_;
  std::optional<KeyHasher> hasher_;
  std::optional<KeyIndex> index_;  // set: it is complete
  uint64_t seed_ = 0;

  TrackedFiles files_;
  std::unique_ptr<RowPartitioner> partitioner_;  // made when needed
  std::vector<std::unique_ptr<OpenFile>> open_;
  uint64_t uses_ = 0;
  std::set<std::string> folders_made_;     // below folder_
  std::set<std::string> folders_touched_;  // in this epoch: their entries are to be made durable
  bool rows_changed_ = false;
  bool properties_changed_ = false;
  bool upsert_snapshot_ = false;  // look up snapshot rows too: the table may hold rows with their keys
  bool dropped_ = false;  // at the source, and not made again since
  std::unique_ptr<Binding> binding_;

  // Scratch of Write, kept for its memory.
  RowCollapser collapser_;
  CollapsedRows changes_;
  std::vector<KeyHash> keys_;
  std::vector<uint32_t> chosen_;
  std::vector<RowLocation> now_, before_;

  TableWriterStats stats_;
  bool warned_keyless_delete_ = false;
  bool warned_duplicates_ = false;
};

}  // namespace sluice::iceberg
