// SPDX-License-Identifier: Apache-2.0
// PagePicker: chosen rows of a Parquet file, of which only the pages are read that hold them. Owned by one decoder; one
// thread. Arrow's and Parquet's exceptions may leave it. Memory: the pages of one batch, encoded and decoded.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/result.h"
#include "lake/parquet/file_decoder.h"
#include "lake/parquet/page_index.h"

namespace arrow {
class Array;
class RecordBatch;
}  // namespace arrow

namespace sluice {

class PagePicker {
 public:
  // `columns`: top-level ones of the file, ascending; at least one. `nanos`: as OpenArrowReader's.
  PagePicker(FileSourcePtr source, std::shared_ptr<const ChosenRows> chosen, const std::vector<int>& columns,
             const DecodeLimits& limits, bool nanos);

  // The next rows: an array for each of the columns, and where the rows are in the file; none at the end.
  Status Next(std::vector<std::shared_ptr<arrow::Array>>& columns, std::vector<int64_t>& positions);

 private:
  using Pages = std::vector<size_t>;       // numbers of a column chunk's pages
  using Covered = std::vector<RowSpan>;    // of a row group
  struct LeafPages {
    int leaf = 0;
    Pages pages;
  };
  struct Column {
    int node = 0;
    std::vector<int> leaves;
  };

  std::vector<RowSpan> TakeSpans();
  void EnterGroup(int group);
  int64_t RowsMost() const;
  Pages PagesFor(int leaf, const std::vector<RowSpan>& spans) const;
  Covered RowsOf(int leaf, const Pages& pages) const;
  std::pair<Covered, std::vector<LeafPages>> PagesOfColumn(const Column& column,
                                                           const std::vector<RowSpan>& spans) const;
  Result<std::shared_ptr<arrow::RecordBatch>> Read(const std::vector<LeafPages>& leaves, int64_t rows);

  const FileSourcePtr source_;
  const std::shared_ptr<const ChosenRows> chosen_;
  const DecodeLimits limits_;
  const bool nanos_;
  std::vector<Column> columns_;
  size_t span_ = 0;          // the next one, from
  int64_t done_ = 0;         // so many of its rows on
  int group_ = -1;           // that it is in
  int64_t group_first_ = 0;  // rows of the file before that
  int64_t group_rows_ = 0;
};

}  // namespace sluice
