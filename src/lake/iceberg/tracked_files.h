// SPDX-License-Identifier: Apache-2.0
// TrackedFiles: the live data files of one table as its writer sees them: those of the current snapshot (loaded when
// first needed) and those of the running epoch, with their deleted rows. A file keeps its ordinal for as long as it has
// live rows; once the commit that takes it out of the table is done, another file may get it. Owned by a TableWriter;
// one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/iceberg/data_file.h"
#include "lake/parquet/delete_set.h"
#include "lake/iceberg/table.h"

namespace sluice::iceberg {

struct TrackedFile {
  DataFile data;           // metrics are dropped once committed
  bool open = false;       // still being written: only `deletes` is valid
  bool committed = false;  // in the table before this epoch
  bool live = true;
  bool deletes_loaded = true;
  bool touched = false;  // deletes changed in this epoch
  DeleteSet deletes;
  std::vector<DataFile> delete_files;  // committed position deletes that apply to it
};

class TrackedFiles {
 public:
  TrackedFiles(Env& env, Table& table) : env_(env), table_(table) {}

  // The files of the table's current snapshot, once. kUnsupported if it has equality deletes.
  Status Load();
  bool loaded() const { return loaded_; }
  // Reads the file's position deletes, once.
  Status LoadDeletes(uint32_t ordinal);

  uint32_t Add();  // a file that is being written; may take the ordinal of one that is gone
  void Close(uint32_t ordinal, DataFile data);
  // The row is gone. Deletes of the file are loaded.
  void Delete(uint32_t ordinal, uint32_t position);
  // All its rows are gone.
  void Remove(uint32_t ordinal);
  void RemoveAll();

  size_t size() const { return files_.size(); }  // ordinals are below
  std::vector<uint32_t> LiveOrdinals() const;
  const TrackedFile& at(uint32_t ordinal) const { return files_[ordinal]; }
  int64_t live_rows() const;  // of closed files

  // Writes delete files and fills the file lists of `change`. `folder`: local path with a trailing slash, `location`
  // the same as the metadata names it. Files that are not needed are removed from the disk.
  Status Finish(const std::string& folder, const std::string& location, TableChange& change);
  // The change is in the table. `keep`: go on from it; else forget all.
  void Committed(const TableChange& change, bool keep);
  void Forget();
  // Removes the files of this epoch from the disk (best effort).
  void DiscardEpoch();

 private:
  Env& env_;
  Table& table_;
  bool loaded_ = false;
  std::deque<TrackedFile> files_;  // references stay valid
  std::vector<uint32_t> free_;     // ordinals of files that left the table in an earlier epoch
};

}  // namespace sluice::iceberg
