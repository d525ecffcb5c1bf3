// SPDX-License-Identifier: Apache-2.0
// What a table's merge engine makes of rows that wait for their file. Functions; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "lake/paimon/key_sort.h"
#include "lake/paimon/row_file.h"
#include "lake/paimon/table_options.h"
#include "row/change_batch.h"

namespace arrow {
class Array;
class RecordBatch;
}

namespace sluice::paimon {

// The kinds of rows that come, one a row, for a table with a primary key, whose columns `key` are. An update that gives
// a row another key deletes the old one: its -U is a -D then, as Flink CDC's sources say it too; `told`: the kinds are
// meant as they are. kInvalid for a row that the engine cannot take.
Status TakeKinds(const MergeRules& rules, const Columns& key, std::vector<RowKind>& kinds, bool told = false);

// `rowkind.field`: the kinds that a column of the rows says, as "+I", "-U", "+U" or "-D". kInvalid for another text.
Result<std::vector<RowKind>> KindsOf(const arrow::Array& column);

// Of the rows of a bucket, in order of arrival, those of its file: by key, each key once. `rows` are as
// RowLayout::Rows gives them, `key` and `sequence` columns of them. Rows that were made of several are in a batch of
// their own, so `chosen` are those of the batch that is given back.
Result<std::shared_ptr<arrow::RecordBatch>> MergeBuffered(KeySorter& sorter, const TableOptions& options,
                                                          const RowLayout& layout,
                                                          const std::shared_ptr<arrow::RecordBatch>& rows,
                                                          const Columns& key, const Columns& sequence,
                                                          std::vector<uint32_t>& chosen);

}  // namespace sluice::paimon
