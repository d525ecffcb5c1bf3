// SPDX-License-Identifier: Apache-2.0
// MergeReader: the sorted data files of a bucket -> one row of each key, as the table's merge engine makes it, deleted
// rows left out (docs of Paimon: "Primary Key Table"). Memory: a batch a file, and those of the rows of one batch. One
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/merge_rules.h"
#include "lake/paimon/schema.h"
#include "lake/parquet/data_reader.h"

namespace sluice::paimon {

// In which order the rows of a key are, and what they become. Borrows the schema.
struct MergeOrder {
  const Schema* schema = nullptr;
  std::vector<const Field*> key;       // what the files are sorted by
  std::vector<const Field*> sequence;  // `sequence.field`: these decide first; the highest row wins
  bool descending = false;             // `sequence.field.sort-order`: the lowest wins
  MergeRules rules;

  static Result<MergeOrder> Of(const Schema& schema);
};

struct MergeInput {
  std::string path;                 // of a file of the bucket
  const Schema* written = nullptr;  // the schema that it was written with
  bool hides = false;               // its rows are not given, nor any other of their keys
};

class MergeReader {
 public:
  // `wanted`: the columns of the batches. The files are those of one bucket. `keep_deletes`: a key that is deleted
  // gives the row that does it.
  static Result<std::unique_ptr<MergeReader>> Open(Env& env, const std::vector<MergeInput>& files,
                                                   const MergeOrder& order, std::vector<FileColumn> wanted,
                                                   bool keep_deletes = false);
  ~MergeReader();

  // The next batch with at least one row, by key; false at the end. Its positions say nothing.
  Result<bool> Next(DataBatch& out);

 private:
  class Impl;
  explicit MergeReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::paimon
