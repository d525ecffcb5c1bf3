// SPDX-License-Identifier: Apache-2.0
// KeyLookup: where a sorted data file has the keys of other files, so that a compaction reads those rows alone and not
// the whole file. Its cost goes with the keys, if the file is Parquet and has a page index. One thread.
// Memory: the wanted keys, at most kWantedMost, and where they are in one file.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/key_sort.h"
#include "lake/paimon/merge_reader.h"
#include "lake/paimon/schema.h"
#include "lake/parquet/file_column.h"
#include "lake/parquet/page_index.h"

namespace sluice::paimon {

class KeyLookup {
 public:
  static constexpr int64_t kWantedMost = 1 << 20;

  // `pages` outlives it.
  static Result<KeyLookup> Make(Env& env, const Schema& schema, PageIndexCache& pages);

  // The keys of the file are wanted too. Files are sorted by the key.
  Status Want(const MergeInput& file);
  // The rows of the file whose keys are wanted. Null: so many, or of such a file, that it is better read as a whole.
  Result<std::shared_ptr<const ChosenRows>> Find(const MergeInput& file);

 private:
  struct Keys {
    Columns columns;
    int64_t rows = 0;
  };

  KeyLookup(Env& env, std::vector<FileColumn> key, PageIndexCache& pages)
      : env_(&env), key_(std::move(key)), pages_(&pages) {}
  std::vector<RowSpan> PagesToSearch(const PageIndex& index) const;
  Result<std::vector<int64_t>> Search(const MergeInput& file, std::shared_ptr<const ChosenRows> pages) const;

  Env* env_;
  std::vector<FileColumn> key_;
  PageIndexCache* pages_;
  std::vector<Keys> wanted_;  // one a file
  int64_t wanted_rows_ = 0;
};

}  // namespace sluice::paimon
