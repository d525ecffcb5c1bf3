// SPDX-License-Identifier: Apache-2.0
// MergeReader: the sorted data files of a bucket -> one row of each key, as the table's merge engine makes it, deleted
// rows left out (docs of Paimon: "Primary Key Table"). Memory: a batch a file, and those of the rows of one batch. One
// thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/merge_rules.h"
#include "lake/paimon/record_expiry.h"
#include "lake/paimon/schema.h"
#include "lake/parquet/data_reader.h"
#include "lake/parquet/delete_set.h"

namespace arrow {
class RecordBatch;
}

namespace sluice::paimon {

// In which order the rows of a key are, and what they become. Borrows the schema.
struct MergeOrder {
  const Schema* schema = nullptr;
  std::vector<const Field*> key;       // what the files are sorted by
  std::vector<const Field*> sequence;  // `sequence.field`: these decide first; the highest row wins
  bool descending = false;             // `sequence.field.sort-order`: the lowest wins
  bool lowest_level_counts = false;    // of rows above level 0 only that of the lowest level: it holds the others
  bool compacted_only = false;         // readers do not see level 0; above it each key is there once
  MergeRules rules;

  static Result<MergeOrder> Of(const Schema& schema);
};

enum class InputRole : uint8_t {
  kMerged,
  kHides,  // no row of its keys is given: they have theirs already
  kOld,    // what its keys were before the merged files; it gives no row of a key that those have not
};

struct MergeInput {
  std::string path;                 // of a file of the bucket
  const Schema* written = nullptr;  // the schema that it was written with
  int level = 0;
  InputRole role = InputRole::kMerged;
  bool told = false;                   // a changelog has its rows
  const DeleteSet* deletes = nullptr;  // rows that are not there; outlives the reader
  int64_t rows = -1;                   // as ReadOptions has it
  std::optional<int64_t> sequence = {};  // number of all its rows, in place of their own
  std::shared_ptr<const ChosenRows> chosen = {};  // as ReadOptions has it
};

struct MergeOptions {
  bool keep_deletes = false;     // a key that is deleted gives the row that does it
  bool changes = false;          // changes() is wanted
  bool leave_out_equal = false;  // of changes: updates that change no value
  std::vector<std::string> not_compared = {};  // columns whose values do not count there
  bool hidden = false;           // hidden() is wanted; only rows that no file has are given
  std::optional<RecordExpiry> expiry = {};  // rows that are over are as if they were not there
};

class MergeReader {
 public:
  // `wanted`: the columns of the batches. The files are those of one bucket.
  static Result<std::unique_ptr<MergeReader>> Open(Env& env, const std::vector<MergeInput>& files,
                                                   const MergeOrder& order, std::vector<FileColumn> wanted,
                                                   const MergeOptions& options = {});
  ~MergeReader();

  // The next batch with at least one row, by key; false at the end. Its positions say nothing. If changes are wanted a
  // batch may have none.
  Result<bool> Next(DataBatch& out);
  // What the keys of the last batch's rows, and deleted ones, were before and are now, by files that are not told: rows
  // of kind +I, -D, or -U and +U. Null: nothing.
  const std::shared_ptr<arrow::RecordBatch>& changes() const;
  // By the number of an input of role kOld: its rows whose keys the merged files have. Complete at the end.
  const std::map<size_t, DeleteSet>& replaced() const;
  // By the number of an input: its rows that are not, as they are, what readers see of their keys. Complete at the end.
  const std::map<size_t, DeleteSet>& hidden() const;

 private:
  class Impl;
  explicit MergeReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::paimon
