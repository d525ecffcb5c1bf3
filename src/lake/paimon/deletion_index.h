// SPDX-License-Identifier: Apache-2.0
// Index files with the deletion vectors of a bucket's data files (docs of Paimon: "Table Index"), written. With a key a
// bucket has one, which a commit replaces as a whole; without, each DELETE of another engine may have added one, and a
// commit replaces those whose vectors change. Functions are pure; a BucketDeletions is of one thread.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/manifest.h"
#include "lake/paimon/row_router.h"
#include "lake/paimon/table.h"
#include "lake/paimon/table_change.h"
#include "lake/parquet/delete_set.h"

namespace sluice::paimon {

using DeletionsByFile = std::map<std::string, DeleteSet>;  // by name of the data file, none of them empty

// Magic and Roaring bitmap; `wide`: in the form of 64 bits, which Iceberg's format version 3 has too.
std::string EncodeDeletionVector(const DeleteSet& deletions, bool wide);

// The vector as files have it, Iceberg's too: its length and its checksum, big-endian, around it.
std::string FrameDeletionVector(const std::string& vector);

// The bytes of an index file; `ranges` says where the vector of each data file is.
std::string EncodeDeletionIndex(const DeletionsByFile& deletions, bool wide, std::vector<DeletionRange>& ranges);

// The deletion vectors of a bucket from one commit to the next.
class BucketDeletions {
 public:
  // As a snapshot has them. `several`: the bucket may have more than one index file.
  Status Load(Env& env, const LiveFile& file, bool several);
  const DeletionsByFile& of_files() const { return files_; }
  // Name of the index file that has the vector of the data file; empty: none is there yet.
  const std::string& IndexOf(const std::string& file) const;
  int64_t Count(const std::string& file) const;  // rows of the data file that are gone
  void Remove(const std::string& file);  // is no file of the bucket any more
  void Add(const std::string& file, const DeleteSet& rows);
  bool changed() const { return !touched_.empty(); }  // since they were loaded or written
  // Writes the index files that changed. One that has no vectors any more is not written: its entry then says so.
  Result<std::vector<NewVectors>> Write(Env& env, const Table& table, const BucketId& bucket, bool wide);

 private:
  Result<IndexEntry> WriteFile(Env& env, const Table& table, const BucketId& bucket, bool wide,
                               const DeletionsByFile& files) const;

  DeletionsByFile files_;
  std::string name_;                             // of the only index file; empty: none
  std::map<std::string, std::string> index_of_;  // where there are several, that of each data file
  std::set<std::string> touched_;                // names of index files that changed
};

}  // namespace sluice::paimon
