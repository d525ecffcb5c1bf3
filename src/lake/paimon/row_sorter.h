// SPDX-License-Identifier: Apache-2.0
// RowSorter: rows -> the same in a SortOrder. They are sorted in memory up to a bound; more than that go to files of
// their own, which are merged, and gone when the sorter is. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "lake/paimon/rolling_writer.h"
#include "lake/paimon/row_file.h"
#include "lake/paimon/row_picker.h"
#include "lake/paimon/schema.h"
#include "lake/paimon/sort_order.h"
#include "lake/parquet/data_reader.h"

namespace sluice::paimon {

class RowSorter {
 public:
  using Take = std::function<Status(const std::shared_ptr<arrow::RecordBatch>&)>;

  // `layout`: of the rows, with the columns of `schema`. `files`: where those of the sorter come. Memory: `run_bytes`,
  // and a batch a run while they are merged. Borrows `schema` and `order`.
  RowSorter(Env& env, std::shared_ptr<const RowLayout> layout, RowFileOptions files, const Schema& schema,
            const SortOrder& order, int64_t run_bytes);
  ~RowSorter();
  RowSorter(const RowSorter&) = delete;
  RowSorter& operator=(const RowSorter&) = delete;

  Status Add(const std::shared_ptr<arrow::RecordBatch>& rows);
  // All rows that were added, equal ones in the order in which they came. Once.
  Status Sort(const Take& take);

 private:
  struct Item {
    std::string key;
    int64_t place = 0;  // RowPicker's
  };
  struct Cursor {
    std::unique_ptr<DataFileReader> reader;
    std::shared_ptr<arrow::RecordBatch> rows;
    int64_t row = 0;
    int64_t source = -1;  // of `rows` among the picker's
    std::string key;
  };
  Status EndRun();
  Status Flush(const Take& take);
  Result<bool> Load(Cursor& cursor);
  Status Merge(const Take& take);

  Env& env_;
  const std::shared_ptr<const RowLayout> layout_;
  const RowFileOptions files_;
  const Schema& schema_;
  const SortOrder& order_;
  const int64_t run_bytes_;
  RollingWriter runs_;
  RowPicker picker_;
  std::vector<Item> items_;
  int64_t bytes_ = 0;  // that wait
};

}  // namespace sluice::paimon
