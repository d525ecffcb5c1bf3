// SPDX-License-Identifier: Apache-2.0
// Rows of an ARRAY<ROW<…>> that a merge makes of several arrays. One thread; they borrow the cells that they are of.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "lake/paimon/binary_row.h"
#include "lake/paimon/merge_rules.h"
#include "lake/paimon/merged_cell.h"

namespace arrow {
class Array;
class DataType;
}  // namespace arrow

namespace sluice::paimon {

// The rows of one cell, none if it is NULL.
struct RowsOfCell {
  explicit RowsOfCell(const MergedCell& cell);
  size_t field_count(const RowsOfCell& other) const { return std::max(fields.size(), other.fields.size()); }

  std::shared_ptr<arrow::Array> rows;  // the structs
  std::vector<std::shared_ptr<arrow::Array>> fields;
  int64_t begin = 0, end = 0;
};

// A row, field by field: where its value stands; nowhere: NULL.
using NestedRow = std::vector<std::pair<const arrow::Array*, int64_t>>;

class NestedRows {
 public:
  NestedRows(std::shared_ptr<arrow::DataType> type, size_t fields) : type_(std::move(type)), fields_(fields) {}

  void Add(const RowsOfCell& cell, int64_t row);
  void Add(NestedRow row) { rows_.push_back(std::move(row)); }
  // Those that are not NULL, so many at most.
  void AddAll(const RowsOfCell& cell, int64_t most);
  Status PutInto(MergedCell& out) const;

 private:
  const std::shared_ptr<arrow::DataType> type_;
  const size_t fields_;
  std::vector<NestedRow> rows_;
};

// One row for each key, as a Java HashMap has them.
class KeyedRows {
 public:
  KeyedRows(const BinaryRowCodec& codec, const std::vector<int>& key, NestedKeyNull null_key)
      : codec_(codec), key_(key), null_key_(null_key) {}

  // Rows of new keys only while there are less than `most`; a row that is there goes for one that is not older by these
  // fields.
  Status Update(const RowsOfCell& cell, const std::vector<int>& sequence, int64_t most);
  // Field by field: NULL changes nothing.
  Status UpdateParts(const RowsOfCell& cell);
  void Remove(const RowsOfCell& cell);
  Status PutInto(const std::shared_ptr<arrow::DataType>& type, MergedCell& out) const;

 private:
  struct Keyed {
    uint32_t hash = 0;
    NestedRow row;
    bool gone = false;
  };
  std::string KeyOf(const RowsOfCell& cell, int64_t row) const;
  // False: the row is left out.
  Result<bool> Counts(const RowsOfCell& cell, int64_t row) const;
  Keyed& At(const std::string& key, bool& is_new);

  const BinaryRowCodec& codec_;
  const std::vector<int>& key_;
  const NestedKeyNull null_key_;
  std::map<std::string, size_t> places_;
  std::vector<Keyed> rows_;
};

}  // namespace sluice::paimon
