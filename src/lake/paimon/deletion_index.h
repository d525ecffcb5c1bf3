// SPDX-License-Identifier: Apache-2.0
// Index files with the deletion vectors of a bucket's data files (docs of Paimon: "Table Index"), written. A commit
// replaces the bucket's index file as a whole. Functions are pure; a BucketDeletions is of one thread.
#pragma once

#include <map>
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
  // As a snapshot has them.
  Status Load(Env& env, const LiveFile& file);
  const DeletionsByFile& of_files() const { return files_; }
  void Remove(const std::string& file);  // is no file of the bucket any more
  void Add(const std::string& file, const DeleteSet& rows);
  bool changed() const { return changed_; }  // since they were loaded or written
  // Writes the index file. Without vectors there is none: the entry then says that the bucket has none any more.
  Result<NewVectors> Write(Env& env, const Table& table, const BucketId& bucket, bool wide);

 private:
  DeletionsByFile files_;
  std::string name_;  // of the index file that has them; empty: none
  bool changed_ = false;
};

}  // namespace sluice::paimon
